package batch

import (
	"github.com/paulmach/orb"

	"towngrid/geo"
	"towngrid/geo/snapshot"
)

// longestRow bounds one row in bytes.
const longestRow = 64 << 10

// row is one position to match. Its slices are of the chunk that it was read from.
type row struct {
	id  []byte    // in the format's own spelling, echoed as it came; nil for none
	pos orb.Point // as given
	all []byte    // the row as it came
	bad *geo.Error
}

// place is what a row is answered with.
type place struct {
	snapshot.Place
	was geo.Code // the cell in the Snapshot that is compared with
}

// changed says whether the cell is another than it was.
func (p *place) changed() bool { return p.was != p.Cell }

// parser reads the rows of a chunk and writes their answers. Each worker has its own.
type parser interface {
	// next reads the first row of b, and gives what is behind it; ok is false where
	// there is none. A row that cannot be matched says why.
	next(b []byte) (r row, rest []byte, ok bool)
	appendPlace(b []byte, r *row, p *place) []byte
	appendProblem(b []byte, r *row) []byte
}

// cutter finds where rows end in a stream, as its bytes come in.
type cutter interface {
	// cut takes the next bytes of the stream and says how many of them the last
	// row that ends in them reaches, 0 where none ends. An error means that the stream is not of
	// the format from there on; the rows before are good.
	cut(b []byte) (end int, err error)
	// first is cut for the first row that ends in b; it takes no byte behind it.
	first(b []byte) (end int, err error)
	// finish says what is wrong with a stream that ends here. Bytes that are left over are a row.
	finish() error
}

// format is a Format with what the beginning of a stream says about it.
type format interface {
	cutter() cutter
	parser() parser
	// head and tail stand around the answers, separator before each but the first.
	head() string
	separator() string
	tail() string
}

// Names are the columns or members that hold a row's ID and position; "" for the usual ones.
type Names struct{ ID, Lon, Lat string }

func (n Names) usual() Names {
	if n.ID == "" {
		n.ID = "id"
	}
	if n.Lon == "" {
		n.Lon = "lon"
	}
	if n.Lat == "" {
		n.Lat = "lat"
	}
	return n
}

// inRange says whether p is a position in degrees; false for NaN.
func inRange(p orb.Point) bool {
	return p[0] >= -180 && p[0] <= 180 && p[1] >= -90 && p[1] <= 90
}

func offTheMap() *geo.Error {
	return geo.Errorf("bad_coordinate", "经度、纬度须是 ±180、±90 度以内的数，JSON 中不加引号", "longitude and latitude are to be numbers of degrees within ±180 and ±90, in JSON without quotes")
}

func tooLong() *geo.Error {
	return geo.Errorf("row_too_long", "此行超过 %d KB", "this row is over %d kB", longestRow>>10)
}

func notUTF8() *geo.Error {
	return geo.Errorf("bad_row", "此行不是 UTF-8 文本", "this row is not UTF-8")
}
