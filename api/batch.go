package api

import (
	"io"
	"strings"

	"github.com/labstack/echo/v4"

	"towngrid/data/batch"
	"towngrid/geo"
	"towngrid/geo/crs"
)

// mostBatches is how many batches may be under way at a time: each holds a snapshot, two
// buffers and a place on the scratch disk for as long as its client takes.
const mostBatches = 64

// locateBatch answers POST /locate: a row out for each row in, in input order,
// streamed, all from one Snapshot. 503 when there are as many under way as may be. The format is that of the Content-Type; a bad row is
// answered in its place. There is no bound on rows, since memory does not grow with them;
// a client who neither sends nor reads is left after a while.
func (s *Server) locateBatch(c echo.Context) error {
	o, err := s.batchOptions(c)
	if err != nil {
		return err
	}
	r := c.Request()
	if err := fullDuplex(c); err != nil { // who is turned away hears it before the body is there
		return err
	}
	select {
	case s.batches <- struct{}{}:
		defer func() { <-s.batches }()
	default:
		return geo.Errorf("too_many_batches", "同时进行的批量定位过多（%d）；请稍后重试", "%d batches are under way already; try again in a moment", cap(s.batches))
	}
	encoding := strings.ToLower(strings.TrimSpace(r.Header.Get("Content-Encoding")))
	if encoding == "identity" {
		encoding = ""
	}
	body := pacedAs(c.Response(), r, batchPace())
	in, err := batch.Unpack(body, batch.Packing(encoding))
	if err != nil {
		return err
	}
	defer in.Close()
	if err := body.extend(); err != nil {
		return err
	}
	o.Stop = body.stop
	return s.streamed(c, string(o.Format), func(begin func(), out io.Writer) error {
		o.Begin = func() {
			c.Response().Header().Set("Towngrid-Versions", versionsOf(o.Snapshot, geo.Cells, geo.Units, geo.Towns))
			begin()
		}
		return batch.Run(in, out, o)
	})
}

// batchOptions reads the query and the Content-Type of POST /locate.
func (s *Server) batchOptions(c echo.Context) (o batch.Options, err error) {
	q, err := only(c, "datum", "at", "compare", "id", "lon", "lat", "keep")
	if err != nil {
		return o, err
	}
	if o.Datum, err = crs.ParseDatum(q.Get("datum")); err != nil {
		return o, err
	}
	if o.Format, o.Charset, err = batch.ParseMedia(c.Request().Header.Get("Content-Type")); err != nil {
		return o, err
	}
	o.Names = batch.Names{ID: q.Get("id"), Lon: q.Get("lon"), Lat: q.Get("lat")}
	if o.Keep, err = flag(q, "keep"); err != nil {
		return o, err
	}
	o.Lang = language(c.Request())
	if o.Snapshot, err = s.moment(c, q.Get("at")); err != nil {
		return o, err
	}
	if q.Has("compare") {
		o.Against, err = s.moment(c, q.Get("compare"))
	}
	return o, err
}
