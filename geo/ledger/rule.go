package ledger

import "towngrid/geo"

// Rule is what a check says. The sentences are formats for the same arguments.
type Rule struct {
	Severity     geo.Severity
	ZH, EN       string
	FixZH, FixEN string
}

// Breach is a violation of the check of this name, without a place.
func (r Rule) Breach(check string, args ...any) geo.Violation {
	return geo.Breach(check, r.Severity, geo.Textf(r.ZH, r.EN, args...), geo.Text{ZH: r.FixZH, EN: r.FixEN})
}

// Shared is the rule of a check that every format knows in the same words.
func Shared(check string) (r Rule, ok bool) {
	switch check {
	case "null_shape":
		r = Rule{geo.Notice, "没有图形", "there is no shape", "请补画，或删除该记录", "draw it, or delete the record"}
	case "short_line":
		r = Rule{geo.Warning, "%d 段线只有一个点，已略去", "%d lines of a single point were left out", "请检查该线", "check the line"}
	case "no_line":
		r = Rule{geo.Refusal, "没有一段线有两个以上的点", "no part has two points or more", "请补画或删除该线", "draw it, or delete the record"}
	default:
		return r, false
	}
	return r, true
}

// Refusal is the error of a record that cannot be taken.
type Refusal struct{ geo.Violation }

// Error is the English sentence.
func (r *Refusal) Error() string { return r.Check + ": " + r.Message.EN }

// More is the line that stands for n violations of a check that are not listed.
func More(check string, s geo.Severity, n int) geo.Violation {
	return geo.Breach(check, s, geo.Textf("另有 %d 处同类情况未逐条列出", "%d more of the same kind are not listed one by one", n), geo.Text{})
}
