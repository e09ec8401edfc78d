package paper

import (
	"encoding/csv"
	"io"
	"strings"

	"towngrid/geo"
)

// sheet is one list of a report, with a header: what CSV and workbooks are made of.
type sheet struct {
	id     string // by which a CSV file's list is asked for
	title  string
	header []string
	widths []float64 // of columns in characters; the last one stands for the rest
	rows   [][]any   // string, float64, *float64, int, bool; nil is empty
}

func (sh *sheet) add(cells ...any) { sh.rows = append(sh.rows, cells) }

// sheets writes all of them as a workbook, or the one asked for as CSV.
func (s Style) sheets(w io.Writer, all []sheet) error {
	if s.Format == XLSX {
		return workbook(w, all)
	}
	var ids []string
	for _, sh := range all {
		if sh.id == s.List || s.List == "" {
			return sh.csv(w)
		}
		ids = append(ids, sh.id)
	}
	return geo.Errorf("unknown_list", "没有列表 %.40q；可用：%s", "there is no list %.40q; there are %s", s.List, strings.Join(ids, ", "))
}

// csv writes UTF-8 with the mark that tells Excel so. Texts that a spreadsheet could
// run are guarded.
func (sh sheet) csv(w io.Writer) error {
	if _, err := io.WriteString(w, "\ufeff"); err != nil {
		return err
	}
	out := csv.NewWriter(w)
	out.UseCRLF = true
	if err := out.Write(sh.header); err != nil {
		return err
	}
	for _, row := range sh.rows {
		cells := make([]string, len(row))
		for i, v := range row {
			cells[i] = cellText(v)
		}
		if err := out.Write(cells); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

// cellText is a cell of a CSV file.
func cellText(v any) string {
	switch v := plain(v).(type) {
	case string:
		return geo.Guarded(v)
	case float64:
		return digits(v)
	case int:
		return digits(float64(v))
	case bool:
		if v {
			return "true"
		}
		return "false"
	}
	return ""
}

// plain looks through pointers; nil is what there is none of.
func plain(v any) any {
	switch v := v.(type) {
	case *float64:
		if v == nil {
			return nil
		}
		return *v
	case *int:
		if v == nil {
			return nil
		}
		return *v
	case *bool:
		if v == nil {
			return nil
		}
		return *v
	}
	return v
}
