package batch

import (
	"errors"
	"io"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"towngrid/geo"
)

// Packing is how a stream is compressed; "" for not at all.
type Packing string

// The packings, named as in Content-Encoding.
const (
	Plain Packing = ""
	Gzip  Packing = "gzip"
	Zstd  Packing = "zstd"
)

const (
	// largestWindow bounds the memory that unpacking a zstd stream takes (RFC 8878, 3.1.1.1.2,
	// recommends 8 MB), and with it what a header can ask for.
	largestWindow = 8 << 20
	// A stream may unpack to freeBytes, and beyond that to no more than mostTimes its size: rows of
	// positions come to 3 to 20 times.
	freeBytes = 64 << 20
	mostTimes = 200
)

// Unpack reads a compressed stream. A stream that is not what it is said to be, one that
// wants a larger window than 8 MB and one that unpacks to far more than rows of positions can
// is a geo.Error at the read that meets it.
func Unpack(r io.Reader, p Packing) (io.ReadCloser, error) {
	packed := &counter{Reader: r}
	switch p {
	case Gzip:
		return &unpacked{packed: packed, open: func() (io.ReadCloser, error) { return gzip.NewReader(packed) }}, nil
	case Zstd:
		return &unpacked{packed: packed, open: func() (io.ReadCloser, error) {
			d, err := zstd.NewReader(packed, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(largestWindow))
			if err != nil {
				return nil, err
			}
			return d.IOReadCloser(), nil
		}}, nil
	case Plain:
		return io.NopCloser(r), nil
	}
	return nil, unknownPacking(p)
}

func unknownPacking(p Packing) error {
	return geo.Errorf("unsupported_media_type", "不支持压缩方式 %.40q；可用 gzip、zstd", "there is no packing %.40q; there are gzip and zstd", string(p))
}

// counter counts what is read through it, and remembers why it could not be.
type counter struct {
	io.Reader
	n   int64
	err error
}

func (c *counter) Read(b []byte) (int, error) {
	n, err := c.Reader.Read(b)
	c.n += int64(n)
	if err != nil && err != io.EOF {
		c.err = err
	}
	return n, err
}

// unpacked is the stream behind a compressed one, opened at the first read.
type unpacked struct {
	packed *counter
	open   func() (io.ReadCloser, error)
	plain  io.ReadCloser
	n      int64
}

func (u *unpacked) Read(b []byte) (n int, err error) {
	if u.plain == nil {
		plain, err := u.open()
		if err != nil {
			return 0, u.told(err)
		}
		u.plain = plain
	}
	n, err = u.plain.Read(b)
	if u.n += int64(n); u.n > freeBytes && u.n/mostTimes > u.packed.n {
		return 0, geo.Errorf("too_large", "压缩内容解压后超过其大小的 %d 倍；请不压缩或分批发送", "the body unpacks to more than %d times its size: send it plain, or in parts", mostTimes)
	}
	if err != nil && err != io.EOF {
		err = u.told(err)
	}
	return n, err
}

// told is a failure in the caller's words, unless it was reading that failed.
func (u *unpacked) told(err error) error {
	switch {
	case u.packed.err != nil:
		return u.packed.err
	case errors.Is(err, zstd.ErrWindowSizeExceeded), errors.Is(err, zstd.ErrDecoderSizeExceeded):
		return geo.Errorf("too_large", "zstd 窗口超过 %d MB；请用较低的压缩级别", "the zstd stream wants a window of more than %d MB: use a lower level", largestWindow>>20)
	}
	return geo.Errorf("bad_encoding", "压缩内容已损坏或不完整", "the compressed body is damaged or breaks off")
}

func (u *unpacked) Close() error {
	if u.plain == nil {
		return nil
	}
	return u.plain.Close()
}

// Packer compresses a stream on its way.
type Packer interface {
	io.WriteCloser
	// Flush sends all that was written, so that it can be unpacked.
	Flush() error
}

// Pack compresses what goes to w, or leaves it as it is. Closing does not close w.
func Pack(w FlushWriter, p Packing) (Packer, error) {
	switch p {
	case Gzip:
		z, err := gzip.NewWriterLevel(w, gzip.BestSpeed)
		return &packer{z, w}, err
	case Zstd:
		z, err := zstd.NewWriter(w, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(1<<20), zstd.WithLowerEncoderMem(true))
		return &packer{z, w}, err
	case Plain:
		return unpackedWriter{w}, nil
	}
	return nil, unknownPacking(p)
}

// FlushWriter is written to and flushed.
type FlushWriter interface {
	io.Writer
	Flush() error
}

// packer flushes the compressor and then what is behind it.
type packer struct {
	Packer
	to FlushWriter
}

func (p *packer) Flush() error { return errors.Join(p.Packer.Flush(), p.to.Flush()) }

func (p *packer) Close() error { return errors.Join(p.Packer.Close(), p.to.Flush()) }

// unpackedWriter is a Packer that leaves all as it is.
type unpackedWriter struct{ FlushWriter }

func (w unpackedWriter) Close() error { return w.Flush() }
