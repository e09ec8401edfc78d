package crs

import (
	"bytes"
	"encoding/json"
	"io"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"towngrid/geo"
)

// Bounds on an operator's file: one of a whole province has some 100 systems.
const (
	mostDocument = 1 << 20 // bytes
	mostNesting  = 8       // levels of braces and brackets
)

// object is a JSON object of the operator's file, with the path where it stands, such
// as "systems[2].helmert". Its methods read members by name and keep what is wrong in
// fault, the first thing found anywhere in the file, so that a whole object can be read
// before asking. They give zero values then.
//
// Sentences name places, bounds and members, never a value that stands in the file.
type object struct {
	path    string
	members map[string]any // string, json.Number, bool, nil, []any, map[string]any
	fault   *error
}

// openDocument reads a file that holds one object with the members named, and nothing
// after it. A byte order mark may stand before it.
func openDocument(r io.Reader, required, optional string) (object, error) {
	data, err := io.ReadAll(io.LimitReader(r, mostDocument+1))
	if err != nil {
		return object{}, err
	}
	if len(data) > mostDocument {
		return object{}, badDocument(geo.Textf("文件超过 %d 字节", "it has more than %d bytes", mostDocument))
	}
	if !utf8.Valid(data) {
		return object{}, badDocument(geo.Text{ZH: "文件不是 UTF-8 编码", EN: "it is not in UTF-8"})
	}
	d := json.NewDecoder(bytes.NewReader(bytes.TrimPrefix(data, []byte("\ufeff"))))
	d.UseNumber()
	o := object{fault: new(error)}
	value := o.decode(d, 0)
	if _, err := d.Token(); *o.fault == nil && err != io.EOF {
		o.fail(geo.Textf("第 %d 字节之后还有内容", "there is more after byte %d", d.InputOffset()))
	}
	o = o.as("", value, required, optional)
	return o, *o.fault
}

// decode reads one value. Unlike json.Unmarshal it takes no member twice.
func (o object) decode(d *json.Decoder, depth int) any {
	t, err := d.Token()
	switch {
	case err != nil:
		o.fail(geo.Textf("第 %d 字节附近不是合法的 JSON", "near byte %d it is not JSON", d.InputOffset()))
		return nil
	case depth > mostNesting:
		o.fail(geo.Textf("嵌套超过 %d 层", "it is nested more than %d deep", mostNesting))
		return nil
	case t == json.Delim('['):
		return o.decodeList(d, depth)
	case t == json.Delim('{'):
		return o.decodeObject(d, depth)
	}
	return t
}

func (o object) decodeList(d *json.Decoder, depth int) any {
	values := []any{}
	for *o.fault == nil && d.More() {
		values = append(values, o.decode(d, depth+1))
	}
	o.shut(d)
	return values
}

func (o object) decodeObject(d *json.Decoder, depth int) any {
	members := map[string]any{}
	for *o.fault == nil && d.More() {
		name, _ := o.decode(d, depth).(string)
		if _, twice := members[name]; twice {
			o.fail(geo.Textf("第 %[1]d 字节处的成员 %[2]q 在同一对象中出现两次", "the member %[2]q at byte %[1]d is there twice in one object", d.InputOffset(), memberName(name)))
		}
		members[name] = o.decode(d, depth+1)
	}
	o.shut(d)
	return members
}

// shut reads the closing bracket.
func (o object) shut(d *json.Decoder) {
	if *o.fault == nil {
		o.decode(d, 0)
	}
}

// fail keeps what is wrong with the file.
func (o object) fail(why geo.Text) {
	if *o.fault == nil {
		*o.fault = badDocument(why)
	}
}

// refuse keeps what is wrong with a member, or with the object itself for the name "".
func (o object) refuse(name, zh, en string, args ...any) {
	why, at := geo.Textf(zh, en, args...), o.place(name)
	o.fail(geo.Text{ZH: at + "：" + why.ZH, EN: at + ": " + why.EN})
}

// place is the path of a member.
func (o object) place(name string) string {
	if o.path == "" || name == "" {
		return o.path + name
	}
	return o.path + "." + name
}

// as takes a value for an object that has the members named, separated by blanks, and
// no others.
func (o object) as(name string, value any, required, optional string) object {
	inner := object{path: o.place(name), fault: o.fault}
	members, ok := value.(map[string]any)
	if !ok {
		o.refuse(name, "应为对象 {…}", "an object {…} belongs here")
		return inner
	}
	inner.members = members
	for _, n := range strings.Fields(required) {
		if !inner.has(n) {
			inner.refuse(n, "缺少此成员", "this member is missing")
		}
	}
	known := " " + required + " " + optional + " "
	for n := range members {
		if n == "" || strings.ContainsRune(n, ' ') || !strings.Contains(known, " "+n+" ") {
			inner.refuse("", "未知成员 %q", "unknown member %q", memberName(n))
		}
	}
	return inner
}

// has says whether a member is there.
func (o object) has(name string) bool {
	_, ok := o.members[name]
	return ok
}

// object reads a member that is an object.
func (o object) object(name, required, optional string) object {
	return o.as(name, o.members[name], required, optional)
}

// objects reads a member that is a list of at least one and at most so many objects.
func (o object) objects(name string, most int, required, optional string) (list []object) {
	values, ok := o.members[name].([]any)
	if !ok || len(values) == 0 || len(values) > most {
		o.refuse(name, "应为含 1–%d 个对象的数组", "a list of 1–%d objects belongs here", most)
		return nil
	}
	for i, v := range values {
		list = append(list, o.as(name+"["+strconv.Itoa(i)+"]", v, required, optional))
	}
	return list
}

// text reads a member that is a text of letters, digits and signs, 1 to most characters
// without the blanks around it.
func (o object) text(name string, most int) string {
	s, ok := o.members[name].(string)
	s = strings.TrimSpace(s)
	if !ok || s == "" || utf8.RuneCountInString(s) > most || strings.ContainsFunc(s, unprintable) {
		o.refuse(name, "应为 1–%d 个字符的文本", "a text of 1–%d characters belongs here", most)
		return ""
	}
	return s
}

func unprintable(r rune) bool { return !unicode.IsPrint(r) }

// number reads a member that is a number from low to high.
func (o object) number(name string, low, high float64) float64 {
	n, ok := o.members[name].(json.Number)
	v, err := n.Float64()
	if !ok || err != nil || !(v >= low && v <= high) {
		o.refuse(name, "应为 %s 至 %s 之间的数", "a number from %s to %s belongs here", number(low), number(high))
		return 0
	}
	return v
}

// memberName shows a member's name only if it looks like one: values may have got into
// its place.
func memberName(s string) string {
	if len(s) > 30 || strings.ContainsFunc(s, func(r rune) bool { return r != '_' && !unicode.IsLetter(r) }) {
		return "…"
	}
	return s
}

// badDocument is the refusal of an operator's file.
func badDocument(why geo.Text) error {
	return &geo.Error{Code: "bad_crs_parameters", Text: geo.Text{
		ZH: "坐标系参数文件有误：" + why.ZH + "。请改正后重新启动",
		EN: "the file of reference systems is wrong: " + why.EN + ". Correct it and start again",
	}}
}
