package tiles

import (
	"strings"

	"towngrid/geo"
)

// contentNames are the kinds of layers as URLs spell them.
func contentNames() map[Content]string {
	return map[Content]string{Fills: "fills", Labels: "labels", Borders: "borders"}
}

// ParseContent reads kinds of layers, fills, labels and borders, with commas between them; "" is all of them.
func ParseContent(s string) (c Content, err error) {
	if s == "" {
		return All, nil
	}
	for name := range strings.SplitSeq(s, ",") {
		kind := Content(0)
		for k, known := range contentNames() {
			if known == name {
				kind = k
			}
		}
		if kind == 0 || c&kind != 0 {
			return 0, geo.Errorf("bad_content",
				"content 中的 %q 无效或重复；可用：fills、labels、borders", "%q in content is unknown or named twice; there are fills, labels and borders", brief(name))
		}
		c |= kind
	}
	return c, nil
}

// String names the kinds as ParseContent reads them.
func (c Content) String() string {
	var names []string
	for _, kind := range kinds() {
		if c&kind != 0 {
			names = append(names, contentNames()[kind])
		}
	}
	return strings.Join(names, ",")
}

// mostProperties bounds the names in a list of properties.
const mostProperties = 64

// ParseProperties reads names of properties with commas between them; "" is none.
func ParseProperties(s string) ([]string, error) {
	if s == "" {
		return []string{}, nil
	}
	if strings.Count(s, ",") >= mostProperties {
		return nil, geo.Errorf("unknown_property", "properties 最多 %d 个", "properties names more than %d", mostProperties)
	}
	return strings.Split(s, ","), nil
}
