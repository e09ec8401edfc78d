package intake

import (
	"context"
	"errors"
	"io"

	"towngrid/geo"
	"towngrid/geo/geojson"
	"towngrid/geo/jzd"
	"towngrid/geo/shapefile"
)

// Count looks whether a file has more features or vertices than an upload may have, by
// going over it once without reading coordinates or checking anything, in a few kilobytes
// of memory beside one record of a text. The error is the *[geo.Error] with the code
// too_many_features or too_many_vertices that Read would end with. Everything else that
// may be wrong with the file is Read's to find, and so are the limits where the context
// ends first. Of the job the file and the chosen layer are looked at.
func Count(ctx context.Context, job Job) error {
	job.Source = while{ctx, job.Source}
	format, err := recognise(job)
	if err != nil {
		return nil
	}
	switch format {
	case isGeoPackage:
	case isGeoJSON:
		err = geojson.Count(job.Source, job.Size, shapefile.DefaultLimits())
	case isBoundaryText:
		err = jzd.Count(job.Source, job.Size, shapefile.DefaultLimits())
	case isShapefile:
		err = countShapefile(job)
	}
	var over *geo.Error
	if errors.As(err, &over) {
		return over
	}
	return nil
}

func countShapefile(job Job) error {
	archive, err := shapefile.Open(job.Source, job.Size, shapefile.DefaultLimits())
	if err != nil {
		return nil
	}
	layer, _, q := chooseLayer(archive.Layers(), job.Choice.Layer)
	if q != nil {
		return nil
	}
	return archive.Count(layer)
}

// while reads as long as a context lasts.
type while struct {
	ctx context.Context
	r   io.ReaderAt
}

// ReadAt is that of the reader, or the context's error.
func (w while) ReadAt(b []byte, at int64) (int, error) {
	if err := w.ctx.Err(); err != nil {
		return 0, err
	}
	return w.r.ReadAt(b, at)
}
