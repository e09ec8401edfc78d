package api

import (
	"github.com/prometheus/client_golang/prometheus"

	"towngrid/tiles"
)

// tileFigures are the metrics of the tiles' cache and of the events.
func tileFigures(s *Server) (all []prometheus.Collector) {
	counter := func(name, help string, value func(tiles.Stats) uint64) {
		all = append(all, prometheus.NewCounterFunc(prometheus.CounterOpts{Name: name, Help: help}, func() float64 { return float64(value(s.tiles.Stats())) }))
	}
	gauge := func(name, help string, value func() float64) {
		all = append(all, prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, value))
	}
	counter("towngrid_tile_cache_hits_total", "Tiles answered from the cache.", func(t tiles.Stats) uint64 { return t.Hits })
	counter("towngrid_tile_cache_misses_total", "Tiles that the cache did not have.", func(t tiles.Stats) uint64 { return t.Misses })
	counter("towngrid_tile_blanks_total", "Tiles that no feature meets, answered without being made.", func(t tiles.Stats) uint64 { return t.Blank })
	counter("towngrid_tile_builds_total", "Tiles made.", func(t tiles.Stats) uint64 { return t.Builds })
	counter("towngrid_tile_cache_evictions_total", "Encoded tiles given up for others.", func(t tiles.Stats) uint64 { return t.Evictions })
	gauge("towngrid_tile_cache_bytes", "Encoded tiles held, in bytes.", func() float64 { return float64(s.tiles.Stats().Bytes) })
	gauge("towngrid_tile_cache_entries", "Encoded tiles held.", func() float64 { return float64(s.tiles.Stats().Entries) })
	gauge("towngrid_tiles_making", "Tiles that are being made.", func() float64 { return float64(s.tiles.Stats().Making) })
	gauge("towngrid_event_listeners", "Callers who follow /events.", func() float64 { return float64(s.bulletin.count()) })
	return append(all, memoryFigures{s.tiles})
}

// memoryFigures are the metrics of what tiles keep beside encoded ones, from one look at it.
type memoryFigures struct{ tiles *tiles.Cache }

var tileMemory = prometheus.NewDesc("towngrid_tile_memory_bytes",
	"Kept to make tiles, beside encoded ones: the features' marks (for ETags), their generalised lines (pictures), and what is known of tiles asked for.",
	[]string{"of"}, nil)

// Describe is that of a prometheus.Collector.
func (memoryFigures) Describe(to chan<- *prometheus.Desc) { to <- tileMemory }

// Collect is that of a prometheus.Collector.
func (f memoryFigures) Collect(to chan<- prometheus.Metric) {
	m := f.tiles.Memory()
	for of, size := range map[string]uint64{"marks": m.Marks, "pictures": m.Pictures, "known": m.Known} {
		to <- prometheus.MustNewConstMetric(tileMemory, prometheus.GaugeValue, float64(size), of)
	}
}
