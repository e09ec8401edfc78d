package api

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/maptile"

	"towngrid/geo"
	"towngrid/geo/crs"
	"towngrid/geo/snapshot"
	"towngrid/tiles"
)

// heard is one event as a client reads it.
type heard struct{ kind, id, data string }

// listen opens the events and gives what comes, comments as kind ":". The channel closes with the stream.
func listen(t *testing.T, base, query string, header ...string) <-chan heard {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, base+"/events"+query, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	if ct := res.Header.Get("Content-Type"); res.StatusCode != http.StatusOK || ct != "text/event-stream" || res.Header.Get("Access-Control-Allow-Origin") != "*" {
		t.Fatalf("%d %v", res.StatusCode, res.Header)
	}
	out := make(chan heard, 100)
	go func() {
		defer close(out)
		defer res.Body.Close()
		var e heard
		for lines := bufio.NewScanner(res.Body); lines.Scan(); {
			name, value, _ := strings.Cut(lines.Text(), ": ")
			switch {
			case name == "event":
				e.kind = value
			case name == "id":
				e.id = value
			case name == "data":
				e.data = value
			case strings.HasPrefix(lines.Text(), ":"):
				out <- heard{kind: ":"}
			case lines.Text() == "" && e.kind != "":
				out <- e
				e = heard{}
			}
		}
	}()
	return out
}

// heardNext is the next event of a stream.
func heardNext(t *testing.T, from <-chan heard) heard {
	t.Helper()
	select {
	case e, more := <-from:
		if !more {
			t.Fatal("the stream has ended")
		}
		return e
	case <-time.After(30 * time.Second):
		t.Fatal("nothing is heard")
	}
	return heard{}
}

// read decodes a publication.
func (e heard) read(t *testing.T) (p publicationView) {
	t.Helper()
	if err := json.Unmarshal([]byte(e.data), &p); err != nil || e.kind != "publication" || e.id != p.Tag {
		t.Fatalf("%+v: %v", e, err)
	}
	return p
}

// publishCells publishes cells as the number that follows base.
func publishCells(t *testing.T, s *Server, base int, cells ...testCell) {
	t.Helper()
	u := upload(t, s, cellsQuery, cellsZip(t, crs.CGCS2000().WKT(), cells...))
	if _, err := s.registry.PublishUpload(t.Context(), u.ID, base); err != nil {
		t.Fatal(err)
	}
}

// TestEventsNameWhatAPublicationTouches listens while cells come, move and go, and holds the tiles
// named against those whose ETag changed.
func TestEventsNameWhatAPublicationTouches(t *testing.T) {
	s := emptyServer(t, Config{})
	srv := httptest.NewServer(s)
	t.Cleanup(srv.Close)
	stream, shifted := listen(t, srv.URL, ""), listen(t, srv.URL, "?datum=gcj02")
	if first := heardNext(t, stream); first.kind != "state" || first.id != s.registry.Snapshot().Tag() {
		t.Errorf("%+v", first)
	}
	heardNext(t, shifted)
	a, b, c := testCell{"C1", 118.9, 29}, testCell{"C2", 118.95, 29}, testCell{"C1", 118.9001, 29}
	for base, cells := range [][]testCell{{a, b}, {c, b}, {c}, {c, b}} {
		old := s.registry.Snapshot()
		publishCells(t, s, base, cells...)
		now := s.registry.Snapshot()
		p := heardNext(t, stream).read(t)
		if p.Tag != now.Tag() || len(p.Changes) != 1 {
			t.Fatalf("%+v", p)
		}
		ch := p.Changes[0]
		if ch.Collection != "cells" || ch.Division != "330890" || ch.Version != base+1 || ch.Features != []int{2, 1, 1, 1}[base] || len(ch.Bounds) == 0 {
			t.Errorf("%d: %+v", base, ch)
		}
		if base > 0 {
			wantTouched(t, s, ch, func(r tiles.Request) bool { return tagOf(t, s, old, r) != tagOf(t, s, now, r) })
		}
		if p := heardNext(t, shifted).read(t); p.Datum != crs.GCJ02 || len(p.Changes[0].Tiles) == 0 {
			t.Errorf("%+v", p)
		}
	}
	// Publishing the same again is a publication that changes nothing.
	publishCells(t, s, 4, c, b)
	if p := heardNext(t, stream).read(t); len(p.Changes) != 0 {
		t.Errorf("%+v", p)
	}
}

// wantTouched wants a change to name exactly the tiles around it of which changed is true.
func wantTouched(t *testing.T, s *Server, ch touchedView, changed func(tiles.Request) bool) {
	t.Helper()
	if ch.MaxZoom < 12 {
		t.Errorf("tiles only to zoom %d", ch.MaxZoom)
	}
	named := map[addressView]bool{}
	for _, a := range ch.Tiles {
		named[a] = true
	}
	for z := uint8(0); int(z) <= min(ch.MaxZoom, 14); z++ {
		lo, hi := addressAt(z, 118.85, 29.05), addressAt(z, 119, 28.95)
		for x := lo.X; x <= hi.X; x++ {
			for y := lo.Y; y <= hi.Y; y++ {
				r := tiles.Request{Collections: []geo.Collection{ch.Collection}, Address: tiles.Address{Z: z, X: x, Y: y}}
				if want := changed(r); named[addressView{z, x, y}] != want {
					t.Errorf("%d/%d/%d: changed %t, named %t", z, x, y, want, !want)
				}
			}
		}
	}
}

func addressAt(z uint8, lon, lat float64) tiles.Address {
	at := maptile.At(orb.Point{lon, lat}, maptile.Zoom(z))
	return tiles.Address{Z: z, X: at.X, Y: at.Y}
}

func tagOf(t *testing.T, s *Server, snap *snapshot.Snapshot, r tiles.Request) string {
	t.Helper()
	tile, err := s.tiles.Tile(t.Context(), snap, r)
	if err != nil {
		t.Fatal(err)
	}
	return tile.ETag(tiles.Gzip)
}

// TestEventsAreCaughtUpWith comes back with the ID of an event, of one too old, and of none.
func TestEventsAreCaughtUpWith(t *testing.T) {
	s := emptyServer(t, Config{})
	srv := httptest.NewServer(s)
	t.Cleanup(srv.Close)
	start := s.registry.Snapshot().Tag()
	publishCells(t, s, 0, testCell{"C1", 118.9, 29})
	middle := s.registry.Snapshot().Tag()
	publishCells(t, s, 1, testCell{"C1", 118.91, 29})
	end := s.registry.Snapshot().Tag()
	for last, want := range map[string][]string{
		start: {":", "publication " + middle, "publication " + end}, middle: {":", "publication " + end}, end: {":"}, "": {"state " + end}, "0123456789abcdef": {"reset " + end},
	} {
		stream := listen(t, srv.URL, "", "Last-Event-ID", last)
		for _, w := range want {
			if e := heardNext(t, stream); strings.TrimSpace(e.kind+" "+e.id) != w {
				t.Errorf("after %q: %s %s instead of %s", last, e.kind, e.id, w)
			}
		}
	}
}

// TestEventsBeatAndEnd wants a sign of life where nothing happens, and the end of the stream when the service drains.
func TestEventsBeatAndEnd(t *testing.T) {
	s := emptyServer(t, Config{})
	s.heartbeat = 10 * time.Millisecond
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	served := make(chan error, 1)
	go func() { served <- s.Serve(ctx, l) }()
	stream := listen(t, "http://"+l.Addr().String(), "")
	heardNext(t, stream)
	for range 3 {
		if e := heardNext(t, stream); e.kind != ":" {
			t.Errorf("%+v", e)
		}
	}
	began := time.Now()
	stop()
	for range stream {
	}
	if err := <-served; err != nil || time.Since(began) > 8*time.Second {
		t.Errorf("%v after %v", err, time.Since(began))
	}
	if rec := send(t, s, http.MethodGet, "/events", ""); rec.Code != http.StatusServiceUnavailable {
		t.Errorf("%d while draining", rec.Code)
	}
}

// TestListenersAreBounded lets in no more than there is room for, and sends away who does not listen.
func TestListenersAreBounded(t *testing.T) {
	s := emptyServer(t, Config{})
	view := s.registry.View
	var slow chan publication
	for i := range mostListeners {
		l, _, _, _, err := s.bulletin.listen("", view)
		if err != nil {
			t.Fatal(i, err)
		}
		slow = l
	}
	rec := get(t, s, "/events", http.StatusServiceUnavailable)
	if problemOf(t, rec).Code != "too_many_listeners" || rec.Header().Get("Retry-After") == "" {
		t.Error(rec.Body)
	}
	for range waitingEvents + 1 {
		s.bulletin.tell(view())
	}
	if n := s.bulletin.count(); n != 0 {
		t.Errorf("%d listeners who take nothing are kept", n)
	}
	waiting := 0
	for range slow {
		waiting++
	}
	if waiting != waitingEvents {
		t.Errorf("%d events waited", waiting)
	}
	for range 2 * keptEvents {
		s.bulletin.tell(view())
	}
	if n := len(s.bulletin.latest); n != keptEvents {
		t.Errorf("%d publications are kept", n)
	}
}

// TestHeadOfEvents does not wait for the end of what has none.
func TestHeadOfEvents(t *testing.T) {
	s := emptyServer(t, Config{})
	rec := send(t, s, http.MethodHead, "/events", "")
	if rec.Code != http.StatusOK || rec.Header().Get("Content-Type") != "text/event-stream" || s.bulletin.count() != 0 {
		t.Errorf("%d %v", rec.Code, rec.Header())
	}
}

// TestABroadChangeIsToldInBoxes changes more than an event can name one by one.
func TestABroadChangeIsToldInBoxes(t *testing.T) {
	s := emptyServer(t, Config{})
	var cells []testCell
	for i := range 200 {
		cells = append(cells, testCell{fmt.Sprintf("C%03d", i), 118.5 + 0.02*float64(i%20), 28.5 + 0.02*float64(i/20)})
	}
	publishCells(t, s, 0, cells...)
	p := s.bulletin.latest[len(s.bulletin.latest)-1]
	ch := p.changes[0]
	if len(ch.Bounds) > 64 || ch.Features != 200 {
		t.Errorf("%d boxes of %d features", len(ch.Bounds), ch.Features)
	}
	for _, c := range cells {
		part := s.registry.Snapshot().Parts("cells")[0]
		i, _ := part.Index(geo.Code(c.code))
		if !slices.ContainsFunc(ch.Bounds, part.FeatureBound(i).Intersects) {
			t.Fatalf("%s lies in no box", c.code)
		}
	}
	m, err := p.message(tiles.WebMercatorQuad, crs.WGS84)
	if err != nil || len(m) > 40_000 {
		t.Errorf("%d bytes, %v", len(m), err)
	}
}
