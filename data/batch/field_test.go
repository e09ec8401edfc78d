package batch

import "testing"

// TestFieldsThatSpreadsheetsCalculate wants no field to be a formula, while numbers stay numbers.
func TestFieldsThatSpreadsheetsCalculate(t *testing.T) {
	for in, want := range map[string]string{
		`=HYPERLINK("http://example.invalid","x")`: `"'=HYPERLINK(""http://example.invalid"",""x"")"`,
		"=1+1": "'=1+1", "+cmd|' /C calc'!A0": "'+cmd|' /C calc'!A0", "-2+3": "'-2+3", "@SUM(1)": "'@SUM(1)", "\t=1": "'\t=1", "\r=1": "\"'\r=1\"",
		"＝1+1": "'＝1+1", "＋1": "'＋1", "－1": "'－1", "＠x": "'＠x",
		"-5": "-5", "+86": "+86", "-1.5e3": "-1.5e3", "C1": "C1", "": "", "a=1": "a=1", "'=1": "'=1", "格": "格", "a,b": `"a,b"`,
	} {
		if got := string(AppendField(nil, []byte(in), ',')); got != want {
			t.Errorf("%q is written as %q, want %q", in, got, want)
		}
	}
}
