package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/labstack/echo/v4"
	"github.com/paulmach/orb"

	"towngrid/geo"
	"towngrid/geo/crs"
	"towngrid/geo/snapshot"
)

// language is "en" when the caller prefers English to Chinese, else "zh".
// Among languages of equal weight the first one named wins.
func language(r *http.Request) string {
	best, lang := 0.0, "zh"
	for _, item := range strings.Split(r.Header.Get("Accept-Language"), ",") {
		tag, params, _ := strings.Cut(strings.TrimSpace(item), ";")
		primary, _, _ := strings.Cut(strings.ToLower(strings.TrimSpace(tag)), "-")
		if q := quality(params); (primary == "en" || primary == "zh") && q > best {
			best, lang = q, primary
		}
	}
	return lang
}

// quality reads the q parameter of an Accept-* item: 1 without one, 0 when it is not a number.
func quality(params string) float64 {
	for _, p := range strings.Split(params, ";") {
		k, v, _ := strings.Cut(strings.TrimSpace(p), "=")
		if strings.EqualFold(strings.TrimSpace(k), "q") {
			q, err := strconv.ParseFloat(strings.TrimSpace(v), 64)
			if err != nil || q != q || q < 0 {
				return 0
			}
			return min(q, 1)
		}
	}
	return 1
}

// accepts says with which weight an Accept header takes a media type. Without the
// header everything is taken.
func accepts(r *http.Request, media string) float64 {
	header := r.Header.Get("Accept")
	if header == "" {
		return 1
	}
	group, _, _ := strings.Cut(media, "/")
	best, exact := 0.0, -1
	for _, item := range strings.Split(header, ",") {
		name, params, _ := strings.Cut(strings.TrimSpace(item), ";")
		rank := -1
		switch strings.ToLower(strings.TrimSpace(name)) {
		case media:
			rank = 2
		case group + "/*":
			rank = 1
		case "*/*":
			rank = 0
		}
		if rank > exact {
			exact, best = rank, quality(params)
		}
	}
	return best
}

// only refuses a query parameter that the route does not have, and one that is
// given twice: a misspelt name would otherwise be passed over in silence.
func only(c echo.Context, names ...string) (url.Values, error) {
	q, err := url.ParseQuery(c.Request().URL.RawQuery)
	if err != nil {
		return nil, geo.Errorf("bad_query", "查询串无法解析", "the query string cannot be read")
	}
	for name, values := range q {
		if !slices.Contains(names, name) {
			return nil, geo.Errorf("unknown_parameter", "没有参数 %q；可用：%s", "there is no parameter %q; there are %s", name, strings.Join(names, ", "))
		}
		if len(values) > 1 {
			return nil, geo.Errorf("repeated_parameter", "参数 %q 出现了多次", "the parameter %q is given more than once", name)
		}
	}
	return q, nil
}

// param is a parameter of the path as the caller meant it. Echo leaves it escaped where
// the path has an escape that is not needed, or an escaped slash.
func param(c echo.Context, name string) string {
	v := c.Param(name)
	if c.Request().URL.RawPath == "" {
		return v
	}
	if plain, err := url.PathUnescape(v); err == nil {
		return plain
	}
	return v
}

// plainJSON refuses a format other than JSON, the only one that most routes have.
func plainJSON(q url.Values) error {
	switch q.Get("f") {
	case "", "json":
		return nil
	}
	return geo.Errorf("not_acceptable", "f=%.40q 不可用，此处只有 json", "f=%.40q: there is only json here", q.Get("f"))
}

// onlyJSON is only and plainJSON for a route that has no parameter but f.
func onlyJSON(c echo.Context) error {
	q, err := only(c, "f")
	if err != nil {
		return err
	}
	return plainJSON(q)
}

// flag reads a parameter that is true or false, false when it is not given.
func flag(q url.Values, name string) (bool, error) {
	switch q.Get(name) {
	case "", "false":
		return false, nil
	case "true":
		return true, nil
	}
	return false, geo.Errorf("bad_query", "%s=%.40q 应为 true 或 false", "%s=%.40q: wanted is true or false", name, q.Get(name))
}

// checkInterval reads datetime as OGC API Features has it: a time, or an interval whose
// ends may be open. Features of boundaries have no time of their own, so every
// one of them matches whatever is asked (17-069r4, 7.15.4); at= asks for the past.
func checkInterval(s string) error {
	if s == "" {
		return nil
	}
	bad := geo.Errorf("bad_datetime", "datetime=%.80q 应为 RFC 3339 时间或区间", "datetime=%.80q: wanted is a time as in RFC 3339, or an interval", s)
	ends := strings.Split(s, "/")
	if len(ends) > 2 {
		return bad
	}
	var times []time.Time
	for _, end := range ends {
		if len(ends) == 2 && (end == "" || end == "..") {
			continue
		}
		t, err := time.Parse(time.RFC3339Nano, end)
		if err != nil {
			if t, err = time.Parse(time.DateOnly, end); err != nil {
				return bad
			}
		}
		times = append(times, t)
	}
	if len(times) == 2 && times[1].Before(times[0]) {
		return bad
	}
	return nil
}

// moment is the Snapshot of the time that at names (RFC 3339), or the present one.
func (s *Server) moment(c echo.Context, at string) (*snapshot.Snapshot, error) {
	if at == "" {
		return s.registry.Snapshot(), nil
	}
	t, err := time.Parse(time.RFC3339Nano, at)
	if err != nil {
		return nil, badTime("at", at)
	}
	return s.registry.At(c.Request().Context(), t)
}

// badTime refuses a time, given as the parameter of a name. A + that was not escaped has become a space.
func badTime(name, s string) error {
	return geo.Errorf("bad_time", "%[1]s=%.60[2]q 应为 RFC 3339 时间，如 2026-11-23T08:00:00+08:00（在地址中写作 2026-11-23T08:00:00%%2B08:00）",
		"%[1]s=%.60[2]q: wanted is a time as in RFC 3339, such as 2026-11-23T08:00:00+08:00 (in an address: 2026-11-23T08:00:00%%2B08:00)", name, s)
}

// position reads lon, lat and datum. given is the position as the caller wrote it,
// p the same in CGCS2000 degrees.
func position(q url.Values) (given, p orb.Point, d crs.Datum, err error) {
	d, err = crs.ParseDatum(q.Get("datum"))
	if err != nil {
		return given, p, d, err
	}
	lon, err := degrees("lon", q.Get("lon"), 180)
	if err != nil {
		return given, p, d, err
	}
	lat, err := degrees("lat", q.Get("lat"), 90)
	if err != nil {
		if v, terr := degrees("lat", q.Get("lat"), 180); terr == nil && lon >= -90 && lon <= 90 {
			err = geo.Errorf("bad_coordinate", "lat=%g 超出 ±90 度；经度和纬度是否写反了？", "lat=%g is not within ±90 degrees: are lon and lat the wrong way round?", v)
		}
		return given, p, d, err
	}
	given = orb.Point{lon, lat}
	return given, d.ToCGCS2000(given), d, nil
}

// plainPosition reads a query that is of lon, lat and perhaps datum, each once and without escapes, as nearly
// all are; given is as in position. Where ok is false, position says what is the matter, if anything is.
func plainPosition[T string | []byte](query T) (given orb.Point, d crs.Datum, ok bool) {
	var seen [3]bool // lon, lat, datum
	for rest := query; len(rest) > 0; {
		end := 0
		for end < len(rest) && rest[end] != '&' {
			end++
		}
		item := rest[:end]
		if rest = rest[min(end+1, len(rest)):]; len(item) < 5 {
			return given, d, false
		}
		axis, value := 2, item
		switch {
		case string(item[:4]) == "lon=":
			axis, value = 0, item[4:]
		case string(item[:4]) == "lat=":
			axis, value = 1, item[4:]
		case len(item) > 6 && string(item[:6]) == "datum=":
			value = item[6:]
		default:
			return given, d, false
		}
		if seen[axis] {
			return given, d, false
		}
		seen[axis] = true
		if axis < 2 {
			given[axis], ok = plainDegrees(value, 180/float64(1+axis))
		} else {
			var err error
			d, err = crs.ParseDatum(string(value))
			ok = err == nil
		}
		if !ok {
			return given, d, false
		}
	}
	if !seen[2] {
		d = crs.WGS84
	}
	return given, d, seen[0] && seen[1]
}

// plainDegrees reads a number of degrees within ±limit that is written with digits, a point and a minus sign.
func plainDegrees[T string | []byte](s T, limit float64) (v float64, ok bool) {
	for i := range len(s) {
		if c := s[i]; (c < '0' || c > '9') && c != '.' && c != '-' {
			return 0, false
		}
	}
	v, err := strconv.ParseFloat(string(s), 64)
	return v, err == nil && v >= -limit && v <= limit
}

// degrees reads one coordinate within ±limit. NaN, infinity and anything that is not a
// plain decimal number are refused.
func degrees(name, s string, limit float64) (float64, error) {
	if s == "" {
		return 0, geo.Errorf("missing_parameter", "缺少参数 %s", "the parameter %s is missing", name)
	}
	v, err := strconv.ParseFloat(s, 64)
	if err != nil || !(v >= -limit && v <= limit) || strings.ContainsAny(s, "xXpP_") {
		return 0, geo.Errorf("bad_coordinate", "%s=%q 不是 ±%g 度以内的数", "%s=%q is not a number of degrees within ±%g", name, s, limit)
	}
	return v, nil
}

// unpacked refuses a body that is compressed: what it would come to is not known
// before it is unpacked.
func unpacked(r *http.Request) error {
	if r.Header.Get("Content-Encoding") != "" {
		return geo.Errorf("unsupported_media_type", "请求内容不能压缩", "a compressed request body is not read here")
	}
	return nil
}

const (
	largestJSON = 1 << 20
	deepestJSON = 32
)

// decode reads a JSON body of at most 1 MiB. Members that are unknown or that stand
// twice, nesting deeper than 32, text that is not UTF-8 and anything behind the value
// are refused.
func decode(r *http.Request, into any) error {
	if err := unpacked(r); err != nil {
		return err
	}
	body, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, largestJSON))
	if err != nil {
		var large *http.MaxBytesError
		if errors.As(err, &large) {
			return routeError(http.StatusRequestEntityTooLarge)
		}
		return shownElse(err, geo.Errorf("bad_json", "请求内容没有传完", "the body broke off on its way"))
	}
	if !utf8.Valid(body) {
		return geo.Errorf("bad_json", "请求内容不是 UTF-8 文本", "the body is not UTF-8")
	}
	if err := plain(json.NewDecoder(bytes.NewReader(body)), 0); err != nil {
		return badJSON(err)
	}
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.DisallowUnknownFields()
	if err := dec.Decode(into); err != nil {
		return badJSON(err)
	}
	if _, err := dec.Token(); err != io.EOF {
		return geo.Errorf("bad_json", "JSON 之后还有多余内容", "there is more behind the JSON")
	}
	return nil
}

func badJSON(err error) error {
	return shownElse(err, geo.Errorf("bad_json", "请求内容不是预期的 JSON：%.200s", "the body is not the JSON that is wanted: %.200s", err))
}

// plain runs over one JSON value at a depth and refuses what is nested too deep and
// members that stand twice, of which readers differ on which one counts.
func plain(dec *json.Decoder, depth int) error {
	t, err := dec.Token()
	open, nested := t.(json.Delim)
	if err != nil || !nested {
		return err
	}
	if depth == deepestJSON {
		return geo.Errorf("bad_json", "JSON 嵌套超过 %d 层", "the JSON is nested deeper than %d", deepestJSON)
	}
	seen := map[string]bool{}
	for dec.More() {
		if open == '{' {
			if err := once(dec, seen); err != nil {
				return err
			}
		}
		if err := plain(dec, depth+1); err != nil {
			return err
		}
	}
	_, err = dec.Token()
	return err
}

// once reads the name of a member and refuses one that was seen.
func once(dec *json.Decoder, seen map[string]bool) error {
	t, err := dec.Token()
	name, _ := t.(string)
	if err != nil {
		return err
	}
	if seen[name] {
		return geo.Errorf("bad_json", "JSON 中 %.60q 出现了两次", "%.60q stands twice in the JSON", name)
	}
	seen[name] = true
	return nil
}
