package batch

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"

	"towngrid/geo"
)

func packed(t *testing.T, p Packing, text string) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := Pack(bufio.NewWriter(&b), p)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(w, text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestPackedBatches wants the same answer to a batch in every packing.
func TestPackedBatches(t *testing.T) {
	in := written(CSV, randomPoints(rand.New(rand.NewPCG(6, 6)), 6000))
	want := answered(t, strings.NewReader(in), options(CSV))
	for _, p := range []Packing{Plain, Gzip, Zstd} {
		body := packed(t, p, in)
		t.Logf("%q: %d of %d bytes", p, len(body), len(in))
		plain, err := Unpack(bytes.NewReader(body), p)
		if err != nil {
			t.Fatal(err)
		}
		if got := answered(t, plain, options(CSV)); got != want {
			t.Errorf("%q: another answer", p)
		}
		if err := plain.Close(); err != nil {
			t.Error(err)
		}
		if p == Plain {
			continue
		}
		for _, cut := range []int{0, 1, 5, len(body) / 2, len(body) - 1} {
			plain, _ := Unpack(bytes.NewReader(body[:cut]), p)
			var shown *geo.Error
			if err := Run(plain, io.Discard, options(CSV)); !errors.As(err, &shown) {
				t.Errorf("%q cut at %d: %v", p, cut, err)
			}
			_ = plain.Close()
		}
	}
}

// TestBombsDoNotUnpack sends little that unpacks to much.
func TestBombsDoNotUnpack(t *testing.T) {
	row := strings.Repeat("1,119,29\n", 100_000)
	for _, p := range []Packing{Gzip, Zstd} {
		in, send := io.Pipe()
		go func() {
			w, err := Pack(bufio.NewWriter(send), p)
			for err == nil {
				_, err = io.WriteString(w, row)
			}
		}()
		plain, err := Unpack(in, p)
		if err != nil {
			t.Fatal(err)
		}
		n, err := io.Copy(io.Discard, plain)
		var shown *geo.Error
		if !errors.As(err, &shown) || shown.Code != "too_large" || n > freeBytes+1<<20 {
			t.Errorf("%q: %d bytes, %v", p, n, err)
		}
		_ = in.Close()
	}
}

// TestWideWindowsAreRefused sends a zstd stream that wants more memory than it is given.
func TestWideWindowsAreRefused(t *testing.T) {
	var b bytes.Buffer
	w, err := zstd.NewWriter(&b, zstd.WithWindowSize(64<<20))
	if err != nil {
		t.Fatal(err)
	}
	noise := make([]byte, 20<<20)
	_, _ = rand.NewChaCha8([32]byte{}).Read(noise)
	if _, err := w.Write(noise); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	plain, err := Unpack(&b, Zstd)
	if err != nil {
		t.Fatal(err)
	}
	var shown *geo.Error
	if n, err := io.Copy(io.Discard, plain); !errors.As(err, &shown) || shown.Code != "too_large" || n > 0 {
		t.Errorf("%d bytes, %v", n, err)
	}
}
