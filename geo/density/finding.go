package density

import (
	"strings"

	"towngrid/geo"
)

// Finding is one metric of a town held against its band.
type Finding struct {
	Metric  Metric   `json:"metric"`
	Title   geo.Text `json:"title"`
	Heading Heading  `json:"heading"`
	// Value is nil where it is not known.
	Value   *float64 `json:"value"`
	Unit    string   `json:"unit"`
	Band    Band     `json:"band"`
	Clause  string   `json:"clause"`
	Verdict Verdict  `json:"verdict"`
	// Inputs are what the value was computed from, in a fixed order.
	Inputs       geo.Properties `json:"inputs"`
	Remedy       Remedy         `json:"remedy"`
	Completeness Completeness   `json:"completeness"`
	// Messages say what a reader should know besides.
	Messages []geo.Text `json:"messages"`

	noBand bool // the band could not be chosen
}

// Completeness says whether everything was there to judge by.
type Completeness struct {
	Complete bool       `json:"complete"`
	Missing  []geo.Text `json:"missing"`
}

func (f *Finding) input(name string, v any) {
	f.Inputs = append(f.Inputs, geo.Property{Name: name, Value: v})
}

func (f *Finding) lack(why ...geo.Text) {
	f.Completeness.Missing = append(f.Completeness.Missing, why...)
}

func (f *Finding) say(zh, en string, args ...any) {
	f.Messages = append(f.Messages, geo.Textf(zh, en, args...))
}

func (f *Finding) measure(v float64) {
	v = round(v)
	f.Value = &v
}

// plausible takes the value away where only a wrong unit or CRS explains it.
func (f *Finding) plausible() {
	if f.Value == nil {
		return
	}
	if why := suspicion(*f.Value, f.Band); why != nil {
		f.input("implausibleValue", *f.Value)
		f.Value = nil
		f.lack(*why)
	}
}

// remedy tells what would make the finding fit: first what is missing, if anything
// is, and the levers as far as the band and the quantities are known.
func (f *Finding) remedy(levers ...Lever) {
	if f.noBand {
		levers = []Lever{}
	}
	f.Remedy = Remedy{Levers: levers}
	if len(f.Completeness.Missing) > 0 {
		f.Remedy.Text = toSupply(f.Completeness.Missing)
	}
	if len(levers) > 0 {
		said := sentences(levers)
		f.Remedy.Text = geo.Text{ZH: f.Remedy.Text.ZH + said.ZH, EN: strings.TrimSpace(f.Remedy.Text.EN + " " + said.EN)}
	}
}

// judge gives the verdict: none without a value, nor while anything is missing.
func (f *Finding) judge() {
	f.Completeness.Complete = len(f.Completeness.Missing) == 0
	f.Verdict = Unknown
	if f.Completeness.Complete && f.Value != nil {
		f.Verdict = f.Band.Verdict(*f.Value)
	}
}
