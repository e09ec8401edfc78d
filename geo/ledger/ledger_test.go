package ledger

import (
	"errors"
	"testing"

	"towngrid/geo"
)

func notice(check string) geo.Violation {
	return geo.Breach(check, geo.Notice, geo.Textf("看", "look"), geo.Text{})
}

func refusal(record int) geo.Violation {
	return geo.Breach("bad", geo.Refusal, geo.Textf("坏", "bad"), geo.Text{}).At(record, geo.None, geo.None)
}

func TestListIsBounded(t *testing.T) {
	base := []geo.Violation{notice("base")}
	l := New(base, 2, 10)
	for range 5 {
		l.Add(notice("a"))
	}
	l.Add(notice("b"), notice("b"))
	for range 4 {
		l.Add(refusal(geo.None))
	}
	list := l.List()
	if len(list) != 1+2+2+4+1 {
		t.Fatalf("%d violations, want 10: %v", len(list), list)
	}
	last := list[len(list)-1]
	if last.Check != "a" || last.Severity != geo.Notice || last.Message.EN != "3 more of the same kind are not listed one by one" {
		t.Errorf("last line: %+v", last)
	}
	if l.Refused() != 0 {
		t.Errorf("%d records refused, none was", l.Refused())
	}
	if len(base) != 1 || len(l.List()) != len(list) {
		t.Error("listing changed the list")
	}
}

func TestRefusalsEndTheReading(t *testing.T) {
	l := New(nil, 1, 2)
	for record := 1; record <= 2; record++ {
		if err := l.Refuse(refusal(record)); err != nil {
			t.Fatalf("record %d: %v", record, err)
		}
	}
	var e *geo.Error
	if err := l.Refuse(refusal(3)); !errors.As(err, &e) || e.Code != "too_many_refusals" || len(e.Violations) != 3 {
		t.Errorf("third refusal: %v", err)
	}
	if l.Refused() != 3 {
		t.Errorf("%d refused, want 3", l.Refused())
	}
}
