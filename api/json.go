package api

import (
	"bytes"
	"encoding/json"

	"github.com/labstack/echo/v4"

	"towngrid/geo"
	"towngrid/geo/jsontext"
)

// marshal is json.Marshal, but that & stands for itself: people copy the addresses in answers. < and > stay
// escaped, in case anybody takes an answer for a page.
func marshal(v any) ([]byte, error) {
	b, err := json.Marshal(v)
	out := b[:0]
	for i := 0; i < len(b); i++ {
		switch {
		case b[i] != '\\':
			out = append(out, b[i])
		case bytes.HasPrefix(b[i:], []byte(`\u0026`)):
			out = append(out, '&')
			i += len(`\u0026`) - 1
		default: // with what is escaped, which may be a backslash
			out = append(out, b[i], b[i+1])
			i++
		}
	}
	return out, err
}

// serializer makes Echo write JSON as marshal has it.
type serializer struct{ echo.DefaultJSONSerializer }

func (serializer) Serialize(c echo.Context, v any, _ string) error {
	b, err := marshal(v)
	if err != nil {
		return err
	}
	_, err = c.Response().Write(append(b, '\n'))
	return err
}

func appendString(b []byte, s string) []byte { return jsontext.AppendString(b, s) }

func appendNumber(b []byte, v float64) []byte { return jsontext.AppendNumber(b, v) }

func appendMetres(b []byte, m float64) []byte { return jsontext.AppendMetres(b, m) }

// appendNamed appends {"code":…,"name":…}, null for no feature.
func appendNamed(b []byte, f *geo.Feature) []byte {
	if f == nil {
		return append(b, "null"...)
	}
	b = appendString(append(b, `{"code":`...), string(f.Code))
	b = appendString(append(b, `,"name":`...), f.Name)
	return append(b, '}')
}
