package jzd

import (
	"io"

	"towngrid/geo"
	"towngrid/geo/shapefile"
)

// Count goes over the lines of a file without reading their numbers, and gives a
// *[geo.Error], too_many_features or too_many_vertices, where reading it would end with
// one of these because it has more parcels or points than the limits allow. What else is wrong is left to
// reading it and is no error here. It takes a few kilobytes.
func Count(r io.ReaderAt, size int64, lim shapefile.Limits) error {
	encoding, err := tellEncoding(r, size)
	if err != nil {
		return nil
	}
	t := newText(r, size, encoding.Name)
	for records, rows, vertices := 0, 0, 0; ; {
		line, k, err := t.read()
		switch {
		case err != nil: // the end among others
			return nil
		case k == aParcel, k == garbled && isParcelLine(line):
			records, rows = records+1, 0
		case k == aPoint:
			records, rows, vertices = max(records, 1), rows+1, vertices+1
		}
		if err := over(records, rows, vertices, lim); err != nil {
			return err
		}
	}
}

// over is the error of more parcels than a file may have, more points than one may have
// or all may.
func over(records, rows, vertices int, lim shapefile.Limits) error {
	switch {
	case records > lim.Features:
		return geo.Errorf("too_many_features", "文件超过 %d 个地块；请拆分文件", "the file has more than %d parcels; split it", lim.Features)
	case rows > lim.PolygonVertices:
		return geo.Errorf("too_many_vertices", "第 %d 个地块超过 %d 个点；请简化或拆分",
			"parcel %d has more than %d points; simplify or split it", records, lim.PolygonVertices)
	case vertices > lim.Vertices:
		return geo.Errorf("too_many_vertices", "文件超过 %d 个点；请拆分文件", "the file has more than %d points; split it", lim.Vertices)
	}
	return nil
}
