package density

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"towngrid/geo"
)

// Limits of a standard; texts are counted in characters.
const (
	maxText    = 2000
	maxClauses = 200
	maxCases   = 100
	maxTypes   = 100
)

// Check says everything that is wrong with the standard in one *geo.Error of code
// "bad_standard", whose violations each name the member and what to do; nil if
// nothing is. A standard that passes can be judged by.
func (std Standard) Check() error {
	c := checker{std: std}
	c.head()
	c.clauses()
	c.rules()
	c.classes()
	if len(c.found) == 0 {
		return nil
	}
	e := geo.Errorf("bad_standard",
		"标准 %[1]q 有 %[2]d 处错误，第一处：%[3]s",
		"standard %[1]q has %[2]d faults, the first being: %[4]s",
		std.ID, len(c.found), c.found[0].Message.ZH, c.found[0].Message.EN)
	e.Violations = c.found
	return e
}

// checker gathers the faults of one standard.
type checker struct {
	std   Standard
	found []geo.Violation
}

// fault records that a member is wrong and what to write instead.
func (c *checker) fault(member string, wrong, fix geo.Text) {
	c.found = append(c.found, geo.Breach("bad_standard", geo.Refusal,
		geo.Textf("%[1]s：%[2]s", "%[1]s: %[3]s", member, wrong.ZH, wrong.EN), fix))
}

func (c *checker) want(ok bool, member string, wrong, fix geo.Text) {
	if !ok {
		c.fault(member, wrong, fix)
	}
}

var (
	idShape   = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)
	dateShape = regexp.MustCompile(`^\d{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?)?$`)
)

func (c *checker) head() {
	std := c.std
	c.id("id", std.ID)
	c.text("title", std.Title)
	c.text("issuer", std.Issuer)
	c.text("edition", std.Edition)
	c.text("source", std.Source)
	c.choice("status", string(std.Status), string(Trial), string(Final))
	c.want(dateShape.MatchString(std.Date), "date",
		geo.Textf("%q 不是日期", "%q is not a date", std.Date),
		geo.Text{ZH: "写作 2018、2018-03 或 2018-03-01", EN: "write 2018, 2018-03 or 2018-03-01"})
	if std.ClimateZone != "" {
		c.choice("climate_zone", std.ClimateZone, climateZones()...)
	}
}

func (c *checker) id(member, id string) {
	c.want(len(id) <= 64 && idShape.MatchString(id), member,
		geo.Textf("%q 不能作标识", "%q will not do as an ID", id),
		geo.Text{ZH: "用小写字母、数字和连字符，至多 64 个", EN: "use small letters, digits and hyphens, 64 at most"})
}

func (c *checker) text(member, s string) {
	n := utf8.RuneCountInString(s)
	c.want(strings.TrimSpace(s) != "" && n <= maxText, member,
		geo.Textf("有 %d 个字", "it has %d characters", n),
		geo.Textf("填写 1 至 %d 个字", "write 1 to %d characters", maxText))
}

func (c *checker) choice(member, got string, allowed ...string) {
	list := strings.Join(allowed, ", ")
	c.want(slices.Contains(allowed, got), member,
		geo.Textf("没有 %q 这个选项", "there is no choice %q", got),
		geo.Textf("可选：%s", "choose from: %s", list))
}

func (c *checker) count(member string, n, lowest, highest int) {
	c.want(lowest <= n && n <= highest, member,
		geo.Textf("有 %d 项", "it has %d members", n),
		geo.Textf("应为 %d 至 %d 项", "%d to %d are wanted", lowest, highest))
}

func (c *checker) once(seen map[string]bool, member, key string) {
	c.want(!seen[key], member, geo.Textf("%q 重复", "%q occurs twice", key),
		geo.Text{ZH: "删去其中一个", EN: "remove one of them"})
	seen[key] = true
}

func (c *checker) clauses() {
	c.count("clauses", len(c.std.Clauses), 1, maxClauses)
	seen := map[string]bool{}
	for i, cl := range c.std.Clauses {
		at := fmt.Sprintf("clauses[%d]", i)
		c.id(at+".id", cl.ID)
		c.once(seen, at+".id", cl.ID)
		c.text(at+".cite", cl.Cite)
		c.text(at+".text.zh", cl.Text.ZH)
		c.text(at+".text.en", cl.Text.EN)
		c.choice(at+".trust", cl.Trust, "H", "M", "L")
	}
}

func (c *checker) rules() {
	c.count("rules", len(c.std.Rules), 1, len(Metrics()))
	seen := map[string]bool{}
	for i, r := range c.std.Rules {
		at := fmt.Sprintf("rules[%d]", i)
		metrics := Metrics()
		if !slices.Contains(metrics, r.Metric) {
			c.choice(at+".metric", string(r.Metric), words(metrics)...)
			continue
		}
		c.once(seen, at+".metric", string(r.Metric))
		c.choice(at+".heading", string(r.Heading), words(Headings())...)
		c.choice(at+".unit", r.Unit, r.Metric.Unit())
		_, known := c.std.Clause(r.Clause)
		c.want(known, at+".clause", geo.Textf("没有条款 %q", "there is no clause %q", r.Clause),
			geo.Text{ZH: "在 clauses 中写明该条款", EN: "describe the clause under clauses"})
		c.cases(at, r)
		c.numerator(at, r)
		c.facilities(at, r)
	}
}

func (c *checker) cases(at string, r Rule) {
	if r.derived() {
		for _, m := range []Metric{Residents, LandPerResident} {
			factor, ok := c.std.Rule(m)
			c.want(ok && len(factor.Cases) > 0, at+".cases",
				geo.Textf("为空，而标准没有 %s 的指标可供推算", "empty, and there is no rule for %s to derive a band from", m),
				geo.Text{ZH: "写明 cases，或补充该指标", EN: "write the cases, or add that rule"})
		}
		return
	}
	c.count(at+".cases", len(r.Cases), 1, maxCases)
	for i, cs := range r.Cases {
		in := fmt.Sprintf("%s.cases[%d]", at, i)
		c.want(cs.Band.valid(), in+".band",
			geo.Textf("%s 不是区间", "%s is no band", cs.Band),
			geo.Text{ZH: "写作 [下限, 上限]，不为负，下限不大于上限；无限制的一端写 null", EN: "write [lowest, highest], not negative and in order, null for an open end"})
		c.selectors(in+".climate_zones", cs.ClimateZones, climateZones())
		c.selectors(in+".types", cs.Types, typeNames())
		if i > 0 {
			before := r.Cases[i-1]
			c.want(len(before.ClimateZones)+len(before.Types) > 0, in,
				geo.Text{ZH: "排在适用于所有小镇的一项之后，永远用不到", EN: "it follows a case for every town and can never apply"},
				geo.Text{ZH: "把适用于所有小镇的一项放在最后", EN: "put the case for every town last"})
		}
	}
}

// selectors checks that a list names known things, each once.
func (c *checker) selectors(member string, list, known []string) {
	c.count(member, len(list), 0, maxTypes)
	seen := map[string]bool{}
	for _, s := range list {
		c.choice(member, s, known...)
		c.once(seen, member, s)
	}
}

func (c *checker) numerator(at string, r Rule) {
	if r.Metric == LandPerResident || r.Metric == Land {
		if r.Numerator != "" {
			c.choice(at+".numerator", string(r.Numerator), words(Policies())...)
		}
		return
	}
	c.want(r.Numerator == "", at+".numerator",
		geo.Textf("对 %s 没有意义", "it means nothing for %s", r.Metric),
		geo.Text{ZH: "删去", EN: "remove it"})
}

func (c *checker) facilities(at string, r Rule) {
	if !r.Metric.counts() {
		c.want(len(r.Facilities) == 0 && !r.OwnIndustry && r.Reach == nil, at+".facilities",
			geo.Textf("对 %s 没有意义", "it means nothing for %s", r.Metric),
			geo.Text{ZH: "删去 facilities、own_industry 和 reach", EN: "remove facilities, own_industry and reach"})
		return
	}
	c.reach(at, r.Reach)
	c.count(at+".facilities", len(r.Facilities), 1, len(geo.FacilityKinds()))
	c.selectors(at+".facilities", r.Facilities, geo.FacilityKinds())
	if !r.OwnIndustry {
		return
	}
	for _, cs := range r.Cases {
		for _, name := range demanding(cs) {
			t, _, _ := c.std.Type(name)
			c.want(len(t.Industries) > 0, at+".own_industry",
				geo.Textf("没有写明 %q 自身的产业", "the own industries of %q are not given", name),
				geo.Text{ZH: "在 classes 中为该类型写明 industries", EN: "give the type its industries under classes"})
		}
	}
}

// furthest is the longest walk that a rule may ask for, in metres.
const furthest = 5000

func (c *checker) reach(at string, r *Reach) {
	c.want(r == nil || r.Metres >= 1 && r.Metres <= furthest, at+".reach.metres",
		geo.Text{ZH: "不是步行距离", EN: "it is no walking distance"},
		geo.Textf("以米为单位，1 至 %d", "write metres, 1 to %d", furthest))
}

// demanding are the types of which a case asks for at least one facility.
func demanding(cs Case) []string {
	if cs.Band[0] == nil || *cs.Band[0] == 0 {
		return nil
	}
	if len(cs.Types) > 0 {
		return cs.Types
	}
	return typeNames()
}

func (c *checker) classes() {
	seen := map[string]bool{}
	types := geo.TownTypes()
	c.count("classes", len(c.std.Classes), 0, len(types))
	for i, cl := range c.std.Classes {
		at := fmt.Sprintf("classes[%d]", i)
		if cl.Class < 1 || cl.Class > len(types) {
			c.choice(at+".class", fmt.Sprint(cl.Class), "1", "2", "3")
			continue
		}
		c.text(at+".title.zh", cl.Title.ZH)
		c.text(at+".title.en", cl.Title.EN)
		for j, t := range cl.Types {
			in := fmt.Sprintf("%s.types[%d]", at, j)
			c.choice(in+".name", t.Name, types[cl.Class-1]...)
			c.once(seen, in+".name", t.Name)
			c.count(in+".industries", len(t.Industries), 0, maxTypes)
			for k, s := range t.Industries {
				c.text(fmt.Sprintf("%s.industries[%d]", in, k), s)
			}
		}
	}
}

func typeNames() (names []string) {
	for _, class := range geo.TownTypes() {
		names = append(names, class...)
	}
	return names
}

func words[S ~string](list []S) []string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = string(s)
	}
	return out
}
