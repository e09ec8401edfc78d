package zoning

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"towngrid/data/pgtest"
	"towngrid/geo/geotest"
)

// TestArrangementAgreesWithGEOS holds the faces of random lines against those of GEOS
// through PostGIS: as many that are wider than our grid, and together the same area.
func TestArrangementAgreesWithGEOS(t *testing.T) {
	ctx := context.Background()
	db, err := pgx.Connect(ctx, pgtest.Start(t))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close(ctx)
	if _, err := db.Exec(ctx, "CREATE EXTENSION IF NOT EXISTS postgis"); err != nil {
		t.Fatal(err)
	}
	const seed = 17
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	for i := range 60 {
		lines := scribble(r, 3+r.IntN(60))
		a, err := Arrange(ctx, lines)
		if err != nil {
			t.Fatal(err)
		}
		var wkt []string
		length := 0.0
		for _, l := range lines {
			var ps []string
			for j, p := range l {
				length += math.Hypot(p[0]-l[max(j-1, 0)][0], p[1]-l[max(j-1, 0)][1])
				ps = append(ps, fmt.Sprintf("%.17g %.17g", p[0], p[1]))
			}
			wkt = append(wkt, "("+strings.Join(ps, ",")+")")
		}
		// A face narrower than a few squares of the grid may be there for one and not for
		// the other.
		const least = 1e-13
		var faces int
		var all float64
		err = db.QueryRow(ctx, `SELECT count(*) FILTER (WHERE ST_Area(geom) > $2), coalesce(sum(ST_Area(geom)), 0)
			FROM ST_Dump(ST_Polygonize(ARRAY[ST_UnaryUnion(ST_GeomFromText($1))]))`, "MULTILINESTRING("+strings.Join(wkt, ",")+")", least).Scan(&faces, &all)
		if err != nil {
			t.Fatal(err)
		}
		n, sum := 0, 0.0
		for _, f := range a.Faces {
			size := geotest.Area(orb.MultiPolygon{f})
			if sum += size; size > least {
				n++
			}
		}
		if n != faces || math.Abs(sum-all) > gridUnit*length+least { // no line moves further than a square
			t.Errorf("lines %d: %d faces of %g, GEOS has %d of %g", i, n, sum, faces, all)
		}
	}
}
