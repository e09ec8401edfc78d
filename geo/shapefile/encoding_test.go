package shapefile

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"

	"towngrid/geo"
)

func encoders() map[charset]encoding.Encoding {
	return map[charset]encoding.Encoding{
		gb18030: simplifiedchinese.GB18030, big5: traditionalchinese.Big5, latin: charmap.Windows1252, utf8Set: encoding.Nop,
	}
}

func encodeTo(t testing.TB, set charset, text string) string {
	t.Helper()
	s, err := encoders()[set].NewEncoder().String(text)
	if err != nil {
		t.Fatalf("%q in %s: %v", text, set, err)
	}
	return s
}

// textFiles is a point layer with one text field of the given bytes.
func textFiles(ldid byte, cpg string, width int, raw ...string) files {
	var rows []string
	for _, s := range raw {
		rows = append(rows, " "+pad(s, width))
	}
	f := withPoints(dbfOf(3, ldid, []rawField{{"NAME", 'C', width, 0}}, rows...))
	if cpg != "" {
		f["cpg"] = []byte(cpg)
	}
	return f
}

func TestParseCharset(t *testing.T) {
	for name, want := range map[string]charset{
		"936": gb18030, "CP936": gb18030, "ANSI 936": gb18030, "OEM 936": gb18030, "GBK\r\n": gb18030, "gb2312": gb18030, "GB-18030": gb18030,
		"EUC-CN": gb18030, "ms936": gb18030, "windows-936": gb18030, "UTF-8": utf8Set, "utf8\n": utf8Set, "65001": utf8Set, "CP65001": utf8Set,
		"Big5": big5, "950": big5, "Big5-HKSCS": big5, "ISO-8859-1": latin, "ISO 8859-1": latin, "1252": latin, "ANSI 1252": latin, "CP1252": latin, "88591": latin,
		"": "", "UTF-16": "", "shift_jis": "", "<!DOCTYPE html>": "", "cp": "", "9360": "",
	} {
		if got, ok := parseCharset(name); got != want || ok != (want != "") {
			t.Errorf("%q: %q, %v", name, got, ok)
		}
	}
}

func TestEncodingOrder(t *testing.T) {
	const text = "衢江区杜泽镇全旺村"
	gbk, utf := encodeTo(t, gb18030, text), text
	traditional := encodeTo(t, big5, "臺灣省")
	for _, c := range []struct {
		name     string
		choice   string
		cpg      string
		ldid     byte
		raw      string
		encoding charset
		text     any
		checks   string
	}{
		{"choice", "gbk", "UTF-8", 0, gbk, gb18030, text, ""},
		{"choice against content", "UTF-8", "GBK", 0x4d, gbk, utf8Set, nil, "e:undecodable"},
		{".cpg", "", "936", 0, gbk, gb18030, text, ""},
		{".cpg with line end", "", "UTF-8\r\n", 0x4d, utf, utf8Set, text, ""},
		{".cpg with byte order mark", "", "\ufeffUTF-8", 0x4d, utf, utf8Set, text, ""},
		{".cpg before language byte", "", "Big5", 0x4d, traditional, big5, "臺灣省", ""},
		{"language byte 4D", "", "", 0x4d, gbk, gb18030, text, ""},
		{"language byte 7A", "", "", 0x7a, gbk, gb18030, text, ""},
		{"language byte 78", "", "", 0x78, traditional, big5, "臺灣省", ""},
		{"language byte 00", "", "", 0x00, gbk, gb18030, text, ""},
		{"language byte 57, GBK inside", "", "", 0x57, gbk, gb18030, text, ""},
		{"language byte 03, UTF-8 inside", "", "", 0x03, utf, utf8Set, text, ""},
		{"content only", "", "", 0, utf, utf8Set, text, ""},
		{"web page as .cpg", "", "<!DOCTYPE html><html><head><title>404</title></head></html>", 0x4d, gbk, gb18030, text, "w:cpg_unknown"},
		{"empty .cpg", "", "\n", 0, gbk, gb18030, text, ""},
		{"GBK declared UTF-8", "", "UTF-8", 0, gbk, gb18030, text, "w:encoding_contradiction"},
		{"UTF-8 declared GBK", "", "GBK", 0, utf, utf8Set, text, "w:encoding_contradiction"},
		{"UTF-8 under language byte 4D", "", "", 0x4d, utf, utf8Set, text, "w:encoding_contradiction"},
		{"GBK declared Latin", "", "ISO-8859-1", 0, gbk, gb18030, text, "w:encoding_contradiction"},
		{"UTF-8 declared Latin", "", "1252", 0, utf, utf8Set, text, "w:encoding_contradiction"},
		{"Latin declared Latin", "", "1252", 0, "r\xe9seau", latin, "réseau", ""},
		{"UTF-8 declared Big5", "", "Big5", 0, utf, utf8Set, text, "w:encoding_contradiction"},
		{"ASCII", "", "", 0, "Quzhou", ascii, "Quzhou", ""},
		{"ASCII declared UTF-8", "", "UTF-8", 0, "Quzhou", utf8Set, "Quzhou", ""},
		{"GB18030 of four bytes", "", "GBK", 0, encodeTo(t, gb18030, "㙍塘村"), gb18030, "㙍塘村", ""},
		{"could be either", "", "", 0, encodeTo(t, gb18030, "目"), gb18030, "目", "w:encoding_ambiguous"},
		{"euro sign of code page 936", "", "GBK", 0, "\x80 5", gb18030, "€ 5", ""},
		{"Latin, nothing stated", "", "", 0x57, "Do\xf1a Ana", latin, "Doña Ana", "w:encoding_ambiguous"},
		{"Latin at the end, nothing stated", "", "", 0, "caf\xe9", gb18030, nil, "e:undecodable"},
		{"Latin at the end, declared GBK", "", "GBK", 0, "caf\xe9", gb18030, nil, "e:undecodable"},
		{"neither", "", "", 0, "\xff\xff\xff", gb18030, nil, "e:undecodable"},
		{"neither, declared UTF-8", "", "UTF-8", 0, "\xff\xff\xff", utf8Set, nil, "e:undecodable"},
		{"lost before", "", "UTF-8", 0, "衢江\ufffd\ufffd", utf8Set, "衢江\ufffd\ufffd", "w:lost_characters"},
		{"lost before, as GBK", "", "GBK", 0, encodeTo(t, gb18030, "衢江锟斤拷"), gb18030, "衢江锟斤拷", "w:lost_characters"},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := mustRead(t, textFiles(c.ldid, c.cpg, 60, c.raw), Options{Encoding: c.choice})
			o.want(t, c.checks)
			if o.file.Encoding.Name != string(c.encoding) || o.file.Encoding.Evidence.ZH == "" || o.file.Encoding.Evidence.EN == "" {
				t.Errorf("encoding %+v, want %s", o.file.Encoding, c.encoding)
			}
			var got any
			if len(o.records) > 0 {
				got = o.records[0].Values[0]
			}
			if got != c.text {
				t.Errorf("text %q, want %q", got, c.text)
			}
		})
	}
	if o := readFiles(textFiles(0, "", 9, "x"), Options{Encoding: "EBCDIC"}, DefaultLimits()); code(o.err) != "unknown_encoding" {
		t.Errorf("unknown choice: %v", o.err)
	}
}

// Undecodable text names its field and its row.
func TestUndecodableNamesItsPlace(t *testing.T) {
	good := encodeTo(t, gb18030, "网格")
	o := mustRead(t, textFiles(0, "GBK", 20, good, good, good+"\xff"+good, good), Options{})
	o.want(t, "e:undecodable")
	v := o.file.Violations[0]
	if v.Record != 3 || v.File != "t.dbf" || !strings.Contains(v.Message.ZH, `"NAME"`) || !strings.Contains(v.Message.EN, "CD F8 B8 F1 FF") || len(o.records) != 3 {
		t.Fatalf("%+v", v)
	}
}

// A text cut inside its last character loses that character, and says so.
func TestTextsCutInsideACharacter(t *testing.T) {
	const text = "衢江区杜泽镇"
	for set, cpg := range map[charset]string{gb18030: "GBK", utf8Set: "UTF-8", big5: "950"} {
		text := text
		if set == big5 {
			text = "臺灣省政府"
		}
		raw := encodeTo(t, set, text)
		for n := 1; n <= len(raw); n++ {
			f := textFiles(0, cpg, n, raw[:n], pad("A", n))
			o := mustRead(t, f, Options{})
			got, _ := o.records[0].Values[0].(string)
			cut := len(encodeTo(t, set, got)) < n
			if !strings.HasPrefix(text, got) || cut != (o.find(valueCut) != nil) || len(raw[:n])-len(encodeTo(t, set, got)) > 3 {
				t.Errorf("%s cut to %d bytes: %q, %s", set, n, got, o.checks())
			}
		}
	}
	// In the middle of the field it is no cut, but is told as well.
	o := mustRead(t, textFiles(0, "GBK", 20, encodeTo(t, gb18030, text)+"\xcd"), Options{})
	o.want(t, "n:value_cut")
}

// hanzi gives a text of n of the 3,755 most common characters (GB 2312, level 1).
func hanzi(t testing.TB, rng *rand.Rand, n int) string {
	var b []byte
	for range n {
		lead, trail := 0xb0+rng.IntN(40), 0xa1+rng.IntN(94)
		if lead == 0xd7 && trail > 0xf9 {
			trail = 0xf9
		}
		b = append(b, byte(lead), byte(trail))
	}
	s, err := simplifiedchinese.GBK.NewDecoder().String(string(b))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// Whatever is stated, texts come out right, or the reader says that it doubts:
// never mojibake in silence.
func TestNeverMojibakeInSilence(t *testing.T) {
	const seed = 16
	rng := rand.New(rand.NewPCG(seed, 0))
	statements := []string{"", "GBK", "UTF-8", "936", "ISO-8859-1", "Big5", "nonsense"}
	right := 0
	for round := range 300 {
		truth := []charset{gb18030, utf8Set}[round%2]
		var texts, raw []string
		for range 1 + rng.IntN(6) {
			s := hanzi(t, rng, 1+rng.IntN(8))
			if rng.IntN(3) == 0 {
				s = "No." + s
			}
			texts, raw = append(texts, s), append(raw, encodeTo(t, truth, s))
		}
		cpg := statements[rng.IntN(len(statements))]
		ldid := []byte{0, 0x4d, 0x57, 0x7a, 0x03}[rng.IntN(5)]
		o := mustRead(t, textFiles(ldid, cpg, 40, raw...), Options{})
		var got []string
		for _, r := range o.records {
			s, _ := r.Values[0].(string)
			got = append(got, s)
		}
		ok := cmp.Equal(texts, got)
		if ok {
			right++
		}
		if !ok && !geo.Refused(o.file.Violations) && o.find(contradiction) == nil && o.find(ambiguity) == nil {
			t.Errorf("seed %d round %d: %s as %q with %02X: %q became %q in silence", seed, round, truth, cpg, ldid, texts, got)
		}
	}
	if right < 290 {
		t.Errorf("seed %d: %d of 300 came out right", seed, right)
	}
	t.Logf("%d of 300 came out right", right)
}

// The walk over GB18030 agrees with the decoder of x/text on what is a character.
func TestWalkAgainstDecoder(t *testing.T) {
	const seed = 5
	rng := rand.New(rand.NewPCG(seed, 0))
	d := newDecoder(gb18030)
	for range 20_000 {
		b := make([]byte, 1+rng.IntN(8))
		for i := range b {
			b[i] = byte(rng.IntN(256))
			if rng.IntN(3) == 0 {
				b[i] = byte('0' + rng.IntN(10))
			}
		}
		w := walkGB(b)
		_, ok := d.text(b)
		if ok && (w.bad || w.whole < len(b)) {
			t.Fatalf("seed %d: % X decodes, the walk says %+v", seed, b, w)
		}
	}
}
