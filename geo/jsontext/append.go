package jsontext

import (
	"encoding/json"
	"math"
	"strconv"
	"unicode/utf8"
)

// AppendString appends s as a JSON string. Text without anything to escape, which
// is nearly all of ours, is copied as it is.
func AppendString(b []byte, s string) []byte {
	for i := 0; i < len(s); i++ {
		if c := s[i]; c < ' ' || c == '"' || c == '\\' || c == '<' || c == '>' || c == '&' || c == 0xe2 {
			return appendEscaped(b, s)
		}
	}
	if !utf8.ValidString(s) {
		return appendEscaped(b, s)
	}
	return append(append(append(b, '"'), s...), '"')
}

// appendEscaped leaves the escaping to encoding/json, which also guards U+2028 and
// characters that matter to HTML.
func appendEscaped(b []byte, s string) []byte {
	q, err := json.Marshal(s)
	if err != nil { // a string always has a JSON form
		return append(b, `""`...)
	}
	return append(b, q...)
}

// AppendNumber appends v in the shortest form that reads back as v, null for NaN
// and infinity.
func AppendNumber(b []byte, v float64) []byte {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return append(b, "null"...)
	}
	return strconv.AppendFloat(b, v, 'f', -1, 64)
}

// AppendMetres appends a length with three decimals, null where there is none.
func AppendMetres(b []byte, m float64) []byte {
	return AppendNumber(b, math.Round(m*1000)/1000)
}
