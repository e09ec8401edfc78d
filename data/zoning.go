package data

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/paulmach/orb"

	"towngrid/geo"
	"towngrid/geo/coverage"
	"towngrid/geo/intake"
	"towngrid/geo/zoning"
)

// Zoning is an upload whose draft is not read from a file but proposed by package
// zoning. The draft goes the road of every other: it is seen, compared, published or
// thrown away under the upload's ID.
type Zoning struct {
	Request ZoningRequest `json:"request"`
	Inputs  []ZoningInput `json:"inputs,omitempty"`
	// Report is set once the draft is made.
	Report *zoning.Report `json:"report,omitempty"`
	// Codes is the table from old codes to new ones of the report, as gzipped JSON: for
	// tens of thousands of cells it is much larger than all else. See Recodes.
	Codes []byte `json:"codes,omitempty"`
}

// ZoningRequest is what a planner asks for.
type ZoningRequest struct {
	zoning.Plan
	Division geo.Division `json:"division"`
	// Within is the level of the published units that cells keep to: station, room or
	// centre; "none" unites the stations to one. "" is station. A file of units, or of a
	// boundary, takes their place.
	Within string `json:"within,omitempty"`
	// BlocksOf makes the features of a published collection the blocks: cells or parcels.
	BlocksOf geo.Collection `json:"blocks_of,omitempty"`
	// JudgeFrom and JudgeTo bound the incidents that the cells are judged by, as dates; ""
	// means the 365 days before today.
	JudgeFrom string `json:"judge_from,omitempty"`
	JudgeTo   string `json:"judge_to,omitempty"`
	// Files says of files by their roles what a planner says of an upload.
	Files map[string]intake.Choice `json:"files,omitempty"`
}

// Roles of the files that come with a ZoningRequest.
const (
	RoleBlocks    = "blocks"    // polygons with columns
	RoleLines     = "lines"     // roads, rivers; the rings of polygons count as lines too
	RoleUnits     = "units"     // polygons that cells keep to, with their codes
	RoleBoundary  = "boundary"  // polygons that are divided as one
	RoleAddresses = "addresses" // points
)

// ZoningRoles are the roles that a file can have.
func ZoningRoles() []string {
	return []string{RoleBlocks, RoleLines, RoleUnits, RoleBoundary, RoleAddresses}
}

// ZoningInput is one file that came with a request.
type ZoningInput struct {
	Role   string `json:"role"`
	File   string `json:"file"`
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
}

// ZoningFile is a file on its way in.
type ZoningFile struct {
	Role, File string
	Body       io.Reader
}

// Check refuses a request that cannot be meant; see zoning.Plan.Check.
func (q ZoningRequest) Check() error {
	bad := func(member, zh, en string, args ...any) error {
		t := geo.Textf(zh, en, args...)
		return geo.Errorf("bad_plan", "方案的 %s 有误：%[2]s", "the plan's %s is wrong: %[3]s", member, t.ZH, t.EN)
	}
	if !slices.Contains([]string{"", "none", geo.LevelStation, geo.LevelRoom, geo.LevelCentre}, q.Within) {
		return bad("within", "没有层级 %.40q；可用：station、room、centre、none", "there is no level %.40q; there are station, room, centre, none", q.Within)
	}
	if !slices.Contains([]geo.Collection{"", geo.Cells, geo.Parcels}, q.BlocksOf) {
		return bad("blocks_of", "%.40q 不能作为地块；可用：cells、parcels", "%.40q cannot be the blocks; cells and parcels can", string(q.BlocksOf))
	}
	for _, day := range []string{q.JudgeFrom, q.JudgeTo} {
		if _, err := time.Parse(time.DateOnly, day); day != "" && err != nil {
			return bad("judge_from, judge_to", "日期 %.20q 应如 2025-01-01", "the date %.20q must look like 2025-01-01", day)
		}
	}
	for role, c := range q.Files {
		if !slices.Contains(ZoningRoles(), role) {
			return bad("files", "没有文件角色 %.40q；可用：%s", "there is no file %.40q; there are %s", role, strings.Join(ZoningRoles(), ", "))
		}
		if err := c.Check(); err != nil {
			return err
		}
	}
	return q.Plan.Check()
}

// Zone takes a request and its files in; the proposal is made by the time that Wait
// returns. Errors are those of Receive, and of a request that is wrong.
func (r *Registry) Zone(ctx context.Context, q ZoningRequest, author string, files iter.Seq2[ZoningFile, error]) (Upload, error) {
	if err := q.Check(); err != nil {
		return Upload{}, err
	}
	if !r.uploads.enter() {
		return Upload{}, ErrBusy
	}
	u, err := r.zoningTaken(ctx, q, author, files)
	if err != nil {
		r.uploads.leave()
		return Upload{}, err
	}
	r.uploads.read(u)
	return u, nil
}

// zoningTaken is an upload whose files are in the spool and which the store knows of.
func (r *Registry) zoningTaken(ctx context.Context, q ZoningRequest, author string, files iter.Seq2[ZoningFile, error]) (u Upload, err error) {
	u = Upload{
		ID: uuid.NewString(), State: UploadReceived, Collection: geo.Cells, Division: q.Division, File: "zoning-" + string(q.Method),
		Author: cleanName(author), Created: r.opts.Now().UTC(), Base: r.LiveNumber(geo.Cells, q.Division), Zoning: &Zoning{Request: q},
	}
	u.Updated = u.Created
	z := u.Zoning
	defer func() {
		if err != nil {
			err = errors.Join(err, r.uploads.dropInputs(u))
		}
	}()
	for f, ferr := range files {
		if ferr != nil {
			return u, ferr
		}
		if !slices.Contains(ZoningRoles(), f.Role) || slices.ContainsFunc(z.Inputs, func(i ZoningInput) bool { return i.Role == f.Role }) {
			return u, geo.Errorf("unknown_part", "不接受名为 %.40q 的部分，或该部分出现多次；可用：plan、%s", "a part %.40q is not taken, or comes twice; there are plan, %s", f.Role, strings.Join(ZoningRoles(), ", "))
		}
		in := ZoningInput{Role: f.Role, File: cleanName(f.File)}
		if in.Size, in.SHA256, err = r.uploads.spool(spoolName(u.ID, f.Role), f.Body); err != nil {
			return u, err
		}
		z.Inputs = append(z.Inputs, in)
		u.Size += in.Size
	}
	if u.SHA256, err = z.digest(); err != nil {
		return u, err
	}
	return u, r.store.SaveUpload(ctx, u)
}

// spoolName is the name in the spool of a file with a role.
func spoolName(id, role string) string { return id + "-" + role }

func (d *desk) dropInputs(u Upload) (err error) {
	for _, in := range u.Zoning.Inputs {
		if rerr := os.Remove(d.path(spoolName(u.ID, in.Role))); rerr != nil && !errors.Is(rerr, os.ErrNotExist) {
			err = errors.Join(err, rerr)
		}
	}
	return err
}

// digest is the SHA-256 over the request and those of its files.
func (z *Zoning) digest() (string, error) {
	b, err := json.Marshal(z)
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:]), err
}

// Recodes is the table from old codes to new ones; nil where nothing was published.
func (z *Zoning) Recodes() (rows []zoning.Recode, err error) {
	if len(z.Codes) == 0 {
		return nil, nil
	}
	in, err := gzip.NewReader(bytes.NewReader(z.Codes))
	if err != nil {
		return nil, err
	}
	return rows, json.NewDecoder(in).Decode(&rows)
}

// keep moves the table out of a report.
func (z *Zoning) keep(report zoning.Report) error {
	if len(report.Recodes) > 0 {
		var packed bytes.Buffer
		out := gzip.NewWriter(&packed)
		if err := errors.Join(json.NewEncoder(out).Encode(report.Recodes), out.Close()); err != nil {
			return err
		}
		z.Codes, report.Recodes = packed.Bytes(), nil
	}
	z.Report = &report
	return nil
}

// zone makes the proposal of an upload and says how to change the upload.
func (d *desk) zone(t *task) func(*Upload) {
	u := t.state()
	z := *u.Zoning
	in, notices, err := d.zoningInput(t, u)
	if err == nil {
		t.update(func(u *Upload) { u.State = UploadZoning })
		var p zoning.Proposal
		p, err = zoning.Propose(t.ctx, z.Request.Plan, in, func(f float64) {
			t.update(func(u *Upload) { u.Progress = 0.1 + 0.8*f })
		})
		if err == nil {
			notices = append(notices, p.Violations...)
			return d.proposed(t.ctx, u, z, in, p, notices)
		}
	}
	if t.ctx.Err() != nil {
		return discarded
	}
	return refusal(err)
}

func discarded(u *Upload) { u.State = UploadDiscarded }

// proposed keeps a proposal as a draft.
func (d *desk) proposed(ctx context.Context, u Upload, z Zoning, in zoning.Input, p zoning.Proposal, notices []geo.Violation) func(*Upload) {
	if err := z.keep(p.Report); err != nil {
		return refusal(err)
	}
	v, err := d.registry.draft(ctx, geo.Version{
		Collection: u.Collection, Division: u.Division, Base: u.Base, Author: u.Author, Warnings: len(notices),
		Source: geo.Source{File: u.File, SHA256: u.SHA256, CRS: "EPSG:4490", Records: p.Blocks, Notice: d.registry.declared(u.Division)},
	}, p.Cells)
	if err != nil {
		if ctx.Err() != nil {
			return discarded
		}
		return refusal(err)
	}
	return func(u *Upload) {
		u.State, u.Version, u.Zoning, u.Violations = UploadDraft, v.ID, &z, notices
		u.Counts = intake.Counts{Records: len(p.Cells), Features: len(p.Cells)}
		u.CRS = intake.Evidence{Name: "EPSG:4490", Evidence: geo.Text{ZH: "由网格划分生成", EN: "made by zoning"}}
	}
}

// declared is what the published data of a division declares of itself.
func (r *Registry) declared(d geo.Division) string {
	for _, c := range []geo.Collection{geo.Cells, geo.Units} {
		for _, p := range r.Snapshot().Parts(c) {
			if v := p.Version(); v.Division == d && v.Source.Notice != "" {
				return v.Source.Notice
			}
		}
	}
	return ""
}

// zoningInput gathers what a proposal is made from: the files, what is published, the
// incidents and the codes that were ever given.
func (d *desk) zoningInput(t *task, u Upload) (in zoning.Input, notices []geo.Violation, err error) {
	r, q := d.registry, u.Zoning.Request
	t.update(func(u *Upload) { u.State = UploadReading })
	in = zoning.Input{Division: u.Division, Date: r.opts.Now().In(zoning.China()).Format(time.DateOnly), Used: map[geo.Code]bool{}}
	for i, f := range u.Zoning.Inputs {
		more, err := d.readInput(t.ctx, u, f, &in)
		if err != nil {
			return in, notices, err
		}
		notices = append(notices, more...)
		t.update(func(u *Upload) { u.Progress = 0.08 * float64(i+1) / float64(len(u.Zoning.Inputs)) })
	}
	snap := r.Snapshot()
	for _, p := range snap.Parts(geo.Cells) {
		if p.Version().Division == u.Division {
			for i := range p.Len() {
				in.Current = append(in.Current, *p.At(i))
			}
		}
	}
	if in.Units == nil && in.Boundary == nil {
		in.Units = r.units(u.Division, q.Within)
	}
	if q.BlocksOf != "" {
		in.Blocks = r.blocks(u.Division, q.BlocksOf)
	}
	if err = r.usedCodes(t.ctx, u.Division, in.Used); err != nil {
		return in, notices, err
	}
	return in, notices, r.zoningIncidents(t.ctx, q, &in)
}

// readInput reads one file by its role.
func (d *desk) readInput(ctx context.Context, u Upload, f ZoningInput, in *zoning.Input) ([]geo.Violation, error) {
	file, err := os.Open(d.path(spoolName(u.ID, f.Role)))
	if err != nil {
		return nil, err
	}
	defer file.Close()
	kind := map[string]intake.ShapeKind{RoleLines: intake.AsLines, RoleAddresses: intake.AsPoints}[f.Role]
	if kind == "" {
		kind = intake.AsPolygons
	}
	shapes, notices, err := intake.Shapes(ctx, intake.Job{
		File: f.File, Source: file, Size: f.Size, Choice: u.Zoning.Request.Files[f.Role], Live: intake.Published(d.registry.Snapshot()), Operator: d.registry.opts.Operator,
	}, kind)
	if err != nil {
		return notices, err
	}
	for _, s := range shapes {
		switch g := s.Geometry.(type) {
		case orb.MultiLineString:
			for _, l := range g {
				in.Lines = append(in.Lines, l)
			}
		case orb.MultiPoint:
			in.Addresses = append(in.Addresses, g...)
		case orb.MultiPolygon:
			code, name := named(s.Values)
			switch f.Role {
			case RoleBlocks:
				in.Blocks = append(in.Blocks, zoning.Block{Name: string(code), Record: s.Record, Shape: g, Values: s.Values})
			case RoleUnits:
				in.Units = append(in.Units, zoning.Unit{Code: code, Name: name, Shape: g})
			case RoleBoundary:
				in.Boundary = append(in.Boundary, g...)
			}
		}
	}
	return notices, distinctUnits(in.Units)
}

// named finds code and name among the columns of a record, by the names that planners'
// files give them.
func named(values geo.Properties) (code geo.Code, name string) {
	schema := geo.Units.Schema()
	schema.Code.Aliases = append(schema.Code.Aliases, "XZQDM", "DKBM")
	schema.Name.Aliases = append(schema.Name.Aliases, "XZQMC", "XZQHMC")
	for _, p := range values {
		text := fmt.Sprint(p.Value)
		if code == "" && schema.Code.Known(p.Name) {
			code = geo.Code(text)
		}
		if name == "" && schema.Name.Known(p.Name) {
			name = text
		}
	}
	return code, name
}

// distinctUnits wants every unit to have a code of its own.
func distinctUnits(units []zoning.Unit) error {
	seen := map[geo.Code]bool{}
	for i, u := range units {
		if u.Code == "" || seen[u.Code] {
			return geo.Errorf("unit_without_code", "units 文件的第 %d 个图形没有编码或编码 %.64q 重复", "polygon %d of the file of units has no code, or the code %.64q comes twice", i+1, string(u.Code))
		}
		seen[u.Code] = true
	}
	return nil
}

// units are the published units of a level in a division, in order of code; "none" makes
// one of the stations.
func (r *Registry) units(d geo.Division, within string) []zoning.Unit {
	level := within
	if within == "" || within == "none" {
		level = geo.LevelStation
	}
	var units []zoning.Unit
	for _, p := range r.Snapshot().Parts(geo.Units) {
		if v := p.Version().Division; !v.Contains(d) && !d.Contains(v) {
			continue
		}
		for i := range p.Len() {
			f := p.At(i)
			if mp, ok := f.Geometry.(orb.MultiPolygon); ok && f.Properties.Text("level") == level {
				units = append(units, zoning.Unit{Code: f.Code, Name: f.Name, Shape: mp})
			}
		}
	}
	if within == "none" && len(units) > 0 {
		shapes := make([]orb.MultiPolygon, len(units))
		for i, u := range units {
			shapes[i] = u.Shape
		}
		all := coverage.Build(shapes).Dissolve(make([]int, len(shapes)))
		return []zoning.Unit{{Code: geo.Code(d), Shape: all[0]}}
	}
	return units
}

// blocks are the features of a published collection in a division.
func (r *Registry) blocks(d geo.Division, c geo.Collection) (blocks []zoning.Block) {
	for _, p := range r.Snapshot().Parts(c) {
		if p.Version().Division != d {
			continue
		}
		for i := range p.Len() {
			f := p.At(i)
			if mp, ok := f.Geometry.(orb.MultiPolygon); ok {
				blocks = append(blocks, zoning.Block{Name: string(f.Code), Record: i + 1, Shape: mp, Values: f.Properties})
			}
		}
	}
	return blocks
}

// usedCodes adds the codes of all cells that were ever published in a division.
func (r *Registry) usedCodes(ctx context.Context, d geo.Division, used map[geo.Code]bool) error {
	history, err := r.store.History(ctx, VersionFilter{Collection: geo.Cells, Division: d})
	if err != nil {
		return err
	}
	for _, v := range history {
		if v.State != geo.Published && v.State != geo.Superseded {
			continue
		}
		fs, err := r.features(ctx, v.ID)
		if err != nil {
			return err
		}
		for _, f := range fs {
			used[f.Code] = true
		}
	}
	return nil
}

// zoningIncidents adds the incidents by which cells are judged, and those of the load's
// periods.
func (r *Registry) zoningIncidents(ctx context.Context, q ZoningRequest, in *zoning.Input) (err error) {
	to := r.opts.Now()
	from := to.AddDate(-1, 0, 0)
	if q.JudgeFrom != "" || q.JudgeTo != "" {
		from, to = zoning.Term{From: q.JudgeFrom, To: q.JudgeTo}.Period()
	}
	if in.Incidents, err = r.positions(ctx, q.Division, from, to); err != nil {
		return err
	}
	in.PeriodIncidents = make([][]orb.Point, len(q.Load))
	for i, t := range q.Load {
		if t.Of != zoning.OfIncidents {
			continue
		}
		if from, to = t.Period(); t.From == "" && t.To == "" {
			in.PeriodIncidents[i] = in.Incidents
		} else if in.PeriodIncidents[i], err = r.positions(ctx, q.Division, from, to); err != nil {
			return err
		}
	}
	return nil
}

func (r *Registry) positions(ctx context.Context, d geo.Division, from, to time.Time) (ps []orb.Point, err error) {
	for i, err := range r.store.Incidents(ctx, IncidentFilter{Division: d, From: from, To: to}) {
		if err != nil {
			return nil, err
		}
		ps = append(ps, orb.Point{i.Lon, i.Lat})
	}
	return ps, nil
}

// CancelZoning ends the making of a proposal, or throws its draft away. It is ErrNotFound
// when the upload is no zoning.
func (r *Registry) CancelZoning(ctx context.Context, id string) error {
	u, err := r.Upload(ctx, id)
	if err != nil {
		return err
	}
	if u.Zoning == nil {
		return fmt.Errorf("%w: upload %s is no zoning", ErrNotFound, id)
	}
	if t := r.uploads.task(id); t != nil {
		t.cancel()
		if u, err = r.Wait(ctx, id); err != nil || u.State == UploadDiscarded {
			return err
		}
	}
	return r.DiscardUpload(ctx, id)
}

// CheckCells holds the cells of a division that are published, or those of an upload's
// draft when its ID is given, against the rules of grid management.
func (r *Registry) CheckCells(ctx context.Context, d geo.Division, uploadID string, rules zoning.Rules) ([]geo.Violation, error) {
	snap := r.Snapshot()
	if uploadID != "" {
		u, err := r.Upload(ctx, uploadID)
		if err != nil {
			return nil, err
		}
		if u.Collection != geo.Cells {
			return nil, geo.Errorf("not_cells", "上传 %s 不是网格", "the upload %s holds no cells", uploadID)
		}
		d = u.Division
		if snap, err = r.Preview(ctx, uploadID); err != nil {
			return nil, err
		}
	}
	var cells []geo.Feature
	for _, p := range snap.Parts(geo.Cells) {
		if p.Version().Division == d {
			for i := range p.Len() {
				cells = append(cells, *p.At(i))
			}
		}
	}
	rules.Division, rules.Units = d, r.units(d, "")
	return zoning.Check(cells, rules), nil
}
