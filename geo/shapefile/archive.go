package shapefile

import (
	"archive/zip"
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"

	"github.com/klauspost/compress/flate"

	"towngrid/geo"
)

// Archive is a zip that passed the checks of [Open]. It reads from the
// io.ReaderAt that it was opened on and may be used by several goroutines.
type Archive struct {
	sets []set
	lim  Limits
}

// entry is a file in the zip, by its decoded path.
type entry struct {
	path string
	file *zip.File
}

// Open reads the directory of a zip of size bytes and refuses, before anything
// is unpacked, what is no zip or no shapefile, what is hostile and what is too
// large. The error is a *[geo.Error] with one of the codes
//
//	not_a_zip          no zip, incomplete, split, or a directory that contradicts itself
//	too_many_entries   more than lim.Entries files
//	zip_bomb           unpacks to too much, or entries overlap
//	unsafe_path        absolute, upward, hidden characters, over-long
//	unsafe_entry       a symbolic link or a device
//	duplicate_entry    two names that differ at most in case
//	encrypted_zip      password protected
//	unsupported_method packed by other means than store and deflate
//	nested_archive     an archive inside the archive, which is never opened
//	no_shapefile       no .shp in it
//
// or, where r fails, r's error.
func Open(r io.ReaderAt, size int64, lim Limits) (*Archive, error) {
	d, err := findDirectory(r, size)
	if err != nil {
		return nil, err
	}
	if err := d.check(lim); err != nil {
		return nil, err
	}
	zr, err := zip.NewReader(r, size)
	if err != nil && !errors.Is(err, zip.ErrInsecurePath) {
		return nil, damagedDirectory()
	}
	if uint64(len(zr.File)) != d.entries {
		return nil, damagedDirectory()
	}
	zr.RegisterDecompressor(zip.Deflate, flate.NewReader)
	if err := checkSizes(zr.File, d, lim); err != nil {
		return nil, err
	}
	entries, err := vet(zr.File)
	if err != nil {
		return nil, err
	}
	sets := group(entries)
	if len(sets) == 0 {
		return nil, noShapefile(entries)
	}
	return &Archive{sets: sets, lim: lim}, nil
}

// checkSizes refuses a zip that would unpack to too much: by the sum of what it
// declares, by an extreme ratio, or by entries that share packed bytes.
func checkSizes(files []*zip.File, d directory, lim Limits) error {
	var total uint64
	for _, f := range files {
		size := f.UncompressedSize64
		if size > uint64(lim.Declared) || total+size > uint64(lim.Declared) {
			return geo.Errorf("zip_bomb",
				"压缩包解压后超过 %d MiB，请分图层上传",
				"the zip unpacks to more than %d MiB; upload its layers one by one", lim.Declared>>20)
		}
		total += size
		if size > uint64(lim.RatioFree) && size/max(1, f.CompressedSize64) > uint64(lim.Ratio) {
			return geo.Errorf("zip_bomb",
				"压缩包内的 %q 压缩比异常，不予解压",
				"the compression of %q in the zip is not plausible; it is not unpacked", f.Name)
		}
	}
	return checkOverlap(files, d)
}

func checkOverlap(files []*zip.File, d directory) error {
	type span struct{ start, end int64 }
	spans := make([]span, 0, len(files))
	for _, f := range files {
		start, err := f.DataOffset()
		if err != nil {
			return damagedDirectory()
		}
		if f.CompressedSize64 > uint64(d.offset) {
			return damagedDirectory()
		}
		spans = append(spans, span{start, start + int64(f.CompressedSize64)})
	}
	slices.SortFunc(spans, func(a, b span) int {
		return cmp.Or(cmp.Compare(a.start, b.start), cmp.Compare(a.end, b.end))
	})
	for i, s := range spans {
		// The data of the next entry follows its own header of 30 bytes.
		if i+1 < len(spans) && s.end > spans[i+1].start-30 {
			return geo.Errorf("zip_bomb",
				"压缩包内的文件互相重叠，不予解压",
				"entries of the zip overlap; it is not unpacked")
		}
		if s.end > d.offset {
			return damagedDirectory()
		}
	}
	return nil
}

// vet gives the entries with their paths, without directories and clutter.
func vet(files []*zip.File) ([]entry, error) {
	seen := make(map[string]bool, len(files))
	var entries []entry
	for _, f := range files {
		path, err := entryPath(&f.FileHeader)
		if err != nil {
			return nil, err
		}
		if fold := strings.ToLower(path); seen[fold] {
			return nil, geo.Errorf("duplicate_entry",
				"压缩包内有两个名为 %q 的文件（不分大小写），请删去一个",
				"the zip holds two files named %q (regardless of case); remove one", path)
		} else {
			seen[fold] = true
		}
		if err := checkKind(f, path); err != nil {
			return nil, err
		}
		if !f.Mode().IsDir() && !clutter(path) {
			entries = append(entries, entry{path, f})
		}
	}
	for _, e := range entries {
		if err := checkNested(e); err != nil {
			return nil, err
		}
	}
	return entries, nil
}

func checkKind(f *zip.File, path string) error {
	const encrypted, strong, methodAES = 1 << 0, 1 << 6, 99
	switch {
	case f.Mode()&fs.ModeType&^fs.ModeDir != 0:
		return geo.Errorf("unsafe_entry",
			"压缩包内的 %q 是链接或设备，不是普通文件",
			"%q in the zip is a link or a device, not a file", path)
	case f.Flags&(encrypted|strong) != 0, f.Method == methodAES:
		return geo.Errorf("encrypted_zip",
			"压缩包有密码，请不加密重新压缩",
			"the zip is protected by a password; pack it again without one")
	case f.Method != zip.Store && f.Method != zip.Deflate:
		return geo.Errorf("unsupported_method",
			"%q 的压缩方式（%d）不支持，请用系统自带的“压缩为 ZIP”",
			"%q is packed by method %d, which is not supported; use plain zip compression", path, f.Method)
	}
	return nil
}

func checkNested(e entry) error {
	switch _, ext := stem(e.path); ext {
	case "zip", "zipx", "rar", "7z", "tar", "tgz", "gz", "bz2", "xz", "zst", "kmz", "jar", "cab":
		return geo.Errorf("nested_archive",
			"压缩包里还有压缩包 %q，不会打开；请解压后把图层文件直接压缩",
			"there is an archive %q inside the zip, which is not opened; unpack it and pack the layer files themselves", e.path)
	}
	return nil
}

// group finds the layers: each .shp with the files of the same path and stem.
func group(entries []entry) []set {
	parts := make(map[string]*part, len(entries))
	for _, e := range entries {
		parts[strings.ToLower(e.path)] = e.part()
	}
	var sets []set
	for _, e := range entries {
		name, ext := stem(e.path)
		if ext != "shp" {
			continue
		}
		s := set{parts: make(map[string]*part)}
		for _, ext := range []string{"shp", "shx", "dbf", "prj", "cpg", "dbt", "fpt"} {
			if p := parts[strings.ToLower(name)+"."+ext]; p != nil {
				s.parts[ext] = p
			}
		}
		s.layer = Layer{
			Name: base(name), Path: e.path,
			HasDBF: s.has("dbf"), HasPRJ: s.has("prj"), HasSHX: s.has("shx"), HasCPG: s.has("cpg"),
		}
		sets = append(sets, s)
	}
	return sets
}

func noShapefile(entries []entry) error {
	var names []string
	hint := geo.Text{}
	for _, e := range entries {
		if len(names) < 5 {
			names = append(names, e.path)
		}
		_, ext := stem(e.path)
		switch ext {
		case "gdbtable", "mdb", "gpkg", "dwg", "dxf", "kml":
			hint = geo.Text{ZH: "；请先在 GIS 软件中导出为 Shapefile", EN: "; export it as a shapefile first"}
		case "geojson", "json", "geojsonl", "geojsonseq", "txt":
			hint = cmp.Or(hint, geo.Text{ZH: "；GeoJSON 与界址点 TXT 请不要压缩，直接上传", EN: "; send GeoJSON and boundary-point text as they are, not in a zip"})
		case "dbf", "shx":
			hint = cmp.Or(hint, geo.Text{ZH: "；请把 .shp 也打包进去", EN: "; put the .shp into it as well"})
		}
	}
	list := strings.Join(names, ", ")
	if len(entries) > len(names) {
		list += fmt.Sprintf(", … (%d)", len(entries))
	}
	return geo.Errorf("no_shapefile",
		"压缩包里没有 .shp 文件（有：%[1]s）%[2]s",
		"there is no .shp in the zip (it holds: %[1]s)%[3]s", list, hint.ZH, hint.EN)
}

// Layers lists every .shp of the zip in the order of its directory.
func (a *Archive) Layers() []Layer {
	layers := make([]Layer, len(a.sets))
	for i := range a.sets {
		layers[i] = a.sets[i].layer
	}
	return layers
}

// Read opens the layer with layer.Path. It reads the headers, the .prj and the
// .cpg, and once through the .dbf to find the encoding; records follow by
// [File.Features]. The error is a *[geo.Error] with one of the codes
//
//	unknown_layer      no such path in the archive
//	unknown_encoding   opt.Encoding is not one that is read
//	zip_damaged        an entry does not unpack, or its checksum is wrong
//	shp_header         the .shp is no shapefile or of an unknown type
//	multipatch         the .shp holds MultiPatch (3D) shapes
//	dbf_header         the .dbf cannot be read at all
//	too_many_fields    more than lim.Fields fields
//	too_many_features  more than lim.Features rows
//
// or, where the reader under the archive fails, its error.
func (a *Archive) Read(layer Layer, opt Options) (*File, error) {
	for _, s := range a.sets {
		if s.layer.Path == layer.Path {
			return s.read(opt, a.lim)
		}
	}
	return nil, geo.Errorf("unknown_layer",
		"压缩包里没有图层 %q", "the zip holds no layer %q", layer.Path)
}
