package main

import (
	"context"
	"errors"
	"io"

	"towngrid/api"
	"towngrid/data"
	"towngrid/data/batch"
	"towngrid/geo"
	"towngrid/geo/snapshot"
)

// rematch is the command of the same name.
type rematch struct {
	database
	Upload   string `help:"ID of an upload: which incidents would change if its draft went live."`
	Version  string `help:"ID of a version: which incidents change with it."`
	Against  string `help:"With --version: the ID of another one, or stored for what incidents were matched to when they came in; what is live when none is given."`
	Division string `help:"Incidents of this division only."`
	Format   string `default:"json" enum:"json,csv,ndjson" help:"json counts; csv and ndjson list."`
}

// Run writes what comes of matching the incidents again.
func (m *rematch) Run(ctx context.Context, out io.Writer) error {
	var f data.IncidentFilter
	if m.Division != "" {
		d, err := geo.ParseDivision(m.Division)
		if err != nil {
			return err
		}
		f.Division = d
	}
	r, err := m.existing(ctx)
	if err != nil {
		return err
	}
	from, to, err := m.pictures(ctx, r)
	if err == nil {
		media := map[string]string{"json": "application/json", "csv": string(batch.CSV), "ndjson": string(batch.NDJSON)}[m.Format]
		err = api.WriteRematch(ctx, out, r, media, f, from, to, func() {})
	}
	return errors.Join(err, r.Close())
}

func (m *rematch) pictures(ctx context.Context, r *data.Registry) (from, to *snapshot.Snapshot, err error) {
	switch {
	case (m.Upload == "") == (m.Version == ""):
		return nil, nil, geo.Errorf("missing_parameter", "须指定 --upload 或 --version 之一", "either --upload or --version is wanted")
	case m.Upload != "":
		to, err = r.Preview(ctx, m.Upload)
		return r.Snapshot(), to, err
	}
	return api.Pictures(ctx, r, m.Version, m.Against)
}
