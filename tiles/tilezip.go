package tiles

import (
	"archive/zip"
	"encoding/json"
	"hash/crc32"
	"io"
	"iter"
	"math"
	"strconv"
	"strings"
)

// WriteZip writes tiles as a zip of files {zoom}/{x}/{y}.pbf, compressed by gzip, beside a metadata.json that says
// their grid as GDAL's MVT driver writes and reads it. Of the formats of archives this is the one that has a place for a
// grid other than Web Mercator.
//
// That place is for one square at zoom 0, of which the degrees of CGCS2000Quad take the northern half: its
// zoom z is zoom z+1 here, as Tianditu counts its TileMatrix. The same tiles in the same order give the same bytes. The
// error is that of the tiles or of w.
func WriteZip(w io.Writer, d TileJSON, tiles iter.Seq2[Packed, error]) error {
	z := zip.NewWriter(w)
	put := func(name string, body []byte) error {
		h := &zip.FileHeader{Name: name, Method: zip.Store, CRC32: crc32.ChecksumIEEE(body)}
		//lint:ignore SA1019 CreateRaw writes this one; it is 1980-01-01, the first day that a zip can name
		h.ModifiedDate = 1<<5 | 1
		h.CompressedSize64, h.UncompressedSize64 = uint64(len(body)), uint64(len(body))
		f, err := z.CreateRaw(h)
		if err == nil {
			_, err = f.Write(body)
		}
		return err
	}
	meta, err := d.gridded()
	if err != nil {
		return err
	}
	if err := put("metadata.json", meta); err != nil {
		return err
	}
	down := d.Grid.roots()
	for t, err := range tiles {
		if err == nil {
			err = put(strconv.Itoa(int(t.Z)+down)+"/"+strconv.FormatUint(uint64(t.X), 10)+"/"+strconv.FormatUint(uint64(t.Y), 10)+".pbf", t.Body)
		}
		if err != nil {
			return err
		}
	}
	return z.Close()
}

// roots is how many zooms the grid's zoom 0 lies below one square that holds it.
func (g Grid) roots() int {
	columns, _ := g.Size(0)
	return int(columns) - 1
}

// gridded is the metadata.json of a folder of tiles.
func (d TileJSON) gridded() ([]byte, error) {
	down := d.Grid.roots()
	layers := make([]VectorLayer, len(d.VectorLayers))
	for i, l := range d.VectorLayers {
		l.MinZoom, l.MaxZoom = l.MinZoom+down, l.MaxZoom+down
		layers[i] = l
	}
	inner, err := json.Marshal(map[string]any{"vector_layers": layers})
	if err != nil {
		return nil, err
	}
	const earth = 6378137 // metres, the radius of EPSG:3857
	crs, west, north, side := "EPSG:3857", -math.Pi*earth, math.Pi*earth, 2*math.Pi*earth
	if d.Grid.degrees() {
		crs, west, north, side = "EPSG:4490", -180, 90, 360
	}
	m := map[string]any{
		"name": d.Name, "description": d.Description, "attribution": d.Attribution, "version": d.Version, "type": "overlay", "format": "pbf",
		"minzoom": d.MinZoom + down, "maxzoom": d.MaxZoom + down, "json": string(inner), "grid": d.Grid, "datum": d.Datum,
		"crs": crs, "tile_origin_upper_left_x": west, "tile_origin_upper_left_y": north, "tile_dimension_zoom_0": side,
	}
	if d.Bounds != nil {
		m["bounds"] = commas(d.Bounds)
		m["center"] = commas([]float64{d.Center[0], d.Center[1], d.Center[2] + float64(down)})
	}
	return json.MarshalIndent(m, "", "  ")
}

// commas writes numbers with commas between them.
func commas(vs []float64) string {
	texts := make([]string, len(vs))
	for i, v := range vs {
		texts[i] = strconv.FormatFloat(v, 'f', -1, 64)
	}
	return strings.Join(texts, ",")
}
