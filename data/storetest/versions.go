package storetest

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"towngrid/data"
	"towngrid/geo"
)

// testEmpty: a store that holds nothing says so.
func testEmpty(t *testing.T, e Engine) {
	s, ctx := e.Open(t), t.Context()
	same(t, "everything", all{Features: map[string][]geo.Feature{}, Uploads: map[string]data.Upload{}}, everything(t, s))
	id := uuid.NewString()
	same(t, "Latest", "", latest(t, s))
	_, err := s.Version(ctx, id)
	isError(t, "Version", err, data.ErrNotFound)
	_, err = collect(ctx, s, id)
	isError(t, "Features", err, data.ErrNotFound)
	_, err = s.Publish(ctx, id, 0, noon())
	isError(t, "Publish", err, data.ErrNotFound)
	isError(t, "Discard", s.Discard(ctx, id), data.ErrNotFound)
	_, err = s.Upload(ctx, id)
	isError(t, "Upload", err, data.ErrNotFound)
	n, err := s.CountIncidents(ctx, data.IncidentFilter{})
	must(t, err)
	same(t, "CountIncidents", 0, n)
}

// testLife: draft, published, superseded.
func testLife(t *testing.T, e Engine) {
	s, ctx := e.Open(t), t.Context()
	one, two := row(5, "one"), row(7, "two")
	slices.Reverse(one) // the order in which they are given does not matter

	first := save(t, s, geo.Cells, one)
	slices.Reverse(one)
	same(t, "the draft", first, version(t, s, first.ID))
	same(t, "its features", one, features(t, s, first.ID))
	same(t, "what is live before", []geo.Version(nil), published(t, s))

	got, err := s.Publish(ctx, first.ID, 0, noon())
	must(t, err)
	first.State, first.Number, first.Published = geo.Published, 1, kept(noon())
	same(t, "what Publish returns", first, got)
	same(t, "the published version", first, version(t, s, first.ID))
	same(t, "what is live", []geo.Version{first}, published(t, s))
	same(t, "its features, live", one, features(t, s, first.ID))

	second := save(t, s, geo.Cells, two)
	same(t, "what is live beside a draft", []geo.Version{first}, published(t, s))
	later := noon().Add(time.Hour)
	second, err = s.Publish(ctx, second.ID, 1, later)
	must(t, err)
	same(t, "the second number and its base", []int{2, 1}, []int{second.Number, second.Base})
	first.State = geo.Superseded
	same(t, "the first, superseded", first, version(t, s, first.ID))
	same(t, "what is live in the end", []geo.Version{second}, published(t, s))
	same(t, "features of the first", one, features(t, s, first.ID))
	same(t, "features of the second", two, features(t, s, second.ID))

	for _, v := range []geo.Version{first, second} {
		err := unchanged(t, s, "publishing again", func() error { _, err := s.Publish(ctx, v.ID, 2, noon()); return err })
		isError(t, "publishing again", err, data.ErrConflict)
		err = unchanged(t, s, "discarding what was published", func() error { return s.Discard(ctx, v.ID) })
		isError(t, "discarding what was published", err, data.ErrConflict)
	}
	for _, loc := range []*time.Location{first.Created.Location(), second.Published.Location()} {
		same(t, "zone", time.UTC.String(), loc.String())
	}
}

// testLatest: the latest is what went live last in any collection and division, and
// nothing but publishing changes it.
func testLatest(t *testing.T, e Engine) {
	s := e.Open(t)
	draft := save(t, s, geo.Cells, row(2, "draft"))
	same(t, "before anything is live", "", latest(t, s))
	first := publish(t, s, geo.Towns, row(1, "town"), 0)
	same(t, "after the first", first.ID, latest(t, s))
	must(t, s.Discard(t.Context(), save(t, s, geo.Towns, row(3, "gone")).ID))
	same(t, "after a draft was saved and discarded", first.ID, latest(t, s))
	_, err := s.Publish(t.Context(), draft.ID, 0, noon().AddDate(-1, 0, 0))
	must(t, err)
	same(t, "after one that was saved before and is dated before", draft.ID, latest(t, s))
	s = e.Reopen(t, s)
	same(t, "opened again", draft.ID, latest(t, s))
}

// testSince: what went live after a version and still is comes in the order of going
// live, and nothing is known after one that never did.
func testSince(t *testing.T, e Engine) {
	s, ok := e.Open(t).(data.Shared)
	if !ok {
		return // nobody else writes to it
	}
	since := func(what, id string, known bool, want ...geo.Version) {
		t.Helper()
		got, ok, err := s.Since(t.Context(), id)
		must(t, err)
		same(t, what+" is known", known, ok)
		same(t, what, want, got)
	}
	draft := save(t, s, geo.Cells, row(2, "draft"))
	since("after nothing", "", false)
	since("after a draft", draft.ID, false)
	first := publish(t, s, geo.Towns, row(1, "town"), 0)
	since("after the first", first.ID, true)
	second := publish(t, s, geo.Units, row(1, "unit"), 0)
	// It was saved before the others and is dated before them.
	third, err := s.Publish(t.Context(), draft.ID, 0, noon().AddDate(-1, 0, 0))
	must(t, err)
	since("after the first of three", first.ID, true, second, third)
	fourth := publish(t, s, geo.Towns, row(2, "town"), 1)
	since("after the first, which is superseded", first.ID, true, second, third, fourth)
	fifth := publish(t, s, geo.Units, row(2, "unit"), 1)
	since("with one that is superseded among them", first.ID, true, third, fourth, fifth)
	since("after the last", fifth.ID, true)
	gone := save(t, s, geo.Towns, row(3, "gone"))
	must(t, s.Discard(t.Context(), gone.ID))
	since("after what was discarded", gone.ID, false)
	since("after what was never there", uuid.NewString(), false)
}

func latest(t *testing.T, s data.Store) string {
	t.Helper()
	id, err := s.Latest(t.Context())
	must(t, err)
	return id
}

// testDiscardedElsewhere: a version that was discarded in another store is kept as it
// was there, and it has no features.
func testDiscardedElsewhere(t *testing.T, e Engine) {
	s := e.Open(t)
	v := draftOf(t, geo.Cells, division, row(7, "gone"))
	v.State = geo.Discarded
	unchanged(t, s, "with features", func() error { return s.SaveDraft(t.Context(), v, geo.InOrder(row(7, "gone"))) })
	must(t, s.SaveDraft(t.Context(), v, nil))
	same(t, "the version", v, version(t, s, v.ID))
	_, err := collect(t.Context(), s, v.ID)
	isError(t, "its features", err, data.ErrConflict)
	_, err = s.Publish(t.Context(), v.ID, 0, noon())
	isError(t, "publishing it", err, data.ErrConflict)
}

// testNumbers: each collection in each division counts for itself, and the base decides.
func testNumbers(t *testing.T, e Engine) {
	s, ctx := e.Open(t), t.Context()
	for _, c := range []geo.Collection{geo.Cells, geo.Towns} {
		for _, d := range []geo.Division{"330890", "330891", "330890001"} {
			for base := range 3 {
				fs := row(base+1, string(d))
				v := draftOf(t, c, d, fs)
				must(t, s.SaveDraft(ctx, v, geo.InOrder(fs)))
				for _, wrong := range []int{base - 1, base + 1, 1000} {
					err := unchanged(t, s, fmt.Sprintf("%s %s: base %d where %d is live", c, d, wrong, base), func() error {
						_, err := s.Publish(ctx, v.ID, wrong, noon())
						return err
					})
					isError(t, "a wrong base", err, data.ErrConflict)
				}
				done, err := s.Publish(ctx, v.ID, base, noon())
				must(t, err)
				same(t, "the number", base+1, done.Number)
			}
		}
	}
	live := published(t, s)
	same(t, "how many are live", 6, len(live))
	if !slices.IsSortedFunc(live, func(a, b geo.Version) int {
		if a.Collection != b.Collection {
			return cmpString(a.Collection, b.Collection)
		}
		return cmpString(a.Division, b.Division)
	}) {
		t.Errorf("what is live is not in order of collection and division: %v", live)
	}
}

func cmpString[S ~string](a, b S) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// testHistory: versions are found by what they are and when they were live.
func testHistory(t *testing.T, e Engine) {
	s, ctx := e.Open(t), t.Context()
	day := func(n int) time.Time { return noon().AddDate(0, 0, n) }
	var ids []string
	for i := range 3 {
		v := save(t, s, geo.Cells, row(i+1, int64(i)))
		_, err := s.Publish(ctx, v.ID, i, day(10*i))
		must(t, err)
		ids = append(ids, v.ID)
	}
	town := save(t, s, geo.Towns, row(2, "town"))
	_, err := s.Publish(ctx, town.ID, 0, day(5))
	must(t, err)
	other := draftOf(t, geo.Cells, "330891", nil)
	must(t, s.SaveDraft(ctx, other, nil))
	gone := save(t, s, geo.Cells, nil)
	must(t, s.Discard(ctx, gone.ID))
	draft := save(t, s, geo.Cells, row(9, "draft"))

	names := map[string]string{ids[0]: "1", ids[1]: "2", ids[2]: "3", town.ID: "town", other.ID: "other", gone.ID: "gone", draft.ID: "draft"}
	for _, c := range []struct {
		what string
		f    data.VersionFilter
		want []string
	}{
		{"all", data.VersionFilter{}, []string{"draft", "gone", "other", "town", "3", "2", "1"}},
		{"the newest two", data.VersionFilter{Limit: 2}, []string{"draft", "gone"}},
		{"more than there are", data.VersionFilter{Limit: 100, Collection: geo.Towns}, []string{"town"}},
		{"cells", data.VersionFilter{Collection: geo.Cells}, []string{"draft", "gone", "other", "3", "2", "1"}},
		{"a division", data.VersionFilter{Division: "330891"}, []string{"other"}},
		{"a division is not its parts", data.VersionFilter{Division: "3308"}, nil},
		{"superseded", data.VersionFilter{State: geo.Superseded}, []string{"2", "1"}},
		{"drafts", data.VersionFilter{State: geo.Draft}, []string{"draft", "other"}},
		{"discarded", data.VersionFilter{State: geo.Discarded}, []string{"gone"}},
		{"live now", data.VersionFilter{State: geo.Published, Collection: geo.Cells}, []string{"3"}},
		{"before the first", data.VersionFilter{At: kept(day(0)).Add(-time.Microsecond)}, nil},
		{"at the first moment", data.VersionFilter{At: kept(day(0))}, []string{"1"}},
		{"after the town", data.VersionFilter{At: day(5)}, []string{"town", "1"}},
		{"just before the second", data.VersionFilter{At: kept(day(10)).Add(-time.Microsecond), Collection: geo.Cells}, []string{"1"}},
		{"at the second", data.VersionFilter{At: day(10), Collection: geo.Cells}, []string{"2"}},
		{"long after", data.VersionFilter{At: day(5000)}, []string{"town", "3"}},
		{"live then, superseded now", data.VersionFilter{At: day(11), State: geo.Superseded}, []string{"2"}},
		{"live then in another division", data.VersionFilter{At: day(11), Division: "330891"}, nil},
	} {
		var got []string
		for _, v := range history(t, s, c.f) {
			got = append(got, names[v.ID])
		}
		same(t, c.what, c.want, got)
	}

	save(t, s, geo.Cells, nil)
	_, err = s.Publish(ctx, draft.ID, 3, day(-50)) // a clock that stepped back
	must(t, err)
	same(t, "the newest, saved before another but published after it", draft.ID, history(t, s, data.VersionFilter{Limit: 1})[0].ID)
	same(t, "the order of numbers", []int{4, 3, 2, 1}, numbers(history(t, s, data.VersionFilter{Collection: geo.Cells, Division: division})))
	same(t, "live at the end, by number and not by clock", []int{4}, numbers(history(t, s, data.VersionFilter{At: day(5000), Collection: geo.Cells})))
}

// numbers lists the numbers of versions that were published.
func numbers(vs []geo.Version) (ns []int) {
	for _, v := range vs {
		if v.Number > 0 {
			ns = append(ns, v.Number)
		}
	}
	return ns
}

// testMoments: moments are kept to the microsecond below, in UTC, and none stays none.
func testMoments(t *testing.T, e Engine) {
	s, ctx := e.Open(t), t.Context()
	for i, at := range []time.Time{
		noon(), time.Date(2026, 1, 1, 0, 0, 0, 999, time.UTC), time.Date(1969, 12, 31, 23, 59, 59, 999999999, time.UTC),
		time.Date(1911, 10, 10, 0, 0, 0, 1000, time.FixedZone("LMT", 29143)), time.Unix(0, 0), time.Now(),
	} {
		v := draftOf(t, geo.Cells, division, nil)
		v.Created = at
		must(t, s.SaveDraft(ctx, v, nil))
		v, err := s.Publish(ctx, v.ID, i, at)
		must(t, err)
		same(t, "created", kept(at), v.Created)
		same(t, "published", kept(at), v.Published)
	}
	v := draftOf(t, geo.Towns, division, nil)
	v.Created = time.Time{}
	must(t, s.SaveDraft(ctx, v, nil))
	same(t, "a draft that was never created", v, version(t, s, v.ID))
	if !version(t, s, v.ID).Published.IsZero() {
		t.Error("a draft was published at some time")
	}
}

// testDiscard: a draft goes, what it shares with others stays.
func testDiscard(t *testing.T, e Engine) {
	s, ctx := e.Open(t), t.Context()
	live := publish(t, s, geo.Cells, row(4, "live"), 0)
	changed := row(6, "live")
	changed[0].Name = "改名"
	v := save(t, s, geo.Cells, changed)
	twin := save(t, s, geo.Cells, changed)
	must(t, s.Discard(ctx, v.ID))

	v.State = geo.Discarded
	same(t, "the discarded version", v, version(t, s, v.ID))
	_, err := collect(ctx, s, v.ID)
	isError(t, "its features", err, data.ErrConflict)
	_, err = s.Publish(ctx, v.ID, 1, noon())
	isError(t, "publishing it", err, data.ErrConflict)
	isError(t, "discarding it again", s.Discard(ctx, v.ID), data.ErrConflict)
	same(t, "the live features", row(4, "live"), features(t, s, live.ID))
	same(t, "another draft of the same features", changed, features(t, s, twin.ID))
	if _, err = s.Publish(ctx, twin.ID, 1, noon()); err != nil {
		t.Fatal(err)
	}
	same(t, "that draft, live", changed, features(t, s, twin.ID))
	same(t, "the superseded features", row(4, "live"), features(t, s, live.ID))
}

// testModel makes versions at random and compares all of them, each time, with a
// map that remembers what went in.
func testModel(t *testing.T, e Engine) {
	const seed = 7
	rng := rand.New(rand.NewPCG(seed, 2))
	s, ctx := e.Open(t), t.Context()
	model, live := map[string][]geo.Feature{}, map[geo.Division]int{}
	var drafts []geo.Version
	current := map[geo.Division]map[geo.Code]geo.Feature{"330890": {}, "330891": {}}
	for step := range 60 {
		d := []geo.Division{"330890", "330891"}[rng.IntN(2)]
		switch action := rng.IntN(10); {
		case action < 5 || len(drafts) == 0:
			fs := edited(rng, current[d])
			v := draftOf(t, geo.Cells, d, fs)
			must(t, s.SaveDraft(ctx, v, geo.InOrder(fs)))
			drafts, model[v.ID] = append(drafts, v), fs
		case action < 6:
			i := rng.IntN(len(drafts))
			must(t, s.Discard(ctx, drafts[i].ID))
			delete(model, drafts[i].ID)
			drafts = slices.Delete(drafts, i, i+1)
		default: // any draft, not only the last: it may share features with what was live long ago
			i := rng.IntN(len(drafts))
			v := drafts[i]
			done, err := s.Publish(ctx, v.ID, live[v.Division], noon())
			must(t, err)
			live[v.Division]++
			same(t, "number", live[v.Division], done.Number)
			current[v.Division] = map[geo.Code]geo.Feature{}
			for _, f := range model[v.ID] {
				current[v.Division][f.Code] = f
			}
			drafts = slices.Delete(drafts, i, i+1)
		}
		if step%20 == 19 {
			s = e.Reopen(t, s)
		}
		if step%5 == 4 {
			same(t, fmt.Sprintf("seed %d, step %d", seed, step), model, everything(t, s).Features)
		}
	}
}

// edited is a changed copy of what is live, in order of code.
func edited(rng *rand.Rand, live map[geo.Code]geo.Feature) []geo.Feature {
	next := maps.Clone(live)
	for code, f := range next {
		switch rng.IntN(8) {
		case 0:
			delete(next, code)
		case 1:
			f.Name += "改"
			next[code] = f
		case 2:
			f.Geometry = random(rng)
			next[code] = f
		case 3:
			f.Properties = append(slices.Clone(f.Properties), geo.Property{Name: "n", Value: rng.Int64()})
			next[code] = f
		}
	}
	for range rng.IntN(8) {
		code := geo.Code(fmt.Sprintf("%03d", rng.IntN(60)))
		next[code] = cell(code, rng.Float64(), rng.Float64(), 0.1)
	}
	fs := slices.Collect(maps.Values(next))
	slices.SortFunc(fs, func(a, b geo.Feature) int { return a.Code.Compare(b.Code) })
	return fs
}
