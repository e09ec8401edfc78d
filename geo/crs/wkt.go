package crs

import (
	"errors"
	"math"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/encoding/simplifiedchinese"

	"towngrid/geo"
)

// ParseWKT reads a .prj file: well-known text of version 1 as ArcGIS or as GDAL and
// the OGC write it, in UTF-8 with or without a byte order mark, or in GB18030.
//
// The parameters decide, never the name: an ID comes from comparing numbers. Axes
// named in the text are not followed, since coordinates in files stand east first
// whatever it says. Of a compound system the horizontal part is taken.
//
// Errors are *geo.Error. "unreadable_prj": not WKT 1, over 64 KiB, nested over 16
// deep, a parameter missing, twice or not a number. "unknown_crs": a projection,
// ellipsoid, datum, prime meridian or direction of axes that is not supported.
// "datum_needs_parameters": Xian 1980, Beijing 1954, a local system, or a text that
// brings a shift of its own.
func ParseWKT(wkt string) (CRS, error) { return parseWKT(wkt, false) }

// parseWKT is ParseWKT, which with tieless also reads the systems of Xian 1980 and
// Beijing 1954: on their own ellipsoids, not tied to CGCS2000.
func parseWKT(wkt string, tieless bool) (CRS, error) {
	roots, err := scan(wkt)
	if err != nil {
		return CRS{}, err
	}
	return read(roots, tieless)
}

// scan brings the bytes of a file to nodes.
func scan(wkt string) ([]node, error) {
	if len(wkt) > mostWKT {
		return nil, unreadable("超过 %d 字节", "it has more than %d bytes", mostWKT)
	}
	if !utf8.ValidString(wkt) {
		// The decoder does not fail: what is no GB18030 becomes U+FFFD.
		wkt, _ = simplifiedchinese.GB18030.NewDecoder().String(wkt)
	}
	s := scanner{text: wkt}
	if s.peek() == '<' {
		return nil, unreadable("它是一个网页，不是坐标系定义", "it is a web page, not the definition of a system")
	}
	roots, err := s.nodes()
	switch {
	case errors.Is(err, errDepth):
		return nil, unreadable("括号嵌套超过 %d 层", "brackets are nested more than %d deep", mostDepth)
	case errors.Is(err, errEnd):
		return nil, unreadable("内容在括号或引号中间结束，文件不完整", "it ends within brackets or quotes: the file is not whole")
	case err != nil:
		return nil, unreadable("第 %d 字节处不合 WKT 语法", "at byte %d it is not WKT", s.at+1)
	case len(roots) == 0:
		return nil, unreadable("文件是空的", "the file is empty")
	}
	return roots, nil
}

// read makes a system of the first node; ArcGIS writes a vertical system after it.
func read(roots []node, tieless bool) (CRS, error) {
	for _, extra := range roots[1:] {
		if extra.keyword != "VERTCS" && extra.keyword != "VERT_CS" {
			return CRS{}, unreadable("除坐标系外还有 %q", "there is %q beside the system", brief(extra.keyword))
		}
	}
	root := roots[0]
	if root.keyword == "COMPD_CS" {
		root, _ = root.child("PROJCS", "GEOGCS", "LOCAL_CS", "GEOCCS")
	}
	switch root.keyword {
	case "GEOGCS":
		return readGeographic(root, tieless)
	case "PROJCS":
		return readProjected(root, tieless)
	case "LOCAL_CS", "FITTED_CS":
		return CRS{}, local.refused(root.text(0))
	case "GEOCCS", "VERTCS", "VERT_CS":
		return CRS{}, unsupported("坐标系类型", "kind of system", root.keyword)
	case "GEOGCRS", "GEODCRS", "PROJCRS", "COMPOUNDCRS", "BOUNDCRS", "GEODETICCRS", "GEOGRAPHICCRS", "PROJECTEDCRS":
		return CRS{}, unreadable("它是 WKT 第 2 版，.prj 文件应为第 1 版（ESRI 格式）", "it is WKT version 2; a .prj file holds version 1 (ESRI style)")
	}
	return CRS{}, unreadable("没有 PROJCS 或 GEOGCS", "there is no PROJCS or GEOGCS")
}

func readGeographic(n node, tieless bool) (CRS, error) {
	f, e, err := readFrame(n, tieless)
	if err != nil {
		return CRS{}, err
	}
	unit, err := readUnit(n)
	if err != nil {
		return CRS{}, err
	}
	if err := readAxes(n); err != nil {
		return CRS{}, err
	}
	c := CRS{kind: geographic, frame: f, ellipsoid: e, unit: asDegrees(unit)}
	if e.inverseF == 0 {
		return CRS{}, unsupported("椭球", "ellipsoid", n.keyword+" 1/f 0")
	}
	return c.identified(false), nil
}

func readProjected(n node, tieless bool) (CRS, error) {
	geogcs, ok := n.child("GEOGCS")
	if !ok {
		return CRS{}, missing("GEOGCS")
	}
	f, e, err := readFrame(geogcs, tieless)
	if err != nil {
		return CRS{}, err
	}
	angle, err := readUnit(geogcs)
	if err != nil {
		return CRS{}, err
	}
	unit, err := readUnit(n)
	if err != nil {
		return CRS{}, err
	}
	if err := readAxes(n); err != nil {
		return CRS{}, err
	}
	p, err := readParameters(n, asDegrees(angle), unit)
	if err != nil {
		return CRS{}, err
	}
	return p.project(n, CRS{frame: f, ellipsoid: e, unit: asMetres(unit)})
}

// unreadable is the refusal of a text that is no system at all.
func unreadable(zh, en string, args ...any) error {
	why := geo.Textf(zh, en, args...)
	return &geo.Error{Code: "unreadable_prj", Text: geo.Text{
		ZH: ".prj 无法读取：" + why.ZH + "。请重新导出，或在上传时指定坐标系",
		EN: "the .prj cannot be read: " + why.EN + ". Export it again, or name the system with the upload",
	}}
}

func missing(keyword string) error {
	return unreadable("缺少 %s", "%s is missing", keyword)
}

// unsupported is the refusal of a text that is well formed but names something unknown.
func unsupported(zh, en, what string) error {
	return geo.Errorf("unknown_crs",
		".prj 的%[1]s %[3]q 不受支持。可用：CGCS2000 或 WGS84 上的经纬度、高斯-克吕格、UTM、Web 墨卡托。请先转换，或在上传时指定坐标系",
		"the .prj's %[2]s %[3]q is not supported. There are longitude and latitude, Gauss-Krüger, UTM and Web Mercator on CGCS2000 or WGS84. Convert the data first, or name the system with the upload",
		zh, en, brief(what))
}

// fold brings a name to what counts when names are compared: letters and digits.
func fold(name string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, name)
}

// float reads the i-th text of n as a finite number.
func (n node) float(i int) (float64, error) {
	v, err := strconv.ParseFloat(n.text(i), 64)
	if err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
		return 0, unreadable("%s 中的 %q 不是数", "%[2]q in %[1]s is not a number", n.keyword, brief(n.text(i)))
	}
	return v, nil
}

// authority is the EPSG code that the text itself states for n, 0 for none.
func (n node) authority() int {
	a, _ := n.child("AUTHORITY")
	code, err := strconv.Atoi(a.text(1))
	if err != nil || !strings.EqualFold(a.text(0), "EPSG") {
		return 0
	}
	return code
}

// readUnit is the size of n's unit in radians or metres.
func readUnit(n node) (float64, error) {
	u, ok := n.child("UNIT")
	if !ok {
		return 0, missing(n.keyword + " UNIT")
	}
	size, err := u.float(1)
	if err == nil && !(size > 1e-9 && size < 1e6) {
		err = unreadable("单位 %q 的大小 %s 不合理", "the unit %q cannot have the size %s", brief(u.text(0)), number(size))
	}
	return size, err
}

// asDegrees turns the size of an angular unit to degrees. Within 0.01 % it is the
// degree, written with few digits; no other unit is near.
func asDegrees(size float64) float64 {
	if d := degrees(size); math.Abs(d-1) > 1e-4 {
		return d
	}
	return 1
}

// asMetres takes what is a metre but for rounding for the metre.
func asMetres(size float64) float64 {
	if math.Abs(size-1) > 1e-9 {
		return size
	}
	return 1
}

// readAxes refuses axes that run west or south. Their order is not followed.
func readAxes(n node) error {
	for _, a := range n.nodes {
		if a.keyword != "AXIS" {
			continue
		}
		if to := strings.ToUpper(a.text(1)); to == "WEST" || to == "SOUTH" {
			return unsupported("坐标轴方向", "direction of an axis", to)
		}
	}
	return nil
}
