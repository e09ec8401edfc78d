package data

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/paulmach/orb"

	"towngrid/geo"
	"towngrid/geo/snapshot"
)

// addIncidents matches the features of an incidents file against the Snapshot and
// keeps them all or none.
func (r *Registry) addIncidents(ctx context.Context, d geo.Division, fs iter.Seq2[*geo.Feature, error]) error {
	snap := r.Snapshot()
	number := snap.Versions(geo.Cells)[geo.Cells][d]
	var ins []Incident
	for f, err := range fs {
		if err != nil {
			return err
		}
		in, err := matched(snap, d, f)
		if err != nil {
			return err
		}
		in.Version = number
		ins = append(ins, in)
	}
	if _, err := r.store.AddIncidents(ctx, ins); errors.Is(err, ErrConflict) {
		return geo.Errorf("incident_conflict",
			"文件中有事件编号已存在而内容不同，未保存任何事件（%s）", "an incident of the file is known by its ID with other content; none was kept (%s)", err)
	} else if err != nil {
		return err
	}
	return nil
}

// matched turns a feature into the incident that it tells of, matched to its cell.
func matched(snap *snapshot.Snapshot, d geo.Division, f *geo.Feature) (Incident, error) {
	at, err := time.Parse(time.RFC3339Nano, f.Properties.Text("time"))
	if err != nil {
		return Incident{}, fmt.Errorf("incident %s: %w", f.Code, err)
	}
	p := f.Geometry.(orb.Point)
	in := Incident{
		ID: string(f.Code), Division: d, Time: at, Lon: p.Lon(), Lat: p.Lat(),
		Kind: f.Properties.Text("kind"), Source: f.Properties.Text("source"), Status: f.Properties.Text("status"),
	}
	m := snap.LocateCode(p)
	in.Cell, in.Station, in.Room, in.Centre, in.Town = m.Cell, m.Station, m.Room, m.Centre, m.Town
	return in, nil
}
