package api

import (
	"towngrid/geo"
	"towngrid/geo/jsontext"
)

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
