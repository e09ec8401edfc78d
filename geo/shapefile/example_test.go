package shapefile_test

import (
	"bytes"
	"fmt"
	"iter"

	"github.com/paulmach/orb"

	"towngrid/geo/shapefile"
)

// A layer is written as planners ship it, GBK in the .dbf, and read back.
func Example() {
	cells := func(yield func(shapefile.Record, error) bool) {
		ring := orb.Ring{{0, 0}, {100, 0}, {100, 100}, {0, 100}, {0, 0}}
		yield(shapefile.Record{Geometry: orb.MultiPolygon{{ring}}, Values: []any{"330890001004", "红星村", int64(812)}}, nil)
	}
	var file bytes.Buffer
	err := shapefile.Write(&file, shapefile.Output{
		Name: "网格", Encoding: "GBK", ShapeType: "Polygon", Records: iter.Seq2[shapefile.Record, error](cells),
		Fields: []shapefile.Field{{Name: "WGBM", Type: 'C'}, {Name: "WGMC", Type: 'C'}, {Name: "人口", Type: 'N'}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	archive, err := shapefile.Open(bytes.NewReader(file.Bytes()), int64(file.Len()), shapefile.DefaultLimits())
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, layer := range archive.Layers() {
		f, err := archive.Read(layer, shapefile.Options{})
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(layer.Path, f.ShapeType, f.Encoding.Name, "–", f.Encoding.Evidence.EN)
		for r, err := range f.Features() {
			if err != nil {
				fmt.Println(err)
				return
			}
			fmt.Println(r.Number, r.Geometry, r.Values)
		}
		fmt.Println(f.Records, "records,", f.Refused, "refused,", len(f.Violations), "violations")
	}
	// Output:
	// 网格.shp Polygon GB18030 – the .cpg says "GBK"
	// 1 [[[[0 0] [100 0] [100 100] [0 100] [0 0]]]] [330890001004 红星村 812]
	// 1 records, 0 refused, 0 violations
}
