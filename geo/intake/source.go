package intake

import (
	"bytes"
	"errors"
	"io"
	"iter"
	"path"
	"strings"

	"towngrid/geo"
	"towngrid/geo/geojson"
	"towngrid/geo/jzd"
	"towngrid/geo/shapefile"
)

// source is a file of any format that is read, brought to one form.
type source struct {
	layer    string
	encoding Evidence
	fields   []shapefile.Field
	// idField is which of fields repeats the features' own ids, as GeoJSON has them beside
	// the properties; -1 for none.
	idField int
	// prj is the .prj of a shapefile; crs is the name of the system in a file of
	// another format, with its evidence. Either is "" where the file has none.
	prj         string
	crs         string
	crsEvidence geo.Text
	features    iter.Seq2[shapefile.Record, error]
	// promised is how many records the file claims to hold, for progress.
	promised int
	// closing tells, once features has run, how many records there were and what was noticed.
	closing func() (records int, violations []geo.Violation)
}

// format is what a file is.
type format int

const (
	isShapefile format = iota
	isGeoJSON
	isBoundaryText
	isGeoPackage
)

// recognise tells the format by the file's first bytes. What is none of them is taken for
// a shapefile, whose reader says what is wrong. The error is the source's.
func recognise(job Job) (format, error) {
	head := make([]byte, 512)
	n, err := job.Source.ReadAt(head, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return isShapefile, err
	}
	head = head[:n]
	switch {
	case bytes.HasPrefix(head, []byte("SQLite format 3\x00")):
		return isGeoPackage, nil
	case bytes.HasPrefix(head, []byte("PK")):
		return isShapefile, nil // whatever the names within say
	case isJSON(head):
		return isGeoJSON, nil
	case isJZD(head):
		return isBoundaryText, nil
	}
	return isShapefile, nil
}

// openSource opens a file by its format. A question is open where an archive holds several
// layers.
func openSource(job Job) (*source, *Question, error) {
	format, err := recognise(job)
	if err != nil {
		return nil, nil, err
	}
	switch format {
	case isGeoPackage:
		return nil, nil, geo.Errorf("geopackage_not_accepted",
			"不接受 GeoPackage 上传；请导出为压缩的 Shapefile 或 GeoJSON", "a GeoPackage is not taken as an upload; export it as a zipped shapefile or GeoJSON")
	case isGeoJSON:
		return openGeoJSON(job)
	case isBoundaryText:
		return openJZD(job)
	}
	return openShapefile(job)
}

// isJSON says whether text begins as GeoJSON or a text sequence does.
func isJSON(head []byte) bool {
	head = bytes.TrimLeft(bytes.TrimPrefix(head, []byte("\ufeff")), " \t\r\n\x1e")
	return len(head) > 0 && (head[0] == '{' || head[0] == '[') && !isJZD(head)
}

// isJZD says whether text has a section heading or a parcel line of the boundary-point
// format: 属性描述 and 地块坐标 in UTF-8 or GBK, or ",@" at the end of a line.
func isJZD(head []byte) bool {
	for _, mark := range []string{"属性描述", "地块坐标", "\xca\xf4\xd0\xd4\xc3\xe8\xca\xf6", "\xb5\xd8\xbf\xe9\xd7\xf8\xb1\xea", ",@\r", ",@\n"} {
		if bytes.Contains(head, []byte(mark)) {
			return !bytes.Contains(head, []byte(`"type"`))
		}
	}
	return false
}

func openShapefile(job Job) (*source, *Question, error) {
	archive, err := shapefile.Open(job.Source, job.Size, shapefile.DefaultLimits())
	if err != nil {
		return nil, nil, err
	}
	layer, name, q := chooseLayer(archive.Layers(), job.Choice.Layer)
	if q != nil {
		return nil, q, nil
	}
	f, err := archive.Read(layer, shapefile.Options{Encoding: job.Choice.Encoding, Force: job.Choice.Force, Exchanged: job.Choice.exchanged()})
	if err != nil {
		return nil, nil, err
	}
	return &source{
		layer: name, encoding: Evidence{f.Encoding.Name, f.Encoding.Evidence}, fields: f.Fields, idField: -1, prj: f.PRJ,
		features: f.Features(), promised: f.Records, closing: func() (int, []geo.Violation) { return f.Records, f.Violations },
	}, nil, nil
}

func openGeoJSON(job Job) (*source, *Question, error) {
	f, err := geojson.Open(job.Source, job.Size, shapefile.DefaultLimits())
	if err != nil {
		return nil, nil, err
	}
	f.Exchanged = job.Choice.exchanged()
	return &source{
		encoding: Evidence{"UTF-8", geo.Text{ZH: "GeoJSON 规定使用 UTF-8", EN: "GeoJSON is UTF-8"}}, fields: f.Fields, idField: f.IDField, crs: f.CRS, crsEvidence: f.CRSEvidence,
		features: f.Features(), promised: f.Records, closing: func() (int, []geo.Violation) { return f.Records, f.Violations },
	}, nil, nil
}

func openJZD(job Job) (*source, *Question, error) {
	f, err := jzd.Open(job.Source, job.Size, shapefile.DefaultLimits())
	if err != nil {
		return nil, nil, err
	}
	f.Exchanged = job.Choice.exchanged()
	return &source{
		encoding: Evidence{f.Encoding.Name, f.Encoding.Evidence}, fields: f.Fields, idField: -1, crs: f.CRS, crsEvidence: f.CRSEvidence,
		features: f.Features(), promised: f.Records, closing: func() (int, []geo.Violation) { return f.Records, f.Violations },
	}, nil, nil
}

// chooseLayer takes the chosen layer, or the only one, and says how to call it: by its
// base name, or with its folder where another has the same. Where there is none of the
// chosen name, or several, it asks.
func chooseLayer(layers []shapefile.Layer, choice string) (chosen shapefile.Layer, name string, q *Question) {
	q = &Question{About: AboutLayer, Text: geo.Textf("压缩包中有 %d 个图层，请选择要读取的一个", "the archive holds %d layers; choose the one to read", len(layers))}
	if choice != "" {
		q.Text = geo.Textf("压缩包中没有唯一名为 %.80q 的图层，请选择要读取的一个", "the archive holds no one layer that is called %.80q; choose the one to read", choice)
	}
	bases := map[string]int{}
	for _, l := range layers {
		bases[l.Name]++
	}
	found := 0
	for _, l := range layers {
		label := l.Name
		stem := strings.TrimSuffix(l.Path, path.Ext(l.Path))
		if bases[l.Name] > 1 {
			label = stem
		}
		q.Options = append(q.Options, Option{Value: l.Path, Label: geo.Text{ZH: label, EN: label}})
		switch choice {
		case l.Path, stem:
			return l, label, nil
		case l.Name, "":
			chosen, name = l, label
			found++
		}
	}
	if found == 1 {
		return chosen, name, nil
	}
	return shapefile.Layer{}, "", q
}
