package geojson

import (
	"towngrid/geo"
	"towngrid/geo/shapefile"
)

const (
	// maxDepth bounds the nesting of arrays and objects, counted from the outermost.
	// A MultiPolygon in a FeatureCollection takes 8.
	maxDepth = 32
	// maxRecord bounds the text of one record, and of what stands before or behind the
	// features of a collection, in bytes: some 130 for each of 500,000
	// vertices, where indented files take up to 90.
	maxRecord = 64 << 20
	// maxName bounds the name of a property in bytes.
	maxName = 1024
	// maxCoordinate is the largest absolute coordinate that is a position at all.
	maxCoordinate = 1e300
)

func tooManyFeatures(lim shapefile.Limits) error {
	return geo.Errorf("too_many_features", "文件超过 %d 个要素；请拆分文件", "the file has more than %d features; split it", lim.Features)
}

func tooManyFields(lim shapefile.Limits) error {
	return geo.Errorf("too_many_fields", "文件超过 %d 个属性字段；请删去不需要的字段",
		"the file has more than %d different properties; leave out those that are not needed", lim.Fields)
}

// tooManyVertices is for one record; record 0 stands for the file as a whole.
func tooManyVertices(record int, lim shapefile.Limits) error {
	if record == 0 {
		return geo.Errorf("too_many_vertices", "文件的顶点超过 %d 个；请拆分文件", "the file has more than %d vertices; split it", lim.Vertices)
	}
	return geo.Errorf("too_many_vertices", "第 %d 条记录超过 %d 个顶点；请简化或拆分",
		"record %d has more than %d vertices; simplify or split it", record, lim.PolygonVertices)
}

func tooDeep(s spot) error {
	return geo.Errorf("too_deep", "第 %[1]d 行第 %[2]d 列嵌套超过 %[3]d 层；请重新导出",
		"line %[1]d, column %[2]d: arrays and objects are nested more than %[3]d deep; export again", s.line, s.column, maxDepth)
}

func tooLarge(s spot) error {
	return geo.Errorf("record_too_large", "第 %d 行第 %d 列起的内容超过 %d MiB；请拆分或简化",
		"what begins at line %d, column %d takes more than %d MiB; split or simplify it", s.line, s.column, maxRecord>>20)
}
