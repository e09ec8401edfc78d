// Towngrid keeps the boundaries of towns and grid cells, serves them to maps, finds
// the cell of a position and holds towns against the guide's standards.
package main

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/alecthomas/kong"
	"github.com/paulmach/orb"
	"github.com/schollz/progressbar/v3"

	"towngrid/api"
	"towngrid/api/paper"
	"towngrid/data"
	"towngrid/data/apart"
	"towngrid/data/batch"
	"towngrid/data/demo"
	"towngrid/data/export"
	"towngrid/data/gpkg"
	"towngrid/data/mbtiles"
	"towngrid/data/postgis"
	"towngrid/data/standards"
	"towngrid/geo"
	"towngrid/geo/crs"
	"towngrid/geo/density"
	"towngrid/geo/intake"
	"towngrid/geo/snapshot"
	"towngrid/geo/zoning"
	"towngrid/tiles"
)

// commands are the program's commands, one field each.
type commands struct {
	Serve   serve   `cmd:"" help:"Serve a database over HTTP."`
	Demo    demoRun `cmd:"" help:"Make the synthetic demonstration district, import it and serve it."`
	Import  imports `cmd:"" help:"Read a file, check it, and publish it or keep it as a draft."`
	Export  exports `cmd:"" help:"Write what is published as a zipped shapefile, GeoJSON, GeoPackage, boundary-point text or CSV, or as an archive of tiles."`
	Zone    zones   `cmd:"" help:"Propose grid cells: regular, along lines, of even load, or changed from those published."`
	Locate  locate  `cmd:"" help:"Match the positions of a file or of standard input to cells: NDJSON, CSV or GeoJSON."`
	Report  report  `cmd:"" help:"Write the compliance report of a town, or of all towns side by side, as JSON, GeoJSON, CSV, HTML or XLSX."`
	Rematch rematch `cmd:"" help:"Tell which incidents change their cell with a draft or a version."`
	Backup  backup  `cmd:"" help:"Copy a database that no service uses; a running one gives its own at /backup."`
	Restore restore `cmd:"" help:"Fill a database that holds nothing with what backup wrote."`
	Copy    copies  `cmd:"" help:"Bring everything that a database holds into another, of whatever kind, and compare."`
	Version version `cmd:"" help:"Print the program's version."`
	Read    reading `cmd:"" name:"read-upload" hidden:"" help:"Read one upload for the service that starts this."`
}

func main() {
	if os.Getenv("GOGC") == "" {
		// What lives is large and has few pointers: collecting at half its size again, not
		// at its size, takes a few per cent of time and saves a quarter of the memory.
		debug.SetGCPercent(50)
	}
	if os.Getenv("GOMAXPROCS") == "" {
		// One more than there are cores, for uploads, which give way on threads of their own:
		// a request does not wait until the runtime takes its turn from one.
		runtime.GOMAXPROCS(runtime.GOMAXPROCS(0) + 1)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil {
		stop()
		fmt.Fprintln(os.Stderr, "towngrid:", explain(err))
		os.Exit(1)
	}
}

// run carries out one command line. ctx ends it.
func run(ctx context.Context, args []string, out io.Writer) error {
	var c commands
	parser, err := kong.New(&c, kong.Name("towngrid"), kong.UsageOnError(), kong.BindTo(ctx, (*context.Context)(nil)), kong.BindTo(out, (*io.Writer)(nil)),
		kong.Description("Town boundaries and grid cells: vector tiles, GeoJSON, locating, compliance."))
	if err != nil {
		return err
	}
	k, err := parser.Parse(args)
	if err != nil {
		return err
	}
	return k.Run()
}

// explain gives a refusal in both languages, with its violations.
func explain(err error) string {
	var refused *geo.Error
	if !errors.As(err, &refused) {
		if errors.Is(err, data.ErrUnavailable) {
			return fmt.Sprintf("无法访问数据库 | the database cannot be reached: %s", err)
		}
		return explainFile(err)
	}
	lines := []string{refused.Text.ZH + " | " + refused.Text.EN}
	for i, v := range refused.Violations {
		if i == 20 {
			lines = append(lines, fmt.Sprintf("  … %d more", len(refused.Violations)-i))
			break
		}
		lines = append(lines, "  "+describe(v))
	}
	return strings.Join(lines, "\n")
}

// explainFile says in both languages what is the matter with a file.
func explainFile(err error) string {
	at := (*fs.PathError)(nil)
	if !errors.As(err, &at) {
		return err.Error()
	}
	switch {
	case errors.Is(err, fs.ErrExist):
		return fmt.Sprintf("文件 %[1]s 已存在，不会覆盖；请换一个文件名，或先移走它 | the file %[1]s is there already and is not overwritten: choose another name, or move it away", at.Path)
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Sprintf("没有文件或文件夹 %[1]s | there is no file or folder %[1]s", at.Path)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Sprintf("没有权限访问 %[1]s | access to %[1]s is not permitted", at.Path)
	}
	return err.Error()
}

// newBar is a bar of so many steps on standard error. Where that is no terminal, only the end is told.
func newBar(steps int64, name string, more ...progressbar.Option) *progressbar.ProgressBar {
	to, end := io.Writer(os.Stderr), "\n"
	if !terminal(os.Stderr) {
		to, end = io.Discard, strings.TrimSpace(name)+" 100%\n"
	}
	return progressbar.NewOptions64(steps, append(more, progressbar.OptionSetWriter(to), progressbar.OptionSetDescription(name), progressbar.OptionSetWidth(30),
		progressbar.OptionOnCompletion(func() { fmt.Fprint(os.Stderr, end) }))...)
}

func terminal(f *os.File) bool {
	at, err := f.Stat()
	return err == nil && at.Mode()&os.ModeCharDevice != 0
}

// describe is a violation on one line.
func describe(v geo.Violation) string {
	s := fmt.Sprintf("[%s] %s | %s", v.Check, v.Message.ZH, v.Message.EN)
	if v.Record != geo.None {
		s = fmt.Sprintf("#%d %s", v.Record, s)
	}
	if v.Placed() {
		s += fmt.Sprintf(" (%.6f, %.6f)", v.Lon, v.Lat)
	}
	return s
}

// database are the flags that every command on a database has.
type database struct {
	DB         string `name:"db" env:"TOWNGRID_DB" default:"towngrid.gpkg" help:"The database: a GeoPackage file, made when there is none, or the address of PostgreSQL with PostGIS, postgres://user:password@host[,host…]/name."`
	Pool       int    `name:"db-pool" env:"TOWNGRID_DB_POOL" default:"16" help:"PostgreSQL: connections of one service."`
	Replicas   int    `name:"db-replicas" env:"TOWNGRID_DB_REPLICAS" default:"2" help:"PostgreSQL: services that share the database; replicas × pool must leave 10 connections free."`
	Standby    string `name:"db-standby" env:"TOWNGRID_DB_STANDBY" help:"PostgreSQL: address of a standby that answers reads of history."`
	KeepMonths int    `name:"keep-incidents" env:"TOWNGRID_KEEP_INCIDENTS" default:"0" help:"PostgreSQL: whole months of incidents that are kept beside the running one; 0 keeps all."`
	patience
	CRSParameters string `name:"crs-parameters" env:"TOWNGRID_CRS_PARAMETERS" type:"path" help:"The operator's own reference systems and datum parameters, as a file."`
	// Apart has uploads read in a process of their own, so that those who are served
	// meanwhile do not wait.
	Apart bool `kong:"-"`
}

// patience are the flags of how long PostgreSQL may take.
type patience struct {
	Answer    time.Duration `name:"db-answer" env:"TOWNGRID_DB_ANSWER" default:"900ms" help:"PostgreSQL: how long it may take to begin to answer; then a write is refused and history is not read."`
	Write     time.Duration `name:"db-write" env:"TOWNGRID_DB_WRITE" default:"3s" help:"PostgreSQL: how long a write may take, with a millisecond more for each feature or incident."`
	Statement time.Duration `name:"db-statement" env:"TOWNGRID_DB_STATEMENT" default:"60s" help:"PostgreSQL: statement_timeout of every connection, with a millisecond more for each feature or incident."`
	Lock      time.Duration `name:"db-lock" env:"TOWNGRID_DB_LOCK" default:"3s" help:"PostgreSQL: lock_timeout of every connection, of migrations as well."`
}

// open opens the database and builds the Snapshot of what is published in it.
// The commands that draw a bar leave the log to what went wrong.
func (d database) open(ctx context.Context, level slog.Level) (*data.Registry, error) {
	return d.openIn(ctx, level, "")
}

// openIn opens the database with a folder that keeps what belongs to this service alone:
// files being read and, beside PostgreSQL, what was served last. "" is a folder of the
// database's own beside a GeoPackage, and one for this run with PostgreSQL.
func (d database) openIn(ctx context.Context, level slog.Level, dir string) (*data.Registry, error) {
	text, operator, err := d.operator()
	if err != nil {
		return nil, err
	}
	o := data.Options{Operator: operator, Log: logger(level)}
	if d.Apart {
		self, err := os.Executable()
		if err != nil {
			return nil, err
		}
		o.Apart = apart.Program{Command: []string{self, "read-upload"}, Operator: text}
	}
	store, err := d.store(ctx, dir != "", o.Log)
	if err != nil {
		return nil, err
	}
	switch {
	case dir != "":
		o.Spool, o.Pictures = filepath.Join(dir, "spool"), filepath.Join(dir, "pictures")
	case postgis.Known(d.DB):
		if o.Spool, err = os.MkdirTemp("", "towngrid-spool-"); err != nil {
			return nil, errors.Join(err, store.Close())
		}
		store = passing{store.(data.Shared), o.Spool}
	default:
		o.Spool = d.DB + "-spool"
	}
	// While everything is loaded, what was needed on the way is given up sooner, so that the
	// start takes little more memory than what is served; what is left of it goes back to the system.
	defer debug.SetGCPercent(debug.SetGCPercent(40))
	r, err := data.Open(ctx, store, o)
	if err != nil {
		return nil, errors.Join(err, store.Close())
	}
	go debug.FreeOSMemory()
	return r, nil
}

// store opens the database's store. A patient one may be opened while its server does
// not answer.
func (d database) store(ctx context.Context, patient bool, log *slog.Logger) (data.Store, error) {
	switch {
	case postgis.Known(d.DB):
		return postgis.Open(ctx, d.DB, postgis.Options{
			Pool: d.Pool, Replicas: d.Replicas, Standby: d.Standby, KeepMonths: d.KeepMonths, Patient: patient, Log: log,
			Answer: d.Answer, Write: d.Write, StatementTimeout: d.Statement, LockTimeout: d.Lock,
		})
	case strings.Contains(d.DB, "://"):
		return nil, geo.Errorf("unknown_engine", "不支持的数据库 %q；请给出 .gpkg 文件路径或 postgres:// 地址", "the database %q is of no kind that is known; give the path of a .gpkg file or a postgres:// address", redact(d.DB))
	}
	return gpkg.Open(ctx, d.DB, gpkg.Options{})
}

// passing is a store with a folder that is gone when it is closed.
type passing struct {
	data.Shared
	dir string
}

// Close closes the store and removes the folder.
func (p passing) Close() error { return errors.Join(p.Shared.Close(), os.RemoveAll(p.dir)) }

// existing opens a database to read from it: unlike open it makes none.
func (d database) existing(ctx context.Context) (*data.Registry, error) {
	if err := d.exists(); err != nil {
		return nil, err
	}
	return d.open(ctx, slog.LevelWarn)
}

// exists is an error where the database is a file that is not there.
func (d database) exists() error {
	if _, err := os.Stat(d.DB); !postgis.Known(d.DB) && errors.Is(err, os.ErrNotExist) {
		return geo.Errorf("no_database", "没有数据库文件 %[1]s；请检查 --db，新库由 import 或 serve 建立", "there is no database %[1]s: check --db; import and serve make a new one", d.DB)
	}
	return nil
}

// operator reads the operator's own reference systems, as they are in the file and as
// they are used, nil when no file is given.
func (d database) operator() (text []byte, o *crs.Operator, err error) {
	if d.CRSParameters == "" {
		return nil, nil, nil
	}
	if text, err = os.ReadFile(d.CRSParameters); err != nil {
		return nil, nil, fmt.Errorf("reference systems: %w", err)
	}
	o, err = crs.ReadOperator(bytes.NewReader(text))
	return text, o, err
}

// logger writes text to standard error.
func logger(level slog.Level) *slog.Logger {
	return slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: level}))
}

// redact hides what stands between a scheme and a host in a database address, and
// its parameters, which may hold a password as well.
func redact(dsn string) string {
	scheme, rest, found := strings.Cut(dsn, "://")
	if !found {
		return dsn
	}
	rest, _, _ = strings.Cut(rest, "?")
	if at := strings.LastIndexByte(rest, '@'); at >= 0 {
		rest = "…@" + rest[at+1:]
	}
	return scheme + "://" + rest
}

// web are the flags of the commands that serve HTTP.
type web struct {
	Listen       string        `env:"TOWNGRID_LISTEN" default:"127.0.0.1:8080" help:"Address to listen on. Any but a loopback address needs an administrator's key."`
	BaseURL      string        `env:"TOWNGRID_BASE_URL" help:"Address under which clients reach the service, where it is not the one they ask for."`
	CORSOrigin   []string      `name:"cors-origin" env:"TOWNGRID_CORS_ORIGIN" help:"Origins whose pages may read what needs no key, such as https://map.example.cn; all when none is given."`
	TrustedProxy []string      `name:"trusted-proxy" env:"TOWNGRID_TRUSTED_PROXY" help:"Addresses or networks of proxies whose X-Forwarded-Host, -Proto and -Prefix are believed."`
	AdminKey     string        `env:"TOWNGRID_ADMIN_KEY" help:"Administrator's key: every write needs it as a bearer token. Better given by file or environment."`
	AdminKeyFile string        `env:"TOWNGRID_ADMIN_KEY_FILE" type:"path" help:"File that holds the administrator's key."`
	Attribution  string        `env:"TOWNGRID_ATTRIBUTION" help:"Shown on maps, such as a map approval number (审图号)."`
	StandardFile []string      `env:"TOWNGRID_STANDARD_FILE" type:"path" help:"Further standards to judge by, as files."`
	Grace        time.Duration `env:"TOWNGRID_GRACE" default:"1s" help:"How long to go on after being told to stop, with /readyz at 503."`
	TileCache    int64         `env:"TOWNGRID_TILE_CACHE" default:"268435456" help:"Bytes of encoded tiles kept."`
}

// key reads the administrator's key, and refuses to go on without one on an
// address that others can reach.
func (w web) key() (string, error) {
	key := w.AdminKey
	if w.AdminKeyFile != "" {
		raw, err := os.ReadFile(w.AdminKeyFile)
		if err != nil {
			return "", fmt.Errorf("administrator's key: %w", err)
		}
		if key = strings.TrimSpace(string(raw)); key == "" {
			return "", geo.Errorf("weak_key", "密钥文件 %s 是空的", "the key file %s is empty", w.AdminKeyFile)
		}
	}
	if key != "" && len(key) < 16 {
		return "", geo.Errorf("weak_key", "管理员密钥至少 16 个字符", "an administrator's key has at least 16 characters")
	}
	if key == "" && !loopback(w.Listen) {
		return "", geo.Errorf("key_required",
			"监听 %s 须提供管理员密钥：--admin-key-file 或环境变量 TOWNGRID_ADMIN_KEY",
			"listening on %s needs an administrator's key: --admin-key-file or the environment's TOWNGRID_ADMIN_KEY", w.Listen)
	}
	return key, nil
}

// loopback says whether only this machine can reach an address.
func loopback(listen string) bool {
	host, _, err := net.SplitHostPort(listen)
	if err != nil {
		return false
	}
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// server makes the HTTP face of a registry.
func (w web) server(r *data.Registry, key string) (*api.Server, error) {
	editions, err := w.editions()
	if err != nil {
		return nil, err
	}
	proxies, err := networks(w.TrustedProxy)
	if err != nil {
		return nil, err
	}
	return api.New(r, editions, api.Config{
		BaseURL: w.BaseURL, Origins: w.CORSOrigin, Proxies: proxies, AdminKey: key, Attribution: w.Attribution, Grace: w.Grace, TileCache: w.TileCache, Version: programVersion(),
	})
}

// networks reads addresses and networks.
func networks(texts []string) (all []netip.Prefix, err error) {
	for _, text := range texts {
		n, err := netip.ParsePrefix(text)
		if a, aerr := netip.ParseAddr(text); aerr == nil {
			n, err = netip.PrefixFrom(a, a.BitLen()), nil
		}
		if err != nil {
			return nil, geo.Errorf("bad_network", "--trusted-proxy %q 不是地址或网段", "--trusted-proxy %q is no address and no network", text)
		}
		all = append(all, n)
	}
	return all, nil
}

// editions are the standards of the program and the operator's own.
func (w web) editions() ([]density.Standard, error) {
	all, err := standards.Load()
	if err != nil {
		return nil, err
	}
	for _, path := range w.StandardFile {
		std, err := readStandard(path)
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(all, func(s density.Standard) bool { return s.ID == std.ID }) {
			return nil, geo.Errorf("bad_standard", "%[1]s：标识 %[2]q 已被另一标准使用，请另取一个", "%[1]s: another standard has the ID %[2]q; choose one of its own", path, std.ID)
		}
		all = append(all, std)
	}
	return all, nil
}

func readStandard(path string) (density.Standard, error) {
	f, err := os.Open(path)
	if err != nil {
		return density.Standard{}, err
	}
	defer f.Close()
	std, err := standards.Read(f)
	var refused *geo.Error
	if errors.As(err, &refused) {
		err = &geo.Error{Code: refused.Code, Violations: refused.Violations, Text: geo.Text{ZH: path + "：" + refused.Text.ZH, EN: path + ": " + refused.Text.EN}}
	}
	return std, err
}

// serve is the command of the same name.
type serve struct {
	database
	web
	Folder string `name:"folder" env:"TOWNGRID_FOLDER" type:"path" default:"towngrid-service" help:"PostgreSQL: folder of this service alone, for files being read and for what it served last, from which it starts while the database does not answer."`
}

// Run serves until the context ends.
func (s *serve) Run(ctx context.Context, out io.Writer) error {
	key, err := s.key()
	if err != nil {
		return err
	}
	folder := ""
	if postgis.Known(s.DB) {
		folder = s.Folder
		held, err := gpkg.Hold(ctx, folder)
		if err != nil {
			return err
		}
		defer held.Close()
	}
	s.Apart = true
	r, err := s.openIn(ctx, slog.LevelInfo, folder)
	if err != nil {
		return err
	}
	return errors.Join(s.answer(ctx, out, s.database, r, key, nil), r.Close())
}

// answer listens, says so, and serves until ctx ends.
func (w web) answer(ctx context.Context, out io.Writer, db database, r *data.Registry, key string, greet func(base string)) error {
	srv, err := w.server(r, key)
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", w.Listen)
	if err != nil {
		return err
	}
	w.print(out, l.Addr(), db, key)
	base := "http://" + l.Addr().String()
	if greet != nil {
		greet(base)
	}
	fmt.Fprintf(out, "ready        %s/\n", base)
	return srv.Serve(ctx, l)
}

// print shows the configuration in force, without secrets.
func (w web) print(out io.Writer, addr net.Addr, db database, key string) {
	for _, line := range [][2]string{
		{"version", programVersion()}, {"listen", addr.String()}, {"database", redact(db.DB)}, {"writes", writes(key)},
		{"base URL", w.BaseURL}, {"attribution", w.Attribution}, {"standards", strings.Join(w.StandardFile, ", ")},
		{"systems", db.CRSParameters}, {"tile cache", fmt.Sprintf("%d MB", w.TileCache>>20)}, {"grace", w.Grace.String()},
	} {
		if line[1] != "" {
			fmt.Fprintf(out, "%-12s %s\n", line[0], line[1])
		}
	}
}

func writes(key string) string {
	if key == "" {
		return "open to this machine (no administrator's key is set)"
	}
	return "need the administrator's key"
}

// reading is the command that the service starts for each upload.
type reading struct{}

// Run reads one upload, by the pipes that the service holds.
func (reading) Run(context.Context) error { return apart.Serve(os.Stdin, os.Stdout) }

// demoRun is the command "demo".
type demoRun struct {
	DB string `name:"db" env:"TOWNGRID_DB" default:"towngrid-demo.gpkg" help:"The database of the demonstration, made when there is none."`
	web
	Incidents int    `default:"130000" help:"Incidents in the year that is made."`
	Files     string `type:"path" help:"Keep the district's zipped shapefiles in this folder, with blocks.zip and roads.zip to try zone on."`
}

// Run makes and imports the district unless it is there already, and serves it.
func (d *demoRun) Run(ctx context.Context, out io.Writer) error {
	key, err := d.key()
	if err != nil {
		return err
	}
	db := database{DB: d.DB, Apart: true}
	r, err := db.open(ctx, slog.LevelWarn)
	if err != nil {
		return err
	}
	fmt.Fprintln(out, demo.Notice().ZH+" | "+demo.Notice().EN)
	err = d.fill(ctx, r)
	if err == nil {
		err = d.answer(ctx, out, db, r, key, func(base string) { greet(out, base) })
	}
	return errors.Join(err, r.Close())
}

// fill imports the collections of the district that the database does not hold.
func (d *demoRun) fill(ctx context.Context, r *data.Registry) error {
	if done, err := filled(ctx, r); err != nil || done {
		return err
	}
	if err := tidy(ctx, r); err != nil {
		return err
	}
	dir := d.Files
	if dir == "" {
		tmp, err := os.MkdirTemp("", "towngrid-demo-")
		if err != nil {
			return err
		}
		defer os.RemoveAll(tmp)
		dir = tmp
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	files, err := demo.Write(dir, demo.Options{Incidents: d.Incidents})
	if err != nil {
		return err
	}
	if d.Files != "" {
		if err := demo.WriteZoning(dir, demo.Options{}); err != nil {
			return err
		}
	}
	for _, f := range files {
		if r.Snapshot().Len(f.Collection) > 0 {
			continue
		}
		rc := data.Receipt{Collection: f.Collection, Division: demo.Division, Author: demoAuthor, Notice: demo.Notice().ZH}
		if _, err := take(ctx, r, f.Path, rc, true); err != nil {
			return fmt.Errorf("%s: %w", f.Path, err)
		}
	}
	return nil
}

// demoAuthor is named as the author of what the demonstration imports.
const demoAuthor = "demo"

// tidy waits for what an earlier start left half done, and throws its drafts away: the
// files are taken in anew.
func tidy(ctx context.Context, r *data.Registry) error {
	recent, err := r.Store().RecentUploads(ctx, 100)
	if err != nil {
		return err
	}
	for _, u := range recent {
		if u.Author != demoAuthor || u.State.Settled() && u.State != data.UploadDraft {
			continue
		}
		if u, err = r.Wait(ctx, u.ID); err != nil {
			return err
		}
		if u.State == data.UploadDraft {
			if err := r.DiscardUpload(ctx, u.ID); err != nil {
				return err
			}
		}
	}
	return nil
}

// filled says whether the database holds the whole district.
func filled(ctx context.Context, r *data.Registry) (bool, error) {
	for _, col := range geo.Collections() {
		if col != geo.Incidents && r.Snapshot().Len(col) == 0 {
			return false, nil
		}
	}
	n, err := r.Store().CountIncidents(ctx, data.IncidentFilter{Division: demo.Division})
	return n > 0, err
}

// greet prints the addresses to open and three lines to try.
func greet(out io.Writer, base string) {
	story := demo.Story()
	at := story.HotSpots[0].Centre
	fmt.Fprintf(out, `map          %[1]s/
tiles        %[1]s/tiles/towns,units,cells.json
features     %[1]s/collections/cells/items?limit=10
compliance   %[1]s/towns/%[2]s/compliance

try:
  curl '%[1]s/locate?lon=%.5[3]f&lat=%.5[4]f'
  curl '%[1]s/collections/towns/items?limit=1'
  printf '{"id":1,"lon":%.5[3]f,"lat":%.5[4]f}\n' | curl -s -H 'Content-Type: application/x-ndjson' --data-binary @- '%[1]s/locate'

`, base, story.Towns[0].Code, at.Lon(), at.Lat())
}

// imports is the command "import".
type imports struct {
	database
	File       string            `arg:"" type:"existingfile" help:"The file to read: a zipped shapefile, GeoJSON (also as a text sequence) or boundary-point text."`
	Collection string            `required:"" help:"towns, units, cells, parcels, facilities or incidents."`
	Division   string            `required:"" help:"Division code of 6, 9 or 12 digits."`
	Layer      string            `help:"Layer to read where the file holds several."`
	CRS        string            `name:"crs" help:"Coordinate reference system where the file names none or a wrong one, such as EPSG:4549; EPSG:4549~yx where the file has north first."`
	Encoding   string            `help:"Text encoding, such as GB18030."`
	CodeSystem string            `help:"Code system of land use: ydyh2023, sandiao or gb50137."`
	Field      map[string]string `help:"Field of the collection = field of the file, as often as needed."`
	Fix        string            `help:"snap moves vertices onto their neighbours' within the tolerance and lists each."`
	Tolerance  float64           `help:"Tolerance of gaps, overlaps and snapping in metres (0.001)."`
	Force      bool              `help:"Accept a file whose parts hold different numbers of records."`
	Draft      bool              `help:"Keep a draft, do not publish."`
	Author     string            `env:"USER" help:"Who is named as the author."`
}

// Run imports one file.
func (i *imports) Run(ctx context.Context, out io.Writer) error {
	rc := data.Receipt{Author: i.Author, Choice: intake.Choice{
		Layer: i.Layer, CRS: i.CRS, Encoding: i.Encoding, CodeSystem: i.CodeSystem, Fields: i.Field, Fix: i.Fix, ToleranceM: i.Tolerance, Force: i.Force,
	}}
	var err error
	if rc.Collection, err = geo.ParseCollection(i.Collection); err != nil {
		return err
	}
	if rc.Division, err = geo.ParseDivision(i.Division); err != nil {
		return err
	}
	r, err := i.open(ctx, slog.LevelWarn)
	if err != nil {
		return err
	}
	u, err := take(ctx, r, i.File, rc, !i.Draft)
	if err == nil {
		fmt.Fprintf(out, "upload %s: %s, %d records, %d features, CRS %s, encoding %s\n", u.ID, u.State, u.Counts.Records, u.Counts.Features, u.CRS.Name, u.Encoding.Name)
		for _, v := range u.Violations {
			fmt.Fprintln(out, " ", describe(v))
		}
	}
	return errors.Join(err, r.Close())
}

// take brings a file through the planner's road, with a bar, and
// publishes it when asked to. A refused file and an open question are errors.
func take(ctx context.Context, r *data.Registry, path string, rc data.Receipt, publish bool) (data.Upload, error) {
	f, err := os.Open(path)
	if err != nil {
		return data.Upload{}, err
	}
	defer f.Close()
	rc.File = filepath.Base(path)
	u, err := r.Receive(ctx, rc, f)
	if err != nil {
		return u, err
	}
	if u, err = follow(ctx, r, u); err != nil {
		return u, err
	}
	switch u.State {
	case data.UploadRefused:
		return u, &geo.Error{Code: "refused", Text: geo.Text{ZH: "文件未通过检查，未保存", EN: "the file did not pass the checks; nothing was kept"}, Violations: u.Violations}
	case data.UploadNeedsChoice:
		// The answer comes with the file, on another command line.
		return u, errors.Join(undecided(*u.Question), r.DiscardUpload(ctx, u.ID))
	case data.UploadDraft:
		if publish {
			if _, err := r.PublishUpload(ctx, u.ID, u.Base); err != nil {
				return u, err
			}
			return r.Upload(ctx, u.ID)
		}
	}
	return u, nil
}

// follow waits for an upload and draws a bar meanwhile.
func follow(ctx context.Context, r *data.Registry, u data.Upload) (data.Upload, error) {
	bar := newBar(1000, fmt.Sprintf("%-11s", u.Collection), progressbar.OptionSetPredictTime(false))
	waiting, done := context.WithCancel(ctx)
	drawn := make(chan struct{})
	go func() {
		defer close(drawn)
		draw(waiting, r, u.ID, bar)
	}()
	settled, err := r.Wait(ctx, u.ID)
	done()
	<-drawn
	_ = bar.Finish()
	return settled, err
}

// draw moves the bar as far as the upload has come, until ctx ends.
func draw(ctx context.Context, r *data.Registry, id string, bar *progressbar.ProgressBar) {
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if now, err := r.Upload(ctx, id); err == nil {
			_ = bar.Set(int(now.Progress * 999))
		}
	}
}

// undecided tells which question is open, and the flag that answers it.
func undecided(q intake.Question) error {
	flag := map[string]string{intake.AboutFields: "--field", intake.AboutCodeSystem: "--code-system"}[q.About]
	if flag == "" {
		flag = "--" + q.About
	}
	err := &geo.Error{Code: "needs_choice", Text: geo.Text{ZH: q.Text.ZH + "（用 " + flag + " 指定）", EN: q.Text.EN + " (answer by " + flag + ")"}}
	for _, o := range q.Options {
		err.Violations = append(err.Violations, geo.Breach(o.Value, geo.Notice, o.Label, geo.Text{}))
	}
	return err
}

// exports is the command "export".
type exports struct {
	database
	To         string `arg:"" type:"path" help:"The file to write; it must not be there yet."`
	Collection string `required:"" help:"towns, units, cells, parcels or facilities; of an archive of tiles several with commas between them."`
	Division   string `help:"Only this division."`
	Format     string `default:"shapefile" help:"shapefile, geojson, geojsonseq, gpkg, jzd or csv; pmtiles, mbtiles or mvt (a zip of files) for an archive of tiles."`
	CRS        string `name:"crs" help:"Coordinate reference system; CGCS2000 degrees when none is given."`
	Encoding   string `help:"GBK or UTF-8, for a shapefile or boundary-point text."`
	archives
}

// Run writes the file and lists what the format could not hold as it is.
func (e *exports) Run(ctx context.Context, out io.Writer) error {
	if archived(e.Format) {
		return e.archive(ctx, out)
	}
	col, division, o, err := e.options()
	if err != nil {
		return err
	}
	r, err := e.existing(ctx)
	if err != nil {
		return err
	}
	var report export.Report
	err = create(e.To, func(f io.Writer) (err error) {
		report, err = export.Write(ctx, f, r.Snapshot(), col, division, o)
		return err
	})
	if err == nil {
		fmt.Fprintf(out, "%s: %d features\n", e.To, report.Features)
		for _, v := range report.Cut {
			fmt.Fprintln(out, " ", describe(v))
		}
	}
	return errors.Join(err, r.Close())
}

func (e *exports) options() (col geo.Collection, division geo.Division, o export.Options, err error) {
	if flags := e.archives.given(); len(flags) > 0 {
		return col, division, o, geo.Errorf("bad_flag", "%s 只用于瓦片包（--format pmtiles、mbtiles 或 mvt）", "%s is for archives of tiles only (--format pmtiles, mbtiles or mvt)", strings.Join(flags, ", "))
	}
	if strings.Contains(e.Collection, ",") {
		return col, division, o, geo.Errorf("bad_collections", "只有瓦片包可含多个图层集；请逐个导出", "only an archive of tiles has several collections: export one at a time")
	}
	if col, err = geo.ParsePublic(e.Collection); err != nil {
		return col, division, o, err
	}
	if e.Division != "" {
		if division, err = geo.ParseDivision(e.Division); err != nil {
			return col, division, o, err
		}
	}
	if o.Format, err = export.ParseFormat(e.Format); err != nil {
		return col, division, o, geo.Errorf("unknown_format", "没有格式 %.40q，可用：%[2]s；瓦片包：pmtiles、mbtiles、mvt", "there is no format %.40q; there are %[2]s and, of tiles, pmtiles, mbtiles and mvt", e.Format, geo.Listed(export.Formats()))
	}
	if e.CRS != "" {
		o.CRS, err = crs.Parse(e.CRS)
	}
	o.Encoding = e.Encoding
	return col, division, o, err
}

// create makes a file that is not there yet by write; after an error there is none.
func create(path string, write func(io.Writer) error) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	err = write(f)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return errors.Join(err, os.Remove(path))
	}
	return nil
}

// backup is the command of the same name.
type backup struct {
	database
	To string `arg:"" type:"path" help:"The file to write; it must not be there yet."`
}

// Run copies the database.
func (b *backup) Run(ctx context.Context) error {
	r, err := b.existing(ctx)
	if err != nil {
		return err
	}
	err = create(b.To, func(f io.Writer) error { return r.Store().Backup(ctx, f) })
	return errors.Join(err, r.Close())
}

// restore is the command of the same name.
type restore struct {
	database
	From string `arg:"" type:"existingfile" help:"The file that backup wrote."`
}

// Run fills the database. A GeoPackage's backup is the database itself.
func (r *restore) Run(ctx context.Context) error {
	f, err := os.Open(r.From)
	if err != nil {
		return err
	}
	defer f.Close()
	if !postgis.Known(r.DB) {
		if err := create(r.DB, func(w io.Writer) error { _, err := io.Copy(w, f); return err }); err != nil {
			return err
		}
		s, err := gpkg.Open(ctx, r.DB, gpkg.Options{})
		if err != nil {
			return err
		}
		return errors.Join(s.Verify(ctx), s.Close())
	}
	s, err := postgis.Open(ctx, r.DB, postgis.Options{Pool: r.Pool, Replicas: r.Replicas})
	if err != nil {
		return err
	}
	return errors.Join(s.Restore(ctx, f), s.Close())
}

// copies is the command "copy".
type copies struct {
	From string `required:"" help:"The database to read: a GeoPackage file that no service uses, or a postgres:// address."`
	To   string `required:"" help:"The database to fill, made when there is none. A copy that was cut off goes on where it was."`
	Pool int    `name:"db-pool" env:"TOWNGRID_DB_POOL" default:"16" help:"PostgreSQL: connections of this run."`
}

// Run copies and compares.
func (c *copies) Run(ctx context.Context, out io.Writer) error {
	source := database{DB: c.From, Pool: c.Pool, Replicas: 1}
	if err := source.exists(); err != nil {
		return err
	}
	from, err := source.store(ctx, false, logger(slog.LevelWarn))
	if err != nil {
		return err
	}
	to, err := database{DB: c.To, Pool: c.Pool, Replicas: 1}.store(ctx, false, logger(slog.LevelWarn))
	if err != nil {
		return errors.Join(err, from.Close())
	}
	done, err := data.Copy(ctx, from, to, func(step string) { fmt.Fprintf(os.Stderr, "\r\033[K%s", step) })
	fmt.Fprintln(os.Stderr)
	if err == nil {
		fmt.Fprintf(out, "versions   %d, %d new\nuploads    %d, %d new\nincidents  %d, %d new\ndigest     %s, the same of both\n",
			done.Versions, done.NewVersions, done.Uploads, done.NewUploads, done.Incidents, done.NewIncidents, done.Digest)
	}
	return errors.Join(err, to.Close(), from.Close())
}

// version is the command of the same name.
type version struct{}

// Run prints the version.
func (version) Run(out io.Writer) error {
	_, err := fmt.Fprintln(out, "towngrid", programVersion())
	return err
}

// programVersion is the module's version, or the revision that it was built from.
func programVersion() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	if v := info.Main.Version; v != "" && v != "(devel)" {
		return v
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			return s.Value
		}
	}
	return "development"
}

// archives are the flags of "export" for archives of tiles.
type archives struct {
	MinZoom     int     `help:"Lowest zoom of an archive of tiles (0)."`
	MaxZoom     int     `default:"14" help:"Highest zoom of an archive of tiles."`
	Bbox        string  `help:"Only tiles that meet this box: west,south,east,north in degrees."`
	Grid        string  `default:"WebMercatorQuad" help:"Grid of an archive of tiles: WebMercatorQuad, or CGCS2000Quad (degrees) in the format mvt."`
	Datum       string  `default:"wgs84" help:"Datum of the map that an archive of tiles lies on: wgs84, gcj02 or bd09."`
	Content     string  `help:"Layers of an archive of tiles: fills, labels and borders with commas between them; all when none is given."`
	Properties  *string `help:"Properties in an archive of tiles, with commas between them; all when none is given."`
	Attribution string  `env:"TOWNGRID_ATTRIBUTION" help:"Shown on maps made from an archive of tiles, such as a map approval number (审图号)."`
}

// given are those of the flags that no other format has, and that say something.
func (f archives) given() (flags []string) {
	for _, flag := range []struct {
		name  string
		given bool
	}{
		{"--min-zoom", f.MinZoom != 0}, {"--max-zoom", f.MaxZoom != 14}, {"--bbox", f.Bbox != ""}, {"--grid", f.Grid != string(tiles.WebMercatorQuad)},
		{"--datum", f.Datum != string(crs.WGS84)}, {"--content", f.Content != ""}, {"--properties", f.Properties != nil},
	} {
		if flag.given {
			flags = append(flags, flag.name)
		}
	}
	return flags
}

// archived says whether a format is one of an archive of tiles.
func archived(format string) bool {
	return format == "pmtiles" || format == "mbtiles" || format == "mvt"
}

// archive is the archive that the flags ask for.
func (f archives) archive(collections string) (a tiles.Archive, err error) {
	if a.Collections, err = tiles.ParseCollections(collections); err != nil {
		return a, err
	}
	if a.Grid, err = tiles.ParseGrid(f.Grid); err != nil {
		return a, err
	}
	if a.Datum, err = crs.ParseDatum(f.Datum); err != nil {
		return a, err
	}
	if a.Content, err = tiles.ParseContent(f.Content); err != nil {
		return a, err
	}
	if f.Properties != nil {
		if a.Properties, err = tiles.ParseProperties(*f.Properties); err != nil {
			return a, err
		}
	}
	if a.Bound, err = parseBound(f.Bbox); err != nil {
		return a, err
	}
	a.MinZoom, a.MaxZoom = zoom(f.MinZoom), zoom(f.MaxZoom)
	a.Attribution = f.Attribution
	return a, a.Check()
}

// zoom is a zoom as a flag gives it; what is none stays none.
func zoom(n int) uint8 {
	if n < 0 || n > 255 {
		return 255
	}
	return uint8(n)
}

// parseBound reads west,south,east,north; "" is no bound.
func parseBound(s string) (*orb.Bound, error) {
	if s == "" {
		return nil, nil
	}
	bad := geo.Errorf("bad_bbox", "--bbox %q 应为 西,南,东,北 四个度数", "--bbox %q: wanted are west,south,east,north in degrees", s)
	var v [4]float64
	parts := strings.Split(s, ",")
	if len(parts) != len(v) {
		return nil, bad
	}
	for i, p := range parts {
		n, err := strconv.ParseFloat(strings.TrimSpace(p), 64)
		if limit := float64(180 - 90*(i%2)); err != nil || !(n >= -limit && n <= limit) {
			return nil, bad
		}
		v[i] = n
	}
	if v[0] > v[2] || v[1] > v[3] {
		return nil, bad
	}
	return &orb.Bound{Min: orb.Point{v[0], v[1]}, Max: orb.Point{v[2], v[3]}}, nil
}

// archive writes an archive of tiles, with a bar on standard error.
func (e *exports) archive(ctx context.Context, out io.Writer) error {
	if e.Division != "" || e.CRS != "" || e.Encoding != "" {
		return geo.Errorf("bad_flag", "瓦片包不能用 --division、--crs 或 --encoding；范围用 --bbox", "an archive of tiles takes no --division, --crs or --encoding; --bbox limits it")
	}
	a, err := e.archives.archive(e.Collection)
	if err == nil && e.Format != "mvt" {
		err = a.CheckMercator()
	}
	if err != nil {
		return err
	}
	r, err := e.existing(ctx)
	if err != nil {
		return err
	}
	n, err := e.pack(ctx, r.Snapshot(), a)
	if err == nil {
		fmt.Fprintf(out, "%s: %d tiles\n", e.To, n)
	}
	return errors.Join(err, r.Close())
}

// pack makes the archive's file and counts its tiles.
func (e *exports) pack(ctx context.Context, s *snapshot.Snapshot, a tiles.Archive) (n int, err error) {
	a.Description = notices(s, a.Collections)
	meta, err := a.Metadata(s)
	if err != nil {
		return 0, err
	}
	all := 0
	for range a.Addresses(s) {
		if all++; all%1024 == 0 && ctx.Err() != nil {
			return 0, ctx.Err()
		}
	}
	if all == 0 {
		return 0, geo.Errorf("nothing_published", "所选范围和级别内没有已发布的内容", "nothing is published within that box and those zooms")
	}
	bar := newBar(int64(all), e.Format, progressbar.OptionShowCount())
	made := func(yield func(tiles.Packed, error) bool) {
		for t, err := range a.Tiles(ctx, s, func(done int) { _ = bar.Set(done) }) {
			if n++; !yield(t, err) {
				return
			}
		}
	}
	err = create(e.To, func(f io.Writer) error {
		switch e.Format {
		case "pmtiles":
			return tiles.WritePMTiles(f, "", meta, made)
		case "mvt":
			return tiles.WriteZip(f, meta, made)
		}
		return mbtiles.Write(ctx, f, "", mbtiles.Metadata{
			Name: meta.Name, Description: meta.Description, Attribution: meta.Attribution, Version: meta.Version,
			MinZoom: meta.MinZoom, MaxZoom: meta.MaxZoom, Bounds: meta.Bounds, Center: meta.Center, Layers: meta.VectorLayers,
		}, unpacked(made))
	})
	return n, err
}

// unpacked gives tiles as MBTiles takes them.
func unpacked(made iter.Seq2[tiles.Packed, error]) iter.Seq2[mbtiles.Tile, error] {
	return func(yield func(mbtiles.Tile, error) bool) {
		for t, err := range made {
			if !yield(mbtiles.Tile{Z: t.Z, X: t.X, Y: t.Y, Body: t.Body}, err) {
				return
			}
		}
	}
}

// notices is what the versions of some collections declare of themselves.
func notices(s *snapshot.Snapshot, cs []geo.Collection) string {
	var said []string
	for _, c := range cs {
		for _, p := range s.Parts(c) {
			if n := p.Version().Source.Notice; n != "" && !slices.Contains(said, n) {
				said = append(said, n)
			}
		}
	}
	return strings.Join(said, " ")
}

// zones is the command "zone".
type zones struct {
	database
	Division  string    `required:"" help:"Division code of 6, 9 or 12 digits."`
	Plan      string    `type:"existingfile" help:"The plan as a JSON file, as POST /zonings takes it; flags go over it."`
	Method    string    `help:"squares, hexagons, beidou, lines, balanced or rezone."`
	Size      float64   `help:"Size of squares and hexagons in metres."`
	Level     int       `help:"Level of Beidou cells, 1-10."`
	Cells     int       `help:"How many balanced cells there are to be."`
	PerCell   []float64 `help:"Least and most load of a balanced cell, such as 300,500." placeholder:"LEAST,MOST"`
	Load      []string  `help:"What cells carry evenly: area, incidents, addresses or a column of the blocks, each with a weight if need be: households=2." placeholder:"NAME[=WEIGHT]"`
	Residents string    `help:"Column of the blocks with the residents."`
	Within    string    `help:"Units that cells keep to: station (default), room, centre or none."`
	BlocksOf  string    `help:"Published collection that is the blocks: cells or parcels."`
	Blocks    string    `type:"existingfile" help:"File of blocks."`
	Lines     string    `type:"existingfile" help:"File of lines, such as roads and rivers."`
	Units     string    `type:"existingfile" help:"File of units, such as villages, in place of the published ones."`
	Boundary  string    `type:"existingfile" help:"File of what is to be divided as one."`
	Addresses string    `type:"existingfile" help:"File of points to be counted."`
	CRS       string    `name:"crs" help:"Coordinate reference system of files that name none, such as EPSG:4549."`
	Scheme    string    `help:"Scheme of codes: division12 (default), division12-4, unit15, community20 or beidou."`
	Seed      uint64    `help:"Another seed gives another proposal as good."`
	Codes     string    `type:"path" help:"Write the table from old codes to new ones as CSV; the file must not be there yet."`
	Publish   bool      `help:"Publish the proposal; else it stays a draft."`
	Check     bool      `help:"Make nothing: hold the published cells against the rules."`
	Author    string    `env:"USER" help:"Who is named as the author."`
}

// Run makes one proposal, with a bar, and prints its figures.
func (z *zones) Run(ctx context.Context, out io.Writer) error {
	q, err := z.request()
	if err != nil {
		return err
	}
	r, err := z.existing(ctx)
	if err != nil {
		return err
	}
	if z.Check {
		err = z.check(ctx, r, q, out)
	} else {
		err = z.propose(ctx, r, q, out)
	}
	return errors.Join(err, r.Close())
}

// request is the plan of the file with the flags over it.
func (z *zones) request() (q data.ZoningRequest, err error) {
	if z.Plan != "" {
		raw, err := os.ReadFile(z.Plan)
		if err != nil {
			return q, err
		}
		dec := json.NewDecoder(bytes.NewReader(raw))
		dec.DisallowUnknownFields()
		if err := dec.Decode(&q); err != nil {
			return q, fmt.Errorf("%s: %w", z.Plan, err)
		}
	}
	if q.Division, err = geo.ParseDivision(z.Division); err != nil {
		return q, err
	}
	text := func(to *string, flag string) {
		if flag != "" {
			*to = flag
		}
	}
	text((*string)(&q.Method), z.Method)
	text(&q.Within, z.Within)
	text((*string)(&q.BlocksOf), z.BlocksOf)
	text(&q.Residents, z.Residents)
	text(&q.Scheme.ID, z.Scheme)
	if z.Size != 0 {
		q.SizeM = z.Size
	}
	if z.Level != 0 {
		q.Level = z.Level
	}
	if z.Cells != 0 {
		q.Cells = z.Cells
	}
	if z.Seed != 0 {
		q.Seed = z.Seed
	}
	if len(z.PerCell) == 2 {
		q.LoadPerCell = &[2]float64{z.PerCell[0], z.PerCell[1]}
	} else if len(z.PerCell) > 0 {
		return q, geo.Errorf("bad_range", "--per-cell 应为两个数，如 300,500", "--per-cell wants two numbers, such as 300,500")
	}
	for _, l := range z.Load {
		t, err := term(l)
		if err != nil {
			return q, err
		}
		q.Load = append(q.Load, t)
	}
	for role := range z.files() {
		c := q.Files[role]
		if text(&c.CRS, z.CRS); q.Files == nil {
			q.Files = map[string]intake.Choice{}
		}
		q.Files[role] = c
	}
	return q, nil
}

// term reads NAME or NAME=WEIGHT.
func term(s string) (t zoning.Term, err error) {
	name, weight, weighted := strings.Cut(s, "=")
	switch name {
	case zoning.OfArea, zoning.OfIncidents, zoning.OfAddresses:
		t.Of = name
	default:
		t.Of, t.Column = zoning.OfColumn, name
	}
	if weighted {
		t.Weight, err = strconv.ParseFloat(weight, 64)
	}
	return t, err
}

// files are the files given, by role.
func (z *zones) files() map[string]string {
	given := map[string]string{}
	for role, path := range map[string]string{
		data.RoleBlocks: z.Blocks, data.RoleLines: z.Lines, data.RoleUnits: z.Units, data.RoleBoundary: z.Boundary, data.RoleAddresses: z.Addresses,
	} {
		if path != "" {
			given[role] = path
		}
	}
	return given
}

// opened yields the files in the order of their roles.
func (z *zones) opened(yield func(data.ZoningFile, error) bool) {
	given := z.files()
	for _, role := range data.ZoningRoles() {
		path, ok := given[role]
		if !ok {
			continue
		}
		f, err := os.Open(path)
		more := yield(data.ZoningFile{Role: role, File: filepath.Base(path), Body: f}, err)
		_ = f.Close()
		if !more {
			return
		}
	}
}

func (z *zones) propose(ctx context.Context, r *data.Registry, q data.ZoningRequest, out io.Writer) error {
	u, err := r.Zone(ctx, q, z.Author, z.opened)
	if err != nil {
		return err
	}
	if u, err = follow(ctx, r, u); err != nil {
		return err
	}
	if u.State != data.UploadDraft {
		return &geo.Error{Code: "refused", Text: geo.Text{ZH: "未能生成方案", EN: "no proposal could be made"}, Violations: u.Violations}
	}
	if err := z.print(out, u); err != nil {
		return err
	}
	if z.Publish {
		v, err := r.PublishUpload(ctx, u.ID, u.Base)
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "published    number %d\n", v.Number)
	}
	return nil
}

// print shows the figures of a proposal beside those of others, then what is to be said of it.
func (z *zones) print(out io.Writer, u data.Upload) error {
	p := u.Zoning.Report
	fmt.Fprintf(out, "draft        %s\nblocks       %d\n%-12s %10s %10s %10s %10s %12s %10s %10s\n", u.ID, p.Blocks, "", "cells", "max/mean", "even", "compact", "on lines", "in pieces", "incidents*")
	for _, row := range []struct {
		name string
		f    *zoning.Figures
	}{{"proposed", &p.Figures}, {"naive", p.Naive}, {"published", p.Before}} {
		if f := row.f; f != nil {
			fmt.Fprintf(out, "%-12s %10d %10.3f %9.1f%% %10.3f %11.1f%% %10d %10.2f\n", row.name, f.Cells, f.Load.MaxOverMean, 100*f.Within, f.Compactness, 100*f.OnLines, f.Pieces, f.Incidents.MaxOverMean)
		}
	}
	fmt.Fprintln(out, "             max/mean is that of the load, *: that of the incidents by which the cells are judged")
	if b := p.Bound; b != nil {
		fmt.Fprintf(out, "bound        the heaviest block is %.2f of the mean; at most %.1f%% of the cells can be even\n", b.Block, 100*b.Within)
	}
	if m := p.Moved; m != nil {
		fmt.Fprintf(out, "moved        %.0f residents (%.1f%%), %.0f incidents, %.2f km²\n", m.Residents, 100*m.ResidentsShare, m.Incidents, m.AreaM2/1e6)
	}
	for i, v := range u.Violations {
		if i == 20 {
			fmt.Fprintf(out, "  … %d more\n", len(u.Violations)-i)
			break
		}
		fmt.Fprintln(out, " ", describe(v))
	}
	if z.Codes == "" {
		return nil
	}
	rows, err := u.Zoning.Recodes()
	if err != nil {
		return err
	}
	return create(z.Codes, func(f io.Writer) error { return zoning.WriteCodes(f, rows) })
}

// check holds the published cells against the rules and lists each breach.
func (z *zones) check(ctx context.Context, r *data.Registry, q data.ZoningRequest, out io.Writer) error {
	rules := zoning.Rules{Property: "load"}
	var err error
	if rules.Scheme, err = zoning.FindScheme(q.Scheme.ID); err != nil {
		return err
	}
	if q.LoadPerCell != nil {
		rules.Load = *q.LoadPerCell
	}
	vs, err := r.CheckCells(ctx, q.Division, "", rules)
	if err != nil {
		return err
	}
	for _, v := range vs {
		fmt.Fprintln(out, " ", describe(v))
	}
	_, err = fmt.Fprintf(out, "%d breaches\n", len(vs))
	return err
}

// locate is the command of the same name.
type locate struct {
	database
	From    string `arg:"" optional:"" type:"path" help:"The file to read; standard input when none is given."`
	To      string `short:"o" type:"path" help:"The file to write, which must not be there yet; standard output when none is given."`
	Format  string `help:"ndjson, csv, geojson or geojsonseq; by the file's name, else by how it begins."`
	CSV     bool   `name:"csv" help:"The same as --format csv."`
	ID      string `name:"id" help:"Column or member of the ID."`
	Lon     string `help:"Column or member of the longitude."`
	Lat     string `help:"Column or member of the latitude."`
	Charset string `help:"gb18030 for a CSV in GBK or GB18030."`
	Keep    bool   `help:"Give the rows' own columns back behind the answer's."`
	Datum   string `default:"wgs84" help:"Datum of the positions: wgs84, gcj02 or bd09."`
	At      string `help:"Match to what was live at this moment, as in RFC 3339."`
	Compare string `help:"Tell the cell at this moment as well, and whether it is another one."`
	Unpack  string `help:"gzip or zstd, where standard input is; a file's name tells it."`
	Pack    string `help:"gzip or zstd, for standard output; a file's name tells it."`
	Lang    string `default:"zh" enum:"zh,en" help:"Language of problems: zh or en."`
}

// Run matches row by row.
func (l *locate) Run(ctx context.Context, out io.Writer) error {
	o, err := l.options()
	if err != nil {
		return err
	}
	r, err := l.existing(ctx)
	if err != nil {
		return err
	}
	if o.Snapshot, err = moment(ctx, r, l.At); err == nil && l.Compare != "" {
		o.Against, err = moment(ctx, r, l.Compare)
	}
	if err == nil {
		err = l.run(ctx, out, o)
	}
	return errors.Join(err, r.Close())
}

// options are those that need no database.
func (l *locate) options() (o batch.Options, err error) {
	o = batch.Options{
		Charset: l.Charset, Names: batch.Names{ID: l.ID, Lon: l.Lon, Lat: l.Lat}, Keep: l.Keep, Lang: l.Lang,
		Begin: func() {},
	}
	if o.Datum, err = crs.ParseDatum(l.Datum); err != nil {
		return o, err
	}
	named, byName := batch.Extension(l.From)
	switch {
	case l.CSV:
		o.Format = batch.CSV
	case l.Format != "":
		o.Format, err = batch.ParseFormat(l.Format)
	case byName:
		o.Format = named
	}
	if l.Charset != "" {
		_, o.Charset, err = batch.ParseMedia("text/csv; charset=" + l.Charset)
	}
	return o, err
}

// moment is the Snapshot of a moment, the present one for "".
func moment(ctx context.Context, r *data.Registry, at string) (*snapshot.Snapshot, error) {
	if at == "" {
		return r.Snapshot(), nil
	}
	t, err := time.Parse(time.RFC3339Nano, at)
	if err != nil {
		return nil, geo.Errorf("bad_time", "%q 应为 RFC 3339 时间", "%q: wanted is a time as in RFC 3339", at)
	}
	return r.At(ctx, t)
}

// run opens both ends.
func (l *locate) run(ctx context.Context, out io.Writer, o batch.Options) error {
	in := os.Stdin
	if l.From != "" {
		f, err := os.Open(l.From)
		if err != nil {
			return err
		}
		in = f
	}
	defer in.Close()
	stop := func() { _ = in.Close() } // ends a read that waits
	defer context.AfterFunc(ctx, stop)()
	o.Stop = stop
	unpacked, err := batch.Unpack(watched(in), packing(l.Unpack, l.From))
	if err != nil {
		return err
	}
	defer unpacked.Close()
	rows := io.Reader(unpacked)
	if o.Format == "" {
		if o.Format, rows, err = batch.Sniff(rows); err != nil {
			return err
		}
	}
	write := func(w io.Writer) error {
		packed, err := batch.Pack(bufio.NewWriterSize(w, 64<<10), packing(l.Pack, l.To))
		if err != nil {
			return err
		}
		return errors.Join(batch.Run(rows, packed, o), packed.Close())
	}
	if l.To != "" {
		return create(l.To, write)
	}
	return write(out)
}

// packing is what a flag says, else what a file's name does.
func packing(flag, name string) batch.Packing {
	switch {
	case flag != "":
		return batch.Packing(flag)
	case strings.HasSuffix(name, ".gz"):
		return batch.Gzip
	case strings.HasSuffix(name, ".zst"):
		return batch.Zstd
	}
	return batch.Plain
}

// watched draws a bar while a file is read, where there is a terminal to draw it on.
func watched(in *os.File) io.Reader {
	at, err := in.Stat()
	if err != nil || !terminal(os.Stderr) || !at.Mode().IsRegular() {
		return in
	}
	r := progressbar.NewReader(in, newBar(at.Size(), "", progressbar.OptionShowBytes(true), progressbar.OptionThrottle(100*time.Millisecond)))
	return &r
}

// rematch is the command of the same name.
type rematch struct {
	database
	Upload     string `help:"ID of an upload: which incidents would change if its draft went live."`
	Version    string `help:"ID of a version: which incidents change with it."`
	Against    string `help:"With --version: the ID of another one, or stored for what incidents were matched to when they came in; what is live when none is given."`
	Collection string `help:"The points that are matched: incidents, or facilities as they are live with it (incidents)."`
	Division   string `help:"Points of this division only."`
	Format     string `default:"json" enum:"json,csv,ndjson" help:"json counts; csv and ndjson list."`
}

// Run writes what comes of matching the incidents again.
func (m *rematch) Run(ctx context.Context, out io.Writer) error {
	points, err := api.RematchPoints(m.Collection)
	if err != nil {
		return err
	}
	var f data.IncidentFilter
	if m.Division != "" {
		d, err := geo.ParseDivision(m.Division)
		if err != nil {
			return err
		}
		f.Division = d
	}
	r, err := m.existing(ctx)
	if err != nil {
		return err
	}
	from, to, err := m.pictures(ctx, r)
	if err == nil {
		media := map[string]string{"json": "application/json", "csv": string(batch.CSV), "ndjson": string(batch.NDJSON)}[m.Format]
		err = api.WriteRematch(ctx, out, r, media, points, f, from, to, func() {})
	}
	return errors.Join(err, r.Close())
}

func (m *rematch) pictures(ctx context.Context, r *data.Registry) (from, to *snapshot.Snapshot, err error) {
	switch {
	case (m.Upload == "") == (m.Version == ""):
		return nil, nil, geo.Errorf("missing_parameter", "须指定 --upload 或 --version 之一", "either --upload or --version is wanted")
	case m.Upload != "":
		to, err = r.Preview(ctx, m.Upload)
		return r.Snapshot(), to, err
	}
	return api.Pictures(ctx, r, m.Version, m.Against)
}

// report is the command of the same name.
type report struct {
	database
	Town          string `arg:"" optional:"" help:"The town's code; without one, all towns side by side."`
	To            string `type:"path" help:"The file to write; it must not be there yet. Its ending chooses the format."`
	Each          string `type:"path" help:"A folder to write a report of each town into, as CODE and the format's ending."`
	Format        string `help:"json, geojson, csv, html or xlsx."`
	Division      string `help:"Only the towns of this division."`
	SortBy        string `name:"sortby" help:"Order of the towns: metrics or properties with commas between them, - before one to turn it round."`
	List          string `help:"The list that a CSV file holds: findings, parcels, breakdown, facilities, access, enterprises or about."`
	Standard      string `help:"The standard's ID; the first of GET /standards when none is given."`
	Policy        string `help:"Residential land that counts: 07, 0701 or 0701+0702."`
	ClimateZone   string `help:"Climate zone in place of the town's, I to VII."`
	FarmBuildings bool   `help:"Count agricultural buildings as construction land."`
	At            string `help:"The moment of the report (RFC 3339)."`
	Since         string `help:"An earlier moment, to see what has changed since (RFC 3339)."`
	Lang          string `default:"zh" enum:"zh,en" help:"zh or en."`

	StandardFile []string `env:"TOWNGRID_STANDARD_FILE" type:"path" help:"Further standards to judge by, as files."`
}

// Run writes the report to out, or to the files asked for.
func (c *report) Run(ctx context.Context, out io.Writer) error {
	job, err := c.job()
	if err != nil {
		return err
	}
	r, err := c.existing(ctx)
	if err != nil {
		return err
	}
	return errors.Join(c.write(ctx, r, job, out), r.Close())
}

// job is what the flags ask for.
func (c *report) job() (job api.ReportJob, err error) {
	if c.Since != "" && c.Town == "" {
		return job, geo.Errorf("missing_parameter", "--since 须指明小镇", "--since needs a town")
	}
	if job.Standards, err = (web{StandardFile: c.StandardFile}).editions(); err != nil {
		return job, err
	}
	job.Standard, job.Town, job.Division, job.SortBy = c.Standard, geo.Code(c.Town), c.Division, c.SortBy
	job.Options = density.Options{Policy: density.Policy(c.Policy), ClimateZone: c.ClimateZone, FarmBuildings: c.FarmBuildings}
	job.Style = paper.Style{Format: paper.JSON, Lang: c.Lang, List: c.List}
	if name := cmp.Or(c.Format, c.To); name != "" {
		job.Style.Format, err = paper.ParseFormat(name)
	}
	return job, err
}

func (c *report) write(ctx context.Context, r *data.Registry, job api.ReportJob, out io.Writer) error {
	now, err := moment(ctx, r, c.At)
	if err != nil {
		return err
	}
	if c.Each != "" {
		return c.writeEach(now, job, out)
	}
	write := func(w io.Writer) error { return api.WriteReport(w, job, now) }
	if c.Since != "" {
		since, err := moment(ctx, r, c.Since)
		if err != nil {
			return err
		}
		write = func(w io.Writer) error { return api.WriteChanges(w, job, since, now) }
	}
	if c.To != "" {
		return create(c.To, write)
	}
	return write(out)
}

// writeEach writes a report of each town into the folder.
func (c *report) writeEach(now *snapshot.Snapshot, job api.ReportJob, out io.Writer) error {
	codes, err := api.TownsOf(now, job.Division)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(c.Each, 0o755); err != nil {
		return err
	}
	for _, code := range codes {
		if job.Town != "" && code != job.Town {
			continue
		}
		one := job
		one.Town = code
		path := filepath.Join(c.Each, url.PathEscape(string(code))+"."+string(job.Style.Format))
		if err := create(path, func(w io.Writer) error { return api.WriteReport(w, one, now) }); err != nil {
			return err
		}
		fmt.Fprintln(out, path)
	}
	return nil
}
