package demo

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"towngrid/geo"
	"towngrid/geo/shapefile"
)

// File is one zipped shapefile that was written.
type File struct {
	Collection geo.Collection
	Path       string
	Records    int
}

// Write makes the district and writes a zip for each collection into dir, which must
// exist: towns.zip, units.zip, cells.zip, parcels.zip, facilities.zip, incidents.zip.
// Files that are there are overwritten. The same options give the same bytes. The list
// is in the order in which the files can be taken in.
func Write(dir string, o Options) ([]File, error) {
	d, err := New(o)
	if err != nil {
		return nil, err
	}
	var files []File
	for _, c := range geo.Collections() {
		f := File{Collection: c, Path: filepath.Join(dir, string(c)+".zip")}
		if f.Records, err = d.writeFile(f.Path, c); err != nil {
			return nil, fmt.Errorf("write %s: %w", f.Path, err)
		}
		files = append(files, f)
	}
	return files, nil
}

func (d *District) writeFile(path string, c geo.Collection) (int, error) {
	f, err := os.Create(path)
	if err != nil {
		return 0, err
	}
	n, err := d.WriteZip(f, c)
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	return n, err
}

// WriteZip writes the zipped shapefile of one collection and says how many records it holds.
func (d *District) WriteZip(w io.Writer, c geo.Collection) (int, error) {
	return d.writeSheet(w, d.sheet(c))
}

// writeSheet writes the zipped shapefile of a sheet and says how many records it holds.
func (d *District) writeSheet(w io.Writer, s sheet) (int, error) {
	n := 0
	counted := func(yield func(shapefile.Record, error) bool) {
		n = 0
		for r, err := range s.records {
			n++
			if !yield(r, err) {
				return
			}
		}
	}
	var b bytes.Buffer
	err := shapefile.Write(&b, shapefile.Output{
		Name: s.name, PRJ: grid().WKT(), Encoding: "GBK", ZipNamesGBK: true,
		Fields: s.fields, ShapeType: s.shape, Records: counted, Modified: written(),
	})
	if err != nil {
		return 0, err
	}
	return n, d.explain(w, b.Bytes())
}

// explain copies a zip and puts a README.txt before its entries.
func (d *District) explain(w io.Writer, packed []byte) error {
	r, err := zip.NewReader(bytes.NewReader(packed), int64(len(packed)))
	if err != nil {
		return err
	}
	zw := zip.NewWriter(w)
	readme, err := zw.CreateHeader(&zip.FileHeader{Name: "README.txt", Method: zip.Deflate, Modified: written()})
	if err != nil {
		return err
	}
	if _, err := io.WriteString(readme, d.readme()); err != nil {
		return err
	}
	for _, f := range r.File {
		if err := zw.Copy(f); err != nil {
			return err
		}
	}
	return zw.Close()
}

// written is the date of all files: the end of the year of incidents.
func written() time.Time {
	_, end := Year()
	return end
}

func (d *District) readme() string {
	return fmt.Sprintf(`合成数据：示范区（代码 %[1]s，未分配给任何行政区）由程序按种子 %[2]d 生成。
边界、名称、人口、用地、设施和事件均为虚构，不对应任何真实地点、单位或个人。
坐标系：CGCS2000 三度带高斯-克吕格第 40 带（EPSG:4528），单位米；属性编码 GBK。

Synthetic data: the district 示范区 (code %[1]s, assigned to no place) was generated from seed %[2]d.
Its boundaries, names, people, land, facilities and incidents are made up.
CRS: CGCS2000 3-degree Gauss-Kruger zone 40 (EPSG:4528), metres; attributes in GBK.
`, Division, d.options.Seed)
}
