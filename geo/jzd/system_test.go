package jzd

import (
	"fmt"
	"strings"
	"testing"

	"towngrid/geo/crs"
)

func TestIdentify(t *testing.T) {
	const n, prefixed, bare = 3190000.0, 40500000.0, 500000.0
	base := Header{System: "2000国家大地坐标系", Width: 3, Kind: "高斯克吕格", Unit: "米", Zone: 40}
	with := func(change func(*Header)) Header {
		h := base
		change(&h)
		return h
	}
	for _, c := range []struct {
		name        string
		header      Header
		north, east float64
		id, check   string
		words       string
	}{
		{"prefix", base, n, prefixed, "EPSG:4528", "", "begin with zone 40"},
		{"no prefix", base, n, bare, "EPSG:4549", "", "no zone number"},
		{"prefix, no zone", with(func(h *Header) { h.Zone = 0 }), n, prefixed, "EPSG:4528", "", ""},
		{"prefix, no width", with(func(h *Header) { h.Width = 0 }), n, prefixed, "EPSG:4528", "", ""},
		{"6 degrees", with(func(h *Header) { h.Width, h.Zone = 6, 20 }), n, 20500000, "EPSG:4498", "", ""},
		{"6 degrees by number", with(func(h *Header) { h.Width, h.Zone = 0, 20 }), n, bare, "EPSG:4509", "", ""},
		{"no projection, no unit", with(func(h *Header) { h.Kind, h.Unit = "", "" }), n, prefixed, "EPSG:4528", "", ""},
		{"English", Header{System: "CGCS2000", Kind: "Gauss-Kruger", Unit: "m", Zone: 40}, n, prefixed, "EPSG:4528", "", ""},
		{"other words", with(func(h *Header) { h.System = "国家2000大地坐标系" }), n, prefixed, "EPSG:4528", "", ""},
		{"code", with(func(h *Header) { h.System = "CGCS_2000" }), n, prefixed, "EPSG:4528", "", ""},
		{"degrees", with(func(h *Header) { h.Kind, h.Unit, h.Zone, h.Width = "经纬度", "度", 0, 0 }), 28.9, 118.9, "EPSG:4490", "", ""},
		{"degrees in metres", with(func(h *Header) { h.Unit = "度" }), n, prefixed, "", "", "not Gauss-Krüger"},
		{"Xian 1980", with(func(h *Header) { h.System = "80国家大地坐标系" }), n, prefixed, "EPSG:2364", "", "80国家大地坐标系"},
		{"Xi'an 1980, no prefix", with(func(h *Header) { h.System = "西安80坐标系" }), n, bare, "EPSG:2385", "", "no zone number"},
		{"Beijing 1954", with(func(h *Header) { h.System = "1954北京坐标系" }), n, prefixed, "EPSG:2416", "", "1954"},
		{"New Beijing", with(func(h *Header) { h.System = "新1954年北京坐标系" }), n, prefixed, "", "", "not CGCS2000"},
		{"a city's own", with(func(h *Header) { h.System = "杭州2000坐标系" }), n, prefixed, "", "", "not CGCS2000"},
		{"none", with(func(h *Header) { h.System = "" }), n, prefixed, "", "", "states no reference system"},
		{"another projection", with(func(h *Header) { h.Kind = "兰伯特" }), n, prefixed, "", "", "not Gauss-Krüger"},
		{"no zone at all", with(func(h *Header) { h.Zone = 0 }), n, bare, "", "", "zone"},
		{"another zone", with(func(h *Header) { h.Zone = 39 }), n, prefixed, "", "zone_contradiction", "zone 39"},
		{"width and zone differ", with(func(h *Header) { h.Width = 6 }), n, prefixed, "", "", "6-degree zone 40"},
		{"zone that does not exist", with(func(h *Header) { h.Zone = 70 }), n, bare, "", "", "70"},
		{"exchanged", base, prefixed, n, "", "axes_swapped", "exchanged"},
		{"exchanged, no prefix", base, bare, n, "", "axes_swapped", "exchanged"},
	} {
		t.Run(c.name, func(t *testing.T) {
			text := strings.Join(c.header.lines(), "\n") + "\n3,,,,面,,,,@\n" +
				fmt.Sprintf("J1,1,%[1]f,%[3]f\nJ2,1,%[2]f,%[3]f\nJ3,1,%[1]f,%[4]f\n", c.north, c.north+1, c.east, c.east+1)
			f := read(t, text).file
			if f.CRS != c.id || !strings.Contains(f.CRSEvidence.EN, c.words) || f.CRSEvidence.ZH == "" {
				t.Errorf("CRS %q, want %q: %+v", f.CRS, c.id, f.CRSEvidence)
			}
			if _, err := crs.ParseApproximate(f.CRS); c.id != "" && err != nil { // exists, whatever it needs
				t.Errorf("%v", err)
			}
			if len(f.Violations) == 0 && c.check != "" || len(f.Violations) > 0 && f.Violations[0].Check != c.check && f.Violations[0].Check != "ring_closed" {
				t.Errorf("violations %v, want %q", f.Violations, c.check)
			}
		})
	}
}

func TestMixedZones(t *testing.T) {
	f := read(t, head+"3,,,,面,,,,@\nJ1,1,3190000,39500000\nJ2,1,3190000,40500000\nJ3,1,3190100,40500000\n").file
	if f.CRS != "" || f.Violations[0].Check != string(mixedZones) {
		t.Errorf("CRS %q, %v", f.CRS, f.Violations)
	}
}

func TestNewHeader(t *testing.T) {
	for zone := 13; zone <= 45; zone++ {
		for _, prefixed := range []bool{true, false} {
			width := 3
			if zone < 25 {
				width = 6
			}
			c, err := crs.GaussKrueger(width, zone, prefixed)
			if err != nil {
				continue
			}
			h, err := NewHeader(c)
			if err != nil || h.Zone != zone || h.Width != width {
				t.Errorf("%s: %+v, %v", c.ID(), h, err)
			}
		}
	}
	for _, id := range []string{"EPSG:4490", "EPSG:3857", "EPSG:32650"} {
		c, err := crs.Parse(id)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := NewHeader(c); code(err) != "not_gauss_krueger" {
			t.Errorf("%s: %v", id, err)
		}
	}
}
