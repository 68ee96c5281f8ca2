package render

import "testing"

// TestCell: no cell of a CSV file is a formula to a spreadsheet.
func TestCell(t *testing.T) {
	for text, want := range map[string]string{
		"fabrikam": "fabrikam", "": "", "a=b": "a=b", "=1+1": "'=1+1", "+1": "'+1", "-1": "'-1", "@SUM(A1)": "'@SUM(A1)", "|cmd": "'|cmd",
		"\t=1": `'\u0009=1`, "\r=1": `'\u000d=1`, "\u202e=1": `'\u202e=1`,
	} {
		if got := cell(text); got != want {
			t.Errorf("%q: %q, not %q", text, got, want)
		}
	}
}
