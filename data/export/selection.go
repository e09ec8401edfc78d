package export

import (
	"iter"
	"time"

	"towngrid/geo"
	"towngrid/geo/crs"
	"towngrid/geo/shapefile"
)

// item is a feature, where it stands in the file from 1, and its division.
type item struct {
	*geo.Feature
	number   int
	division geo.Division
}

// items are the features to be exported, in order of division and code.
func (j *job) items() iter.Seq2[item, error] {
	return func(yield func(item, error) bool) {
		n := 0
		for _, p := range j.parts {
			d := p.Version().Division
			for i := range p.Len() {
				if i%256 == 0 {
					if err := j.ctx.Err(); err != nil {
						yield(item{}, err)
						return
					}
				}
				f := p.At(i)
				if j.Bound != nil && (!j.Bound.Intersects(p.FeatureBound(i)) || !geo.Intersects(f.Geometry, *j.Bound)) {
					continue
				}
				n++
				if !yield(item{f, n, d}, nil) {
					return
				}
			}
		}
	}
}

// records are the items as a writer takes them, in the system of the file.
func (j *job) records(values func(item) ([]any, error)) iter.Seq2[shapefile.Record, error] {
	return func(yield func(shapefile.Record, error) bool) {
		for it, err := range j.items() {
			r := shapefile.Record{Number: it.number}
			if err == nil {
				r.Values, err = values(it)
			}
			if err == nil {
				r.Geometry = j.place(it.Geometry)
			}
			if !yield(r, err) || err != nil {
				return
			}
		}
		j.told = true
	}
}

// published is when the latest of the versions went live, in UTC: the date of the file.
func (j *job) published() (t time.Time) {
	for _, p := range j.parts {
		if at := p.Version().Published; at.After(t) {
			t = at
		}
	}
	return t.UTC()
}

// versions name what the file was made from, in one line: "330803 v3, 330890 v1".
func (j *job) versions() string {
	text := ""
	for i, p := range j.parts {
		if i > 0 {
			text += ", "
		}
		v := p.Version()
		text += string(v.Division) + " v" + decimal(int64(v.Number))
	}
	return text
}

// datum is how the degrees of the file are shifted, as answers name it.
func (j *job) datum() string {
	if d := shifted(j.CRS); d != crs.WGS84 {
		return string(d)
	}
	return "cgcs2000"
}
