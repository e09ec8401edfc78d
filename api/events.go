package api

import (
	"errors"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/labstack/echo/v4"

	"towngrid/data"
	"towngrid/geo"
	"towngrid/geo/crs"
	"towngrid/geo/snapshot"
	"towngrid/tiles"
)

const (
	// mostListeners is how many may follow the events at a time, keptEvents how many publications can be
	// caught up with, and waitingEvents how many may wait for one listener before it is sent away.
	mostListeners = 1000
	keptEvents    = 64
	waitingEvents = 16
	// touchedTiles bounds the tiles that an event names for each collection.
	touchedTiles = 256
	// heartbeat is how often something is sent where nothing happens, so that proxies keep the
	// connection and it is noticed when the other side has gone. sendPatience is how long one sending may take.
	heartbeat    = 15 * time.Second
	sendPatience = 10 * time.Second
)

// The Server follows what goes live.
var _ data.Watcher = (*Server)(nil)

// stateView is the data of the events "state" and "reset": what is live.
type stateView struct {
	Tag      string            `json:"tag"`
	Since    time.Time         `json:"since"`
	Versions snapshot.Versions `json:"versions"`
}

// publicationView is the data of the event "publication": what one publication changed. Tag is that of
// what is live since, and the event's ID.
type publicationView struct {
	Tag     string        `json:"tag"`
	Since   time.Time     `json:"since"`
	Changes []touchedView `json:"changes"`
	Grid    tiles.Grid    `json:"grid"`
	Datum   crs.Datum     `json:"datum"`
}

// touchedView is what was changed in one collection of one division. Tiles are those of the zooms from
// 0 to MaxZoom whose content may have changed, ready for map.refreshTiles; of deeper zooms those
// may have that lie in one of the boxes.
type touchedView struct {
	Collection geo.Collection `json:"collection"`
	Division   geo.Division   `json:"division"`
	Version    int            `json:"version"`
	Features   int            `json:"features"`
	Bounds     [][4]float64   `json:"bounds"`
	Tiles      []addressView  `json:"tiles"`
	MaxZoom    int            `json:"maxzoom"`
}

type addressView struct {
	Z uint8  `json:"z"`
	X uint32 `json:"x"`
	Y uint32 `json:"y"`
}

// publication is one that went live.
type publication struct {
	tag     string
	since   time.Time
	changes []tiles.Change
}

// message is the event as sent to those whose map has this grid and datum.
func (p publication) message(grid tiles.Grid, datum crs.Datum) ([]byte, error) {
	v := publicationView{Tag: p.tag, Since: p.since, Changes: []touchedView{}, Grid: grid, Datum: datum}
	for _, c := range p.changes {
		as, deepest, err := tiles.Touched(tiles.Request{Grid: grid, Datum: datum}, c.Bounds, touchedTiles)
		if err != nil {
			return nil, err
		}
		t := touchedView{c.Collection, c.Division, c.Version, c.Features, [][4]float64{}, make([]addressView, len(as)), deepest}
		for _, b := range c.Bounds {
			t.Bounds = append(t.Bounds, corners(b))
		}
		for i, a := range as {
			t.Tiles[i] = addressView{a.Z, a.X, a.Y}
		}
		v.Changes = append(v.Changes, t)
	}
	return event("publication", p.tag, v)
}

// event is a server-sent event.
func event(kind, id string, v any) ([]byte, error) {
	body, err := marshal(v)
	if err != nil {
		return nil, err
	}
	return slices.Concat([]byte("event: "+kind+"\nid: "+id+"\ndata: "), body, []byte("\n\n")), nil
}

// bulletin tells those who listen what goes live. latest is to begin with what is live.
type bulletin struct {
	mu        sync.Mutex
	coming    []tiles.Change // of the publication that is under way
	latest    []publication  // the newest last
	listeners map[chan publication]bool
	closed    bool
}

// Coming readies the tiles of a snapshot that is about to go live, and finds out what it changes.
func (s *Server) Coming(old, next *snapshot.Snapshot) {
	changes := s.tiles.Changes(old, next)
	s.tiles.Renew(old, next)
	s.tiles.Follow(next)
	s.bulletin.mu.Lock()
	defer s.bulletin.mu.Unlock()
	s.bulletin.coming = changes
}

// Live tells the listeners of what went live.
func (s *Server) Live(_, next *data.View) {
	s.quick.Store(newQuick(next.Snapshot))
	s.bulletin.tell(next)
}

func (b *bulletin) tell(next *data.View) {
	b.mu.Lock()
	defer b.mu.Unlock()
	p := publication{next.Tag(), next.Since.UTC(), b.coming}
	b.coming = nil
	if b.latest = append(b.latest, p); len(b.latest) > keptEvents {
		b.latest = slices.Clone(b.latest[1:])
	}
	for l := range b.listeners {
		select {
		case l <- p:
		default: // it is too slow: it may come again and catch up
			delete(b.listeners, l)
			close(l)
		}
	}
}

// listen enters a listener who has seen all up to the tag, "" for nothing yet. missed are the publications
// since; known says that the tag is one of those that can be caught up with. It is an error when there are too many.
func (b *bulletin) listen(tag string, live func() *data.View) (l chan publication, missed []publication, known bool, now *data.View, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case b.closed:
		return nil, nil, false, nil, geo.Errorf("draining", "服务正在停止；请稍后重新连接", "the service is stopping; connect again in a moment")
	case len(b.listeners) >= mostListeners:
		return nil, nil, false, nil, geo.Errorf("too_many_listeners", "同时监听事件的连接过多（%d）；请稍后重试", "%d listen to the events already; try again in a moment", mostListeners)
	}
	l = make(chan publication, waitingEvents)
	if b.listeners == nil {
		b.listeners = map[chan publication]bool{}
	}
	b.listeners[l] = true
	now = live()
	// What is live may not have been told of yet; it will be, and be told twice to nobody's harm.
	if known = tag == now.Tag(); known {
		return l, nil, true, now, nil
	}
	for i, p := range b.latest {
		if p.tag == tag {
			return l, slices.Clone(b.latest[i+1:]), true, now, nil
		}
	}
	return l, nil, false, now, nil
}

// leave takes a listener off the list.
func (b *bulletin) leave(l chan publication) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.listeners[l] {
		delete(b.listeners, l)
		close(l)
	}
}

// close sends all listeners away and lets no more in.
func (b *bulletin) close() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.closed = true
	for l := range b.listeners {
		delete(b.listeners, l)
		close(l)
	}
}

// count is the number of listeners.
func (b *bulletin) count() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.listeners)
}

// events answers GET /events with server-sent events: first "state", what is live, then "publication" for each
// that follows. Who names the last event that it had, as EventSource does by itself, gets those since instead of
// the state; where these are no longer known it gets "reset": anything may have changed.
func (s *Server) events(c echo.Context) error {
	q, err := only(c, "datum", "grid")
	if err != nil {
		return err
	}
	datum, err := crs.ParseDatum(q.Get("datum"))
	if err != nil {
		return err
	}
	grid, err := tiles.ParseGrid(q.Get("grid"))
	if err != nil {
		return err
	}
	last := c.Request().Header.Get("Last-Event-ID")
	l, missed, known, now, err := s.bulletin.listen(last, s.registry.View)
	if err != nil {
		return err
	}
	defer s.bulletin.leave(l)
	openEvents(c)
	if headOnly(c.Request()) {
		return nil
	}
	kind := "state"
	if last != "" {
		kind = "reset"
	}
	first := []byte(": from here on\n\n")
	if !known {
		first, err = event(kind, now.Tag(), stateView{now.Tag(), now.Since.UTC(), now.Versions()})
	}
	if err == nil {
		err = sendEvent(c, append([]byte("retry: 3000\n"), first...))
	}
	for _, p := range missed {
		if err == nil {
			err = sendPublication(c, p, grid, datum)
		}
	}
	if err != nil {
		return err
	}
	return s.report(c, l, grid, datum)
}

// openEvents begins an answer of server-sent events. From now on the request counts as answered,
// however long events follow.
func openEvents(c echo.Context) {
	h := c.Response().Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no") // nginx would hold events back
	c.Response().WriteHeader(http.StatusOK)
	c.Set(answeredKey, time.Now())
}

// report sends what comes on l until it is closed or the caller leaves.
func (s *Server) report(c echo.Context, l <-chan publication, grid tiles.Grid, datum crs.Datum) error {
	beat := time.NewTicker(s.heartbeat)
	defer beat.Stop()
	defer stopPatience(c)
	for {
		var err error
		select {
		case <-c.Request().Context().Done():
			return c.Request().Context().Err()
		case p, more := <-l:
			if !more {
				return nil
			}
			err = sendPublication(c, p, grid, datum)
		case <-beat.C:
			err = sendEvent(c, []byte(": still here\n\n"))
		}
		if err != nil {
			return err
		}
	}
}

func sendPublication(c echo.Context, p publication, grid tiles.Grid, datum crs.Datum) error {
	m, err := p.message(grid, datum)
	if err != nil {
		return err
	}
	return sendEvent(c, m)
}

// stopPatience takes the time limit of sendEvent off the connection, which may serve on.
func stopPatience(c echo.Context) {
	_ = http.NewResponseController(c.Response()).SetWriteDeadline(time.Time{})
}

// sendEvent sends some lines at once. A caller who does not take them is given up.
func sendEvent(c echo.Context, lines []byte) error {
	conn := http.NewResponseController(c.Response())
	if err := conn.SetWriteDeadline(time.Now().Add(sendPatience)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	if _, err := c.Response().Write(lines); err != nil {
		return err
	}
	return conn.Flush()
}
