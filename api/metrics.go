package api

import (
	"net/http"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"towngrid/geo"
)

// metrics counts and times requests by route and status. Labels come from the
// route table, never from the caller.
type metrics struct {
	registry *prometheus.Registry
	requests *prometheus.HistogramVec
}

func newMetrics(s *Server) *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "towngrid_http_request_duration_seconds", Help: "Time to answer a request, by route, method and status.",
			Buckets: []float64{.0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 10},
		}, []string{"route", "method", "status"}),
	}
	m.registry.MustRegister(m.requests, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "towngrid_snapshot_age_seconds", Help: "Age of the snapshot that answers."},
			func() float64 { return time.Since(s.registry.View().Since).Seconds() }),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "towngrid_faulty_versions", Help: "Live versions that could not be loaded."},
			func() float64 { return float64(len(s.registry.Faults())) }))
	m.registry.MustRegister(tileFigures(s)...)
	for _, col := range geo.Collections() {
		if col == geo.Incidents {
			continue
		}
		m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "towngrid_features", Help: "Published features.", ConstLabels: prometheus.Labels{"collection": string(col)},
		}, func() float64 { return float64(s.registry.Snapshot().Len(col)) }))
	}
	return m
}

func (m *metrics) handler() echo.HandlerFunc {
	return echo.WrapHandler(promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{}))
}

// answeredKey is where an answer without an end notes when it began to be given: what it takes
// from then on is no time to answer.
const answeredKey = "answered"

// observe times each request, and turns its error into the answer so that the
// status is known.
func (s *Server) observe(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		began := time.Now()
		defer func() { // of an answer that is broken off as well
			took := time.Since(began)
			if at, ok := c.Get(answeredKey).(time.Time); ok {
				took = at.Sub(began)
			}
			route := c.Path()
			if route == "" {
				route = "none"
			}
			s.metrics.requests.WithLabelValues(route, method(c.Request().Method), strconv.Itoa(c.Response().Status)).Observe(took.Seconds())
		}()
		if err := next(c); err != nil {
			c.Error(err)
		}
		return nil
	}
}

// method keeps a caller's invention out of the labels.
func method(m string) string {
	switch m {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return m
	}
	return "other"
}
