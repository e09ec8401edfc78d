package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"

	"towngrid/api"
	"towngrid/api/paper"
	"towngrid/data"
	"towngrid/geo"
	"towngrid/geo/density"
	"towngrid/geo/snapshot"
)

// report is the command of the same name.
type report struct {
	database
	Town          string `arg:"" optional:"" help:"The town's code; without one, all towns side by side."`
	To            string `type:"path" help:"The file to write; it must not be there yet. Its ending chooses the format."`
	Each          string `type:"path" help:"A folder to write a report of each town into, as CODE and the format's ending."`
	Format        string `help:"json, geojson, csv, html or xlsx."`
	Division      string `help:"Only the towns of this division."`
	SortBy        string `name:"sortby" help:"Order of the towns: metrics or properties with commas between them, - before one to turn it round."`
	List          string `help:"The list that a CSV file holds: findings, parcels, breakdown, facilities, access, enterprises or about."`
	Standard      string `help:"The standard's ID; the first of GET /standards when none is given."`
	Policy        string `help:"Residential land that counts: 07, 0701 or 0701+0702."`
	ClimateZone   string `help:"Climate zone in place of the town's, I to VII."`
	FarmBuildings bool   `help:"Count agricultural buildings as construction land."`
	At            string `help:"The moment of the report (RFC 3339)."`
	Since         string `help:"An earlier moment, to see what has changed since (RFC 3339)."`
	Lang          string `default:"zh" enum:"zh,en" help:"zh or en."`

	StandardFile []string `env:"TOWNGRID_STANDARD_FILE" type:"path" help:"Further standards to judge by, as files."`
}

// Run writes the report to out, or to the files asked for.
func (c *report) Run(ctx context.Context, out io.Writer) error {
	job, err := c.job()
	if err != nil {
		return err
	}
	r, err := c.existing(ctx)
	if err != nil {
		return err
	}
	return errors.Join(c.write(ctx, r, job, out), r.Close())
}

// job is what the flags ask for.
func (c *report) job() (job api.ReportJob, err error) {
	if c.Since != "" && c.Town == "" {
		return job, geo.Errorf("missing_parameter", "--since 须指明小镇", "--since needs a town")
	}
	if job.Standards, err = (web{StandardFile: c.StandardFile}).editions(); err != nil {
		return job, err
	}
	job.Standard, job.Town, job.Division, job.SortBy = c.Standard, geo.Code(c.Town), c.Division, c.SortBy
	job.Options = density.Options{Policy: density.Policy(c.Policy), ClimateZone: c.ClimateZone, FarmBuildings: c.FarmBuildings}
	job.Style = paper.Style{Format: paper.JSON, Lang: c.Lang, List: c.List}
	if name := cmp.Or(c.Format, c.To); name != "" {
		job.Style.Format, err = paper.ParseFormat(name)
	}
	return job, err
}

func (c *report) write(ctx context.Context, r *data.Registry, job api.ReportJob, out io.Writer) error {
	now, err := moment(ctx, r, c.At)
	if err != nil {
		return err
	}
	if c.Each != "" {
		return c.writeEach(now, job, out)
	}
	write := func(w io.Writer) error { return api.WriteReport(w, job, now) }
	if c.Since != "" {
		since, err := moment(ctx, r, c.Since)
		if err != nil {
			return err
		}
		write = func(w io.Writer) error { return api.WriteChanges(w, job, since, now) }
	}
	if c.To != "" {
		return create(c.To, write)
	}
	return write(out)
}

// writeEach writes a report of each town into the folder.
func (c *report) writeEach(now *snapshot.Snapshot, job api.ReportJob, out io.Writer) error {
	codes, err := api.TownsOf(now, job.Division)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(c.Each, 0o755); err != nil {
		return err
	}
	for _, code := range codes {
		if job.Town != "" && code != job.Town {
			continue
		}
		one := job
		one.Town = code
		path := filepath.Join(c.Each, url.PathEscape(string(code))+"."+string(job.Style.Format))
		if err := create(path, func(w io.Writer) error { return api.WriteReport(w, one, now) }); err != nil {
			return err
		}
		fmt.Fprintln(out, path)
	}
	return nil
}
