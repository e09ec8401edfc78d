package shapefile

// Limits bounds what one upload may ask of the reader. A caller of the service
// cannot lift them; the operator can.
type Limits struct {
	// Entries is how many files the zip may hold.
	Entries int
	// Declared is how many bytes all entries together may unpack to, as the
	// zip's directory declares. No entry ever yields more than it declared.
	Declared int64
	// An entry larger than RatioFree bytes may unpack to at most Ratio times
	// its packed size.
	Ratio, RatioFree int64
	// Features is how many records a layer may have.
	Features int
	// PolygonVertices bounds one record, Vertices all records of a layer.
	PolygonVertices, Vertices int
	// Fields is how many attributes a layer may have.
	Fields int
	// Listed is how many notices and warnings of one kind are listed one by
	// one; the rest is counted in one violation.
	Listed int
	// Refusals is how many refused records are listed before reading stops.
	Refusals int
}

// DefaultLimits gives limits several times above the largest of 825 real
// archives: a ratio of 26.6, 65 entries, 252 fields, 259,324 vertices.
func DefaultLimits() Limits {
	return Limits{
		Entries: 200, Declared: 512 << 20, Ratio: 200, RatioFree: 64 << 20,
		Features: 200_000, PolygonVertices: 500_000, Vertices: 5_000_000, Fields: 255,
		Listed: 1000, Refusals: 10_000,
	}
}

const (
	// maxDirectory bounds the zip's directory in bytes: 200 entries with long
	// names and extra fields take a tenth of it.
	maxDirectory = 1 << 20
	// maxPath bounds the name of an entry in bytes.
	maxPath = 1024
	// maxPRJ and maxCPG bound two texts that are a few hundred bytes in practice.
	maxPRJ, maxCPG = 64 << 10, 4 << 10
	// maxMemoFile bounds a .dbt or .fpt, maxMemo one text in it.
	maxMemoFile, maxMemo = 64 << 20, 64 << 10
	// nestingBase and nestingPerVertex bound how many edges and bounds are looked
	// at to find which ring of a record lies in which, so that the time for a
	// layer grows with its vertices and not faster. A shell with 80,000 holes
	// needs a fiftieth of it; what goes beyond is 10,000 rings each in the next.
	nestingBase, nestingPerVertex = 1 << 16, 512
	// maxCoordinate is the largest absolute coordinate that is a position at all.
	maxCoordinate = 1e300
)
