package crs

import (
	"strings"

	"towngrid/geo"
)

// foreign is a datum whose tie to CGCS2000 has to come from parameters that are not
// public. Only its name is known here.
type foreign string

const (
	xian       foreign = "Xian 1980"
	beijing    foreign = "Beijing 1954"
	newBeijing foreign = "New Beijing"
	local      foreign = "a local datum"
)

// chinese is the datum's Chinese name.
func (d foreign) chinese() string {
	switch d {
	case xian:
		return "1980 西安坐标系"
	case beijing:
		return "1954 年北京坐标系"
	case newBeijing:
		return "新 1954 年北京坐标系"
	}
	return "地方独立坐标系"
}

// refused is the refusal of a system on the datum, which the file or the caller named so.
func (d foreign) refused(named string) error {
	advice := geo.Text{ZH: "请先由有资质的单位转换为 CGCS2000 再上传，或请运维人员在本系统中配置贵单位持有的转换参数", EN: "Have a licensed surveyor convert the data to CGCS2000 first, or the operator give this service the parameters that you hold"}
	if frame(d).foreign() {
		example := d.example(named) + about100m
		advice.ZH += "；若一百米的误差可以接受，可在上传时指定坐标系并写明，如 " + example
		advice.EN += ", or, if 100 m are good enough, name the system with the upload and say so, as in " + example
	}
	return geo.Errorf("datum_needs_parameters",
		"%[1]q 属%[2]s：它与 CGCS2000 之间的转换参数涉密，本系统不含，不经转换使用会偏差约一百米。%[4]s",
		"%[1]q rests on %[3]s: the parameters that tie it to CGCS2000 are classified and not part of this service, and without them positions are about 100 m off. %[5]s",
		brief(named), d.chinese(), string(d), advice.ZH, advice.EN)
}

// example is a code on the datum: the one that was named, or that of a zone.
func (d foreign) example(named string) string {
	if _, ok := codeNamed(strings.ToLower(strings.TrimSpace(named))); ok {
		return brief(named)
	}
	if d == beijing {
		return ForeignZone("beijing1954", 3, 40, true)
	}
	return ForeignZone("xian1980", 3, 40, true)
}
