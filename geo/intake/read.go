package intake

import (
	"context"
	"io"

	"github.com/paulmach/orb"

	"towngrid/geo"
	"towngrid/geo/crs"
	"towngrid/geo/shapefile"
)

// Job is one file to read.
type Job struct {
	File       string // its name, for messages
	Source     io.ReaderAt
	Size       int64
	Collection geo.Collection
	Division   geo.Division
	Choice     Choice
	// Live is what is published: references are held against it.
	Live Live
	// Operator holds the operator's own systems and datum parameters; nil for none.
	Operator *crs.Operator
	// Final says that nobody can be asked again: a chosen system that the coordinates
	// contradict is an error then, and no question.
	Final bool
	// Progress, when set, hears how far the work has come, from 0 to 1.
	Progress func(checking bool, done float64)
}

// Result is what a file was read as. Either a Question is open, or some violation
// is a geo.Refusal, or Features holds every record as a feature.
type Result struct {
	Features   []geo.Feature
	Layer      string
	Encoding   Evidence
	CRS        Evidence
	Counts     Counts
	Violations []geo.Violation
	Truncated  bool // there were more violations than are listed
	Question   *Question
}

// mostViolations bounds how many violations one file lists, mostOfOne how many of
// them that do not refuse it may be of one check: a reference that is wrong in every
// record must not crowd out the one gap.
const mostViolations, mostOfOne = 10_000, 1000

// Read reads and checks a file. The error is a geo.Error where the file cannot be
// read at all, or the context's; what is wrong within a readable file is listed in the Result.
func Read(ctx context.Context, job Job) (Result, error) {
	r := reader{ctx: ctx, job: job, schema: job.Collection.Schema()}
	if r.job.Progress == nil {
		r.job.Progress = func(bool, float64) {}
	}
	err := job.Choice.Check()
	if err == nil {
		err = r.read()
	}
	r.result.Counts.Refused = r.result.Counts.Records - r.result.Counts.Features
	if r.result.Question != nil {
		r.result.Counts = Counts{} // nothing is decided yet
	}
	return r.result, err
}

// reader is one run of Read.
type reader struct {
	ctx    context.Context
	job    Job
	schema geo.Schema
	result Result
	file   *source
	// decoded says that every record has been read.
	decoded bool
	fields  mapping
	system  string // code system of a parcels file
	crs     crs.CRS
	// records holds the file's records, with geometry in file coordinates until place has run.
	records []shapefile.Record
	// numbers holds the record number of each feature, origins where its rings stand in
	// the file, outside by how many square
	// metres it reaches out of the published feature that it names.
	numbers []int
	origins [][]shapefile.Origin // of the rings of each feature
	outside []float64
	// listed counts the violations of each check that do not refuse the file.
	listed     map[string]int
	containers map[geo.Code]*bands
}

func (r *reader) read() error {
	steps := []func() error{r.open, r.decode, r.locateCRS, r.mapColumns, r.build}
	for _, step := range steps {
		if err := r.ctx.Err(); err != nil {
			return err
		}
		err := step()
		if r.decoded && len(r.records) == 0 && geo.Refused(r.result.Violations) {
			r.result.Question = nil // no answer would bring a record back
		}
		if err != nil || r.result.Question != nil {
			return err
		}
	}
	r.job.Progress(true, 0.6)
	err := r.check()
	if geo.Refused(r.result.Violations) {
		r.result.Features = nil
	}
	return err
}

// add lists a violation, up to the bound.
func (r *reader) add(v geo.Violation) {
	if r.crowded(v) {
		r.result.Truncated = true
		return
	}
	if v.File == "" {
		v.File = r.job.File
	}
	r.result.Violations = append(r.result.Violations, v)
}

// crowded says whether v finds no more room in the list. A first refusal always does.
func (r *reader) crowded(v geo.Violation) bool {
	if v.Severity == geo.Refusal {
		return len(r.result.Violations) >= mostViolations && geo.Refused(r.result.Violations)
	}
	if r.listed == nil {
		r.listed = map[string]int{}
	}
	r.listed[v.Check]++
	return r.listed[v.Check] > mostOfOne || len(r.result.Violations) >= mostViolations
}

// open recognises the file and finds the layer to read.
func (r *reader) open() error {
	file, q, err := openSource(r.job)
	if err != nil || q != nil {
		r.result.Question = q
		return err
	}
	r.file, r.result.Layer, r.result.Encoding = file, file.layer, file.encoding
	return nil
}

// decode reads every record. Those that the format's reader refuses are listed by it.
func (r *reader) decode() error {
	for rec, err := range r.file.features {
		if err != nil {
			return err
		}
		r.records = append(r.records, rec)
		if n := len(r.records); n%1024 == 0 {
			if err := r.ctx.Err(); err != nil {
				return err
			}
			r.job.Progress(false, 0.3*float64(n)/float64(max(n, r.file.promised)))
		}
	}
	r.decoded = true
	records, violations := r.file.closing()
	r.result.Counts.Records = max(records, len(r.records))
	for _, v := range violations {
		r.add(v)
	}
	if len(r.records) == 0 && !geo.Refused(r.result.Violations) {
		r.add(geo.Breach("no_features", geo.Refusal,
			geo.Text{ZH: "文件中没有任何要素", EN: "the file holds no features"}, geo.Text{ZH: "请检查导出是否完整", EN: "check that the export is complete"}))
	}
	return nil
}

// fileBound bounds the records in file coordinates; it is empty where none has a shape.
func (r *reader) fileBound() orb.Bound {
	b := orb.Bound{Min: orb.Point{1, 1}, Max: orb.Point{-1, -1}}
	for _, rec := range r.records {
		switch {
		case rec.Geometry == nil:
		case b.IsEmpty():
			b = rec.Geometry.Bound()
		default:
			b = b.Union(rec.Geometry.Bound())
		}
	}
	return b
}

// mapColumns finds the schema's fields in the file.
func (r *reader) mapColumns() error {
	m, wrong, of := mapFields(r.schema, r.file.fields, r.job.Choice.Fields)
	r.fields = m
	switch q := m.missing("code_system"); {
	case len(r.records) == 0: // there is nothing to ask about
	case len(r.file.fields) == 0:
		// No answer would do.
		return geo.Errorf("no_attributes", "文件没有任何属性字段，而编码等是必填的；Shapefile 请把同名的 .dbf 一起打包",
			"the file has no attributes at all, and a code is required; with a shapefile put the .dbf of the same name into the zip")
	case wrong != "":
		r.result.Question = m.question(geo.Textf("文件中没有可用于 %[2]s 的字段 %.60[1]q；请指出由哪个字段提供", "the file has no field %.60q left for %s; name the fields that do", wrong, of))
	default:
		r.result.Question = q
	}
	if len(r.records) == 0 || r.result.Question != nil || r.job.Collection != geo.Parcels || m.source("code_system") != "" {
		return nil
	}
	var evidence geo.Text
	r.system, evidence = codeSystem(r.job.Choice.CodeSystem, m.source("land_use"), r.landUses())
	if r.system == "" {
		r.result.Question = codeSystemQuestion()
		return nil
	}
	r.add(geo.Breach("code_system", geo.Notice,
		geo.Text{ZH: "用地代码按 " + r.system + " 解读：" + evidence.ZH, EN: "land-use codes are read as " + r.system + ": " + evidence.EN}, geo.Text{}))
	return nil
}

// landUses lists the land-use codes of the file as they stand.
func (r *reader) landUses() []string {
	var codes []string
	for i, f := range r.fields.fields {
		if f.Name != "land_use" {
			continue
		}
		for _, rec := range r.records {
			codes = append(codes, text(rec.Values[r.fields.columns[i]]))
		}
	}
	return codes
}
