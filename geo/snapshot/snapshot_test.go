package snapshot_test

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/paulmach/orb"

	"towngrid/geo"
	"towngrid/geo/geotest"
	"towngrid/geo/snapshot"
)

var district = orb.Bound{Min: orb.Point{118.5, 28.7}, Max: orb.Point{119.25, 29.3}}

// code is the code of cell i: as text in the order of i.
func code(i int) geo.Code { return geo.Code(fmt.Sprintf("330890%06d", i)) }

// features makes features of polygons, with codes by place, skipping nil ones.
func features(polys []orb.MultiPolygon, props ...geo.Property) (fs []geo.Feature) {
	for i, mp := range polys {
		if mp != nil {
			fs = append(fs, geo.Feature{Code: code(i), Name: fmt.Sprint(i), Geometry: mp, Properties: props})
		}
	}
	return fs
}

func part(t testing.TB, c geo.Collection, d geo.Division, number int, fs []geo.Feature) *snapshot.Part {
	t.Helper()
	p, err := snapshot.NewPart(geo.Version{
		ID: fmt.Sprintf("%s/%s/%d", c, d, number), Number: number, Collection: c, Division: d,
	}, fs)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func square(x, y, side float64) orb.MultiPolygon {
	return orb.MultiPolygon{{{{x, y}, {x + side, y}, {x + side, y + side}, {x, y + side}, {x, y}}}}
}

func TestNewPartRefuses(t *testing.T) {
	ok := square(0, 0, 1)
	with := func(mp orb.MultiPolygon, x float64) orb.MultiPolygon {
		mp = mp.Clone()
		mp[0][0][2][1] = x
		return mp
	}
	for _, c := range []struct {
		name       string
		collection geo.Collection
		features   []geo.Feature
		want       string
	}{
		{"collection", "roads", nil, "roads"},
		{"no code", geo.Cells, []geo.Feature{{Name: "甲", Geometry: ok}}, "no code"},
		{"code twice", geo.Cells, []geo.Feature{{Code: "1", Geometry: ok}, {Code: "2", Geometry: ok}, {Code: "1", Geometry: ok}}, "code 1 occurs twice"},
		{"point among cells", geo.Cells, []geo.Feature{{Code: "1", Geometry: orb.Point{1, 2}}}, "not a MultiPolygon"},
		{"cell among points", geo.Facilities, []geo.Feature{{Code: "1", Geometry: ok}}, "not a Point"},
		{"polygon", geo.Cells, []geo.Feature{{Code: "1", Geometry: ok[0]}}, "not a MultiPolygon"},
		{"no geometry", geo.Cells, []geo.Feature{{Code: "1"}}, "not a MultiPolygon"},
		{"no polygons", geo.Cells, []geo.Feature{{Code: "1", Geometry: orb.MultiPolygon{}}}, "empty"},
		{"no rings", geo.Cells, []geo.Feature{{Code: "1", Geometry: orb.MultiPolygon{{}}}}, "no rings"},
		{"open ring", geo.Cells, []geo.Feature{{Code: "1", Geometry: orb.MultiPolygon{{ok[0][0][:4]}}}}, "not closed"},
		{"not a number", geo.Cells, []geo.Feature{{Code: "1", Geometry: with(ok, math.NaN())}}, "feature 1"},
		{"infinite", geo.Towns, []geo.Feature{{Code: "1", Geometry: with(ok, math.Inf(-1))}}, "not a position"},
		{"point that is none", geo.Facilities, []geo.Feature{{Code: "1", Geometry: orb.Point{math.NaN(), 2}}}, "not a position"},
	} {
		_, err := snapshot.NewPart(geo.Version{Collection: c.collection, Division: "330890"}, c.features)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
}

func TestPartKeepsItsFeatures(t *testing.T) {
	polys := geotest.Tessellation(1, 90, district)
	fs := features(polys)
	rand.Shuffle(len(fs), func(i, j int) { fs[i], fs[j] = fs[j], fs[i] })
	p := part(t, geo.Cells, "330890", 1, fs)
	if p.Len() != len(polys) || p.Bound() != district {
		t.Fatalf("%d features in %v", p.Len(), p.Bound())
	}
	for i, mp := range polys {
		f, ok := p.Feature(code(i))
		k, found := p.Index(code(i))
		if !ok || !found || k != i || f.Code != p.Bare(i).Code || !orb.Equal(f.Geometry, mp) || !orb.Equal(p.At(i).Geometry, mp) || f.Name != fmt.Sprint(i) {
			t.Errorf("feature %d does not come back", i)
		}
		if p.FeatureBound(i) != mp.Bound() {
			t.Errorf("bound of feature %d: %v", i, p.FeatureBound(i))
		}
	}
	if _, ok := p.Feature("33"); ok {
		t.Error("a code that nobody has was found")
	}
}

func TestSearchFindsAllBounds(t *testing.T) {
	polys := geotest.Tessellation(2, 400, district)
	west, east := split(polys)
	s := snapshot.Empty().With(part(t, geo.Cells, "330891", 1, features(east))).With(part(t, geo.Cells, "330890", 1, features(west)))
	r := rand.New(rand.NewPCG(2, 2))
	for range 200 {
		b := orb.Bound{Min: orb.Point{118.4 + r.Float64()*0.9, 28.6 + r.Float64()*0.8}}
		b.Max = orb.Point{b.Min[0] + r.Float64()*r.Float64()*0.3, b.Min[1] + r.Float64()*r.Float64()*0.3}
		got := map[geo.Code]bool{}
		s.Search(geo.Cells, b, func(p *snapshot.Part, i int) bool { got[p.At(i).Code] = true; return true })
		for i, mp := range polys {
			if got[code(i)] != mp.Bound().Intersects(b) {
				t.Fatalf("cell %d in %v: %v", i, b, got[code(i)])
			}
		}
	}
	n := 0
	s.Search(geo.Cells, district, func(*snapshot.Part, int) bool { n++; return n < 3 })
	if n != 3 {
		t.Errorf("the search went on after it was told to stop: %d", n)
	}
}

// split gives the cells by halves of the district; those of the other half are nil.
func split(polys []orb.MultiPolygon) (west, east []orb.MultiPolygon) {
	for _, mp := range polys {
		if mp.Bound().Center()[0] < district.Center()[0] {
			west, east = append(west, mp), append(east, nil)
		} else {
			west, east = append(west, nil), append(east, mp)
		}
	}
	return west, east
}

func TestSnapshotOfParts(t *testing.T) {
	a := part(t, geo.Cells, "330890", 1, features([]orb.MultiPolygon{square(0, 0, 1)}))
	b := part(t, geo.Cells, "330800", 4, features([]orb.MultiPolygon{nil, square(5, 5, 1)}))
	towns := part(t, geo.Towns, "330890", 2, features([]orb.MultiPolygon{square(0, 0, 1)}))
	empty := snapshot.Empty()
	s := empty.With(a).With(b).With(towns)
	if got := s.Parts(geo.Cells); len(got) != 2 || got[0] != b || got[1] != a {
		t.Errorf("parts are not in order of division")
	}
	if s.Len(geo.Cells) != 2 || s.Len(geo.Towns) != 1 || s.Len(geo.Units) != 0 || s.Len("roads") != 0 {
		t.Errorf("wrong counts")
	}
	if got, ok := s.Bound(geo.Cells); !ok || got != (orb.Bound{Min: orb.Point{0, 0}, Max: orb.Point{6, 6}}) {
		t.Errorf("bound %v", got)
	}
	if _, ok := s.Bound(geo.Units); ok {
		t.Error("units have a bound")
	}
	if f, p, ok := s.Feature(geo.Cells, code(1)); !ok || p != b || f.Code != code(1) {
		t.Error("feature of the second part not found")
	}
	if _, _, ok := s.Feature(geo.Cells, "9"); ok {
		t.Error("a code that nobody has was found")
	}
	if empty.Len(geo.Cells) != 0 || len(empty.Versions()) != 0 {
		t.Error("With changed the snapshot it was called on")
	}

	a2 := part(t, geo.Cells, "330890", 2, nil)
	next := s.With(a2)
	if got := next.Parts(geo.Cells); len(got) != 2 || got[0] != b || got[1] != a2 || next.Parts(geo.Towns)[0] != towns {
		t.Error("With does not replace one part and share the others")
	}
	if s.Parts(geo.Cells)[1] != a || s.Len(geo.Cells) != 2 {
		t.Error("With changed the snapshot it was called on")
	}
	gone := next.Without(geo.Cells, "330890").Without(geo.Cells, "999999").Without("roads", "1")
	if got := gone.Parts(geo.Cells); len(got) != 1 || got[0] != b || next.Len(geo.Cells) != 1 {
		t.Error("Without does not remove one part")
	}
}

func TestVersionsAndTags(t *testing.T) {
	s := snapshot.Empty().
		With(part(t, geo.Cells, "330890", 3, nil)).With(part(t, geo.Cells, "330891", 7, nil)).With(part(t, geo.Towns, "330890", 1, nil))
	if b, _ := json.Marshal(s.Versions()); string(b) != `{"cells":{"330890":3,"330891":7},"towns":{"330890":1}}` {
		t.Errorf("versions %s", b)
	}
	if b, _ := json.Marshal(s.Versions(geo.Towns, geo.Units)); string(b) != `{"towns":{"330890":1}}` {
		t.Errorf("versions of towns %s", b)
	}
	if b, _ := json.Marshal(s.Locate(orb.Point{0, 0}).Versions()); string(b) != `{"cells":{"330890":3,"330891":7},"towns":{"330890":1}}` {
		t.Errorf("versions of a match %s", b)
	}
	next := s.With(part(t, geo.Cells, "330890", 4, nil))
	seen := map[string]string{}
	for name, tag := range map[string]string{
		"all": s.Tag(), "cells": s.Tag(geo.Cells), "towns": s.Tag(geo.Towns), "units": s.Tag(geo.Units), "both": s.Tag(geo.Cells, geo.Towns),
		"next all": next.Tag(), "next cells": next.Tag(geo.Cells), "next both": next.Tag(geo.Towns, geo.Cells),
	} {
		if len(tag) != 16 || strings.Trim(tag, "0123456789abcdef") != "" {
			t.Errorf("tag %q", tag)
		}
		if other, twice := seen[tag]; twice {
			t.Errorf("%s and %s have the same tag", name, other)
		}
		seen[tag] = name
	}
	if s.Tag(geo.Towns) != next.Tag(geo.Towns) || s.Tag(geo.Towns, geo.Cells, geo.Towns) != s.Tag(geo.Cells, geo.Towns) {
		t.Error("the tag depends on other collections, or on the order of names")
	}
	if again := next.With(part(t, geo.Cells, "330890", 3, nil)); again.Tag() != s.Tag() {
		t.Error("the same versions have another tag")
	}
	if other := s.Without(geo.Cells, "330891").With(part(t, geo.Cells, "330892", 7, nil)); other.Tag(geo.Cells) == s.Tag(geo.Cells) {
		t.Error("the division does not count")
	}
}

func TestChains(t *testing.T) {
	unit := func(code, level, parent string) geo.Feature {
		return geo.Feature{Code: geo.Code(code), Geometry: square(0, 0, 1), Properties: geo.Properties{{Name: "level", Value: level}, {Name: "parent", Value: parent}}}
	}
	s := snapshot.Empty().With(part(t, geo.Units, "330890", 1, []geo.Feature{
		unit("C", "centre", ""), unit("R", "room", "C"), unit("S", "station", "R"),
		unit("S0", "station", "gone"), unit("SC", "station", "C"), unit("SS", "station", "S"),
		unit("A", "room", "B"), unit("B", "room", "A"), unit("X", "station", "X"), unit("CC", "centre", "R"),
	})).With(part(t, geo.Units, "330891", 1, []geo.Feature{unit("S2", "station", "R"), unit("R", "room", "C9")}))
	for unit, want := range map[geo.Code]string{
		"S": "S R C", "R": "R C", "C": "C", "S0": "S0", "SC": "SC C", "SS": "SS", "A": "A", "X": "X", "CC": "CC", "S2": "S2 R C", "": "", "?": "",
	} {
		var got []string
		for _, f := range s.Chain(unit) {
			got = append(got, string(f.Code))
		}
		if strings.Join(got, " ") != want {
			t.Errorf("chain of %q: %v, want %s", unit, got, want)
		}
	}
}

func TestLocateClimbsToTheCentre(t *testing.T) {
	prop := func(name string, v any) geo.Properties { return geo.Properties{{Name: name, Value: v}} }
	units := part(t, geo.Units, "330890", 1, []geo.Feature{
		{Code: "S", Geometry: square(0, 0, 1), Properties: append(prop("level", "station"), prop("parent", "R")...)},
		{Code: "R", Geometry: square(0, 0, 1), Properties: append(prop("level", "room"), prop("parent", "C")...)},
		{Code: "C", Geometry: square(0, 0, 1), Properties: prop("level", "centre")},
	})
	cells := part(t, geo.Cells, "330890", 1, []geo.Feature{
		{Code: "1", Geometry: square(0, 0, 1), Properties: prop("unit", "S")},
		{Code: "2", Geometry: square(1, 0, 1), Properties: prop("unit", "R")},
		{Code: "3", Geometry: square(2, 0, 1), Properties: prop("unit", "gone")},
		{Code: "4", Geometry: square(3, 0, 1)},
	})
	town := part(t, geo.Towns, "330890", 1, []geo.Feature{{Code: "T", Geometry: square(0.5, 0, 1)}})
	for _, s := range []*snapshot.Snapshot{
		snapshot.Empty().With(units).With(cells).With(town),
		snapshot.Empty().With(cells).With(town).With(units),
	} {
		for _, c := range []struct {
			p    orb.Point
			want snapshot.Place
		}{
			{orb.Point{0.25, 0.5}, snapshot.Place{Cell: "1", Station: "S", Room: "R", Centre: "C", Side: geo.Inside}},
			{orb.Point{0.5, 0.5}, snapshot.Place{Cell: "1", Station: "S", Room: "R", Centre: "C", Side: geo.Inside, Town: "T"}},
			{orb.Point{1, 0.5}, snapshot.Place{Cell: "2", Room: "R", Centre: "C", Side: geo.Edge, Town: "T"}},
			{orb.Point{1.5, 0.5}, snapshot.Place{Cell: "2", Room: "R", Centre: "C", Side: geo.Inside, Town: "T"}},
			{orb.Point{2.5, 0.5}, snapshot.Place{Cell: "3", Side: geo.Inside}},
			{orb.Point{3.5, 0.5}, snapshot.Place{Cell: "4", Side: geo.Inside}},
			{orb.Point{4, 0.5}, snapshot.Place{Cell: "4", Side: geo.Edge}},
			{orb.Point{5, 0.5}, snapshot.Place{}},
			{orb.Point{math.NaN(), 0.5}, snapshot.Place{}},
		} {
			if got := s.LocateCode(c.p); got != c.want {
				t.Errorf("%v: %+v, want %+v", c.p, got, c.want)
			}
			if got := placeOf(s.Locate(c.p)); got != c.want {
				t.Errorf("%v: Locate %+v, want %+v", c.p, got, c.want)
			}
		}
	}
}

// placeOf is what LocateCode must say where Locate says m.
func placeOf(m snapshot.Match) (at snapshot.Place) {
	at.Side = m.Side
	if m.Cell != nil {
		at.Cell = m.Cell.Code
	}
	if m.Town != nil {
		at.Town = m.Town.Code
	}
	for _, u := range m.Chain {
		switch u.Properties.Text("level") {
		case geo.LevelStation:
			at.Station = u.Code
		case geo.LevelRoom:
			at.Room = u.Code
		case geo.LevelCentre:
			at.Centre = u.Code
		}
	}
	return at
}

// TestReadersDuringSwaps reads snapshots while the next ones are made of them.
func TestReadersDuringSwaps(t *testing.T) {
	polys := geotest.Tessellation(5, 60, district)
	west, east := split(polys)
	first := part(t, geo.Cells, "330890", 1, features(west))
	second := part(t, geo.Cells, "330891", 1, features(east))
	var current atomic.Pointer[snapshot.Snapshot]
	current.Store(snapshot.Empty().With(first).With(second))
	points := geotest.Points(5, polys, 200)
	stop := make(chan struct{})
	var readers sync.WaitGroup
	for range 3 {
		readers.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				default:
				}
				s := current.Load()
				p := points[i%len(points)]
				m := s.Locate(p)
				if got := placeOf(m); got != s.LocateCode(p) {
					t.Errorf("%v: %+v", p, got)
				}
				if n := len(s.Parts(geo.Cells)); n == 2 && m.Cell == nil && m.Nearest == nil {
					t.Errorf("%v: no cell and none near", p)
				}
				s.Tag(geo.Cells)
			}
		})
	}
	for range 60 {
		s := current.Load()
		current.Store(s.Without(geo.Cells, "330891").With(part(t, geo.Towns, "330890", 1, features(west))))
		current.Store(current.Load().With(second))
	}
	close(stop)
	readers.Wait()
}
