package density

import (
	"slices"
	"strings"

	"towngrid/geo"
)

// use is the land use that a parcel states: a code, the system that gives the code
// its meaning, and perhaps the use's name.
type use struct{ system, code, name string }

// useOf reads the land use from a parcel's properties.
func useOf(ps geo.Properties) use {
	return use{
		system: strings.TrimSpace(ps.Text("code_system")),
		code:   strings.ToUpper(strings.TrimSpace(ps.Text("land_use"))),
		name:   strings.TrimSpace(ps.Text("land_use_name")),
	}
}

// ask puts a question to the use. An unsure answer comes with the reason. Where the
// name says something else than the code, the answer is sure only if it is the same
// either way.
func (u use) ask(q question) (a answer, why *Reason) {
	known, why := u.resolve()
	if why != nil {
		return unsure, why
	}
	a = q(u.system, known)
	if a == unsure {
		return unsure, reason(CoarseCode, "代码 %s（%s）过粗，无法判断", "code %s (%s) is too coarse to tell", u.code, u.system)
	}
	if slices.ContainsFunc(u.otherMeanings(known), func(m meaning) bool { return q(m.system, m.code) != a }) {
		return unsure, u.mismatch(known)
	}
	return a, nil
}

// contradiction says that the name belongs to another code of the same system, or
// to the same code of another system; nil where it does not, or nobody knows it.
func (u use) contradiction() *Reason {
	known, why := u.resolve()
	if why != nil {
		return nil
	}
	for _, m := range u.otherMeanings(known) {
		if m.system == u.system || m.code == known {
			return u.mismatch(known)
		}
	}
	return nil
}

func (u use) mismatch(known string) *Reason {
	return reason(NameContradicts,
		"代码 %[1]s（%[2]s）应为“%[3]s”，名称却写“%[4]s”：请核对代码体系",
		"code %[1]s (%[2]s) means %[3]s, yet the name says %[4]s: check the code system",
		u.code, u.system, uses().systems[u.system][known], u.name)
}

// resolve finds the code in its system, never without one.
func (u use) resolve() (known string, why *Reason) {
	switch {
	case u.system == "":
		return "", reason(NoCodeSystem, "没有代码体系（code_system），代码 %q 的含义不明", "there is no code system (code_system), so code %q may mean several things", u.code)
	case uses().systems[u.system] == nil:
		return "", reason(UnknownSystem, "不认识代码体系 %q", "the code system %q is not known", u.system)
	case u.code == "":
		return "", reason(NoCode, "没有用地代码（land_use）", "there is no land-use code (land_use)")
	}
	known, ok := uses().resolve(u.system, u.code)
	if !ok {
		return "", reason(UnknownCode, "代码体系 %[2]s 中没有代码 %[1]q（是否丢了前导零？）", "code %q is not one of %s (was a leading zero lost?)", u.code, u.system)
	}
	return known, nil
}

// otherMeanings gives what the name stands for where that is not the code: its
// meanings in the code's own system, or where that does not have the name, in others.
func (u use) otherMeanings(known string) []meaning {
	all := uses().names[u.name]
	var here []meaning
	for _, m := range all {
		if m.system == u.system {
			if related(m.code, known) {
				return nil
			}
			here = append(here, m)
		}
	}
	if here != nil {
		return here
	}
	return all
}

// CheckUse holds a parcel's land-use code against its code system and against its
// name: nil where they agree, else the reason why they do not (UnknownCode,
// NameContradicts and the like). It is what a row of an incoming file is checked by.
func CheckUse(parcel geo.Properties) *Reason {
	u := useOf(parcel)
	if _, why := u.resolve(); why != nil {
		return why
	}
	return u.contradiction()
}
