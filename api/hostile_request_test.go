package api

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"towngrid/data"
)

// TestTileAddresses asks for tiles that are none.
func TestTileAddresses(t *testing.T) {
	s := demoServer(t)
	digits := strings.Repeat("9", 60_000)
	slowest := time.Duration(0)
	for address, status := range map[string]int{
		"-1/0/0": 400, "0/-1/0": 400, "23/0/0": 404, "31/0/0": 404, "32/0/0": 404, "63/0/0": 404, "64/0/0": 404, "255/0/0": 404, "256/0/0": 404,
		"9223372036854775808/0/0": 400, "0/0/9223372036854775808": 400, digits + "/0/0": 400, "0/" + digits + "/0": 400,
		"1.5/0/0": 400, "+1/0/0": 400, "%2B1/0/0": 400, "%EF%BC%91/0/0": 400, "1/%2e/0": 400, "1/%2e%2e/0": 400, "01/0/0": 400, "0x1/0/0": 400,
		"1e1/0/0": 400, "%20/0/0": 400, "1/2/0": 404, "1/0/2": 404, "0/0/1": 404, "22/4194304/0": 404, "4294967296/0/0": 404, "%00/0/0": 400, "NaN/0/0": 400,
	} {
		for _, form := range []string{"/tiles/cells/%s.mvt", "/tiles/cells/%s.mvt?grid=CGCS2000Quad", "/tiles/cells/0123456789abcdef-1/%s.mvt"} {
			if strings.Contains(form, "CGCS2000Quad") && address == "1/2/0" {
				continue // there it is a tile
			}
			path, before := fmt.Sprintf(form, address), s.tiles.Stats()
			var rec *httptest.ResponseRecorder
			took := time.Hour
			for range 10 { // the fastest says what it takes on a machine that has time
				began := time.Now()
				rec = send(t, s, http.MethodGet, path, "")
				took = min(took, time.Since(began))
			}
			if rec.Code != status {
				t.Errorf("%.60s: %d, want %d: %.200s", path, rec.Code, status, rec.Body)
			}
			problemOf(t, rec)
			if took > 50*time.Millisecond || rec.Body.Len() > 2000 {
				t.Errorf("%.60s: %v, %d bytes", path, took, rec.Body.Len())
			}
			slowest = max(slowest, took)
			if after := s.tiles.Stats(); after != before {
				t.Errorf("%.60s: the cache went from %+v to %+v", path, before, after)
			}
		}
	}
	t.Logf("the slowest refusal took %v", slowest)
}

// TestBoxes asks with boxes that are none and with odd ones that are.
func TestBoxes(t *testing.T) {
	s := demoServer(t)
	all := getJSON[featureCollection](t, s, "/collections/cells/items?limit=1").NumberMatched
	for box, want := range map[string]int{ // -1 is refused
		"nan,0,1,1": -1, "0,0,inf,1": -1, "-inf,-inf,inf,inf": -1, "0,1e400,1,1": -1, "0,0,1": -1, "0,0,1,1,1": -1, "0,0,0,1,1,1,1": -1,
		"118,30,119,29": -1, "a,b,c,d": -1, ",,,": -1, "1;2;3;4": -1, "361,0,362,1": -1, "0x1p3,0,20,20": 0, strings.Repeat("1,", 20_000): -1,
		"-180,-90,180,90": all, "-360,-90,360,90": all, "-180,-90,0,180,90,8000": all, "-180,-90,nan,180,90,8000": -1, "-180,-90,0,180,90,x": -1, "-180,-90,,180,90,": -1,
		"170,-90,-170,90": 0, "100,-90,-170,90": all, "10,10,10,10": 0, "-0,-0,0,0": 0, "1e-400,0,1,1": 0,
	} {
		rec := send(t, s, http.MethodGet, "/collections/cells/items?limit=5&bbox="+url.QueryEscape(box), "")
		if want < 0 {
			if rec.Code != http.StatusBadRequest || problemOf(t, rec).Code != "bad_bbox" {
				t.Errorf("%.40s: %d %.200s", box, rec.Code, rec.Body)
			}
			continue
		}
		var fc featureCollection
		if err := json.Unmarshal(rec.Body.Bytes(), &fc); err != nil || fc.NumberMatched != want || len(fc.Features) > 5 {
			t.Errorf("%.40s: %d of %d features, want %d; %v", box, len(fc.Features), fc.NumberMatched, want, err)
		}
	}
	// The world without a limit comes in pages.
	world := getJSON[featureCollection](t, s, "/collections/parcels/items?bbox=-180,-90,180,90")
	if world.NumberReturned >= world.NumberMatched || world.NumberReturned != len(world.Features) || next(t, world) == "" {
		t.Errorf("%d of %d features in one answer", world.NumberReturned, world.NumberMatched)
	}
}

// TestLimits asks for none, for fewer and for more than all.
func TestLimits(t *testing.T) {
	s := demoServer(t)
	for limit, ok := range map[string]bool{
		"0": false, "-1": false, "+5": false, "1.5": false, "1e3": false, "x": false, "%20": false, "10000": true, "1000000000": true,
		strings.Repeat("9", 400): true,
	} {
		rec := send(t, s, http.MethodGet, "/collections/parcels/items?limit="+limit, "")
		if ok != (rec.Code == http.StatusOK) {
			t.Errorf("limit=%.30s: %d %.200s", limit, rec.Code, rec.Body)
		}
		if !ok {
			problemOf(t, rec)
			continue
		}
		var fc featureCollection
		if err := json.Unmarshal(rec.Body.Bytes(), &fc); err != nil || fc.NumberReturned != len(fc.Features) || len(fc.Features) > largestLimit {
			t.Errorf("limit=%.30s: %d features, %d said, %v", limit, len(fc.Features), fc.NumberReturned, err)
		}
	}
	problemOf(t, send(t, s, http.MethodGet, "/collections/cells/items?offset=1000000000", ""))
}

// TestForgedCursors goes on where no page ended. A cursor holds nothing but a place
// in public data, so the worst that a forged one does is to show another page of it.
func TestForgedCursors(t *testing.T) {
	const seed = 3
	s := demoServer(t)
	first := getJSON[featureCollection](t, s, "/collections/cells/items?limit=3")
	genuine := next(t, first)
	rng := rand.New(rand.NewPCG(seed, 0))
	known := map[string]bool{}
	for _, f := range getJSON[featureCollection](t, s, "/collections/cells/items?limit=10000").Features {
		known[f.ID] = true
	}
	enc := base64.RawURLEncoding.EncodeToString
	q, err := url.Parse(genuine)
	if err != nil {
		t.Fatal(err)
	}
	cur := q.Query().Get("cursor")
	forged := []string{"x", "====", enc(nil), enc([]byte("\n\n")), enc([]byte("a\nb\nc\nd")), enc(make([]byte, 30_000)), "%00", "null", "0", "../../etc/passwd", `"><script>`}
	for range 300 {
		b := []byte(cur)
		b[rng.IntN(len(b))] = byte(33 + rng.IntN(94))
		forged = append(forged, string(b))
	}
	statuses := map[int]int{}
	for _, f := range forged {
		rec := send(t, s, http.MethodGet, "/collections/cells/items?limit=3&cursor="+url.QueryEscape(f), "")
		statuses[rec.Code]++
		switch rec.Code {
		case http.StatusBadRequest, http.StatusGone:
			problemOf(t, rec)
		case http.StatusOK:
			var fc featureCollection
			if err := json.Unmarshal(rec.Body.Bytes(), &fc); err != nil || len(fc.Features) > 3 {
				t.Errorf("%q: %v %.200s", f, err, rec.Body)
			}
			for _, f := range fc.Features {
				if !known[f.ID] {
					t.Errorf("%v is no cell", f.ID)
				}
			}
		default:
			t.Errorf("%q: %d %.200s", f, rec.Code, rec.Body)
		}
	}
	t.Logf("seed %d: %v", seed, statuses)
}

// next is the path and query of a page's next link, "" without one.
func next(t *testing.T, fc featureCollection) string {
	t.Helper()
	for _, l := range fc.Links {
		if l.Rel == "next" {
			u, err := url.Parse(l.Href)
			if err != nil {
				t.Fatal(err)
			}
			return u.RequestURI()
		}
	}
	return ""
}

// TestPagesWhilePublishing pages through a collection while other versions go live:
// each feature of the first page's version comes exactly once.
func TestPagesWhilePublishing(t *testing.T) {
	h := newHouse(t, Config{}, nil)
	publish := func(n int) {
		v := h.sendFile(t, cellsQuery, layerZip(t, "UTF-8", soundCells(n)...))
		if rec := send(t, h.Server, http.MethodPost, "/uploads/"+v.view.ID+"/publish", ""); rec.Code != http.StatusCreated {
			t.Fatalf("%v; publish: %d %s", v, rec.Code, rec.Body)
		}
	}
	const total, perPage = 120, 10
	publish(total)
	seen := map[string]int{}
	pages := 0
	for path := "/collections/cells/items?limit=" + strconv.Itoa(perPage); path != ""; pages++ {
		fc := getJSON[featureCollection](t, h.Server, path)
		if fc.NumberMatched != total {
			t.Errorf("page %d: of %d", pages, fc.NumberMatched)
		}
		for _, f := range fc.Features {
			seen[f.ID]++
		}
		publish(20 + 7*pages)
		path = next(t, fc)
	}
	if pages != total/perPage || len(seen) != total {
		t.Errorf("%d pages, %d features", pages, len(seen))
	}
	for id, n := range seen {
		if n != 1 {
			t.Errorf("%s came %d times", id, n)
		}
	}
}

// TestHostileJSON sends bodies that are no answer to a question.
func TestHostileJSON(t *testing.T) {
	h := newHouse(t, Config{}, nil)
	v := h.sendFile(t, cellsQuery, soundParts(t).with("prj", nil).zip("wg"))
	if v.view.State != data.UploadNeedsChoice {
		t.Fatal(v)
	}
	path := "/uploads/" + v.view.ID
	for name, tc := range map[string]struct {
		body   string
		status int
	}{
		"giant":           {`{"crs":"` + strings.Repeat("x", 64<<20) + `"}`, 413},
		"giant of blanks": {strings.Repeat(" ", 2<<20) + `{}`, 413},
		"deep arrays":     {strings.Repeat("[", 500_000), 400},
		"deep objects":    {strings.Repeat(`{"a":`, 150_000), 400},
		"deep and closed": {`{"fields":` + strings.Repeat(`[`, 40) + strings.Repeat(`]`, 40) + `}`, 400},
		"wide":            {`{"fields":{` + strings.Repeat(`"a":"b",`, 100_000) + `"c":"d"}}`, 400},
		"member twice":    {`{"crs":"EPSG:4490","crs":"EPSG:4549"}`, 400},
		"1e400":           {`{"force":1e400}`, 400},
		"number for text": {`{"crs":4490}`, 400},
		"unknown member":  {`{"crs":"EPSG:4490","admin":true}`, 400},
		"not UTF-8":       {"{\"crs\":\"\xff\xfe\"}", 400},
		"two values":      {`{"crs":"EPSG:4490"}{"crs":"EPSG:4549"}`, 400},
		"nothing":         {``, 400},
		"null byte":       {"{}\x00", 400},
		"a list":          {`[{"crs":"EPSG:4490"}]`, 400},
		"cut short":       {`{"crs":"EPSG:44`, 400},
		"a name of 1 MB":  {`{"` + strings.Repeat("a", 1<<20-10) + `":1}`, 400},
	} {
		t.Run(name, func(t *testing.T) {
			most := int64(32 * mb)
			if raced {
				most *= 2 // a name of 1 MB takes 31 MB then
			}
			var rec *httptest.ResponseRecorder
			took, grown := watched(func() { rec = send(t, h.Server, http.MethodPatch, path, tc.body) })
			if rec.Code != tc.status || took > 20*time.Second || grown > most {
				t.Errorf("%d after %v and %d MB: %.200s", rec.Code, took, grown>>20, rec.Body)
			}
			if p := problemOf(t, rec); len(p.Detail) > 1000 {
				t.Errorf("the problem's detail has %d bytes", len(p.Detail))
			}
		})
	}
	rec := send(t, h.Server, http.MethodPatch, path, `{"crs":"EPSG:4490"}`, "Content-Encoding", "gzip")
	if rec.Code != http.StatusUnsupportedMediaType {
		t.Errorf("a packed body: %d %s", rec.Code, rec.Body)
	}
	if rec := send(t, h.Server, http.MethodPost, "/uploads?"+cellsQuery, "\x1f\x8b", "Content-Encoding", "gzip", "Content-Type", "text/csv"); rec.Code != http.StatusUnsupportedMediaType {
		t.Errorf("a packed upload: %d %s", rec.Code, rec.Body)
	}
	if rec := send(t, h.Server, http.MethodPost, "/locate", "\x1f\x8b", "Content-Encoding", "gzip", "Content-Type", "text/csv"); rec.Code != http.StatusBadRequest {
		t.Errorf("a batch that is packed badly: %d %s", rec.Code, rec.Body)
	}
	if u := settled(t, h.Server, v.view.ID); u.State != data.UploadNeedsChoice {
		t.Errorf("the question is %s after all that", u.State)
	}
	h.discardUpload(t, v.view.ID)
	h.pristine(t)
}

// endless is one text over and over, which counts what is read of it.
type endless struct {
	head, repeat string
	n            int64
}

func (c *endless) Read(p []byte) (int, error) {
	k := copy(p, c.head)
	c.head = c.head[k:]
	for k < len(p) {
		k += copy(p[k:], c.repeat)
	}
	c.n += int64(k)
	return k, nil
}

// TestHostileForms sends multipart bodies without end: reading stops soon.
func TestHostileForms(t *testing.T) {
	h := newHouse(t, Config{}, nil)
	for name, body := range map[string]*endless{
		"parts without end":           {repeat: "--b\r\nContent-Disposition: form-data; name=\"x\"\r\n\r\nv\r\n"},
		"a field name without end":    {head: "--b\r\nContent-Disposition: form-data; name=\"", repeat: "xxxxxxxxxxxxxxxx"},
		"headers without end":         {head: "--b\r\n", repeat: "X-A: b\r\n"},
		"a preamble without end":      {repeat: "no boundary comes here\r\n"},
		"a line without end":          {repeat: "nor a line end "},
		"a boundary line without end": {head: "--b", repeat: " "},
	} {
		t.Run(name, func(t *testing.T) {
			req := httptest.NewRequest(http.MethodPost, "/uploads?"+cellsQuery, io.LimitReader(body, 1<<30))
			req.Host = "127.0.0.1"
			req.Header.Set("Content-Type", "multipart/form-data; boundary=b")
			rec := httptest.NewRecorder()
			took, grown := watched(func() { h.ServeHTTP(rec, req) })
			t.Logf("%d kB read, %d MB, %v", body.n>>10, grown>>20, took)
			problemOf(t, rec)
			if tooMuch := name == "parts without end" || name == "a field name without end"; tooMuch && rec.Code != http.StatusRequestEntityTooLarge {
				t.Errorf("%d %s", rec.Code, rec.Body)
			}
			if rec.Code >= 500 || body.n > 2*preface || grown > 32*mb {
				t.Errorf("%d after %d bytes, %d MB and %v: %s", rec.Code, body.n, grown>>20, took, rec.Body)
			}
			h.pristine(t)
		})
	}
}

// journal is a log that can be read while it is written.
type journal struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.b.Write(p)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.b.String()
}

// logged is a service whose registry and handlers write one log, down to the smallest matter.
func logged(t *testing.T, cfg Config, tune func(*data.Options)) (house, *journal) {
	j := &journal{}
	cfg.Log = slog.New(slog.NewTextHandler(j, &slog.HandlerOptions{Level: slog.LevelDebug}))
	return newHouse(t, cfg, func(o *data.Options) {
		o.Log = cfg.Log
		if tune != nil {
			tune(o)
		}
	}), j
}

// listening serves h as the program does.
func listening(t *testing.T, h house) (address string, stop func()) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- h.Serve(ctx, l) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(stop)
	return l.Addr().String(), stop
}

// TestSlowAndBrokenUploads sends bodies that do not come, come slowly, or break off.
func TestSlowAndBrokenUploads(t *testing.T) {
	t.Parallel()
	h, log := logged(t, Config{}, nil)
	if usual := usualPace(); usual.total != 120*time.Second || usual.rate != 16<<10 {
		t.Errorf("%+v", usual)
	}
	h.pace = pace{grace: 500 * time.Millisecond, rate: 16 << 10, total: 2 * time.Second}
	address, _ := listening(t, h)
	body, contentType := form(t, "网格.zip", soundParts(t).zip("wg"))
	padded := append(bytes.Clone(body), make([]byte, 1<<20)...) // an epilogue, which multipart passes over
	request := func(length int) string {
		return fmt.Sprintf("POST /uploads?%s HTTP/1.1\r\nHost: localhost\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n", cellsQuery, contentType, length)
	}
	for name, tc := range map[string]struct {
		length int                                // as stated
		send   func(c net.Conn)                   // the body
		check  func(res *http.Response) (ok bool) // nil where no answer can be had
	}{
		"nothing comes": {len(body), func(net.Conn) {}, timedOut},
		"half comes":    {len(body), func(c net.Conn) { c.Write(body[:len(body)/2]) }, timedOut},
		"trickles":      {len(body), func(c net.Conn) { trickle(c, body, 20, 50*time.Millisecond) }, timedOut},
		"keeps the rate and takes too long": {len(body) + 1<<20, func(c net.Conn) {
			c.Write(body[:200])
			trickle(c, make([]byte, 1<<20), 2000, 50*time.Millisecond)
		}, timedOut},
		"breaks off":   {len(body), func(c net.Conn) { c.Write(body[:len(body)/2]); c.Close() }, nil},
		"states less":  {len(body) / 2, func(c net.Conn) { c.Write(body) }, func(res *http.Response) bool { return res.StatusCode == 400 }},
		"states none":  {0, func(c net.Conn) { c.Write(body) }, func(res *http.Response) bool { return res.StatusCode == 400 }},
		"states more":  {len(body) + 100, func(c net.Conn) { c.Write(body) }, func(res *http.Response) bool { return res.StatusCode == 202 }},
		"has a shadow": {len(padded), func(c net.Conn) { c.Write(padded) }, func(res *http.Response) bool { return res.StatusCode == 202 }},
	} {
		t.Run(name, func(t *testing.T) {
			c, err := net.Dial("tcp", address)
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			began := time.Now()
			if _, err := io.WriteString(c, request(tc.length)); err != nil {
				t.Fatal(err)
			}
			go tc.send(c)
			if tc.check != nil {
				res, err := http.ReadResponse(bufio.NewReader(c), nil)
				if err != nil {
					t.Fatal(err)
				}
				answer, _ := io.ReadAll(res.Body)
				if !tc.check(res) {
					t.Errorf("%d %s", res.StatusCode, answer)
				}
				if took := time.Since(began); took > 10*time.Second {
					t.Errorf("an answer after %v", took)
				}
			}
			for range 400 {
				h.uploads(t)
				if h.free(t) {
					break
				}
				time.Sleep(5 * time.Millisecond)
			}
			for _, id := range h.uploads(t) {
				h.discardUpload(t, id)
			}
			h.pristine(t)
		})
	}
	if strings.Contains(log.String(), "level=ERROR") {
		t.Errorf("a client's failure is logged as ours:\n%s", log)
	}
	// All places are free again.
	for range 10 {
		if v := h.sendFile(t, cellsQuery, soundParts(t).zip("wg")); v.status != http.StatusAccepted {
			t.Fatal(v)
		}
	}
}

func timedOut(res *http.Response) bool { return res.StatusCode == http.StatusRequestTimeout }

// trickle sends b in pieces with pauses, until the other side has enough.
func trickle(c net.Conn, b []byte, piece int, pause time.Duration) {
	for len(b) > 0 {
		n := min(piece, len(b))
		if _, err := c.Write(b[:n]); err != nil {
			return
		}
		b = b[n:]
		time.Sleep(pause)
	}
}

// uploads lists the uploads that are drafts, refused ones discarded on the way.
func (h house) uploads(t *testing.T) (drafts []string) {
	t.Helper()
	for _, u := range getJSON[struct{ Uploads []uploadView }](t, h.Server, "/uploads").Uploads {
		if u = settled(t, h.Server, u.ID); u.State == data.UploadDraft {
			drafts = append(drafts, u.ID)
		}
	}
	return drafts
}

// free says whether nothing is in the spool.
func (h house) free(t *testing.T) bool {
	t.Helper()
	return strings.Join(h.files(t), " ") == "spool test.gpkg"
}

// TestManyUploadsAtOnce opens 50 uploads and holds all their bodies back: ten are let
// in, the others are told to come again at once, before their bodies are there.
func TestManyUploadsAtOnce(t *testing.T) {
	h, log := logged(t, Config{}, nil)
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	body, contentType := form(t, "网格.zip", layerZip(t, "GBK", soundCells(2000)...))
	type answer struct {
		status int
		retry  string
	}
	const clients, places = 50, 10
	answers, held := make(chan answer, clients), make(chan *io.PipeWriter, clients)
	_, grown := watched(func() {
		for range clients {
			r, w := io.Pipe()
			go func() {
				if _, err := w.Write(body[:len(body)/2]); err == nil {
					held <- w
				}
			}()
			go func() {
				res, err := http.Post(server.URL+"/uploads?"+cellsQuery, contentType, r)
				if err != nil {
					t.Error(err)
					answers <- answer{}
					return
				}
				defer res.Body.Close()
				_, _ = io.Copy(io.Discard, res.Body)
				answers <- answer{status: res.StatusCode, retry: res.Header.Get("Retry-After")}
			}()
		}
		for i := range clients - places {
			select {
			case a := <-answers:
				if a.status != http.StatusServiceUnavailable || a.retry == "" {
					t.Errorf("answer %d: %+v", i, a)
				}
			case <-time.After(8 * time.Second):
				t.Fatalf("only %d were turned away while nothing was complete", i)
			}
		}
		select {
		case a := <-answers:
			t.Errorf("one more answer: %+v", a)
		case <-time.After(50 * time.Millisecond):
		}
		go func() {
			for w := range held {
				go func() { _, _ = w.Write(body[len(body)/2:]); _ = w.Close() }()
			}
		}()
		for range places {
			if a := <-answers; a.status != http.StatusAccepted {
				t.Errorf("one that was let in: %+v", a)
			}
		}
		if n := len(h.uploads(t)); n != places {
			t.Errorf("%d drafts", n)
		}
	})
	close(held)
	t.Logf("grown by %d MB", grown>>20)
	if grown > 512*mb {
		t.Errorf("grown by %d MB", grown>>20)
	}
	if strings.Contains(log.String(), "level=ERROR") {
		t.Errorf("turning away is logged as a failure:\n%s", log)
	}
	if v := h.sendFile(t, cellsQuery, soundParts(t).zip("wg")); v.status != http.StatusAccepted {
		t.Errorf("afterwards: %v", v)
	}
}

// TestSlowHeaders opens 200 connections whose headers never end.
func TestSlowHeaders(t *testing.T) {
	t.Parallel()
	h := newHouse(t, Config{}, nil)
	address, _ := listening(t, h)
	if res, err := http.Get("http://" + address + "/healthz"); err != nil {
		t.Fatal(err)
	} else {
		res.Body.Close()
	}
	base := runtime.NumGoroutine()
	began := time.Now()
	var conns sync.WaitGroup
	var mu sync.Mutex
	var latest time.Duration
	for i := range 200 {
		c, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		conns.Go(func() {
			defer c.Close()
			_, _ = fmt.Fprintf(c, "GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-%d: ", i)
			done := make(chan struct{})
			go func() {
				defer close(done)
				_, _ = io.Copy(io.Discard, c) // until the server closes
			}()
			for {
				select {
				case <-done:
					mu.Lock()
					latest = max(latest, time.Since(began))
					mu.Unlock()
					return
				case <-time.After(time.Second):
					_, _ = io.WriteString(c, "a")
				}
			}
		})
	}
	var slowest time.Duration
	for range 100 {
		asked := time.Now()
		res, err := http.Get("http://" + address + "/healthz")
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, res.Body)
		res.Body.Close()
		slowest = max(slowest, time.Since(asked))
		time.Sleep(10 * time.Millisecond)
	}
	conns.Wait()
	t.Logf("the last of 200 was closed after %v; meanwhile the slowest of 100 requests took %v", latest, slowest)
	if latest < 4*time.Second || latest > 60*time.Second {
		t.Errorf("the last was closed after %v, the limit is 5 s", latest)
	}
	if slowest > 20*time.Second {
		t.Errorf("meanwhile a request took %v", slowest)
	}
	for range 100 {
		if runtime.NumGoroutine() <= base+10 {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Logf("%d goroutines, %d before; other tests run beside this one", runtime.NumGoroutine(), base)
}

// TestClientLeavesBatch closes a connection in the middle of a batch.
func TestClientLeavesBatch(t *testing.T) {
	s := demoServer(t)
	ended := make(chan time.Time, 1)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() { ended <- time.Now() }() // an answer that breaks off panics
		s.ServeHTTP(w, r)
	}))
	defer server.Close()
	for name, leave := range map[string]func(c *net.TCPConn){
		"closes":           func(c *net.TCPConn) { _ = c.Close() },
		"resets":           func(c *net.TCPConn) { _ = c.SetLinger(0); _ = c.Close() },
		"sends and resets": func(c *net.TCPConn) { _, _ = io.WriteString(c, "ffff\r\n{\"id\""); _ = c.SetLinger(0); _ = c.Close() },
	} {
		t.Run(name, func(t *testing.T) {
			c, err := net.Dial("tcp", server.Listener.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			row := `{"id":1,"lon":118.9,"lat":29}` + "\n"
			_, _ = fmt.Fprintf(c, "POST /locate HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n", len(row), row)
			in := bufio.NewReader(c)
			for line := ""; !strings.HasPrefix(line, `{"id":1`); {
				if line, err = in.ReadString('\n'); err != nil {
					t.Fatal(err)
				}
			}
			left := time.Now()
			leave(c.(*net.TCPConn))
			select {
			case at := <-ended:
				t.Logf("the handler ended after %v", at.Sub(left))
				if at.Sub(left) > time.Second {
					t.Errorf("the handler ended after %v", at.Sub(left))
				}
			case <-time.After(10 * time.Second):
				t.Fatal("the handler goes on")
			}
		})
	}
}

// TestHostsAreNotBelieved sends headers that say where the service is reached.
func TestHostsAreNotBelieved(t *testing.T) {
	d, err := theDistrict()
	if err != nil {
		t.Fatal(err)
	}
	const base = "https://gis.example.cn/grid"
	fixed, err := newServer(d.registry, Config{BaseURL: base + "/"})
	if err != nil {
		t.Fatal(err)
	}
	cell := firstItem(t, fixed, "cells")
	paths := []string{
		"/?f=json", "/conformance", "/collections", "/collections/cells", "/collections/cells/items?limit=2", "/collections/cells/items/" + cell,
		"/tiles/cells.json", "/style.json", "/standards", "/versions",
	}
	ask := func(s http.Handler, path, host string, header ...string) *httptest.ResponseRecorder {
		req := httptest.NewRequest(http.MethodGet, path, nil)
		req.Host = host
		for i := 0; i+1 < len(header); i += 2 {
			req.Header.Set(header[i], header[i+1])
		}
		rec := httptest.NewRecorder()
		s.ServeHTTP(rec, req)
		return rec
	}
	lies := []string{
		"X-Forwarded-Host", "evil.example", "X-Forwarded-Proto", "gopher", "X-Forwarded-For", "6.6.6.6", "X-Forwarded-Prefix", "/evil", "X-Forwarded-Port", "666",
		"Forwarded", "host=evil.example;proto=gopher", "X-Original-URL", "/evil", "X-Rewrite-URL", "/evil", "X-Host", "evil.example", "X-HTTP-Method-Override", "DELETE",
	}
	for _, path := range paths {
		plain := ask(fixed, path, "gis.example.cn")
		lied := ask(fixed, path, "evil.example", lies...)
		if plain.Code != http.StatusOK || lied.Code != http.StatusOK {
			t.Fatalf("%s: %d %d", path, plain.Code, lied.Code)
		}
		if !bytes.Equal(plain.Body.Bytes(), lied.Body.Bytes()) || plain.Header().Get("ETag") != lied.Header().Get("ETag") {
			t.Errorf("%s depends on what the caller says of the host", path)
		}
		if strings.Contains(lied.Body.String()+fmt.Sprint(lied.Header()), "evil") {
			t.Errorf("%s repeats the caller's host", path)
		}
		// Where nothing is configured the Host is all there is: then what differs has
		// another ETag, so that no cache answers one host with the links of another.
		a, b := ask(d.server, path, "a.example"), ask(d.server, path, "b.example", lies...)
		if strings.Contains(b.Body.String(), "evil") || strings.Contains(b.Body.String(), "gopher") {
			t.Errorf("%s believes forwarding headers", path)
		}
		if etag := a.Header().Get("ETag"); etag != "" && !bytes.Equal(a.Body.Bytes(), b.Body.Bytes()) {
			if b.Header().Get("ETag") == etag {
				t.Errorf("%s: two bodies under one ETag", path)
			}
			if rec := ask(d.server, path, "b.example", "If-None-Match", etag); rec.Code != http.StatusOK {
				t.Errorf("%s: %d for the ETag of another host", path, rec.Code)
			}
		}
	}
}

// TestAnswersByRoleAreNotCached wants nothing that needs the key to be kept by a cache.
func TestAnswersByRoleAreNotCached(t *testing.T) {
	const key = "0123456789abcdef0123"
	h := newHouse(t, Config{AdminKey: key}, nil)
	for _, path := range []string{"/uploads", "/uploads/x", "/uploads/x/violations", "/uploads/x/diff"} {
		for _, auth := range []string{"Bearer " + key, "Bearer wrong-wrong-wrong-wrong", ""} {
			rec := send(t, h.Server, http.MethodGet, path, "", "Authorization", auth)
			if cc := rec.Header().Get("Cache-Control"); cc != "no-store" {
				t.Errorf("%s with %q: %d, Cache-Control %q", path, auth, rec.Code, cc)
			}
			if auth != "Bearer "+key && rec.Code != http.StatusUnauthorized {
				t.Errorf("%s with %q: %d", path, auth, rec.Code)
			}
		}
	}
}

// TestLogsHoldNoSecrets goes through uploads, refusals, failures and a panic with
// secrets and line ends wherever a caller may put them, and looks for them in the log.
func TestLogsHoldNoSecrets(t *testing.T) {
	const key = "CANARY-KEY-0123456789"
	h, log := logged(t, Config{AdminKey: key}, nil)
	var canaries []string
	secret := func(name string) string {
		canaries = append(canaries, "CANARY-"+name)
		return "CANARY-" + name
	}
	auth := []string{"Authorization", "Bearer " + key}
	injected := "\r\ntime=2026-01-01 level=ERROR msg=INJECTED "

	// A phone, a name, an ID number and a position as they stand in files.
	records := soundCells(3)
	records[0].values[1] = secret("person") + " 13800138000 330890199001011234"
	records[1].values[0] = ""
	records[1].values[1] = secret("refused")
	for _, file := range [][]byte{layerZip(t, "UTF-8", records...), layerZip(t, "UTF-8", records[0], records[2]), []byte(secret("junk"))} {
		// A name by RFC 5987, whose escapes stand for any character.
		body := "--b\r\nContent-Disposition: form-data; name=file; filename*=UTF-8''" + strings.ReplaceAll(url.QueryEscape("网格"+injected+secret("file")+".zip"), "+", "%20") +
			"\r\n\r\n" + string(file) + "\r\n--b--\r\n"
		req := httptest.NewRequest(http.MethodPost, "/uploads?"+cellsQuery+"&author="+url.QueryEscape(injected+secret("author")), strings.NewReader(body))
		req.Host = "127.0.0.1"
		req.Header.Set("Content-Type", "multipart/form-data; boundary=b")
		req.Header.Set("Authorization", auth[1])
		rec := httptest.NewRecorder()
		h.ServeHTTP(rec, req)
		if rec.Code != http.StatusAccepted {
			t.Fatalf("%d %s", rec.Code, rec.Body)
		}
		var u uploadView
		if err := json.Unmarshal(rec.Body.Bytes(), &u); err != nil {
			t.Fatal(err)
		}
		if strings.ContainsAny(u.File, "\r\n") || !strings.Contains(u.File, "CANARY-file") {
			t.Errorf("the file is named %q", u.File)
		}
		if _, err := h.registry.Wait(context.Background(), u.ID); err != nil {
			t.Fatal(err)
		}
		send(t, h.Server, http.MethodPost, "/uploads/"+u.ID+"/publish", "", auth...)
	}
	send(t, h.Server, http.MethodGet, "/uploads", "", "Authorization", "Bearer "+secret("wrong-key"))
	send(t, h.Server, http.MethodGet, "/uploads", "", "Authorization", "Basic "+secret("basic"), "Cookie", secret("cookie"), "X-Api-Key", secret("api-key"))
	send(t, h.Server, http.MethodGet, "/locate?lon=118.123456789&lat=29.123456789", "")
	send(t, h.Server, http.MethodGet, "/locate?lon="+url.QueryEscape(injected+secret("lon"))+"&lat=29", "")
	send(t, h.Server, http.MethodGet, "/collections/"+url.PathEscape(injected+secret("path"))+"/items", "")
	send(t, h.Server, http.MethodGet, "/uploads/"+url.PathEscape(injected+secret("id")), "", auth...)
	send(t, h.Server, http.MethodPatch, "/uploads/x", `{"crs":"`+secret("json")+`"}`, auth...)
	send(t, h.Server, http.MethodPost, "/locate", `{"id":"`+secret("row")+`","lon":118.123456789,"lat":29.123456789}`+"\n", "Content-Type", "application/x-ndjson")
	send(t, h.Server, "CANARY-method", "/locate", "")

	// Over the wire, where net/http has its own to say.
	address, stop := listening(t, h)
	for _, raw := range []string{
		"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + secret("folded") + "\r\n " + "level=ERROR msg=INJECTED\r\n\r\n",
		"GET / HTTP/9.9\r\n" + secret("version") + "\r\n\r\n",
		secret("garbage") + "\r\n\r\n",
		"GET /\x00" + secret("nul") + " HTTP/1.1\r\nHost: localhost\r\n\r\n",
		"POST /locate HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\nContent-Type: text/csv\r\n\r\n" + secret("smuggled"),
		"GET / HTTP/1.1\r\nHost: localhost\r\nX-Big: " + strings.Repeat(secret("big"), 20_000) + "\r\n\r\n",
	} {
		c, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.WriteString(c, raw)
		_ = c.(*net.TCPConn).CloseWrite()
		_, _ = io.Copy(io.Discard, c)
		_ = c.Close()
	}
	stop()

	// A failing store and a panic: the cause is logged, the request is not.
	if err := h.registry.Store().Close(); err != nil {
		t.Fatal(err)
	}
	rec := send(t, h.Server, http.MethodGet, "/uploads/"+url.PathEscape("late"+injected), "", auth...)
	if rec.Code != http.StatusInternalServerError || strings.Contains(rec.Body.String(), "sql") {
		t.Errorf("a failing store: %d %s", rec.Code, rec.Body)
	}
	said := log.String()
	for _, c := range append(canaries, key, "13800138000", "330890199001011234", "118.123456789", "29.123456789", "CANARY") {
		if strings.Contains(said, c) {
			t.Errorf("the log holds %s", c)
		}
	}
	for _, line := range strings.Split(strings.TrimSuffix(said, "\n"), "\n") {
		if !strings.HasPrefix(line, "time=20") || !strings.Contains(line, " level=") || !strings.Contains(line, " msg=") {
			t.Errorf("a line that is none: %q", line)
		}
	}
	for _, want := range []string{`msg="upload settled"`, "msg=published", `msg="request failed"`, "msg=draining"} {
		if !strings.Contains(said, want) {
			t.Errorf("the log does not say %s", want)
		}
	}
	t.Logf("%d canaries, %d bytes of log", len(canaries), len(said))
}

// TestPanicsBecomeProblems lets a handler panic before and after its answer has begun.
func TestPanicsBecomeProblems(t *testing.T) {
	h, log := logged(t, Config{}, nil)
	whole := h.registry
	h.registry = nil // whatever asks it now panics
	rec := send(t, h.Server, http.MethodGet, "/collections/cells/items", "")
	h.registry = whole
	if rec.Code != http.StatusInternalServerError || !strings.Contains(rec.Body.String(), "internal_error") || strings.Contains(rec.Body.String(), "nil pointer") {
		t.Errorf("%d %s", rec.Code, rec.Body)
	}
	if !strings.Contains(log.String(), "a handler panicked") || !strings.Contains(log.String(), "debug.Stack") {
		t.Errorf("the log says %s", log)
	}
	get(t, h.Server, "/collections/cells/items", http.StatusOK)
}

// TestSpreadsheetFormulas wants no cell of a CSV answer to be one that a spreadsheet
// calculates, while numbers stay numbers.
func TestSpreadsheetFormulas(t *testing.T) {
	s := demoServer(t)
	rec := send(t, s, http.MethodPost, "/locate", "id,lon,lat\n\"=cmd()\",118.9,29\n-7,118.9,29\n@x,0\n", "Content-Type", "text/csv")
	lines := strings.Split(rec.Body.String(), "\n")
	if rec.Code != http.StatusOK || !strings.HasPrefix(lines[1], "'=cmd(),") || !strings.HasPrefix(lines[2], "-7,") || !strings.HasPrefix(lines[3], "'@x,") {
		t.Errorf("%d %q", rec.Code, lines)
	}
}
