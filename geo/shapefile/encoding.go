package shapefile

import (
	"strings"

	"towngrid/geo"
)

// Encoding is how the text of a .dbf was read, and why so.
type Encoding struct {
	Name     string // GB18030 (for GBK and GB 2312 too), UTF-8, Big5, Windows-1252, US-ASCII
	Evidence geo.Text
}

// Encodings lists the names that Options.Encoding takes; their usual aliases
// (GBK, 936, CP936, 65001, …) are taken too.
func Encodings() []string {
	return []string{string(gb18030), string(utf8Set), string(big5), string(latin)}
}

// stated is an encoding that someone named: the user, the .cpg or the .dbf.
type stated struct {
	set      charset
	evidence geo.Text
}

// choose is the encoding that the user named, nil for none.
// KnownEncoding is an error of code unknown_encoding for a name that is none of
// Encodings, nor another name of one; "" is fine.
func KnownEncoding(name string) error {
	_, err := choose(name)
	return err
}

func choose(name string) (*stated, error) {
	if strings.TrimSpace(name) == "" {
		return nil, nil
	}
	set, ok := parseCharset(name)
	if !ok {
		return nil, geo.Errorf("unknown_encoding",
			"不认识编码 %q，可用：%s", "the encoding %q is not known; there are %s",
			name, strings.Join(Encodings(), ", "))
	}
	return &stated{set, geo.Text{ZH: "由用户指定", EN: "chosen by the user"}}, nil
}

// stateCPG is the encoding that the text of a .cpg names, nil where it is no name.
func stateCPG(text string) *stated {
	text = strings.TrimSpace(strings.TrimPrefix(text, "\ufeff"))
	if len(text) > 40 {
		return nil
	}
	set, ok := parseCharset(text)
	if !ok {
		return nil
	}
	return &stated{set, geo.Textf(".cpg 写明 %q", "the .cpg says %q", text)}
}

// stateLDID is the encoding that the language byte of a .dbf (offset 29) names.
// Only the Chinese ones count: 0x01, 0x03 and 0x57 are what programs write
// without thinking, with any text inside.
func stateLDID(ldid byte) *stated {
	evidence := geo.Textf(".dbf 语言标识为 0x%02X", "the language byte of the .dbf is 0x%02X", ldid)
	switch ldid {
	case 0x4d, 0x7a:
		return &stated{gb18030, evidence}
	case 0x4f, 0x78:
		return &stated{big5, evidence}
	}
	return nil
}

// settle weighs what was stated against what the content looks like.
// contradicted says that the statement was not believed.
func settle(st *stated, s *sample) (enc Encoding, contradicted bool) {
	if st == nil {
		return Encoding{string(s.guess()), contentEvidence(s)}, false
	}
	set := st.set
	switch {
	case s.texts == 0:
	case set == utf8Set && s.utf8Bad > 0 && s.gbBad < s.utf8Bad:
		set = gb18030
	case set == gb18030 && s.surelyUTF8():
		set = utf8Set
	case set == big5 && s.big5Bad > 0 && s.utf8Bad == 0:
		set = utf8Set
	case set == big5 && (s.big5Bad > 0 && s.gbBad == 0 || s.pairs >= 12 && s.likeGB2312()):
		set = gb18030
	case set == latin && s.utf8Bad == 0 && s.wide > 0:
		set = utf8Set
	case set == latin && s.surelyChinese():
		set = gb18030
	case set == latin && s.utf8Bad == 0:
		set = utf8Set
	}
	if set != st.set {
		e := contentEvidence(s)
		return Encoding{string(set), geo.Text{
			ZH: st.evidence.ZH + "，但与内容不符；" + e.ZH,
			EN: st.evidence.EN + ", which the content contradicts; " + e.EN,
		}}, true
	}
	return Encoding{string(set), st.evidence}, false
}

func contentEvidence(s *sample) geo.Text {
	switch {
	case s.texts == 0:
		return geo.Text{ZH: "内容只有 ASCII 字符", EN: "the content is ASCII only"}
	case s.utf8Bad == 0 && s.guess() == utf8Set:
		return geo.Textf("按内容判断：%d 处非 ASCII 文字都是有效的 UTF-8",
			"by content: all %d texts beyond ASCII are valid UTF-8", s.texts)
	case s.guess() == latin:
		return geo.Textf("按内容判断：%d 处非 ASCII 文字不是 UTF-8，也不像中文",
			"by content: %d texts beyond ASCII are not UTF-8 and do not look Chinese", s.texts)
	case s.gbBad == 0:
		return geo.Textf("按内容判断：%d 处非 ASCII 文字都是有效的 GB18030",
			"by content: all %d texts beyond ASCII are valid GB18030", s.texts)
	}
	return geo.Textf("按内容判断：%[1]d 处非 ASCII 文字中，%[2]d 处不是有效的 UTF-8，%[3]d 处不是有效的 GB18030",
		"by content: of %[1]d texts beyond ASCII, %[2]d are not valid UTF-8 and %[3]d not valid GB18030",
		s.texts, s.utf8Bad, s.gbBad)
}
