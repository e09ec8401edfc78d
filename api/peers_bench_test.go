package api

import (
	"bytes"
	stdgzip "compress/gzip"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/klauspost/compress/gzip"
	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/ewkb"
	"github.com/paulmach/orb/maptile"

	"towngrid/data/pgtest"
	"towngrid/geo"
	"towngrid/geo/geotest"
	"towngrid/geo/snapshot"
	"towngrid/tiles"
)

// peersBound is where the data of the comparison lies, 1 by 1 degree.
var peersBound = orb.Bound{Min: orb.Point{118.5, 28.5}, Max: orb.Point{119.5, 29.5}}

// peersData is 50,000 cells of 74 vertices in 100 stations, and 100 towns.
func peersData(t testing.TB) (cells, towns []geo.Feature) {
	m, err := geotest.NewMesh(geotest.Options{Seed: 1, Cells: 50000, Bound: peersBound, Relax: 1, Segments: 16})
	if err != nil {
		t.Fatal(err)
	}
	vertices := 0
	for i, c := range m.Cells() {
		vertices += len(c[0][0]) - 1
		cells = append(cells, geo.Feature{
			Code: geo.Code(fmt.Sprintf("330890%06d", i)), Name: fmt.Sprintf("第%d网格", i), Geometry: c,
			Properties: geo.Properties{{Name: "unit", Value: fmt.Sprintf("330890%03d", i/500)}},
		})
	}
	t.Logf("%d cells of %d vertices", len(cells), vertices/len(cells))
	for i, c := range geotest.Tessellation(2, 100, peersBound) {
		towns = append(towns, geo.Feature{
			Code: geo.Code(fmt.Sprintf("T%03d", i)), Name: fmt.Sprintf("小镇%d", i), Geometry: c,
			Properties: geo.Properties{{Name: "class", Value: int64(i%3 + 1)}},
		})
	}
	return cells, towns
}

// peersTiles are tiles of a zoom in the middle of the data, in a random order.
func peersTiles(z uint8) (as []tiles.Address) {
	seen := map[tiles.Address]bool{}
	r := rand.New(rand.NewPCG(uint64(z), 0))
	for range 3000 { // at zoom 14 nearly all that there are, so that few statements come again
		p := orb.Point{
			peersBound.Min[0] + 0.1 + 0.8*r.Float64(), peersBound.Min[1] + 0.1 + 0.8*r.Float64(),
		}
		t := maptile.At(p, maptile.Zoom(z))
		if a := (tiles.Address{Z: z, X: t.X, Y: t.Y}); !seen[a] {
			seen[a] = true
			as = append(as, a)
		}
	}
	return as
}

// BenchmarkPeers makes tiles of the cells from scratch, gzip included, on all cores at once: here, with
// ST_AsMVT in PostGIS by one prepared statement, our buffer and our gzip, and with ST_AsMVT as pg_tileserv has it and packs what
// it gives. What counts is the ratio of the rates on a quiet machine, and on a busy one that of the processor time of all that takes
// part, PostgreSQL's processes included.
func BenchmarkPeers(b *testing.B) {
	cells, towns := peersData(b)
	var pool *pgxpool.Pool
	if os.Getenv("TOWNGRID_ALONE") == "" {
		pool = peersTable(b, pgtest.Start(b), cells)
	}
	s := snapshot.Empty()
	for c, fs := range map[geo.Collection][]geo.Feature{geo.Cells: cells, geo.Towns: towns} {
		p, err := snapshot.NewPart(geo.Version{ID: string(c), Number: 1, Collection: c, Division: "330890"}, fs)
		if err != nil {
			b.Fatal(err)
		}
		s = s.With(p)
	}
	var builder tiles.Builder
	for _, z := range []uint8{14, 12, 10, 8} {
		as := peersTiles(z)
		for _, content := range []tiles.Content{tiles.Fills, tiles.All} {
			b.Run(fmt.Sprintf("z%d/towngrid/content=%d", z, content), func(b *testing.B) {
				warm := append(append(slices.Clone(as), as...), as...) // ways are made from the second asking on
				measureTiles(b, as, warm, func() int64 { return 0 }, ourGzip(content), func(ctx context.Context, a tiles.Address) ([]byte, error) {
					return builder.Build(ctx, s, tiles.Request{Collections: []geo.Collection{geo.Cells}, Address: a, Content: content})
				})
			})
		}
		if pool == nil {
			continue
		}
		warm := as[:min(len(as), 4)]
		others := func() int64 { return databaseTime(b, pool) }
		b.Run(fmt.Sprintf("z%d/postgis", z), func(b *testing.B) {
			measureTiles(b, as, warm, others, ourGzip(tiles.Fills), func(ctx context.Context, a tiles.Address) (body []byte, err error) {
				err = pool.QueryRow(ctx, peersQuery, a.Z, a.X, a.Y).Scan(&body)
				return body, err
			})
		})
		b.Run(fmt.Sprintf("z%d/tileserv", z), func(b *testing.B) {
			measureTiles(b, as, warm, others, tileservGzip, func(ctx context.Context, a tiles.Address) (body []byte, err error) {
				err = pool.QueryRow(ctx, tileservQuery(a)).Scan(&body)
				return body, err
			})
		})
	}
}

// packing writes a tile to w, packed.
type packing func(w io.Writer, tile []byte) error

// ourGzip packs as the service does tiles of such content.
func ourGzip(content tiles.Content) packing {
	writers := sync.Pool{New: func() any {
		w, err := gzip.NewWriterLevel(nil, tiles.GzipLevel(content))
		if err != nil {
			panic(err)
		}
		return w
	}}
	return func(w io.Writer, tile []byte) error {
		z, _ := writers.Get().(*gzip.Writer)
		defer writers.Put(z)
		z.Reset(w)
		if _, err := z.Write(tile); err != nil {
			return err
		}
		return z.Close()
	}
}

// tileservGzip packs as pg_tileserv does, by the CompressHandler of gorilla/handlers: with a new writer of the standard library for each
// answer, at its default level.
func tileservGzip(w io.Writer, tile []byte) error {
	z := stdgzip.NewWriter(w)
	if _, err := z.Write(tile); err != nil {
		return err
	}
	return z.Close()
}

// measureTiles makes and packs the tiles again and again on all cores, and reports the rate, the mean bytes and the processor time
// of this process and of others, in nanoseconds. What is made once and kept is made before, for the tiles in warm.
func measureTiles(b *testing.B, as, warm []tiles.Address, others func() int64, pack packing, tile func(context.Context, tiles.Address) ([]byte, error)) {
	for _, a := range warm {
		if _, err := tile(b.Context(), a); err != nil {
			b.Fatal(err)
		}
	}
	var next, raw, zipped atomic.Int64
	from := processorTime(b) + others()
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			body, err := tile(b.Context(), as[int(next.Add(1))%len(as)])
			if err != nil {
				b.Error(err)
				return
			}
			var n weighed
			if err := pack(&n, body); err != nil {
				b.Error(err)
			}
			raw.Add(int64(len(body)))
			zipped.Add(int64(n))
		}
	})
	b.StopTimer()
	b.ReportMetric(float64(processorTime(b)+others()-from)/float64(b.N)/1e6, "cpu-ms")
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "tiles/s")
	b.ReportMetric(float64(raw.Load())/float64(b.N), "bytes")
	b.ReportMetric(float64(zipped.Load())/float64(b.N), "gzip-bytes")
}

// processorTime is what this process has had of the processors, in nanoseconds.
func processorTime(b *testing.B) int64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return u.Utime.Nano() + u.Stime.Nano()
}

// databaseTime is what PostgreSQL's processes for the pool have had of the processors, in nanoseconds, and those of its
// processes that have ended.
func databaseTime(b *testing.B, pool *pgxpool.Pool) (ns int64) {
	const tick = 1e9 / 100 // of /proc/…/stat
	rows, err := pool.Query(b.Context(), `SELECT pid FROM pg_stat_activity WHERE datname = current_database()`)
	if err != nil {
		b.Fatal(err)
	}
	pids, err := pgx.CollectRows(rows, pgx.RowTo[int])
	if err != nil || len(pids) == 0 {
		b.Fatal(pids, err)
	}
	stat := func(pid string) []string {
		text, err := os.ReadFile("/proc/" + pid + "/stat")
		if err != nil {
			b.Fatal(err)
		}
		// The name, in brackets, may hold anything; state, parent and so on follow.
		return strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
	}
	add := func(fields ...string) {
		for _, f := range fields {
			n, err := strconv.ParseInt(f, 10, 64)
			if err != nil {
				b.Fatal(err)
			}
			ns += n * tick
		}
	}
	parent := ""
	for _, pid := range pids {
		of := stat(strconv.Itoa(pid))
		parent = of[1]
		add(of[11:13]...) // user and system
	}
	add(stat(parent)[13:15]...) // those of children that have ended
	return ns
}

// weighed counts the bytes that are written to it.
type weighed int

func (c *weighed) Write(b []byte) (int, error) {
	*c += weighed(len(b))
	return len(b), nil
}

// peersQuery is what pg_tileserv asks for a tile of a table, with our buffer, and numbers in place of the tile's bounds, so that it is
// prepared once.
const peersQuery = `
WITH bounds AS (
  SELECT ST_TileEnvelope($1, $2, $3) AS geom_clip,
         ST_Expand(ST_TileEnvelope($1, $2, $3), ST_Distance(ST_PointN(ST_ExteriorRing(ST_TileEnvelope($1, $2, $3)), 1), ST_PointN(ST_ExteriorRing(ST_TileEnvelope($1, $2, $3)), 2)) * 64 / 4096) AS geom_query)
SELECT ST_AsMVT(mvtgeom, 'cells', 4096, 'geom') FROM (
  SELECT ST_AsMVTGeom(ST_Transform(ST_Force2D(t.geom), 3857), bounds.geom_clip, 4096, 64) AS geom, t.code, t.name, t.unit
  FROM cells t, bounds
  WHERE ST_Intersects(t.geom, ST_Transform(bounds.geom_query, 4326))) AS mvtgeom`

// tileservQuery is what pg_tileserv 1.0.11 asks for a tile of a table as it is set up when nothing is said: 4096 units, 256 of them as a
// buffer, 50,000 features at most, and the bounds as text, in a statement that differs from tile to tile.
func tileservQuery(a tiles.Address) string {
	const world = 2 * 20037508.3427892
	size := world / float64(uint64(1)<<a.Z)
	west, south := float64(a.X)*size-world/2, world/2-float64(a.Y+1)*size
	envelope := func(pad float64) string {
		return fmt.Sprintf("ST_MakeEnvelope(%g, %g, %g, %g, 3857)", west-pad, south-pad, west+size+pad, south+size+pad)
	}
	return `
SELECT ST_AsMVT(mvtgeom, 'public.cells', 4096, 'geom') FROM (
  SELECT ST_AsMVTGeom(ST_Transform(ST_Force2D(t."geom"), 3857), bounds.geom_clip, 4096, 256) AS "geom", "code", "name", "unit"
  FROM "public"."cells" t, (SELECT ` + envelope(0) + ` AS geom_clip, ` + envelope(size*256/4096) + ` AS geom_query) bounds
  WHERE ST_Intersects(t."geom", ST_Transform(bounds.geom_query, 4326))
  LIMIT 50000) mvtgeom`
}

// peersTable makes a table of the cells with its index.
func peersTable(b testing.TB, dsn string, cells []geo.Feature) *pgxpool.Pool {
	ctx := b.Context()
	pool, err := pgxpool.New(ctx, dsn)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(pool.Close)
	exec := func(sql string) {
		if _, err := pool.Exec(ctx, sql); err != nil {
			b.Fatal(err)
		}
	}
	exec(`CREATE EXTENSION IF NOT EXISTS postgis`)
	exec(`CREATE TABLE raw (code text, name text, unit text, wkb bytea)`)
	_, err = pool.CopyFrom(ctx, pgx.Identifier{"raw"}, []string{"code", "name", "unit", "wkb"},
		pgx.CopyFromSlice(len(cells), func(i int) ([]any, error) {
			f := &cells[i]
			wkb, err := ewkb.Marshal(f.Geometry, 4326)
			return []any{string(f.Code), f.Name, f.Properties.Text("unit"), wkb}, err
		}))
	if err != nil {
		b.Fatal(err)
	}
	exec(`CREATE TABLE cells AS SELECT code, name, unit, ST_GeomFromEWKB(wkb) AS geom FROM raw`)
	exec(`CREATE INDEX ON cells USING gist (geom)`)
	exec(`VACUUM ANALYZE cells`)
	exec(`CHECKPOINT`) // or it is written while the first tiles are measured
	return pool
}
