package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"towngrid/data"
	"towngrid/geo"
	"towngrid/geo/intake"
	"towngrid/geo/zoning"
)

// zones is the command "zone".
type zones struct {
	database
	Division  string    `required:"" help:"Division code of 6, 9 or 12 digits."`
	Plan      string    `type:"existingfile" help:"The plan as a JSON file, as POST /zonings takes it; flags go over it."`
	Method    string    `help:"squares, hexagons, beidou, lines, balanced or rezone."`
	Size      float64   `help:"Size of squares and hexagons in metres."`
	Level     int       `help:"Level of Beidou cells, 1-10."`
	Cells     int       `help:"How many balanced cells there are to be."`
	PerCell   []float64 `help:"Least and most load of a balanced cell, such as 300,500." placeholder:"LEAST,MOST"`
	Load      []string  `help:"What cells carry evenly: area, incidents, addresses or a column of the blocks, each with a weight if need be: households=2." placeholder:"NAME[=WEIGHT]"`
	Residents string    `help:"Column of the blocks with the residents."`
	Within    string    `help:"Units that cells keep to: station (default), room, centre or none."`
	BlocksOf  string    `help:"Published collection that is the blocks: cells or parcels."`
	Blocks    string    `type:"existingfile" help:"File of blocks."`
	Lines     string    `type:"existingfile" help:"File of lines, such as roads and rivers."`
	Units     string    `type:"existingfile" help:"File of units, such as villages, in place of the published ones."`
	Boundary  string    `type:"existingfile" help:"File of what is to be divided as one."`
	Addresses string    `type:"existingfile" help:"File of points to be counted."`
	CRS       string    `name:"crs" help:"Coordinate reference system of files that name none, such as EPSG:4549."`
	Scheme    string    `help:"Scheme of codes: division12 (default), division12-4, unit15, community20 or beidou."`
	Seed      uint64    `help:"Another seed gives another proposal as good."`
	Codes     string    `type:"path" help:"Write the table from old codes to new ones as CSV; the file must not be there yet."`
	Publish   bool      `help:"Publish the proposal; else it stays a draft."`
	Check     bool      `help:"Make nothing: hold the published cells against the rules."`
	Author    string    `env:"USER" help:"Who is named as the author."`
}

// Run makes one proposal, with a bar, and prints its figures.
func (z *zones) Run(ctx context.Context, out io.Writer) error {
	q, err := z.request()
	if err != nil {
		return err
	}
	r, err := z.existing(ctx)
	if err != nil {
		return err
	}
	if z.Check {
		err = z.check(ctx, r, q, out)
	} else {
		err = z.propose(ctx, r, q, out)
	}
	return errors.Join(err, r.Close())
}

// request is the plan of the file with the flags over it.
func (z *zones) request() (q data.ZoningRequest, err error) {
	if z.Plan != "" {
		raw, err := os.ReadFile(z.Plan)
		if err != nil {
			return q, err
		}
		dec := json.NewDecoder(bytes.NewReader(raw))
		dec.DisallowUnknownFields()
		if err := dec.Decode(&q); err != nil {
			return q, fmt.Errorf("%s: %w", z.Plan, err)
		}
	}
	if q.Division, err = geo.ParseDivision(z.Division); err != nil {
		return q, err
	}
	text := func(to *string, flag string) {
		if flag != "" {
			*to = flag
		}
	}
	text((*string)(&q.Method), z.Method)
	text(&q.Within, z.Within)
	text((*string)(&q.BlocksOf), z.BlocksOf)
	text(&q.Residents, z.Residents)
	text(&q.Scheme.ID, z.Scheme)
	if z.Size != 0 {
		q.SizeM = z.Size
	}
	if z.Level != 0 {
		q.Level = z.Level
	}
	if z.Cells != 0 {
		q.Cells = z.Cells
	}
	if z.Seed != 0 {
		q.Seed = z.Seed
	}
	if len(z.PerCell) == 2 {
		q.LoadPerCell = &[2]float64{z.PerCell[0], z.PerCell[1]}
	} else if len(z.PerCell) > 0 {
		return q, geo.Errorf("bad_range", "--per-cell 应为两个数，如 300,500", "--per-cell wants two numbers, such as 300,500")
	}
	for _, l := range z.Load {
		t, err := term(l)
		if err != nil {
			return q, err
		}
		q.Load = append(q.Load, t)
	}
	for role := range z.files() {
		c := q.Files[role]
		if text(&c.CRS, z.CRS); q.Files == nil {
			q.Files = map[string]intake.Choice{}
		}
		q.Files[role] = c
	}
	return q, nil
}

// term reads NAME or NAME=WEIGHT.
func term(s string) (t zoning.Term, err error) {
	name, weight, weighted := strings.Cut(s, "=")
	switch name {
	case zoning.OfArea, zoning.OfIncidents, zoning.OfAddresses:
		t.Of = name
	default:
		t.Of, t.Column = zoning.OfColumn, name
	}
	if weighted {
		t.Weight, err = strconv.ParseFloat(weight, 64)
	}
	return t, err
}

// files are the files given, by role.
func (z *zones) files() map[string]string {
	given := map[string]string{}
	for role, path := range map[string]string{
		data.RoleBlocks: z.Blocks, data.RoleLines: z.Lines, data.RoleUnits: z.Units, data.RoleBoundary: z.Boundary, data.RoleAddresses: z.Addresses,
	} {
		if path != "" {
			given[role] = path
		}
	}
	return given
}

// opened yields the files in the order of their roles.
func (z *zones) opened(yield func(data.ZoningFile, error) bool) {
	given := z.files()
	for _, role := range data.ZoningRoles() {
		path, ok := given[role]
		if !ok {
			continue
		}
		f, err := os.Open(path)
		more := yield(data.ZoningFile{Role: role, File: filepath.Base(path), Body: f}, err)
		_ = f.Close()
		if !more {
			return
		}
	}
}

func (z *zones) propose(ctx context.Context, r *data.Registry, q data.ZoningRequest, out io.Writer) error {
	u, err := r.Zone(ctx, q, z.Author, z.opened)
	if err != nil {
		return err
	}
	if u, err = follow(ctx, r, u, os.Stderr); err != nil {
		return err
	}
	if u.State != data.UploadDraft {
		return &geo.Error{Code: "refused", Text: geo.Text{ZH: "未能生成方案", EN: "no proposal could be made"}, Violations: u.Violations}
	}
	if err := z.print(out, u); err != nil {
		return err
	}
	if z.Publish {
		v, err := r.PublishUpload(ctx, u.ID, u.Base)
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "published    number %d\n", v.Number)
	}
	return nil
}

// print shows the figures of a proposal beside those of others, then what is to be said of it.
func (z *zones) print(out io.Writer, u data.Upload) error {
	p := u.Zoning.Report
	fmt.Fprintf(out, "draft        %s\nblocks       %d\n%-12s %10s %10s %10s %10s %12s %10s %10s\n", u.ID, p.Blocks, "", "cells", "max/mean", "even", "compact", "on lines", "in pieces", "incidents*")
	for _, row := range []struct {
		name string
		f    *zoning.Figures
	}{{"proposed", &p.Figures}, {"naive", p.Naive}, {"published", p.Before}} {
		if f := row.f; f != nil {
			fmt.Fprintf(out, "%-12s %10d %10.3f %9.1f%% %10.3f %11.1f%% %10d %10.2f\n", row.name, f.Cells, f.Load.MaxOverMean, 100*f.Within, f.Compactness, 100*f.OnLines, f.Pieces, f.Incidents.MaxOverMean)
		}
	}
	fmt.Fprintln(out, "             max/mean is that of the load, *: that of the incidents by which the cells are judged")
	if b := p.Bound; b != nil {
		fmt.Fprintf(out, "bound        the heaviest block is %.2f of the mean; at most %.1f%% of the cells can be even\n", b.Block, 100*b.Within)
	}
	if m := p.Moved; m != nil {
		fmt.Fprintf(out, "moved        %.0f residents (%.1f%%), %.0f incidents, %.2f km²\n", m.Residents, 100*m.ResidentsShare, m.Incidents, m.AreaM2/1e6)
	}
	for i, v := range u.Violations {
		if i == 20 {
			fmt.Fprintf(out, "  … %d more\n", len(u.Violations)-i)
			break
		}
		fmt.Fprintln(out, " ", describe(v))
	}
	if z.Codes == "" {
		return nil
	}
	rows, err := u.Zoning.Recodes()
	if err != nil {
		return err
	}
	return create(z.Codes, func(f io.Writer) error { return zoning.WriteCodes(f, rows) })
}

// check holds the published cells against the rules and lists each breach.
func (z *zones) check(ctx context.Context, r *data.Registry, q data.ZoningRequest, out io.Writer) error {
	rules := zoning.Rules{Property: "load"}
	var err error
	if rules.Scheme, err = zoning.FindScheme(q.Scheme.ID); err != nil {
		return err
	}
	if q.LoadPerCell != nil {
		rules.Load = *q.LoadPerCell
	}
	vs, err := r.CheckCells(ctx, q.Division, "", rules)
	if err != nil {
		return err
	}
	for _, v := range vs {
		fmt.Fprintln(out, " ", describe(v))
	}
	_, err = fmt.Fprintf(out, "%d breaches\n", len(vs))
	return err
}
