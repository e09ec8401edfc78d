package postgis

import (
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"towngrid/data"
	"towngrid/data/pgtest"
	"towngrid/geo"
)

// BenchmarkAddIncidents keeps incidents durably, so many at a time by 32 clients: in 400
// divisions and over the hours of a month.
func BenchmarkAddIncidents(b *testing.B) {
	for _, size := range []int{1, 100, 1000} {
		b.Run(fmt.Sprint("batch=", size), func(b *testing.B) {
			c := pgtest.New(b, "max_wal_size=8GB")
			s := open(b, c.Database(b), Options{Pool: 33, Answer: time.Minute, Write: time.Minute})
			var next atomic.Int64
			begin := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
			b.SetParallelism(16) // × GOMAXPROCS
			b.ResetTimer()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					ins := make([]data.Incident, size)
					for i := range ins {
						n := next.Add(1)
						ins[i] = incidentAt(fmt.Sprintf("SJ%012d", n), begin.Add(time.Duration(n%2_500_000)*time.Second))
						ins[i].Division = geo.Division(fmt.Sprint(330000 + n%400))
						ins[i].Cell, ins[i].Source, ins[i].Status = geo.Code(fmt.Sprintf("%d%06d", 330000+n%400, n%2500)), "平安通", "closed"
					}
					if _, err := s.AddIncidents(b.Context(), ins); err != nil {
						b.Fatal(err)
					}
				}
			})
			b.ReportMetric(float64(next.Load())/b.Elapsed().Seconds(), "incidents/s")
			conn := another(b, s.pool.Config().ConnString())
			b.ReportMetric(float64(one[int64](b, conn, `SELECT sum(pg_total_relation_size(inhrelid)) + pg_total_relation_size('towngrid_incident')
				FROM pg_inherits WHERE inhparent = 'incidents'::regclass`))/float64(next.Load()), "bytes/incident")
			began := time.Now()
			one[int64](b, conn, `SELECT count(*) FROM (SELECT division, cell, extract(isodow FROM time), extract(hour FROM time), count(*) FROM incidents
				WHERE time >= '2026-11-01' AND time < '2026-12-01' GROUP BY 1, 2, 3, 4) s`)
			b.ReportMetric(float64(time.Since(began).Nanoseconds())/float64(next.Load()), "ns-statistics/incident")
		})
	}
}
