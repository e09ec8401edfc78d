package postgis

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"towngrid/data"
	"towngrid/data/pgtest"
	"towngrid/geo"
)

// The simulation of a whole country's incidents. What it loads is synthetic, made from
// countrySeed: counties as many as there are, with populations of provinces by the
// census of 2020 and of counties by chance, incidents by population, cell, hour and day.
const (
	countrySeed   = 20261126
	countryShards = 128       // of a table in migrations/citus
	countryPeak   = 10_000    // incidents a second
	countryMean   = 4816      // incidents a second over a day with that peak
	countryCells  = 1_000_000 // cells, shared out by population
	gathered      = 100       // incidents that a gateway sends at once
)

// county is a division with its part of the country's people.
type county struct {
	division geo.Division
	part     float64
	cells    int
}

// provinces are their codes and people in millions, by the census of 2020.
func provinces() map[int]float64 {
	return map[int]float64{
		11: 21.9, 12: 13.9, 13: 74.6, 14: 34.9, 15: 24.0, 21: 42.6, 22: 24.1, 23: 31.9, 31: 24.9, 32: 84.7, 33: 64.6, 34: 61.0, 35: 41.5, 36: 45.2, 37: 101.5,
		41: 99.4, 42: 57.8, 43: 66.4, 44: 126.0, 45: 50.1, 46: 10.1, 50: 32.1, 51: 83.7, 52: 38.6, 53: 47.2, 54: 3.6, 61: 39.5, 62: 25.0, 63: 5.9, 64: 7.2, 65: 25.9,
	}
}

// country gives some 2,850 counties, the largest first. People of a county follow a
// log-normal law around the mean of its province; one, as a city without counties, has
// 7.4 in a thousand of all.
func country() []county {
	rng := rand.New(rand.NewPCG(countrySeed, 1))
	all := 0.0
	codes := []int{}
	for code, people := range provinces() {
		codes = append(codes, code)
		all += people
	}
	slices.Sort(codes)
	var cs []county
	for _, code := range codes {
		n := max(5, int(math.Round(provinces()[code]/all*2850)))
		weights, sum := make([]float64, n), 0.0
		for i := range weights {
			weights[i] = math.Exp(rng.NormFloat64() * 0.7)
			sum += weights[i]
		}
		for i, w := range weights {
			cs = append(cs, county{division: geo.Division(fmt.Sprintf("%02d%02d%02d", code, 1+i/12, 1+i%12)), part: w / sum * provinces()[code] / all})
		}
	}
	slices.SortFunc(cs, func(a, b county) int { return cmp.Compare(b.part, a.part) })
	cs[0].part = 0.0074
	sum := 0.0
	for _, c := range cs {
		sum += c.part
	}
	for i := range cs {
		cs[i].part /= sum
		cs[i].cells = max(10, int(cs[i].part*countryCells))
	}
	return cs
}

// hours are the parts of a day's incidents in each hour, of which the 10th has the most.
var hours = [24]float64{
	0.9, 0.6, 0.5, 0.4, 0.5, 0.9, 2.2, 4.6, 7.6, 8.6, 7.8, 5.6, 4.2, 4.9, 6.9, 7.3, 6.9, 6.0, 5.1, 5.0, 4.5, 3.9, 2.8, 1.7,
}

// stream makes incidents in order of time, over some days.
type stream struct {
	rng      *rand.Rand
	counties []county
	upTo     []float64 // cumulative parts of the counties
	byHour   [24]float64
	begin    time.Time
	days     int
	made     int
}

func newStream(cs []county, begin time.Time, days int) *stream {
	s := &stream{rng: rand.New(rand.NewPCG(countrySeed, 2)), counties: cs, begin: begin, days: days}
	sum := 0.0
	for _, c := range cs {
		sum += c.part
		s.upTo = append(s.upTo, sum)
	}
	sum = 0
	for h, part := range hours {
		sum += part
		s.byHour[h] = sum
	}
	return s
}

// some are counties taken by chance that together have a part of the country's people.
func some(cs []county, part float64) (taken []county) {
	rng := rand.New(rand.NewPCG(countrySeed, 4))
	for _, i := range rng.Perm(len(cs)) {
		if cs[i].part > part {
			continue
		}
		taken = append(taken, cs[i])
		if part -= cs[i].part; part < 1e-6 {
			break
		}
	}
	slices.SortFunc(taken, func(a, b county) int { return cmp.Compare(b.part, a.part) })
	return taken
}

// next is the incident after a part of all from beginning to end.
func (s *stream) next(at float64) data.Incident {
	i, _ := slices.BinarySearch(s.upTo, s.rng.Float64()*s.upTo[len(s.upTo)-1])
	c := s.counties[min(i, len(s.counties)-1)]
	past, since := math.Modf(at * float64(s.days))
	since *= s.byHour[23]
	hour, _ := slices.BinarySearch(s.byHour[:], since)
	rest := 1 - (s.byHour[hour]-since)/hours[hour]
	u := s.rng.Float64()
	cell := int(u * u * float64(c.cells)) // a few cells have many
	s.made++
	day := s.begin.AddDate(0, 0, int(past))
	kinds := [...]string{"矛盾纠纷", "治安隐患", "消防隐患", "环境卫生", "占道经营", "民生诉求", "走访登记", "设施损坏"}
	return data.Incident{
		ID: fmt.Sprintf("%s-%s-%08d", c.division, day.Format("20060102"), s.made), Division: c.division,
		Time: day.Add(time.Duration((float64(hour) + rest) * float64(time.Hour))),
		Kind: kinds[s.rng.IntN(len(kinds))], Source: "平安通", Status: "closed",
		Lon: 73 + s.rng.Float64()*60, Lat: 18 + s.rng.Float64()*35,
		Cell: geo.Code(fmt.Sprintf("%s%06d", c.division, cell)), Station: geo.Code(fmt.Sprintf("%s%03d", c.division, cell/20)),
		Room: geo.Code(fmt.Sprintf("%s%02d", c.division, cell/200)), Centre: geo.Code(c.division), Version: 1,
	}
}

// nation is databases that stand for workers, each with the tables that the service makes.
type nation struct {
	c      *pgtest.Cluster
	stores []*Store
	conns  []*pgx.Conn
	place  map[geo.Division]int // the store that a division lies in
}

// shardOf is the shard of a hash: all hashes are cut into equal ranges.
func shardOf(sum int32, shards int) int {
	return int((int64(sum) - math.MinInt32) * int64(shards) >> 32)
}

// hashes asks PostgreSQL for the hash of each county's code, by which Citus distributes
// on a column of text.
func hashes(t *testing.T, conn *pgx.Conn, cs []county) map[geo.Division]int32 {
	t.Helper()
	names := make([]string, len(cs))
	for i, c := range cs {
		names[i] = string(c.division)
	}
	found, err := conn.Query(t.Context(), "SELECT hashtext(d) FROM unnest($1::text[]) d", names)
	if err != nil {
		t.Fatal(err)
	}
	sums, err := pgx.CollectRows(found, pgx.RowTo[int32])
	if err != nil {
		t.Fatal(err)
	}
	m := map[geo.Division]int32{}
	for i, c := range cs {
		m[c.division] = sums[i]
	}
	return m
}

// TestCountry loads as many incidents as TOWNGRID_COUNTRY lists, such as
// 250000,500000,1000000, by the store's own statements into databases that stand for
// workers, and measures at each size. They are those of the two days around the turn of a
// month in so many counties as then have as many: a cell has as many in an hour as in the
// whole country.
func TestCountry(t *testing.T) {
	if os.Getenv("TOWNGRID_COUNTRY") == "" {
		t.Skip("set TOWNGRID_COUNTRY=250000,1000000,4000000, or run make country")
	}
	c := pgtest.New(t, "shared_buffers=512MB", "max_wal_size=8GB", "max_prepared_transactions=200", "max_connections=200", "autovacuum=on")
	n := &nation{c: c, place: map[geo.Division]int{}}
	for range 4 {
		dsn := c.Database(t)
		n.stores = append(n.stores, open(t, dsn, Options{Pool: 8, Replicas: 4, Answer: time.Minute, Write: time.Minute}))
		n.conns = append(n.conns, another(t, dsn))
	}
	cs := country()
	sums := hashes(t, n.conns[0], cs)
	for _, shards := range []int{countryShards, 4 * countryShards} {
		skew(t, cs, sums, shards)
	}
	daily(t)
	total := 0
	sizes := strings.Split(os.Getenv("TOWNGRID_COUNTRY"), ",")
	most, err := strconv.Atoi(sizes[len(sizes)-1])
	if err != nil {
		t.Fatal(err)
	}
	part := float64(most) / (countryMean * 2 * 86400)
	here := some(cs, part)
	held := 0
	for i, c := range here {
		held += c.cells
		n.place[c.division] = i % len(n.stores)
	}
	t.Logf("simulated: %d counties with %d cells, 1/%.0f of the country, for two days", len(here), held, 1/part)
	s := newStream(here, time.Date(2026, 10, 31, 0, 0, 0, 0, time.UTC), 2)
	for _, size := range sizes {
		upTo, err := strconv.Atoi(size)
		if err != nil {
			t.Fatal(err)
		}
		n.load(t, s, total, upTo, most)
		total = upTo
		n.room(t, total)
		n.statistics(t, total, here[0])
	}
	n.single(t, s)
	n.twoPhases(t, s)
	n.rollUp(t)
	n.drop(t)
}

// load adds incidents by four writers, 100 of one worker at a time.
func (n *nation) load(t *testing.T, s *stream, from, upTo, most int) {
	t.Helper()
	batches := make(chan []data.Incident, 16)
	var work sync.WaitGroup
	wal, busy, began := n.wal(t), n.c.Busy(), time.Now()
	for range 4 {
		work.Go(func() {
			for b := range batches {
				if _, err := n.stores[n.place[b[0].Division]].AddIncidents(t.Context(), b); err != nil {
					t.Error(err)
				}
			}
		})
	}
	waiting := make([][]data.Incident, len(n.stores))
	for i := from; i < upTo; i++ {
		in := s.next(float64(i) / float64(most))
		w := n.place[in.Division]
		if waiting[w] = append(waiting[w], in); len(waiting[w]) == gathered {
			batches <- waiting[w]
			waiting[w] = nil
		}
	}
	for _, b := range waiting {
		if len(b) > 0 {
			batches <- b
		}
	}
	close(batches)
	work.Wait()
	rows, took, work2 := float64(upTo-from), time.Since(began).Seconds(), (n.c.Busy() - busy).Seconds()
	t.Logf("measured: %d to %d incidents by the store's statements, %d at a time, commits on disk: %.0f a second by the clock, %.0f a second of one core (%.0f µs each), %.0f bytes of WAL each",
		from, upTo, gathered, rows/took, rows/work2, work2/rows*1e6, float64(n.wal(t)-wal)/rows)
}

// wal is how far the write-ahead log has come, in bytes.
func (n *nation) wal(t *testing.T) int64 {
	return one[int64](t, n.conns[0], "SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::bigint")
}

// room tells the bytes that an incident takes in tables and in each index.
func (n *nation) room(t *testing.T, total int) {
	t.Helper()
	sums := map[string]int64{}
	for _, conn := range n.conns {
		found, err := conn.Query(t.Context(), `SELECT regexp_replace(c.relname, '[0-9]{4}_[0-9]{2}', 'month'), pg_relation_size(c.oid, 'main') + pg_relation_size(c.oid, 'fsm') + pg_relation_size(c.oid, 'vm')
			FROM pg_class c WHERE c.relkind IN ('r', 'i') AND c.relname ~ '^(incidents|towngrid_incident)'`)
		if err != nil {
			t.Fatal(err)
		}
		var name string
		var bytes int64
		if _, err := pgx.ForEachRow(found, []any{&name, &bytes}, func() error { sums[name] += bytes; return nil }); err != nil {
			t.Fatal(err)
		}
	}
	all := int64(0)
	var said []string
	for name, bytes := range sums {
		if all += bytes; bytes > int64(total) {
			said = append(said, fmt.Sprintf("%s %.0f", name, float64(bytes)/float64(total)))
		}
	}
	slices.Sort(said)
	t.Logf("measured: %d incidents take %.0f bytes each: %s", total, float64(all)/float64(total), strings.Join(said, ", "))
}

// statistics tells what the statements of migrations/citus take.
func (n *nation) statistics(t *testing.T, total int, largest county) {
	t.Helper()
	const all = "time >= '2026-10-01' AND time < '2026-12-01'"
	conn := n.conns[n.place[largest.division]]
	for _, q := range []struct {
		what, query string
		on          []*pgx.Conn
		args        []any
	}{
		{"all by division, cell, day of week and hour, on all workers", byCellAndHour, n.conns, []any{"2026-10-01", "2026-12-01"}},
		{"the largest county's by cell and hour", `SELECT count(*) FROM (SELECT cell, extract(hour FROM time), count(*) FROM incidents WHERE division = $1 AND ` + all + ` GROUP BY 1, 2) s`, []*pgx.Conn{conn}, []any{string(largest.division)}},
		{"100 of one cell", `SELECT count(*) FROM (SELECT code FROM incidents WHERE cell = $1 AND ` + all + ` ORDER BY time, code LIMIT 100) s`, []*pgx.Conn{conn}, []any{string(largest.division) + "000000"}},
	} {
		rows, work, took := int64(0), time.Duration(0), time.Duration(0)
		for _, conn := range q.on {
			run(t, conn, "SET jit = off; SET work_mem = '64MB'")
			busy, began := n.c.Busy(), time.Now()
			rows += one[int64](t, conn, q.query, q.args...)
			work, took = work+n.c.Busy()-busy, took+time.Since(began)
		}
		t.Logf("measured: %d incidents, %s: %d rows, %v by the clock, %v of processor time", total, q.what, rows, took.Round(time.Millisecond), work)
	}
}

// byCellAndHour counts the rows of the statistics in migrations/citus.
const byCellAndHour = `SELECT count(*) FROM (SELECT division, cell, extract(isodow FROM time), extract(hour FROM time), count(*) FROM incidents
	WHERE time >= $1::text::timestamptz AND time < $2::text::timestamptz GROUP BY 1, 2, 3, 4) s`

// single adds incidents one at a time, by eight writers.
func (n *nation) single(t *testing.T, s *stream) {
	t.Helper()
	const rows = 4000
	ins := make([]data.Incident, rows)
	for i := range ins {
		ins[i] = s.next(0.999)
	}
	busy, began, wal := n.c.Busy(), time.Now(), n.wal(t)
	var work sync.WaitGroup
	for w := range 8 {
		work.Go(func() {
			for i := w; i < rows; i += 8 {
				if _, err := n.stores[n.place[ins[i].Division]].AddIncidents(t.Context(), ins[i:i+1]); err != nil {
					t.Error(err)
				}
			}
		})
	}
	work.Wait()
	t.Logf("measured: one at a time by 8 writers: %.0f a second by the clock, %.0f µs of processor time each, %.0f bytes of WAL each",
		rows/time.Since(began).Seconds(), (n.c.Busy()-busy).Seconds()/rows*1e6, float64(n.wal(t)-wal)/rows)
}

// twoPhases adds incidents as workers do that share a transaction: their IDs lie by hash
// on all of them, the incidents on one, and all prepare before all commit.
func (n *nation) twoPhases(t *testing.T, s *stream) {
	t.Helper()
	const rounds = 150
	busy, began := n.c.Busy(), time.Now()
	var slowest time.Duration
	for round := range rounds {
		var ins []data.Incident
		for len(ins) < gathered {
			if in := s.next(0.99); n.place[in.Division] == 0 {
				ins = append(ins, in)
			}
		}
		sent := time.Now()
		if err := n.together(t.Context(), ins, fmt.Sprint("together ", round)); err != nil {
			t.Fatal(err)
		}
		slowest = max(slowest, time.Since(sent))
	}
	work := n.c.Busy() - busy
	t.Logf("measured: %d batches of %d in two phases over %d databases: %v each by the clock, %v at most; %.0f µs of processor time an incident",
		rounds, gathered, len(n.stores), (time.Since(began) / rounds).Round(10*time.Microsecond), slowest.Round(time.Millisecond), work.Seconds()/rounds/gathered*1e6)
}

func (n *nation) together(ctx context.Context, ins []data.Incident, name string) error {
	parts := make([][]data.Incident, len(n.conns))
	for i, in := range ins {
		parts[i%len(parts)] = append(parts[i%len(parts)], in)
	}
	errs := make([]error, len(n.conns))
	phase := func(do func(i int) error) error {
		var work sync.WaitGroup
		for i := range n.conns {
			work.Go(func() { errs[i] = do(i) })
		}
		work.Wait()
		for _, err := range errs {
			if err != nil {
				return err
			}
		}
		return nil
	}
	if err := phase(func(i int) error {
		if _, err := n.conns[i].Exec(ctx, "BEGIN"); err != nil {
			return err
		}
		b, err := batchOf(parts[i])
		if err == nil {
			_, err = b.known(ctx, n.conns[i])
		}
		if err == nil && i == 0 {
			if b, err = batchOf(ins); err == nil {
				_, err = b.keep(ctx, n.conns[i], b.code)
			}
		}
		if err == nil {
			_, err = n.conns[i].Exec(ctx, fmt.Sprintf("PREPARE TRANSACTION '%s %d'", name, i))
		}
		return err
	}); err != nil {
		return err
	}
	return phase(func(i int) error {
		_, err := n.conns[i].Exec(ctx, fmt.Sprintf("COMMIT PREPARED '%s %d'", name, i))
		return err
	})
}

// rollUp counts what there is by hour into a table of its own, and asks that.
func (n *nation) rollUp(t *testing.T) {
	t.Helper()
	rows, incidents, bytes := int64(0), int64(0), int64(0)
	busy := n.c.Busy()
	for _, conn := range n.conns {
		run(t, conn, `CREATE TABLE incident_hours (division text COLLATE "C", cell text COLLATE "C", hour timestamptz, incidents bigint, PRIMARY KEY (division, hour, cell))`)
		run(t, conn, `INSERT INTO incident_hours SELECT division, cell, date_trunc('hour', time), count(*) FROM incidents GROUP BY 1, 2, 3`)
		run(t, conn, "VACUUM ANALYZE incident_hours")
	}
	made := n.c.Busy() - busy
	busy = n.c.Busy()
	for _, conn := range n.conns {
		rows += one[int64](t, conn, "SELECT count(*) FROM incident_hours")
		bytes += one[int64](t, conn, "SELECT pg_total_relation_size('incident_hours')")
		incidents += one[int64](t, conn, `SELECT coalesce(sum(n), 0)::bigint FROM (SELECT division, cell, extract(isodow FROM hour), extract(hour FROM hour), sum(incidents) n FROM incident_hours
			WHERE hour >= '2026-10-01' AND hour < '2026-12-01' GROUP BY 1, 2, 3, 4) s`)
	}
	t.Logf("measured: counted by hour: %d rows of %.0f bytes, %.1f µs of processor time an incident to make; asking them by cell, day of week and hour for all %d incidents, %v",
		rows, float64(bytes)/float64(max(1, rows)), made.Seconds()*1e6/float64(n.total(t)), incidents, n.c.Busy()-busy)
}

func (n *nation) total(t *testing.T) (all int64) {
	for _, conn := range n.conns {
		all += one[int64](t, conn, "SELECT count(*) FROM incidents")
	}
	return all
}

// drop drops October, and tells what its incidents and what their IDs take.
func (n *nation) drop(t *testing.T) {
	t.Helper()
	ids := int64(0)
	for _, conn := range n.conns {
		ids += one[int64](t, conn, "SELECT count(*) FROM towngrid_incident WHERE time < '2026-11-01'")
	}
	busy, began := n.c.Busy(), time.Now()
	for _, s := range n.stores {
		if err := s.DropIncidents(t.Context(), time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("measured: a month dropped, with %d IDs: %v by the clock, %.1f µs of processor time an ID", ids, time.Since(began).Round(time.Millisecond), (n.c.Busy()-busy).Seconds()*1e6/float64(max(1, ids)))
	for i, conn := range n.conns {
		if left := one[int64](t, conn, "SELECT (SELECT count(*) FROM incidents WHERE time < '2026-11-01') + (SELECT count(*) FROM towngrid_incident WHERE time < '2026-11-01')"); left != 0 {
			t.Errorf("worker %d: %d rows of the month are left", i, left)
		}
	}
}

// skew tells how evenly the hash of the division shares the country out, with all shards
// as they fall and moved by load, and how much the busiest worker is asked in a second.
func skew(t *testing.T, cs []county, sums map[geo.Division]int32, shards int) {
	t.Helper()
	loads := make([]float64, shards)
	for _, c := range cs {
		loads[shardOf(sums[c.division], shards)] += c.part
	}
	sorted := slices.Clone(loads)
	slices.Sort(sorted)
	times := float64(shards)
	t.Logf("simulated: %d counties, the largest %.2f %% of the people; of %d shards the largest %.2f times the mean, the median %.2f, the smallest %.2f",
		len(cs), cs[0].part*100, shards, sorted[shards-1]*times, sorted[shards/2]*times, sorted[0]*times)
	for _, workers := range []int{8, 16, 32, 64} {
		fallen, moved := make([]float64, workers), make([]float64, workers)
		for i, l := range loads {
			fallen[i%workers] += l // Citus deals shards out one after the other
		}
		for _, l := range slices.Backward(sorted) {
			least := 0
			for w := range moved {
				if moved[w] < moved[least] {
					least = w
				}
			}
			moved[least] += l
		}
		rng := rand.New(rand.NewPCG(countrySeed, 3))
		var peak []float64
		for range 3600 { // an hour at the peak, a second at a time
			busiest := 0.0
			for _, part := range moved {
				mean := part * countryPeak
				busiest = max(busiest, mean+math.Sqrt(mean)*rng.NormFloat64())
			}
			peak = append(peak, busiest)
		}
		slices.Sort(peak)
		mean := float64(countryPeak) / float64(workers)
		t.Logf("simulated: %d workers: the busiest has %.2f times the mean as the shards fall, %.2f with shards moved by load; at the peak it gets %.0f incidents a second (mean %.0f), %.0f in the worst second of an hour; a county with 50 times its incidents adds at most %.0f",
			workers, slices.Max(fallen)*float64(workers), slices.Max(moved)*float64(workers), slices.Max(moved)*countryPeak, mean, peak[len(peak)-1], 49*cs[0].part*countryPeak)
	}
}

// daily tells how the peak stands to the mean of a day.
func daily(t *testing.T) {
	t.Helper()
	sum := 0.0
	for _, h := range hours {
		sum += h
	}
	t.Logf("simulated: the busiest hour of a day has %.2f times the mean: a peak of %d a second is %.0f a second over the day", hours[9]/(sum/24), countryPeak, countryPeak/(hours[9]/(sum/24)))
}
