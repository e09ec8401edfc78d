package batch

import (
	"bufio"
	"bytes"
	"io"
	"mime"
	"strings"

	"towngrid/geo"
)

// Format is a way in which rows are written.
type Format string

// The formats, as media types. A batch is answered in the format that it came in.
const (
	NDJSON          Format = "application/x-ndjson"
	CSV             Format = "text/csv"
	GeoJSON         Format = "application/geo+json"
	GeoJSONSequence Format = "application/geo+json-seq"
)

// ParseMedia reads a Content-Type; charset is "" for UTF-8. Another media type, and a
// charset that is not read, is a geo.Error of the code unsupported_media_type.
func ParseMedia(contentType string) (f Format, charset string, err error) {
	media, params, err := mime.ParseMediaType(contentType)
	if err != nil {
		media = ""
	}
	switch media {
	case "application/x-ndjson", "application/ndjson", "application/jsonl":
		f = NDJSON
	case "text/csv":
		f = CSV
	case "application/geo+json":
		f = GeoJSON
	case "application/geo+json-seq":
		f = GeoJSONSequence
	default:
		return "", "", geo.Errorf("unsupported_media_type",
			"批量定位接受 application/x-ndjson、text/csv、application/geo+json 或 application/geo+json-seq，收到的是 %.80q",
			"a batch is application/x-ndjson, text/csv, application/geo+json or application/geo+json-seq, not %.80q", media)
	}
	switch charset = strings.ToLower(params["charset"]); charset {
	case "", "utf-8", "utf8", "us-ascii":
		return f, "", nil
	case "gbk", "gb2312", "gb18030":
		return f, "gb18030", nil
	}
	return "", "", geo.Errorf("unsupported_media_type", "不支持字符集 %.40q；可用 utf-8、gb18030", "the charset %.40q is not read; there are utf-8 and gb18030", charset)
}

// ParseFormat reads a format's short name: ndjson, csv, geojson or geojsonseq.
func ParseFormat(name string) (Format, error) {
	switch strings.ToLower(name) {
	case "ndjson":
		return NDJSON, nil
	case "csv":
		return CSV, nil
	case "geojson":
		return GeoJSON, nil
	case "geojsonseq":
		return GeoJSONSequence, nil
	}
	return "", geo.Errorf("unsupported_media_type", "没有格式 %.40q；可用：ndjson、csv、geojson、geojsonseq", "there is no format %.40q; there are ndjson, csv, geojson and geojsonseq", name)
}

// Extension is the format that a file's name tells, without the ending of its compression; ok
// is false for another name.
func Extension(name string) (f Format, ok bool) {
	name = strings.ToLower(name)
	name = strings.TrimSuffix(strings.TrimSuffix(name, ".gz"), ".zst")
	for ending, f := range map[string]Format{
		".csv": CSV, ".tsv": CSV, ".ndjson": NDJSON, ".jsonl": NDJSON, ".geojson": GeoJSON, ".json": GeoJSON, ".geojsons": GeoJSONSequence, ".geojsonseq": GeoJSONSequence,
	} {
		if strings.HasSuffix(name, ending) {
			return f, true
		}
	}
	return "", false
}

// Sniff tells a stream's format by the first character that is no space: a JSON object is NDJSON, a record separator a
// text sequence, and CSV is anything else. rows gives the stream from its beginning; no more is read of it than
// has come. An error is one of reading.
func Sniff(in io.Reader) (f Format, rows io.Reader, err error) {
	b := bufio.NewReader(in)
	for n := 1; n <= b.Size(); n++ {
		seen, err := b.Peek(n)
		if err == io.EOF {
			return NDJSON, b, nil
		}
		if err != nil {
			return "", b, err
		}
		switch c := seen[n-1]; {
		case c == '{':
			return NDJSON, b, nil
		case c == recordSeparator:
			return GeoJSONSequence, b, nil
		case bytes.IndexByte(byteOrderMark, c) < 0 && c > ' ':
			return CSV, b, nil
		}
	}
	return CSV, b, nil
}

// byteOrderMark may begin a file.
var byteOrderMark = []byte("\ufeff")

// open reads from the beginning of a stream what its rows are. used is how many bytes that
// took; it is nil without an error where more bytes are wanted, and there are more.
func (o Options) open(b []byte, more bool) (f format, used int, err error) {
	if more && len(b) < len(byteOrderMark) && bytes.HasPrefix(byteOrderMark, b) {
		return nil, 0, nil
	}
	mark := len(b)
	b = bytes.TrimPrefix(b, byteOrderMark)
	mark -= len(b)
	a := answer{lang: o.Lang, keep: o.Keep, compare: o.Against != nil}
	switch o.Format {
	case CSV:
		f, used, err = openTable(b, more, o.Names, a)
	case GeoJSON:
		var s *shell
		if s, used, err = openShell(b); s != nil {
			f = features{shell: s, names: o.Names, answer: a}
		} else if err == nil && !more {
			err = badCollection()
		}
	case GeoJSONSequence:
		f = features{sequence: true, names: o.Names, answer: a}
	default:
		f = lines{names: o.Names.usual(), answer: a}
	}
	return f, used + mark, err
}

// openTable reads a CSV's header by the delimiter by which it names the columns that are wanted.
func openTable(b []byte, more bool, names Names, a answer) (f format, used int, err error) {
	for _, d := range []byte(",;\t") {
		end, _ := (&quoteCutter{delimiter: d}).first(b)
		if end == 0 {
			if more && len(b) <= longestRow {
				return nil, 0, nil
			}
			end = len(b)
		}
		t, terr := tableOf(b[:min(end, longestRow)], d, names, a)
		if terr == nil {
			return t, end, nil
		}
		// What is wrong is told of the delimiter that the header seems to have.
		if err == nil || bytes.IndexByte(b[:end], d) >= 0 {
			err = terr
		}
	}
	return nil, 0, err
}
