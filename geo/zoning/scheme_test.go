package zoning

import (
	"fmt"
	"testing"

	"github.com/paulmach/orb"

	"towngrid/geo"
)

// sites are a chess board of cells of a kilometre, in an order that is not that of reading.
func chessBoard(n int) (sites []site) {
	for i := range n * n {
		k := i * 7 % (n * n)
		sites = append(sites, site{unit: "330890001002", at: orb.Point{118.9 + 0.0103*float64(k%n), 29 - 0.009*float64(k/n)}, areaM2: 1e6})
	}
	return sites
}

func TestNumberedAsRead(t *testing.T) {
	sites := chessBoard(4)
	for _, s := range Schemes()[:4] {
		codes, err := number(s, SchemeChoice{}, "330890", sites, nil)
		if err != nil {
			t.Fatal(err)
		}
		for i, c := range codes {
			seq := 1 + i*7%16
			want := map[string]string{
				"division12": fmt.Sprintf("330890001002%03d", seq), "division12-4": fmt.Sprintf("330890001002%04d", seq),
				"unit15": fmt.Sprintf("330890001002%03d", seq), "community20": fmt.Sprintf("330890001002%03d00000", seq),
			}[s.ID]
			if string(c) != want {
				t.Errorf("%s: cell %d has %s, want %s", s.ID, i, c, want)
			}
			if !s.Fits(c, "330890") || s.Fits(c+"0", "330890") || s.Fits(c, "330891") || s.Fits(c[1:], "330890") {
				t.Errorf("%s: %s is judged wrongly", s.ID, c)
			}
		}
	}
}

func TestUsedCodesAreNotGivenAgain(t *testing.T) {
	s := Schemes()[0]
	used := map[geo.Code]bool{"330890001002007": true, "330890001002991": false, "330890001003500": true, "rubbish": true}
	delete(used, "330890001002991")
	sites := chessBoard(2)
	sites[1].own = "330890001002009"
	codes, err := number(s, SchemeChoice{}, "330890", sites, used)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[geo.Code]bool{}
	for i, c := range codes {
		if i == 1 && c != "330890001002009" || i != 1 && c < "330890001002010" || used[c] || seen[c] {
			t.Errorf("codes %v", codes)
		}
		seen[c] = true
	}
	used["330890001002998"] = true
	if _, err := number(s, SchemeChoice{}, "330890", sites, used); code(err) != "codes_exhausted" {
		t.Errorf("got %v", err)
	}
}

func TestDivisionOfAUnit(t *testing.T) {
	for unit, want := range map[geo.Code]string{"330890001002": "330890001002", "330890001": "330890001000", "S1": "330890000000", "JZ330890001201": "330890001201", "330890": "330890000000", "33089000100200304": "330890001002", "W": "330890009009"} {
		c := SchemeChoice{Divisions: map[geo.Code]string{"W": "330890009009"}}
		if got := c.division12("330890", unit); got != want {
			t.Errorf("%s: %s, want %s", unit, got, want)
		}
	}
}

func TestOwnSchemes(t *testing.T) {
	good := Scheme{ID: "own", Parts: []Part{{Of: "division", Digits: 6}, {Of: "fixed", Digits: 2, Text: "09"}, {Of: "sequence", Digits: 5}}}
	codes, err := number(good, SchemeChoice{Own: &good}, "330890", chessBoard(1), nil)
	if err != nil || good.check() != nil || codes[0] != "3308900900001" {
		t.Errorf("%v, %v, %v", codes, err, good.check())
	}
	for i, parts := range [][]Part{
		nil, {{Of: "division", Digits: 6}}, {{Of: "sequence", Digits: 3}, {Of: "sequence", Digits: 3}}, {{Of: "sequence", Digits: 0}},
		{{Of: "sequence", Digits: 10}}, {{Of: "fixed", Digits: 3, Text: "1"}, {Of: "sequence", Digits: 3}}, {{Of: "letters", Digits: 2}}, {{Of: "beidou"}, {Of: "sequence", Digits: 3}},
		{{Of: "division", Digits: 4}, {Of: "sequence", Digits: 3}},
	} {
		if (Scheme{Parts: parts}).check() == nil {
			t.Errorf("scheme %d is taken", i)
		}
	}
}
