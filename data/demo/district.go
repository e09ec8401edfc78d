package demo

import (
	"fmt"
	"math/rand/v2"

	"github.com/paulmach/orb"
)

// Options choose a district. The zero value is the demonstration district.
type Options struct {
	// Seed makes another district of the same design; 0 means 1.
	Seed uint64
	// Incidents is how many incidents the year has; 0 means the constant of this name,
	// below 0 none.
	Incidents int
}

// District is a district in memory; its incidents are made when they are written.
type District struct {
	options    Options
	towns      []town
	units      []unit // the centre, then each room followed by its stations
	cells      []cell
	parcels    []parcel
	facilities []facility
}

// town is a town of the story with its boundary.
type town struct {
	Town
	area  float64 // m² on the ellipsoid
	shape orb.MultiPolygon
}

// New makes the district. A seed that gives none is an error; 1 to 8 are known to give one.
func New(o Options) (*District, error) {
	if o.Seed == 0 {
		o.Seed = 1
	}
	if o.Incidents == 0 {
		o.Incidents = Incidents
	}
	d := &District{options: o}
	if err := d.build(); err != nil {
		return nil, fmt.Errorf("demonstration district of seed %d: %w", o.Seed, err)
	}
	return d, nil
}

func (d *District) build() error {
	story := Story()
	t := newTerrain(rand.New(rand.NewPCG(d.options.Seed, 10)), story.Towns)
	f, err := newFabric(d.options.Seed, t)
	if err != nil {
		return err
	}
	tr, err := newTree(f, t)
	if err != nil {
		return err
	}
	d.govern(tr)
	var estates []*estate
	for i, w := range story.Towns {
		e, err := d.found(uint64(i), w)
		if err != nil {
			return err
		}
		estates = append(estates, e)
	}
	return d.equip(rand.New(rand.NewPCG(d.options.Seed, 14)), estates)
}

// found adds a town with its parcels.
func (d *District) found(i uint64, w Town) (*estate, error) {
	e, err := develop(d.options.Seed<<8+i, w)
	if err != nil {
		return nil, err
	}
	shape, err := e.boundary()
	if err != nil {
		return nil, err
	}
	d.towns = append(d.towns, town{Town: w, area: groundArea(shape), shape: shape})
	d.parcels = append(d.parcels, e.parcels()...)
	return e, nil
}
