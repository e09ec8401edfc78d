package api

import (
	"bytes"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/labstack/echo/v4"

	"towngrid/data/batch"
)

// leastPacked is the size in bytes from which a document is packed: what fits one network packet is not
// there any sooner.
const leastPacked = 1400

// packingKey is where a request notes how its answer is packed.
const packingKey = "packing"

// packed is for routes whose answers are text that is made as a whole: 200s of 1,400 bytes or more go out as the caller
// likes best, zstd or gzip, and ETags (see held) differ by it.
func (s *Server) packed(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		c.Response().Header().Add("Vary", "Accept-Encoding")
		p := packingAccepted(c.Request())
		if p == batch.Plain {
			return next(c)
		}
		c.Set(packingKey, p)
		plain := c.Response().Writer
		defer func() { c.Response().Writer = plain }() // where an error is to be said
		w := &packedWriter{ResponseWriter: plain, packers: &s.packers, packing: p}
		c.Response().Writer = w
		if err := next(c); err != nil {
			return err
		}
		return w.close()
	}
}

// packedWriter packs an answer in memory, from where it goes out with its length.
type packedWriter struct {
	http.ResponseWriter
	packers *packers
	packing batch.Packing
	status  int
	packer  packer // nil where the answer is not packed
	begun   bool   // a byte has come
	out     bytes.Buffer
}

// Unwrap is for http.ResponseController.
func (w *packedWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w *packedWriter) WriteHeader(status int) { w.status = status }

func (w *packedWriter) Write(b []byte) (int, error) {
	if !w.begun {
		w.begun = true
		if w.status == http.StatusOK && len(b) >= leastPacked && isText(w.Header().Get("Content-Type")) && w.Header().Get("Content-Encoding") == "" {
			w.packer = w.packers.take(w.packing)
			w.packer.Reset(&w.out)
		} else {
			w.ResponseWriter.WriteHeader(w.status)
		}
	}
	if w.packer == nil {
		return w.ResponseWriter.Write(b)
	}
	return w.packer.Write(b)
}

// close sends what was packed.
func (w *packedWriter) close() error {
	if w.packer == nil {
		if !w.begun && w.status != 0 {
			w.ResponseWriter.WriteHeader(w.status)
		}
		return nil
	}
	err := w.packer.Close()
	w.packers.giveBack(w.packing, w.packer)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Encoding", string(w.packing))
	w.Header().Set("Content-Length", strconv.Itoa(w.out.Len()))
	w.ResponseWriter.WriteHeader(w.status)
	_, err = w.ResponseWriter.Write(w.out.Bytes())
	return err
}

// isText says whether packing makes an answer smaller: workbooks are packed already.
func isText(media string) bool {
	media, _, _ = strings.Cut(media, ";")
	return strings.HasPrefix(media, "text/") || strings.HasSuffix(media, "json")
}

// packer is what gzip and zstd have in common.
type packer interface {
	io.WriteCloser
	Reset(io.Writer)
}

// packers lends packers, which are large.
type packers struct{ gzips, zstds sync.Pool }

func (p *packers) of(k batch.Packing) *sync.Pool {
	if k == batch.Zstd {
		return &p.zstds
	}
	return &p.gzips
}

func (p *packers) take(k batch.Packing) packer {
	if known, ok := p.of(k).Get().(packer); ok {
		return known
	}
	if k == batch.Zstd {
		z, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1), zstd.WithEncoderCRC(false))
		if err != nil {
			panic(err) // the options are some that there are
		}
		return z
	}
	z, err := gzip.NewWriterLevel(nil, gzip.BestSpeed)
	if err != nil {
		panic(err)
	}
	return z
}

func (p *packers) giveBack(k batch.Packing, z packer) { p.of(k).Put(z) }
