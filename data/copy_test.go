package data_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/paulmach/orb"

	"towngrid/data"
	"towngrid/data/gpkg"
	"towngrid/data/pgtest"
	"towngrid/data/postgis"
	"towngrid/geo"
)

// stores are an empty store of each engine.
func stores(t *testing.T) (g, p data.Store) {
	t.Helper()
	g, err := gpkg.Open(t.Context(), filepath.Join(t.TempDir(), "a.gpkg"), gpkg.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { g.Close() })
	if p, err = postgis.Open(t.Context(), pgtest.Start(t), postgis.Options{Pool: 4}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close() })
	return g, p
}

// version keeps n cells as a draft, stamped.
func version(t *testing.T, s data.Store, n int, stamp string) geo.Version {
	t.Helper()
	fs := make([]geo.Feature, n)
	for i := range fs {
		x := 118 + float64(i)/1000
		fs[i] = geo.Feature{Code: geo.Code(fmt.Sprintf("%04d", i)), Name: stamp, Geometry: orb.MultiPolygon{{{{x, 29}, {x + 0.001, 29}, {x, 29.1}, {x, 29}}}}}
		if i%3 == 0 {
			fs[i].Name = "stays" // shared by versions
		}
	}
	sum, err := geo.Checksum(fs)
	if err != nil {
		t.Fatal(err)
	}
	v := geo.Version{
		ID: uuid.NewString(), Collection: geo.Cells, Division: "330890", State: geo.Draft, Author: "规划员", Created: time.Now().UTC().Truncate(time.Microsecond),
		Features: n, Warnings: 3, Checksum: sum, Source: geo.Source{File: "网格.zip", SHA256: "00", Records: n},
	}
	if err := s.SaveDraft(t.Context(), v, geo.InOrder(fs)); err != nil {
		t.Fatal(err)
	}
	return v
}

// furnish puts something of everything into a store.
func furnish(t *testing.T, s data.Store) {
	t.Helper()
	for base := range 4 {
		waits := version(t, s, 20+base, fmt.Sprint("draft ", base)) // older drafts stay behind newer versions
		if _, err := s.Publish(t.Context(), version(t, s, 30+base, fmt.Sprint("live ", base)).ID, base, time.Now()); err != nil {
			t.Fatal(err)
		}
		if base%2 == 0 {
			if err := s.Discard(t.Context(), waits.ID); err != nil {
				t.Fatal(err)
			}
		}
	}
	at := time.Now().UTC().Truncate(time.Microsecond)
	for i := range 3 {
		if err := s.SaveUpload(t.Context(), data.Upload{
			ID: fmt.Sprint("u", i), State: data.UploadDraft, File: "网格.zip", Created: at.Add(time.Duration(i)), Updated: at,
			Violations: []geo.Violation{geo.Breach("gap", geo.Warning, geo.Text{ZH: "缝隙", EN: "a gap"}, geo.Text{})},
		}); err != nil {
			t.Fatal(err)
		}
	}
	var ins []data.Incident
	for i := range 5_200 {
		ins = append(ins, data.Incident{ID: fmt.Sprint(i), Division: "330890", Time: at.AddDate(0, -i%20, 0), Kind: "盗窃", Lon: 118 + float64(i)/1e5, Lat: 29, Cell: "0001", Version: i % 4})
	}
	if _, err := s.AddIncidents(t.Context(), ins); err != nil {
		t.Fatal(err)
	}
}

func quiet(string) {}

// TestCopyThereAndBack: everything of one engine comes into the other and back again, the
// same to the last bit, and a second copy finds it all there.
func TestCopyThereAndBack(t *testing.T) {
	g, p := stores(t)
	back, _ := stores(t)
	furnish(t, g)
	first, err := data.Copy(t.Context(), g, p, quiet)
	if err != nil {
		t.Fatal(err)
	}
	if first.Versions != 8 || first.NewVersions != 8 || first.NewUploads != 3 || first.NewIncidents != 5_200 {
		t.Errorf("copied %+v", first)
	}
	again, err := data.Copy(t.Context(), g, p, quiet)
	if err != nil || again.NewVersions+again.NewUploads+again.NewIncidents != 0 || again.Digest != first.Digest {
		t.Errorf("copied again: %+v, %v", again, err)
	}
	home, err := data.Copy(t.Context(), p, back, quiet)
	if err != nil || home.Digest != first.Digest {
		t.Errorf("copied back: %+v, %v", home, err)
	}
}

var errCut = errors.New("cut off")

// breaking is a store whose writes fail after so many.
type breaking struct {
	data.Store
	left int
}

func (f *breaking) cut() error {
	if f.left--; f.left < 0 {
		return errCut
	}
	return nil
}

// TestCopyGoesOn: a copy that is cut off before any of its writes goes on where it was, into
// either engine.
func TestCopyGoesOn(t *testing.T) {
	g, p := stores(t)
	furnish(t, g)
	there := goesOn(t, g, p)
	back, _ := stores(t)
	if home := goesOn(t, p, back); home.Digest != there.Digest {
		t.Errorf("there it has the digest %s, and back %s", there.Digest, home.Digest)
	}
}

// goesOn copies and is cut off again and again.
func goesOn(t *testing.T, from, to data.Store) data.Copied {
	t.Helper()
	cut := 0
	for n := 0; ; n++ {
		done, err := data.Copy(t.Context(), from, &interrupted{breaking{to, n % 5}}, quiet)
		if err == nil {
			if cut < 4 {
				t.Errorf("it was cut off only %d times", cut)
			}
			return done
		}
		if !errors.Is(err, errCut) {
			t.Fatal(err)
		}
		if cut++; cut > 100 {
			t.Fatal("it does not come to an end")
		}
	}
}

// TestCopyRefuses: a store that holds anything else is no copy.
func TestCopyRefuses(t *testing.T) {
	g, p := stores(t)
	furnish(t, g)
	version(t, p, 3, "of its own")
	if _, err := data.Copy(t.Context(), g, p, quiet); !errors.Is(err, data.ErrConflict) {
		t.Errorf("into a store with a draft of its own: %v", err)
	}
	g, p = stores(t)
	furnish(t, g)
	if _, err := p.Publish(t.Context(), version(t, p, 3, "live").ID, 0, time.Now()); err != nil {
		t.Fatal(err)
	}
	if _, err := data.Copy(t.Context(), g, p, quiet); !errors.Is(err, data.ErrConflict) {
		t.Errorf("into a store with versions of its own: %v", err)
	}
}

// interrupted fails in the writes that a copy makes.
type interrupted struct{ breaking }

func (f *interrupted) SaveDraft(ctx context.Context, v geo.Version, fs iter.Seq2[*geo.Feature, error]) error {
	if err := f.cut(); err != nil {
		return err
	}
	return f.Store.SaveDraft(ctx, v, fs)
}

func (f *interrupted) Publish(ctx context.Context, id string, base int, at time.Time) (geo.Version, error) {
	if err := f.cut(); err != nil {
		return geo.Version{}, err
	}
	return f.Store.Publish(ctx, id, base, at)
}

func (f *interrupted) Discard(ctx context.Context, id string) error {
	if err := f.cut(); err != nil {
		return err
	}
	return f.Store.Discard(ctx, id)
}

func (f *interrupted) SaveUpload(ctx context.Context, u data.Upload) error {
	if err := f.cut(); err != nil {
		return err
	}
	return f.Store.SaveUpload(ctx, u)
}

func (f *interrupted) AddIncidents(ctx context.Context, ins []data.Incident) (int, error) {
	if err := f.cut(); err != nil {
		return 0, err
	}
	return f.Store.AddIncidents(ctx, ins)
}
