package shapefile

import (
	"encoding/binary"
	"math"

	"towngrid/geo"
)

// kind is a shape type by its number in the file (ESRI Shapefile Technical
// Description, July 1998, table 1).
type kind int32

const (
	null       kind = 0
	point      kind = 1
	polyLine   kind = 3
	polygon    kind = 5
	multiPoint kind = 8
	multiPatch kind = 31
)

// family is the type without its planes: 15 (PolygonZ) and 25 (PolygonM) are 5.
func (k kind) family() kind { return k % 10 }

// readable says whether shapes of the type are read.
func (k kind) readable() bool {
	switch k.family() {
	case point, polyLine, polygon, multiPoint:
		return 0 < k && k < 30
	}
	return k == null
}

// hasZ and hasM say which planes the type has; with Z comes an M that may be missing.
func (k kind) hasZ() bool { return 10 < k && k < 20 }
func (k kind) hasM() bool { return 20 < k && k < 30 }

// String is ESRI's name: Polygon, PolygonZ, PolygonM, …
func (k kind) String() string {
	if k == null {
		return "Null"
	}
	if k == multiPatch {
		return "MultiPatch"
	}
	name := map[kind]string{point: "Point", polyLine: "PolyLine", polygon: "Polygon", multiPoint: "MultiPoint"}[k.family()]
	switch {
	case !k.readable():
		return "?"
	case k.hasZ():
		return name + "Z"
	case k.hasM():
		return name + "M"
	}
	return name
}

// parseKind reads the name of a type without planes.
func parseKind(name string) (kind, bool) {
	for _, k := range []kind{point, polyLine, polygon, multiPoint} {
		if k.String() == name {
			return k, true
		}
	}
	return null, false
}

const (
	headerBytes = 100
	fileCode    = 9994
	version     = 1000
)

// header is the first 100 bytes of a .shp and of a .shx. Its bounds are not
// read: they are wrong too often to be of use.
type header struct {
	kind    kind
	length  int64 // bytes of the file, as stated
	version int32
}

// parseHeader reads b; ok is false where it is too short or lacks the file code.
func parseHeader(b []byte) (h header, ok bool) {
	if len(b) < headerBytes || int32(binary.BigEndian.Uint32(b)) != fileCode {
		return h, false
	}
	return header{
		kind:    kind(binary.LittleEndian.Uint32(b[32:])),
		length:  2 * int64(int32(binary.BigEndian.Uint32(b[24:]))),
		version: int32(binary.LittleEndian.Uint32(b[28:])),
	}, true
}

// appendTo writes the header with bounds from lo to hi.
func (h header) appendTo(b []byte, lo, hi [2]float64) []byte {
	b = binary.BigEndian.AppendUint32(b, fileCode)
	b = append(b, make([]byte, 20)...)
	b = binary.BigEndian.AppendUint32(b, uint32(h.length/2))
	b = binary.LittleEndian.AppendUint32(b, version)
	b = binary.LittleEndian.AppendUint32(b, uint32(h.kind))
	for _, v := range []float64{lo[0], lo[1], hi[0], hi[1], 0, 0, 0, 0} {
		b = binary.LittleEndian.AppendUint64(b, math.Float64bits(v))
	}
	return b
}

// readHeader reads the header of a .shp and refuses one that cannot be read on.
func (p *part) readHeader() (header, error) {
	b, err := p.head(headerBytes)
	if err != nil {
		return header{}, err
	}
	h, ok := parseHeader(b)
	switch {
	case len(b) < headerBytes:
		return h, geo.Errorf("shp_header",
			"%[1]q 只有 %[2]d 字节，文件不完整，请重新导出", "%[1]q has only %[2]d bytes and is incomplete; export it again", p.name, len(b))
	case !ok:
		return h, geo.Errorf("shp_header",
			"%q 不是 Shapefile（文件标识不对），请重新导出", "%q is no shapefile (wrong file code); export it again", p.name)
	case h.kind == multiPatch:
		return h, geo.Errorf("multipatch",
			"%q 是三维多面体（MultiPatch），不支持；请在 GIS 软件中转为二维面", "%q holds MultiPatch (3D) shapes, which are not read; convert them to polygons", p.name)
	case !h.kind.readable():
		return h, geo.Errorf("shp_header",
			"%q 的图形类型 %d 无效，请重新导出", "the shape type of %q, %d, is not valid; export it again", p.name, h.kind)
	}
	return h, nil
}
