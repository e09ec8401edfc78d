package gpkg

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/paulmach/orb"

	"towngrid/data"
	"towngrid/geo"
)

// someFeatures are n features of a collection, with a value in every field of its
// schema and one that the schema does not know.
func someFeatures(rng *rand.Rand, c geo.Collection, n int) []geo.Feature {
	fs := make([]geo.Feature, n)
	for i := range fs {
		x, y := 118.5+rng.Float64(), 28.5+rng.Float64()
		f := geo.Feature{Code: geo.Code(fmt.Sprintf("%04d", i)), Name: fmt.Sprintf("名称%d", rng.IntN(3)), Geometry: orb.Point{x, y}}
		schema := c.Schema()
		if schema.Geometry == geo.MultiPolygon {
			d := 0.001 + rng.Float64()/100
			f.Geometry = orb.MultiPolygon{{{{x, y}, {x + d, y}, {x + d, y + d}, {x, y + d}, {x, y}}}}
		}
		for _, field := range schema.Fields {
			values := map[geo.FieldType]any{
				geo.String: "文字", geo.Integer: rng.Int64(), geo.Number: rng.NormFloat64(), geo.Bool: rng.IntN(2) == 0, geo.Date: "2026-11-23",
			}
			f.Properties = append(f.Properties, geo.Property{Name: field.Name, Value: values[field.Type]})
		}
		f.Properties[rng.IntN(len(f.Properties))].Value = nil
		f.Properties = append(f.Properties, geo.Property{Name: "备注", Value: float64(i)})
		fs[i] = f
	}
	return fs
}

// saveDraft keeps features as a draft of 330890.
func saveDraft(t testing.TB, s *Store, c geo.Collection, fs []geo.Feature) geo.Version {
	t.Helper()
	v := draftFor(t, fs, c)
	if err := s.SaveDraft(context.Background(), v, geo.InOrder(fs)); err != nil {
		t.Fatal(err)
	}
	return v
}

// publishRandom publishes a random version of cells over what is live, and reads it back.
func publishRandom(t testing.TB, s *Store, seed uint64) geo.Version {
	t.Helper()
	live, err := s.History(t.Context(), data.VersionFilter{Collection: geo.Cells, State: geo.Published})
	if err != nil {
		t.Fatal(err)
	}
	base := 0
	if len(live) > 0 {
		base = live[0].Number
	}
	v := saveDraft(t, s, geo.Cells, someFeatures(rand.New(rand.NewPCG(seed, 0)), geo.Cells, 50))
	v, err = s.Publish(t.Context(), v.ID, base, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if err := s.verifyVersion(t.Context(), v); err != nil {
		t.Fatal(err)
	}
	return v
}

func uploadOf(id string) data.Upload {
	return data.Upload{ID: id, Collection: geo.Cells, Division: "330890", State: data.UploadReceived, Created: time.Now()}
}

func incidentOf(i int) data.Incident {
	return data.Incident{ID: fmt.Sprint("事件", i), Division: "330890", Time: time.Unix(int64(1_700_000_000+i), 1000), Kind: "纠纷", Lon: 118.9, Lat: 29, Cell: "c"}
}

// newDraft is a draft of 330890 for the features.
func newDraft(fs []geo.Feature, c geo.Collection) (geo.Version, error) {
	sum, err := geo.Checksum(fs)
	return geo.Version{
		ID: uuid.NewString(), Collection: c, Division: "330890", State: geo.Draft,
		Created: time.Now(), Features: len(fs), Checksum: sum,
	}, err
}

func draftFor(tb testing.TB, fs []geo.Feature, c geo.Collection) geo.Version {
	tb.Helper()
	v, err := newDraft(fs, c)
	if err != nil {
		tb.Fatal(err)
	}
	return v
}
