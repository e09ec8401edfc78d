package api

import (
	"bytes"
	"cmp"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/labstack/echo/v4"

	"towngrid/data/pgtest"
	"towngrid/geo"
	"towngrid/tiles"
)

// TestRivals measures the tiles that the cache has against a plain net/http handler that has them in memory and
// against nginx with files, and a 304 against Echo's emptiest handler: by wrk over loopback HTTP with 32
// connections, each for seconds in turn and several times around, medians. It is a measurement and
// no check, run by make rivals.
func TestRivals(t *testing.T) {
	wanted(t, "wrk", "nginx")
	s := demoServer(t)
	ours := "http://" + served(t, s)
	for _, path := range []string{"/tiles/towns,units,cells" + tileAt(14, 118.9, 29), "/tiles/cells" + tileAt(12, 118.9, 29), "/tiles/towns,units,cells" + tileAt(10, 118.9, 29)} {
		answer := get(t, s, path, http.StatusOK, "Accept-Encoding", "gzip")
		plain := httptest.NewServer(fromMemory(answer))
		nginx, stop := fromFiles(t, path, answer.Body.Bytes())
		t.Logf("%s: %d bytes", path, answer.Body.Len())
		rates := inTurn(t, []load{
			{name: "towngrid", url: ours + path, headers: []string{"Accept-Encoding: gzip"}},
			{name: "net/http", url: plain.URL + path, headers: []string{"Accept-Encoding: gzip"}},
			{name: "nginx", url: nginx + path, headers: []string{"Accept-Encoding: gzip"}},
		})
		t.Logf("  towngrid %.0f/s, net/http %.0f/s (ratio %.2f), nginx %.0f/s (ratio %.2f)", rates[0], rates[1], rates[0]/rates[1], rates[2], rates[0]/rates[2])
		plain.Close()
		stop()
	}
	path := "/tiles/cells" + tileAt(12, 118.9, 29)
	etag := get(t, s, path, http.StatusOK, "Accept-Encoding", "gzip").Header().Get("ETag")
	e := echo.New()
	e.GET("/*", func(c echo.Context) error { return c.NoContent(http.StatusNotModified) })
	empty := httptest.NewServer(e)
	defer empty.Close()
	asking := []string{"Accept-Encoding: gzip", "If-None-Match: " + etag}
	rates := inTurn(t, []load{{name: "304", url: ours + path, headers: asking}, {name: "echo", url: empty.URL + path, headers: asking}})
	t.Logf("304: towngrid %.0f/s, Echo's empty handler %.0f/s (ratio %.2f)", rates[0], rates[1], rates[0]/rates[1])
}

// TestRivalsFromScratch measures tiles that no cache has, gzip included, against what pg_tileserv does for the same
// cells: its statement, its number of connections to PostgreSQL, net/http and its gzip. wrk asks both
// over loopback HTTP on 16 connections for tiles in a random order, in turn and several times around, medians. It
// is a measurement and no check, run by make rivals.
func TestRivalsFromScratch(t *testing.T) {
	wanted(t, "wrk")
	cells, towns := peersData(t)
	pool := peersTable(t, pgtest.Start(t), cells)
	s := serverWith(t, map[geo.Collection][]geo.Feature{geo.Cells: cells, geo.Towns: towns}, Config{TileCache: 1})
	ours, peer := "http://"+served(t, s), httptest.NewServer(fromPostGIS(pool))
	defer peer.Close()
	// Several who ask for one tile at once get one that is made once: it counts once.
	made := func() uint64 { return s.tiles.Stats().Builds }
	for _, z := range []uint8{14, 12, 10} {
		mine := scriptFor(t, peersTiles(z), "/tiles/cells/%d/%d/%d.mvt?content=fills")
		const lasts = "10s" // a slow peer makes some tens of tiles in it
		rates := inTurn(t, []load{
			{name: "towngrid", url: ours, headers: []string{"Accept-Encoding: gzip"}, script: mine, connections: 16, lasts: lasts, made: made},
			{name: "postgis", url: peer.URL, headers: []string{"Accept-Encoding: gzip"}, script: scriptFor(t, peersTiles(z), "/public.cells/%d/%d/%d.pbf"), connections: 16, lasts: lasts},
		})
		t.Logf("z%d from scratch: towngrid %.0f/s, PostGIS as pg_tileserv asks it %.1f/s (ratio %.1f)", z, rates[0], rates[1], rates[0]/rates[1])
	}
	rates := inTurn(t, []load{{name: "towngrid", url: ours, headers: []string{"Accept-Encoding: gzip"}, script: scriptFor(t, peersTiles(8), "/tiles/cells/%d/%d/%d.mvt?content=fills"), connections: 1, made: made}})
	t.Logf("z8 from scratch on one connection: towngrid %.1f/s", rates[0])
}

// fromPostGIS makes each tile by a query.
func fromPostGIS(pool *pgxpool.Pool) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var z, x, y uint32
		var body []byte
		if _, err := fmt.Sscanf(r.URL.Path, "/public.cells/%d/%d/%d.pbf", &z, &x, &y); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
		} else if err := pool.QueryRow(r.Context(), tileservQuery(tiles.Address{Z: uint8(z), X: x, Y: y})).Scan(&body); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
		} else {
			w.Header().Set("Content-Type", tiles.MediaType)
			w.Header().Set("Content-Encoding", "gzip")
			_ = tileservGzip(w, body)
		}
	})
}

// scriptFor has wrk ask for tiles one after another.
func scriptFor(t *testing.T, as []tiles.Address, path string) (file string) {
	t.Helper()
	var b bytes.Buffer
	b.WriteString("local paths = {")
	for _, a := range as {
		fmt.Fprintf(&b, "%q,", fmt.Sprintf(path, a.Z, a.X, a.Y))
	}
	b.WriteString("}\nlocal threads = 0\n" +
		"setup = function(thread) threads = threads + 1; thread:set('at', math.floor(threads * #paths / 2)) end\n" +
		"request = function() at = at % #paths + 1; return wrk.format(nil, paths[at]) end\n")
	file = filepath.Join(t.TempDir(), "paths.lua")
	if err := os.WriteFile(file, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// wanted skips a measurement that is not asked for, and fails it without its tools.
func wanted(t *testing.T, tools ...string) {
	t.Helper()
	if os.Getenv("TOWNGRID_RIVALS") == "" {
		t.Skip("SKIPPED: a measurement of some minutes; make rivals runs it")
	}
	for _, tool := range tools {
		if _, err := exec.LookPath(tool); err != nil {
			t.Fatalf("%s is wanted; apt-get install wrk nginx-light", tool)
		}
	}
}

// fromMemory answers with the bytes and headers of an answer, by net/http alone.
func fromMemory(answer *httptest.ResponseRecorder) http.Handler {
	body := answer.Body.Bytes()
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		for k, v := range answer.Header() {
			w.Header()[k] = v
		}
		_, _ = w.Write(body)
	})
}

// fromFiles serves a body as nginx does from a compressed file, and stops.
func fromFiles(t *testing.T, path string, body []byte) (base string, stop func()) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	_ = l.Close()
	dir := t.TempDir()
	file := filepath.Join(dir, "www", path+".gz")
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, body, 0o644); err != nil {
		t.Fatal(err)
	}
	conf := fmt.Sprintf(`daemon off; pid %[1]s/pid; error_log stderr crit; worker_processes auto; user root;
events { worker_connections 1024; }
http { access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000; open_file_cache max=1000;
types { application/vnd.mapbox-vector-tile mvt; } client_body_temp_path %[1]s; proxy_temp_path %[1]s; fastcgi_temp_path %[1]s; uwsgi_temp_path %[1]s; scgi_temp_path %[1]s;
server { listen %[2]s; root %[1]s/www; gzip_static always; } }
`, dir, addr)
	if err := os.WriteFile(filepath.Join(dir, "nginx.conf"), []byte(conf), 0o600); err != nil {
		t.Fatal(err)
	}
	var said bytes.Buffer
	cmd := exec.Command("nginx", "-p", dir, "-c", filepath.Join(dir, "nginx.conf"))
	cmd.Stderr = &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for range 100 {
		req, _ := http.NewRequest(http.MethodGet, "http://"+addr+path, nil)
		req.Header.Set("Accept-Encoding", "gzip")
		res, err := http.DefaultClient.Do(req)
		if err == nil {
			_ = res.Body.Close()
			if res.StatusCode != http.StatusOK || res.ContentLength != int64(len(body)) {
				t.Fatalf("nginx: %d, %d bytes", res.StatusCode, res.ContentLength)
			}
			return "http://" + addr, func() {
				_ = cmd.Process.Signal(os.Interrupt)
				_ = cmd.Wait()
			}
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatalf("nginx does not answer: %s", said.String())
	return "", nil
}

// load is what wrk asks for.
type load struct {
	name, url   string
	headers     []string
	script      string        // of wrk; "" for one address
	connections int           // 32 when 0
	lasts       string        // "2s" when ""
	made        func() uint64 // counts what the rate is of; answers when nil
}

// inTurn gives the median of the rates of each load, in requests a second.
func inTurn(t *testing.T, loads []load) []float64 {
	t.Helper()
	const rounds = 5
	all := make([][]float64, len(loads))
	for range rounds {
		for i, l := range loads {
			l.connections, l.lasts = cmp.Or(l.connections, 32), cmp.Or(l.lasts, "2s")
			args := []string{"-t", strconv.Itoa(min(2, l.connections)), "-c", strconv.Itoa(l.connections), "-d", l.lasts, "--timeout", "20s", l.url}
			if l.script != "" {
				args = append(args, "-s", l.script)
			}
			for _, h := range l.headers {
				args = append(args, "-H", h)
			}
			before, began := uint64(0), time.Now()
			if l.made != nil {
				before = l.made()
			}
			out, err := exec.Command("wrk", args...).CombinedOutput()
			took := time.Since(began)
			found := regexp.MustCompile(`Requests/sec:\s+([0-9.]+)`).FindSubmatch(out)
			if err != nil || found == nil || strings.Contains(string(out), "Socket errors") || l.name != "304" && l.name != "echo" && strings.Contains(string(out), "Non-2xx") {
				t.Fatalf("%s: %v: %s", l.name, err, out)
			}
			rate, err := strconv.ParseFloat(string(found[1]), 64)
			if err != nil {
				t.Fatal(err)
			}
			if l.made != nil {
				rate = float64(l.made()-before) / took.Seconds()
			}
			all[i] = append(all[i], rate)
		}
	}
	medians := make([]float64, len(loads))
	for i, rates := range all {
		slices.Sort(rates)
		medians[i] = rates[rounds/2]
	}
	return medians
}
