package intake

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"towngrid/geo"
)

// chinaTime is the zone of a time that a file gives without one: China has kept
// UTC+8 without daylight saving since 1992.
var chinaTime = time.FixedZone("+08:00", 8*3600)

// value brings a value of the file to a field's type. ok is false where it cannot
// be read as that; nil stays nil.
func value(f geo.Field, v any) (out any, ok bool) {
	if s, isText := v.(string); isText {
		v = strings.TrimSpace(s)
	}
	if v == nil || v == "" {
		return nil, true
	}
	switch f.Type {
	case geo.String:
		out, ok = text(v), true
	case geo.Integer:
		out, ok = integer(v)
	case geo.Number:
		out, ok = number(v)
	case geo.Bool:
		out, ok = boolean(v)
	case geo.Date:
		out, ok = moment(text(v), time.DateOnly, time.DateOnly, "20060102", "2006/01/02", "2006/1/2", "2006.01.02")
	case geo.Time:
		out, ok = moment(text(v), time.RFC3339Nano, time.RFC3339Nano, time.DateTime, "2006/01/02 15:04:05", "2006-01-02 15:04", "2006-01-02T15:04:05", "20060102150405")
	}
	if !ok || len(f.Enum) == 0 {
		return out, ok
	}
	return enumerated(f, out)
}

// enumerated turns a label into the value it stands for and holds the value
// against the list.
func enumerated(f geo.Field, v any) (any, bool) {
	s := text(v)
	for val, label := range f.Labels {
		if label == s {
			return val, true
		}
	}
	return v, slices.Contains(f.Enum, s)
}

func text(v any) string {
	switch x := v.(type) {
	case string:
		return x
	case int64:
		return strconv.FormatInt(x, 10)
	case float64:
		return strconv.FormatFloat(x, 'f', -1, 64)
	case bool:
		return strconv.FormatBool(x)
	}
	return ""
}

func integer(v any) (any, bool) {
	switch x := v.(type) {
	case int64:
		return x, true
	case float64:
		if x == math.Trunc(x) && math.Abs(x) < 1<<53 {
			return int64(x), true
		}
	case string:
		if n, err := strconv.ParseInt(x, 10, 64); err == nil {
			return n, true
		}
		if n, ok := number(x); ok {
			return integer(n)
		}
	}
	return nil, false
}

func number(v any) (any, bool) {
	switch x := v.(type) {
	case int64:
		return float64(x), true
	case float64:
		return x, !math.IsNaN(x) && !math.IsInf(x, 0)
	case string:
		n, err := strconv.ParseFloat(x, 64)
		return n, err == nil && !math.IsNaN(n) && !math.IsInf(n, 0)
	}
	return nil, false
}

func boolean(v any) (any, bool) {
	if b, ok := v.(bool); ok {
		return b, true
	}
	switch strings.ToLower(text(v)) {
	case "1", "t", "true", "y", "yes", "是":
		return true, true
	case "0", "f", "false", "n", "no", "否":
		return false, true
	}
	return nil, false
}

// moment reads s by the first layout that fits and writes it in the form out.
func moment(s, out string, layouts ...string) (any, bool) {
	for _, layout := range layouts {
		if t, err := time.ParseInLocation(layout, s, chinaTime); err == nil {
			return t.Format(out), true
		}
	}
	return nil, false
}
