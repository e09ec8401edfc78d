package paper

import (
	"io"

	"github.com/xuri/excelize/v2"
)

// workbook writes the sheets as XLSX. Texts are cells of text, never formulas; numbers
// are numbers at full precision.
func workbook(w io.Writer, all []sheet) error {
	book := excelize.NewFile().SetZipWriter(func(w io.Writer) excelize.ZipWriter { return newSortedZip(w) })
	defer book.Close()
	style, err := newLook(book)
	if err != nil {
		return err
	}
	for i, sh := range all {
		if i == 0 {
			err = book.SetSheetName("Sheet1", sh.title)
		} else {
			_, err = book.NewSheet(sh.title)
		}
		if err == nil {
			err = style.fill(book, sh)
		}
		if err != nil {
			return err
		}
	}
	return book.Write(w)
}

// look are the styles of cells.
type look struct{ head, text, number int }

func newLook(book *excelize.File) (l look, err error) {
	form := "#,##0.####"
	for _, s := range []struct {
		into  *int
		style excelize.Style
	}{
		{&l.head, excelize.Style{
			Font: &excelize.Font{Bold: true}, Fill: excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{"E8EEF4"}},
			Alignment: &excelize.Alignment{Vertical: "center", WrapText: true},
			Border:    []excelize.Border{{Type: "bottom", Color: "5B6B7B", Style: 1}},
		}},
		{&l.text, excelize.Style{Alignment: &excelize.Alignment{Vertical: "top", WrapText: true}}},
		{&l.number, excelize.Style{CustomNumFmt: &form, Alignment: &excelize.Alignment{Vertical: "top"}}},
	} {
		if *s.into, err = book.NewStyle(&s.style); err != nil {
			return l, err
		}
	}
	return l, nil
}

// fill streams one sheet: widths, a header that stays in sight and is repeated in
// print, and the rows.
func (l look) fill(book *excelize.File, sh sheet) error {
	out, err := book.NewStreamWriter(sh.title)
	if err != nil {
		return err
	}
	for i := range sh.header {
		if err := out.SetColWidth(i+1, i+1, sh.width(i)); err != nil {
			return err
		}
	}
	if err := out.SetPanes(&excelize.Panes{Freeze: true, YSplit: 1, TopLeftCell: "A2", ActivePane: "bottomLeft"}); err != nil {
		return err
	}
	cells := make([]any, len(sh.header))
	for i, name := range sh.header {
		cells[i] = excelize.Cell{StyleID: l.head, Value: name}
	}
	if err := out.SetRow("A1", cells); err != nil {
		return err
	}
	for n, row := range sh.rows {
		for i := range cells {
			cells[i] = nil
			if i < len(row) {
				cells[i] = l.cell(row[i])
			}
		}
		at, err := excelize.CoordinatesToCellName(1, n+2)
		if err != nil {
			return err
		}
		if err := out.SetRow(at, cells); err != nil {
			return err
		}
	}
	if err := out.Flush(); err != nil {
		return err
	}
	landscape, fit, pages := "landscape", 1, 0
	paper := 9 // A4
	return book.SetPageLayout(sh.title, &excelize.PageLayoutOptions{Orientation: &landscape, Size: &paper, FitToWidth: &fit, FitToHeight: &pages})
}

func (sh sheet) width(i int) float64 {
	if len(sh.widths) == 0 {
		return 14
	}
	return sh.widths[min(i, len(sh.widths)-1)]
}

func (l look) cell(v any) any {
	v = plain(v)
	if v == nil {
		return nil
	}
	if _, is := v.(string); is {
		return excelize.Cell{StyleID: l.text, Value: v}
	}
	return excelize.Cell{StyleID: l.number, Value: v}
}
