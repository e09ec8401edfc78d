package api

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"strconv"

	"github.com/labstack/echo/v4"
	"github.com/paulmach/orb"

	"towngrid/geo"
	"towngrid/geo/crs"
	"towngrid/geo/snapshot"
)

// longestRow bounds one row of a batch in bytes.
const longestRow = 64 << 10

// locateBatch answers POST /locate: a row out for each row in, in input order,
// streamed, all from one Snapshot. NDJSON (application/x-ndjson) and CSV
// (text/csv) are read; a bad row is answered in its place.
func (s *Server) locateBatch(c echo.Context) error {
	q, err := only(c, "datum")
	if err != nil {
		return err
	}
	datum, err := crs.ParseDatum(q.Get("datum"))
	if err != nil {
		return err
	}
	media, _, err := mime.ParseMediaType(c.Request().Header.Get("Content-Type"))
	if err != nil {
		media = ""
	}
	r := c.Request()
	if err := unpacked(r); err != nil {
		return err
	}
	if err := paced(c.Response(), r, batchPace()); err != nil {
		return err
	}
	// Answers go out while rows still come in.
	if err := http.NewResponseController(c.Response()).EnableFullDuplex(); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	return LocateAll(r.Body, c.Response(), media, language(r), datum, s.registry.Snapshot(), func() {
		c.Response().Header().Set("Content-Type", media)
		c.Response().WriteHeader(http.StatusOK)
	})
}

// LocateAll reads rows of media type application/x-ndjson or text/csv from r and
// writes a row for each to w, in order, problems in the language lang. begin is called before the first byte is
// written. Memory is bounded by one row. The error is a geo.Error before begin
// was called, later a failure to read or write.
func LocateAll(r io.Reader, w io.Writer, media, lang string, d crs.Datum, snap *snapshot.Snapshot, begin func()) error {
	in := bufio.NewReaderSize(r, longestRow)
	var rows rowFormat
	switch media {
	case "application/x-ndjson", "application/ndjson", "application/jsonl":
		rows = ndjson{lang}
	case "text/csv":
		header, err := readHeader(in)
		if err != nil {
			return err
		}
		rows = header
	default:
		return geo.Errorf("unsupported_media_type", "批量定位接受 application/x-ndjson 或 text/csv，收到的是 %q", "a batch is application/x-ndjson or text/csv, not %q", media)
	}
	begin()
	out := bufio.NewWriterSize(w, 32<<10)
	buf := rows.preamble(nil)
	for {
		line, tooLong, err := readLine(in)
		if err == io.EOF {
			break
		}
		if err != nil {
			return errors.Join(err, out.Flush())
		}
		if len(line) > 0 || tooLong {
			buf = appendRow(buf, rows, line, tooLong, d, snap)
		}
		if _, err := out.Write(buf); err != nil {
			return err
		}
		buf = buf[:0]
		if in.Buffered() == 0 {
			if err := flush(out, w); err != nil {
				return err
			}
		}
	}
	if _, err := out.Write(buf); err != nil {
		return err
	}
	return flush(out, w)
}

// flush sends what is written on its way, so that a caller who waits for an
// answer before sending the next row gets it.
func flush(out *bufio.Writer, w io.Writer) error {
	if err := out.Flush(); err != nil {
		return err
	}
	if f, ok := w.(http.Flusher); ok {
		f.Flush()
	}
	return nil
}

// readLine reads up to a line feed, without it and a carriage return before it.
// The slice holds until the next call. A line over longestRow is passed over and
// tooLong is set; EOF comes after the last line.
func readLine(in *bufio.Reader) (line []byte, tooLong bool, err error) {
	line, err = in.ReadSlice('\n')
	for errors.Is(err, bufio.ErrBufferFull) {
		tooLong = true
		_, err = in.ReadSlice('\n')
	}
	if err == io.EOF && (len(line) > 0 || tooLong) {
		err = nil
	}
	if err != nil || tooLong {
		return nil, tooLong, err
	}
	return bytes.TrimSuffix(bytes.TrimSuffix(line, []byte("\n")), []byte("\r")), false, nil
}

// row is one position to match. id is in the format's own spelling, echoed as it came.
type row struct {
	id  []byte
	pos orb.Point
}

// rowFormat is how rows are read and answered.
type rowFormat interface {
	preamble(b []byte) []byte
	parse(line []byte) (row, *geo.Error)
	appendCodes(b []byte, id []byte, m snapshot.Place) []byte
	appendProblem(b []byte, id []byte, e *geo.Error) []byte
}

func appendRow(b []byte, rows rowFormat, line []byte, tooLong bool, d crs.Datum, snap *snapshot.Snapshot) []byte {
	if tooLong {
		return rows.appendProblem(b, nil, geo.Errorf("row_too_long", "此行超过 %d KB", "this row is over %d kB", longestRow>>10))
	}
	r, bad := rows.parse(line)
	if bad != nil {
		return rows.appendProblem(b, r.id, bad)
	}
	return rows.appendCodes(b, r.id, snap.LocateCode(d.ToCGCS2000(r.pos)))
}

// inRange says whether p is a position in degrees; false for NaN.
func inRange(p orb.Point) bool {
	return p.Lon() >= -180 && p.Lon() <= 180 && p.Lat() >= -90 && p.Lat() <= 90
}

func offTheMap() *geo.Error {
	return geo.Errorf("bad_coordinate", "lon、lat 不是有效的度数", "lon and lat are not numbers of degrees")
}

// ndjson is one JSON object a line: {"id":…,"lon":…,"lat":…}.
type ndjson struct{ lang string }

func (ndjson) preamble(b []byte) []byte { return b }

func (ndjson) parse(line []byte) (row, *geo.Error) {
	var in struct {
		ID       json.RawMessage `json:"id"`
		Lon, Lat *float64
	}
	if err := json.Unmarshal(line, &in); err != nil {
		return row{id: in.ID}, geo.Errorf("bad_row", "此行不是 {\"id\",\"lon\",\"lat\"} 形式的 JSON", "this row is not JSON of the form {\"id\",\"lon\",\"lat\"}")
	}
	if in.Lon == nil || in.Lat == nil || !inRange(orb.Point{*in.Lon, *in.Lat}) {
		return row{id: in.ID}, offTheMap()
	}
	return row{in.ID, orb.Point{*in.Lon, *in.Lat}}, nil
}

func appendID(b, id []byte) []byte {
	b = append(b, `{"id":`...)
	if id == nil {
		return append(b, "null"...)
	}
	return append(b, id...)
}

func (ndjson) appendCodes(b, id []byte, m snapshot.Place) []byte {
	b = appendID(b, id)
	b = appendCode(append(b, `,"cell":`...), m.Cell)
	b = appendCode(append(b, `,"station":`...), m.Station)
	b = appendCode(append(b, `,"room":`...), m.Room)
	b = appendCode(append(b, `,"centre":`...), m.Centre)
	b = appendCode(append(b, `,"town":`...), m.Town)
	b = appendString(append(b, `,"side":`...), m.Side.String())
	return append(b, "}\n"...)
}

func appendCode(b []byte, c geo.Code) []byte {
	if c == "" {
		return append(b, "null"...)
	}
	return appendString(b, string(c))
}

func (f ndjson) appendProblem(b, id []byte, e *geo.Error) []byte {
	b = appendString(append(appendID(b, id), `,"problem":{"code":`...), e.Code)
	b = appendString(append(b, `,"detail":`...), e.Text.In(f.lang))
	return append(b, "}}\n"...)
}

// csvRows is CSV with a header that names id, lon and lat in any order and any
// case; other columns are passed over. A field may be quoted, but holds no line feed.
type csvRows struct{ id, lon, lat, columns int }

func readHeader(in *bufio.Reader) (csvRows, error) {
	line, _, err := readLine(in)
	if err != nil && err != io.EOF {
		return csvRows{}, err
	}
	h := csvRows{id: -1, lon: -1, lat: -1}
	for i, name := range splitCSV(bytes.TrimPrefix(line, []byte("\ufeff"))) {
		h.columns++
		switch string(bytes.ToLower(bytes.TrimSpace(name))) {
		case "id":
			h.id = i
		case "lon":
			h.lon = i
		case "lat":
			h.lat = i
		}
	}
	if h.id < 0 || h.lon < 0 || h.lat < 0 {
		return h, geo.Errorf("bad_header", "CSV 首行须含 id、lon、lat 三列", "the first line of the CSV must name the columns id, lon and lat")
	}
	return h, nil
}

// splitCSV cuts a line at its commas and undoes quotes (RFC 4180).
func splitCSV(line []byte) (fields [][]byte) {
	for {
		if len(line) > 0 && line[0] == '"' {
			var field []byte
			field, line = unquote(line[1:])
			fields = append(fields, field)
			if i := bytes.IndexByte(line, ','); i >= 0 {
				line = line[i+1:]
				continue
			}
			return fields
		}
		field, rest, more := bytes.Cut(line, []byte(","))
		fields = append(fields, field)
		if !more {
			return fields
		}
		line = rest
	}
}

// unquote reads up to the closing quote and returns what is behind it.
func unquote(line []byte) (field, rest []byte) {
	for {
		i := bytes.IndexByte(line, '"')
		if i < 0 {
			return append(field, line...), nil
		}
		field = append(field, line[:i]...)
		if i+1 < len(line) && line[i+1] == '"' {
			field, line = append(field, '"'), line[i+2:]
			continue
		}
		return field, line[i+1:]
	}
}

func (h csvRows) preamble(b []byte) []byte {
	return append(b, "id,cell,station,room,centre,town,side\n"...)
}

func (h csvRows) parse(line []byte) (row, *geo.Error) {
	fields := splitCSV(line)
	if len(fields) != h.columns {
		var r row
		if h.id < len(fields) {
			r.id = fields[h.id]
		}
		return r, geo.Errorf("bad_row", "此行有 %d 列，首行有 %d 列", "this row has %d columns, the header has %d", len(fields), h.columns)
	}
	lon, err1 := strconv.ParseFloat(string(bytes.TrimSpace(fields[h.lon])), 64)
	lat, err2 := strconv.ParseFloat(string(bytes.TrimSpace(fields[h.lat])), 64)
	r := row{fields[h.id], orb.Point{lon, lat}}
	if err1 != nil || err2 != nil || !inRange(r.pos) {
		return r, offTheMap()
	}
	return r, nil
}

func (h csvRows) appendCodes(b, id []byte, m snapshot.Place) []byte {
	b = appendField(b, id)
	for _, c := range [...]geo.Code{m.Cell, m.Station, m.Room, m.Centre, m.Town} {
		b = appendField(append(b, ','), []byte(c))
	}
	return append(append(append(b, ','), m.Side.String()...), '\n')
}

// appendProblem leaves the codes empty and puts the problem's code where the side would stand.
func (h csvRows) appendProblem(b, id []byte, e *geo.Error) []byte {
	return append(append(append(appendField(b, id), ",,,,,,problem:"...), e.Code...), '\n')
}

// appendField quotes a field where CSV needs it. One that a spreadsheet would take
// for a formula gets an apostrophe before it, which spreadsheets do not show.
func appendField(b, field []byte) []byte {
	if formula(field) {
		field = append([]byte("'"), field...)
	}
	if !bytes.ContainsAny(field, ",\"\r\n") {
		return append(b, field...)
	}
	b = append(b, '"')
	b = append(b, bytes.ReplaceAll(field, []byte(`"`), []byte(`""`))...)
	return append(b, '"')
}

// formula says whether a spreadsheet would calculate with a field: one that begins with
// one of = + - @ (also in their full width), a tab or a carriage return. Numbers are none.
func formula(field []byte) bool {
	if len(field) == 0 {
		return false
	}
	switch field[0] {
	case '=', '@', '\t', '\r':
		return true
	case '+', '-':
		_, err := strconv.ParseFloat(string(field), 64)
		return err != nil
	case 0xef:
		for _, wide := range [...]string{"＝", "＋", "－", "＠"} {
			if bytes.HasPrefix(field, []byte(wide)) {
				return true
			}
		}
	}
	return false
}
