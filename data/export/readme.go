package export

import (
	"fmt"
	"strings"
	"time"

	"towngrid/geo"
)

// readme says, in both languages, what the shapefile is, what it was made from, what
// its fields mean and what they could not hold. Programs for Windows know its encoding
// by the mark at its beginning.
func (t *dbf) readme() string {
	var b strings.Builder
	b.WriteString("\ufeff")
	for _, section := range []func(*strings.Builder){t.explainData, t.explainVersions, t.explainFields, t.explainCuts} {
		section(&b)
	}
	return strings.ReplaceAll(b.String(), "\n", "\r\n")
}

func (t *dbf) explainData(b *strings.Builder) {
	if t.Notice != (geo.Text{}) {
		fmt.Fprintf(b, "%s\n%s\n\n", t.Notice.ZH, t.Notice.EN)
	}
	title, system := t.schema.Title, t.CRS.Title()
	fmt.Fprintf(b, "%s / %s\n", title.ZH, title.EN)
	fmt.Fprintf(b, "要素 features: %d\n", t.count)
	fmt.Fprintf(b, "坐标系 CRS: %s %s / %s\n", t.CRS.ID(), system.ZH, system.EN)
	fmt.Fprintf(b, "属性编码 encoding: %s\n", t.Encoding)
	if t.Bound != nil {
		fmt.Fprintf(b, "范围 bound: %v, %v – %v, %v\n", t.Bound.Min[0], t.Bound.Min[1], t.Bound.Max[0], t.Bound.Max[1])
	}
}

func (t *dbf) explainVersions(b *strings.Builder) {
	b.WriteString("\n版本 versions\n")
	for _, p := range t.parts {
		v := p.Version()
		fmt.Fprintf(b, "%s  v%d  %s  %d 个要素 features  SHA-256 %s\n", v.Division, v.Number, v.Published.UTC().Format(time.RFC3339), v.Features, v.Checksum)
	}
}

func (t *dbf) explainFields(b *strings.Builder) {
	b.WriteString("\n字段 fields\n")
	for i, f := range t.fields {
		c := t.columns[i].field
		fmt.Fprintf(b, "%-10s  %c  %s / %s", f.Name, f.Type, c.Title.ZH, c.Title.EN)
		if c.Unit != "" {
			fmt.Fprintf(b, " (%s)", c.Unit)
		}
		b.WriteByte('\n')
	}
}

func (t *dbf) explainCuts(b *strings.Builder) {
	b.WriteString("\n改动 changes\n")
	cuts := t.cuts.List()
	if len(cuts) == 0 {
		b.WriteString("无 none\n")
	}
	for _, v := range cuts {
		if v.Record != geo.None {
			fmt.Fprintf(b, "[%d] ", v.Record)
		}
		fmt.Fprintf(b, "%s / %s\n", v.Message.ZH, v.Message.EN)
	}
}
