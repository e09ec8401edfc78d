package jzd

import (
	"math"
	"slices"
	"strings"

	"github.com/paulmach/orb"

	"towngrid/geo"
	"towngrid/geo/crs"
)

// identify finds the system that header and numbers agree on. bound holds the points as
// x east, y north; it is empty for a file without points. id is "" where there is none
// that is known, and evidence says why. conflict is what contradicts the header.
func (h Header) identify(bound orb.Bound) (id string, evidence geo.Text, conflict *geo.Violation) {
	if bound.IsEmpty() {
		return "", geo.Text{ZH: "文件没有坐标", EN: "the file has no coordinates"}, nil
	}
	if v := exchanged(bound); v != nil {
		return "", v.Message, v
	}
	stated := geo.Textf("文件头写明坐标系 %q、%d 度带、带号 %d、单位 %q", "the header says system %q, %d-degree zones, zone %d, unit %q", h.System, h.Width, h.Zone, h.Unit)
	switch {
	case h.System == "":
		return "", geo.Text{ZH: "文件头没有写明坐标系", EN: "the header states no reference system"}, nil
	case !isCGCS2000(h.System) && foreign(h.System) == "":
		return "", geo.Textf("文件头写明坐标系 %q，不是 2000 国家大地坐标系", "the header says the system %q, which is not CGCS2000", h.System), nil
	case h.degrees() && degrees(bound) && isCGCS2000(h.System):
		return crs.CGCS2000().ID(), stated, nil
	case !h.gaussKrueger():
		return "", geo.Textf("文件头写明投影 %q、单位 %q，不是高斯-克吕格米制坐标", "the header says projection %q and unit %q, which is not Gauss-Krüger in metres", h.Kind, h.Unit), nil
	}
	prefix, one := prefixOf(bound)
	zone := h.Zone
	switch {
	case !one:
		v := mixedZones.breach(bound.Min[0], bound.Max[0])
		return "", v.Message, &v
	case prefix != 0 && h.Zone != 0 && prefix != h.Zone:
		v := zoneConflict.breach(h.Zone, prefix)
		return "", v.Message, &v
	case prefix != 0:
		zone = prefix
	case zone == 0:
		return "", geo.Text{ZH: "文件头没有写明带号，坐标也不含带号", EN: "neither the header nor the coordinates say the zone"}, nil
	}
	c, err := crs.GaussKrueger(h.width(zone), zone, prefix != 0)
	if e, ok := err.(*geo.Error); ok {
		return "", e.Text, nil
	}
	id = c.ID()
	if datum := foreign(h.System); datum != "" {
		id = crs.ForeignZone(datum, h.width(zone), zone, prefix != 0)
	}
	with := geo.Text{ZH: "；坐标不含带号", EN: "; the eastings bear no zone number"}
	if prefix != 0 {
		with = geo.Textf("；坐标以带号 %d 开头", "; the eastings begin with zone %d", prefix)
	}
	return id, geo.Text{ZH: stated.ZH + with.ZH, EN: stated.EN + with.EN}, nil
}

// isCGCS2000 says that a name is the national system's and not that of a city, which
// may have 2000 in its name too: nothing but the usual words may stand around it.
func isCGCS2000(name string) bool {
	rest := strings.ToUpper(name)
	for _, word := range []string{"CGCS", "CHINA", "中国", "国家", "大地", "坐标系统", "坐标系", "坐标", "系"} {
		rest = strings.ReplaceAll(rest, word, "")
	}
	return strings.Trim(rest, " _-（）()") == "2000"
}

// foreign is "xian1980" or "beijing1954" where a name means one of these, else "".
func foreign(name string) string {
	has := func(words ...string) bool {
		return slices.ContainsFunc(words, func(w string) bool { return strings.Contains(strings.ToUpper(name), w) })
	}
	switch {
	case has("新", "NEW"): // the new Beijing system is another
	case has("80") && has("西安", "国家", "XIAN"):
		return "xian1980"
	case has("54") && has("北京", "BEIJING"):
		return "beijing1954"
	}
	return ""
}

// width is that of the zones, by their numbers where the header does not say.
func (h Header) width(zone int) int {
	switch {
	case h.Width != 0:
		return h.Width
	case zone < 25:
		return 6
	}
	return 3
}

// gaussKrueger says that projection and unit are, or may be, those of the format.
func (h Header) gaussKrueger() bool {
	kind, unit := strings.ToLower(h.Kind), strings.ToLower(h.Unit)
	return (kind == "" || strings.Contains(kind, "高斯") || strings.Contains(kind, "gauss")) &&
		(unit == "" || unit == "米" || unit == "m" || unit == "公尺" || strings.HasPrefix(unit, "met"))
}

func (h Header) degrees() bool {
	return strings.Contains(h.Unit, "度") || strings.HasPrefix(strings.ToLower(h.Unit), "deg")
}

func degrees(b orb.Bound) bool {
	return b.Min[0] >= -180 && b.Max[0] <= 180 && b.Min[1] >= -90 && b.Max[1] <= 90
}

// prefixOf is the zone number that all eastings begin with, 0 where they begin with
// none; one is false where they differ.
func prefixOf(b orb.Bound) (zone int, one bool) {
	low, high := math.Floor(b.Min[0]/1e6), math.Floor(b.Max[0]/1e6)
	return int(max(low, 0)), low == high && low < 100
}

// exchanged tells of northings that can only be eastings: no northing in the country
// reaches 6,000 km, and no zone number is below 13.
func exchanged(b orb.Bound) *geo.Violation {
	easting := func(lo, hi float64) bool { return lo >= 13e6 && hi < 46e6 || lo >= 200e3 && hi <= 800e3 }
	if !easting(b.Min[1], b.Max[1]) || !(b.Min[0] >= 2e6 && b.Max[0] <= 6e6) {
		return nil
	}
	v := swapped.breach(b.Min[1], b.Min[0])
	return &v
}
