package geojson

import (
	"bytes"
	"strings"

	"towngrid/geo"
)

// system is the reference system that a file states by the member crs of the GeoJSON
// of 2008, which RFC 7946 has dropped.
type system struct {
	name     string // as written, "" for none
	evidence geo.Text
}

// unstated is the system of a file that says nothing.
func unstated() system {
	return system{evidence: geo.Text{
		ZH: "文件没有 crs 成员；按 RFC 7946，坐标应为 WGS84 经纬度",
		EN: "the file has no crs member; by RFC 7946 its coordinates are WGS84 longitude and latitude"}}
}

// maxCRS bounds the name of a system in bytes.
const maxCRS = 200

// readCRS reads {"type":"name","properties":{"name":…}} and the older
// {"type":"EPSG","properties":{"code":…}}. ok is false for anything else.
func readCRS(o *object) (s system, ok bool) {
	member, err := openObject(o.on(o.crs))
	if err != nil || member.null(member.properties) {
		return s, false
	}
	c := member.on(member.properties)
	err = c.members(func(name []byte) error {
		from := c.i
		if err := c.check(); err != nil {
			return err
		}
		value := c.b[from:c.i]
		switch {
		case member.kind == "name" && string(name) == "name" && value[0] == '"':
			s.name = strings.TrimSpace(string(value[1 : len(value)-1]))
		case strings.EqualFold(member.kind, "EPSG") && string(name) == "code":
			s.name = "EPSG:" + string(bytes.Trim(value, `"`))
		}
		return nil
	})
	if err != nil || s.name == "" || len(s.name) > maxCRS || strings.ContainsAny(s.name, "\\\n") {
		return system{}, false
	}
	s.evidence = geo.Textf("文件的 crs 成员写明 %q", "the crs member of the file says %q", s.name)
	return s, true
}

// unread is a system whose member says nothing that is understood.
func unread(text []byte) (system, geo.Violation) {
	v := crsUnreadable.breach(excerpt(text))
	return system{evidence: v.Message}, v
}
