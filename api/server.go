// Package api is the service's HTTP face, and the only package that knows Echo.
// One resource a file; the route table is in this one; problem.go alone decides statuses.
package api

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/labstack/echo/v4"

	"towngrid/api/front"
	"towngrid/api/web"
	"towngrid/data"
	"towngrid/data/batch"
	"towngrid/geo"
	"towngrid/geo/density"
	"towngrid/geo/snapshot"
	"towngrid/tiles"
)

// Config is what the HTTP face is told at start; zero members take the defaults.
type Config struct {
	// BaseURL is the address under which clients reach the service, without a
	// trailing slash; its path, if it has one, may stand before those of requests or be taken
	// off by a proxy. When "" it is taken from the request's Host.
	BaseURL string
	// Origins are those whose pages may read what needs no key; none for all.
	Origins []string
	// Proxies are the addresses of proxies whose forwarding headers are believed; none for no one's.
	Proxies []netip.Prefix
	// AdminKey is wanted as a bearer token by every route that writes; "" asks for none.
	AdminKey string
	// Attribution is shown on maps made from the tiles, such as a 审图号.
	Attribution string
	// Grace is how long the service goes on as before once it is told to stop, with
	// /readyz at 503, so that a load balancer can turn away (0).
	Grace time.Duration
	// TileCache bounds the encoded tiles kept, in bytes (256 MiB).
	TileCache int64
	// Version is the program's own.
	Version string
	// Log receives what the server has to say; slog.Default() when nil.
	Log *slog.Logger
}

// Server answers HTTP from a Registry.
type Server struct {
	registry  *data.Registry
	standards []density.Standard
	cfg       Config
	log       *slog.Logger
	tiles     *tiles.Cache
	tables    tables
	metrics   *metrics
	buffers   buffers
	packers   packers
	scratch   batch.Scratch
	batches   chan struct{} // a place for each batch under way
	wait      time.Duration // for a piece of a streamed answer to be read
	pace      pace
	located   atomic.Pointer[located]
	noticed   atomic.Pointer[noticed]
	quick     atomic.Pointer[quick]
	prefix    string // the path of the base URL
	bulletin  bulletin
	heartbeat time.Duration // of the events
	draining  atomic.Bool
	started   time.Time
	table     []*echo.Route
	handler   http.Handler
}

// New makes a Server. standards are the editions that reports can be made by, the
// default one first.
func New(r *data.Registry, standards []density.Standard, cfg Config) (*Server, error) {
	if cfg.Log == nil {
		cfg.Log = slog.Default()
	}
	if cfg.TileCache == 0 {
		cfg.TileCache = 256 << 20
	}
	cache, err := tiles.NewCache(cfg.TileCache)
	if err != nil {
		return nil, err
	}
	s := &Server{registry: r, standards: standards, cfg: cfg, log: cfg.Log, tiles: cache, pace: usualPace(), tables: newTables(), batches: make(chan struct{}, mostBatches), wait: usualWait, heartbeat: heartbeat, started: time.Now()}
	s.prefix = pathOf(cfg.BaseURL)
	s.scratch.Dir, s.scratch.Room = r.Spool(), scratchRoom
	live := r.Watch(s)
	cache.Follow(live.Snapshot)
	s.quick.Store(newQuick(live.Snapshot))
	s.bulletin.latest = []publication{{tag: live.Tag(), since: live.Since}}
	s.metrics = newMetrics(s)
	s.handler = s.routes()
	return s, nil
}

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if s.prefix != "" && r.URL.Path == s.prefix { // links in the page are relative to the folder
		http.Redirect(w, r, s.prefix+"/", http.StatusPermanentRedirect)
		return
	}
	r = s.relative(r)
	switch {
	case r.Body != nil && r.Body != http.NoBody:
		d, r := newDuplex(w, r)
		s.handler.ServeHTTP(d, r)
		d.settle()
	case !s.answerQuickly(w, r):
		s.handler.ServeHTTP(w, r)
	}
}

// routes is the route table.
func (s *Server) routes() http.Handler {
	e := echo.New()
	e.HideBanner, e.HidePort = true, true
	e.JSONSerializer = serializer{}
	e.HTTPErrorHandler = s.fail
	e.IPExtractor = echo.ExtractIPDirect()
	e.Logger.SetOutput(discard{})
	e.Use(s.observe, s.guard, s.stamp)

	e.GET("/", s.landing)
	e.GET("/conformance", s.conformance, s.packed)
	e.GET("/api", s.openAPI, s.packed)
	e.GET("/assets/*", echo.WrapHandler(web.Handler()))

	e.GET("/collections", s.collections, s.packed)
	e.GET("/collections/:collection", s.collection, s.packed)
	e.GET("/collections/:collection/items", s.items, s.packed)
	e.GET("/collections/:collection/items/:code", s.item, s.packed)

	e.GET("/tiles/:set", s.tileJSON, s.packed) // {c}[,{c}…].json
	e.GET("/tiles/:set/:z/:x/:y", s.tile)
	e.GET("/tiles/:set/:tag/:z/:x/:y", s.taggedTile)
	e.GET("/style.json", s.style, s.packed)
	e.GET("/events", s.events)

	e.GET("/locate", s.locate)
	e.POST("/locate", s.locateBatch)
	e.GET("/nearest", s.nearest, s.packed)
	e.POST("/within", s.within, s.packed)
	e.POST("/along", s.along, s.packed)

	e.GET("/standards", s.listStandards, s.packed)
	e.GET("/standards/:id", s.oneStandard, s.packed)
	e.GET("/towns/:code/compliance", s.compliance, s.packed)
	e.GET("/towns/:code/compliance/changes", s.complianceChanges, s.packed)
	e.GET("/compliance", s.complianceTable, s.packed)
	e.POST("/compliance/whatif", s.tryOut, s.packed)

	e.POST("/uploads", s.receive, s.keyed)
	e.GET("/uploads", s.listUploads, s.keyed, s.packed)
	e.GET("/uploads/:id", s.upload, s.keyed)
	e.PATCH("/uploads/:id", s.choose, s.keyed)
	e.DELETE("/uploads/:id", s.discard, s.keyed)
	e.GET("/uploads/:id/violations", s.violations, s.keyed, s.packed)
	e.GET("/uploads/:id/diff", s.uploadDiff, s.keyed, s.packed)
	e.GET("/uploads/:id/compliance", s.draftCompliance, s.keyed, s.packed)
	e.GET("/uploads/:id/rematch", s.rematchDraft, s.keyed)
	e.GET("/uploads/:id/events", s.uploadEvents, s.keyed)
	e.GET("/uploads/:id/tiles/:z/:x/:y", s.draftTile, s.keyed)
	e.POST("/uploads/:id/publish", s.publish, s.keyed)

	e.POST("/zonings", s.zone, s.keyed)
	e.GET("/zonings/check", s.checkCells, s.keyed, s.packed)
	e.GET("/zonings/:id", s.zoning, s.keyed, s.packed)
	e.DELETE("/zonings/:id", s.cancelZoning, s.keyed)
	e.GET("/zonings/:id/events", s.zoningEvents, s.keyed)
	e.GET("/zonings/:id/codes", s.zoningCodes, s.keyed, s.packed)

	e.GET("/versions", s.versions, s.packed)
	e.GET("/versions/:id", s.version)
	e.GET("/versions/:id/diff", s.versionDiff, s.packed)
	e.GET("/versions/:id/rematch", s.rematchVersion, s.keyed)
	e.POST("/versions/:id/restore", s.restore, s.keyed)

	e.GET("/backup", s.backup, s.keyed)
	e.GET("/healthz", s.health)
	e.GET("/readyz", s.ready)
	e.GET("/metrics", s.metrics.handler())

	s.table = e.Routes()
	return headAsGet(e)
}

// headAsGet lets every GET route answer HEAD: net/http leaves the body out by the
// request that it read, so the handler may take it for a GET.
func headAsGet(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodHead {
			r = r.WithContext(context.WithValue(r.Context(), headKey{}, true))
			r.Method = http.MethodGet
		}
		next.ServeHTTP(w, r)
	})
}

// headKey marks a request that was a HEAD.
type headKey struct{}

// headOnly says that nobody waits for the body, which matters where it has no end.
func headOnly(r *http.Request) bool { return r.Context().Value(headKey{}) != nil }

// discard swallows Echo's own log: what matters is logged by slog.
type discard struct{}

func (discard) Write(b []byte) (int, error) { return len(b), nil }

// Serve listens until ctx is done, then drains: /readyz turns to 503 and, after the
// grace, new connections are refused and requests under way have ten seconds to end;
// then they are broken off.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	srv := &http.Server{
		Handler: s, ReadHeaderTimeout: 5 * time.Second, IdleTimeout: 60 * time.Second, MaxHeaderBytes: 64 << 10,
		ErrorLog: slog.NewLogLogger(s.log.Handler(), slog.LevelWarn),
	}
	ahead := front.New(srv, s.answerAtOnce)
	failed := make(chan error, 1)
	go func() { failed <- srv.Serve(ahead.Listener(l)) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	s.draining.Store(true)
	s.log.Info("draining")
	time.Sleep(s.cfg.Grace)
	s.bulletin.close()
	end, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	ahead.Drain(end)
	err := srv.Shutdown(end)
	if errors.Is(err, context.DeadlineExceeded) {
		s.log.Warn("requests were still under way and are broken off")
		err = srv.Close()
	}
	if serr := <-failed; !errors.Is(serr, http.ErrServerClosed) {
		err = errors.Join(err, serr)
	}
	return err
}

// notice is what the published data declares of itself, such as that it is synthetic.
func (s *Server) notice() string {
	snap := s.registry.Snapshot()
	if n := s.noticed.Load(); n != nil && n.snap == snap {
		return n.text
	}
	n := &noticed{snap, noticeOf(snap)}
	s.noticed.Store(n)
	return n.text
}

func noticeOf(snap *snapshot.Snapshot) string {
	var said []string
	for _, col := range geo.Collections() {
		for _, p := range snap.Parts(col) {
			if n := p.Version().Source.Notice; n != "" && !slices.Contains(said, n) {
				said = append(said, n)
			}
		}
	}
	return strings.Join(said, " ")
}

// noticed is the notice of one Snapshot.
type noticed struct {
	snap *snapshot.Snapshot
	text string
}
