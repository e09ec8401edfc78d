package tiles

import (
	"bytes"
	"fmt"
	"io"
	"sync"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// Encoding is a content coding of HTTP in which tiles are kept and served.
type Encoding string

const (
	Identity Encoding = "identity"
	Gzip     Encoding = "gzip"
	Zstd     Encoding = "zstd"
	Brotli   Encoding = "br"
)

// encodings are all of them, the one served first among equals first, with what tells a
// tile's ETags apart.
var encodings = [...]struct {
	Encoding
	suffix string
}{{Zstd, "-zstd"}, {Brotli, "-br"}, {Gzip, "-gzip"}, {Identity, ""}}

// Encodings lists the encodings, the one to be preferred among equals first.
func Encodings() []Encoding {
	all := make([]Encoding, len(encodings))
	for i, e := range encodings {
		all[i] = e.Encoding
	}
	return all
}

// index is the encoding's place among all, -1 for one that there is not.
func (e Encoding) index() int {
	for i, known := range encodings {
		if known.Encoding == e {
			return i
		}
	}
	return -1
}

// String is the coding's name as Content-Encoding spells it.
func (e Encoding) String() string { return string(e) }

// MediaType is the media type of a tile.
const MediaType = "application/vnd.mapbox-vector-tile"

// GzipLevel is how klauspost's gzip packs a tile of such content: by Huffman's codes alone where nothing but fills is in it, else
// without state, since a tile is written as a whole.
//
// On tiles of 50,000 cells of 74 vertices at zooms 14, 12 and 10, fills of 5.6, 49 and 102 KB and all layers of 11.5, 124 and 282 KB, in
// KB and ms of one core:
//
//	                      fills                              all layers
//	gzip without state    4.5 33.0 65.0   0.05 0.23 0.46     7.8  79 173   0.09 0.8 1.8
//	gzip Huffman only     5.0 39.8 78.9   0.03 0.11 0.20    10.2 102 220   0.05 0.4 0.7
//	gzip 1                4.7 35.1 66.0   0.05 0.20 0.50     8.4  81 177   0.10 0.8 2.1
//	gzip 4                4.3 32.2 62.3   0.05 0.45 0.79     7.0  75 167   0.12 1.6 3.3
//	zstd fastest          5.0 37.0 68.2   0.01 0.09 0.35
//	zstd default          4.2 31.6 62.6   0.04 0.43 0.70
//	zstd better           4.2 31.5 62.2   0.06 0.38 0.63
//	br 4                  4.2 31.9 58.7   0.12 0.98 2.49
//	br 3 by matchfinder   4.2 30.7 59.7   0.07 0.44 0.80
//
// A tile is packed once and sent many times, so of two ways the one with fewer bytes is taken as long as it costs less than making
// the tile. Fills are mostly coordinates, which seldom come again: to look for what does would take a quarter of all the time for a tile and
// save a tenth of it at zoom 14. Labels and borders say the codes and names of the fills again. Who wants the fewest bytes takes
// zstd or br, as browsers do. At zoom 8 level 1 and zstd's default find nothing to pack in 55 KB of fills, of which gzip without state
// makes 47 and the others, Huffman's codes too, 36.
func GzipLevel(c Content) int {
	if c == Fills {
		return gzip.HuffmanOnly
	}
	return gzip.StatelessCompression
}

// archiveLevel is the level for archives, which are packed once.
const archiveLevel = 6

// brotliLevel is the level of brotli by matchfinder, and zstdLevel that of zstd; see GzipLevel.
const (
	brotliLevel = 3
	zstdLevel   = zstd.SpeedBetterCompression
)

// encoder turns tiles into content codings and back; what it works with is kept.
type encoder struct {
	gzipLevel      int
	gzips, brotlis sync.Pool
	zstds          struct {
		once sync.Once
		out  *zstd.Encoder
		in   *zstd.Decoder
		err  error
	}
}

// encode gives the body in the encoding. An empty body stays empty. The result may be
// the body itself.
func (e *encoder) encode(body []byte, to Encoding) ([]byte, error) {
	switch {
	case to.index() < 0:
		return nil, fmt.Errorf("tiles: no encoding %q", to)
	case to == Identity || len(body) == 0:
		return body, nil
	case to == Zstd:
		if err := e.zstd(); err != nil {
			return nil, err
		}
		return bytes.Clone(e.zstds.out.EncodeAll(body, make([]byte, 0, len(body)/2+64))), nil
	}
	w, pool := e.writer(to)
	defer pool.Put(w)
	out := bytes.NewBuffer(make([]byte, 0, len(body)/2+64))
	w.Reset(out)
	if _, err := w.Write(body); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return bytes.Clone(out.Bytes()), nil
}

// compressor is what gzip and Brotli have in common.
type compressor interface {
	io.WriteCloser
	Reset(io.Writer)
}

// writer is a compressor and where it goes when it has done.
func (e *encoder) writer(to Encoding) (compressor, *sync.Pool) {
	if to == Brotli {
		if w, ok := e.brotlis.Get().(compressor); ok {
			return w, &e.brotlis
		}
		return brotli.NewWriterV2(nil, brotliLevel), &e.brotlis
	}
	if w, ok := e.gzips.Get().(compressor); ok {
		return w, &e.gzips
	}
	w, err := gzip.NewWriterLevel(nil, e.gzipLevel)
	if err != nil {
		panic(err) // the level is one that there is
	}
	return w, &e.gzips
}

// zstd readies the encoder and decoder, which serve many at a time.
func (e *encoder) zstd() error {
	z := &e.zstds
	z.once.Do(func() {
		if z.out, z.err = zstd.NewWriter(nil, zstd.WithEncoderLevel(zstdLevel), zstd.WithEncoderCRC(false)); z.err == nil {
			z.in, z.err = zstd.NewReader(nil)
		}
	})
	return z.err
}

// decode undoes encode.
func (e *encoder) decode(body []byte, from Encoding) ([]byte, error) {
	switch {
	case from == Identity || len(body) == 0:
		return body, nil
	case from == Brotli:
		return io.ReadAll(brotli.NewReader(bytes.NewReader(body)))
	case from == Gzip:
		r, err := gzip.NewReader(bytes.NewReader(body))
		if err != nil {
			return nil, err
		}
		return io.ReadAll(r)
	}
	if err := e.zstd(); err != nil {
		return nil, err
	}
	return e.zstds.in.DecodeAll(body, nil)
}
