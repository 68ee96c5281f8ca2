package render

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestSafe(t *testing.T) {
	for text, want := range map[string]string{
		"":                       "",
		"CN=Größe, 東京 ✓":         "CN=Größe, 東京 ✓",
		"a\nb\tc\r":              `a\u000ab\u0009c\u000d`,
		"\x1b[31mred":            `\u001b[31mred`,
		"\u009b31m":              `\u009b31m`,         // CSI in one character
		"\x7f":                   `\u007f`,            // delete
		"evil\u202egpj.exe":      `evil\u202egpj.exe`, // right-to-left override
		"\u2066a\u2069\u200f":    `\u2066a\u2069\u200f`,
		"z\u200bw\ufeff":         `z\u200bw\ufeff`, // zero width
		"a\u00a0b\u2028":         `a\u00a0b\u2028`,
		"\U000e0041tag":          `\udb40\udc41tag`,
		"\xff\xfe":               "\ufffd\ufffd",
		`\u001b stays as it was`: `\u001b stays as it was`,
	} {
		if got := Safe(text); got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
}

func TestWrap(t *testing.T) {
	for _, tt := range []struct {
		text  string
		width int
		want  string // lines joined by |
	}{
		{"", 10, ""},
		{"  \n ", 10, ""},
		{"one two three", 20, "one two three"},
		{"one two three", 13, "one two three"},
		{"one two three", 12, "one two|three"},
		{"one two three", 3, "one|two|three"},
		{"a unbreakableword b", 5, "a|unbreakableword|b"},
		{"größe größe", 11, "größe größe"}, // columns, not bytes
		{"a  b\n\nc", 80, "a b c"},
		{"x \x1b[2J y", 10, `x|\u001b[2J|y`}, // measured as it is written
	} {
		if got := strings.Join(wrap(tt.text, tt.width), "|"); got != tt.want {
			t.Errorf("%q at %d: %s, want %s", tt.text, tt.width, got, tt.want)
		}
	}
}

// TestPaper writes each part at a width of 24 columns.
func TestPaper(t *testing.T) {
	for name, tt := range map[string]struct {
		write func(*paper)
		want  string
	}{
		"line":          {func(p *paper) { p.line("a  ") }, "a\n"},
		"head":          {func(p *paper) { p.head("Path") }, "\nPath\n"},
		"para":          {func(p *paper) { p.para("  ", "the quick brown fox jumps") }, "  the quick brown fox\n  jumps\n"},
		"item":          {func(p *paper) { p.item("  who ", 8, "the vault's owner acts") }, "  who   the vault's\n        owner acts\n"},
		"full label":    {func(p *paper) { p.item("  owner: ", 9, "me") }, "  owner: me\n"},
		"long label":    {func(p *paper) { p.item("  fd00:1:2:3::4", 9, "configured: silent") }, "  fd00:1:2:3::4\n         configured:\n         silent\n"},
		"bare label":    {func(p *paper) { p.item("  client", 9, "") }, "  client\n"},
		"short command": {func(p *paper) { p.command("  ", "az x --name y") }, "  az x --name y\n"},
		"long command":  {func(p *paper) { p.command("  ", "az net x --name y --zone-name z") }, "  az net x --name y \\\n    --zone-name z\n"},
		"unbreakable":   {func(p *paper) { p.command("  ", "curl -i https://fabrikam.vault.azure.net") }, "  curl -i https://fabrikam.vault.azure.net\n"},
		"no command":    {func(p *paper) { p.command("  ", "") }, ""},
		"hostile": {func(p *paper) {
			p.para("", "a\x1bb")
			p.item("x ", 2, "\u202ey")
			p.command("", "az '\x1b'")
		}, "a\\u001bb\nx \\u202ey\naz '\\u001b'\n"},
	} {
		p := newPaper(Style{Width: 24})
		if tt.write(p); p.String() != tt.want {
			t.Errorf("%s:\n%swant:\n%s", name, p.String(), tt.want)
		}
	}
}

func TestInk(t *testing.T) {
	for _, color := range []bool{false, true} {
		p := newPaper(Style{Color: color})
		p.item(p.ink(red, "PUBLIC")+"  ", 8, strings.Repeat("word ", 30))
		if got := strings.Contains(p.String(), "\x1b[31mPUBLIC\x1b[0m  word"); got != color {
			t.Errorf("colour %t: %q", color, p.String())
		}
		for line := range strings.Lines(p.String()) {
			if n := visible(strings.TrimSuffix(line, "\n")); n > 80 || n < 76 && len(line) > 20 && !strings.HasSuffix(p.String(), line) {
				t.Errorf("colour %t: a line of %d columns: %q", color, n, line)
			}
		}
		if p.ink(plain, "x") != "x" || p.ink(red, "") != "" {
			t.Error("ink where there is none")
		}
	}
}

// TestParts: a command is cut before its options, and never inside quotes.
func TestParts(t *testing.T) {
	for command, want := range map[string]string{
		"":                       "",
		"az x":                   "az x",
		"az x --a 1 --b":         "az x|--a 1|--b",
		"az x -a 1":              "az x -a 1",
		`az --q "a --b" --c`:     `az|--q "a --b"|--c`,
		`az --q 'a --b' --c`:     `az|--q 'a --b'|--c`,
		`az --q 'it'\''s --b' c`: `az|--q 'it'\''s --b' c`,
		`az --q "it's --b" --c`:  `az|--q "it's --b"|--c`,
		`az --q "a\" --b" --c`:   `az|--q "a\" --b"|--c`,
		`az --q 'a\' --c`:        `az|--q 'a\'|--c`,
		"az 'open --x":           "az 'open --x",
		`az \`:                   `az \`,
	} {
		got := strings.Join(parts(command), "|")
		if got != want {
			t.Errorf("%s: %s, want %s", command, got, want)
		}
		if strings.ReplaceAll(got, "|", " ") != command {
			t.Errorf("%s: cut, it is %s", command, got)
		}
	}
}

// FuzzCommand: a command that is broken is the same command, and its lines fit
// but for what cannot be broken.
func FuzzCommand(f *testing.F) {
	f.Add("az network x --name y --zone-name 'a --b' --c")
	f.Add(`az --q "a\" --b" --c 'it'\''s --d'`)
	f.Fuzz(func(t *testing.T, text string) {
		p := newPaper(Style{Width: 30})
		p.command("  ", text)
		out := strings.TrimSuffix(p.String(), "\n")
		joined := strings.TrimSpace(strings.ReplaceAll(out, " \\\n    ", " "))
		if want := strings.TrimSpace(Safe(text)); joined != want && !strings.Contains(text, "  ") {
			t.Errorf("%q became %q", want, out)
		}
		for line := range strings.SplitSeq(out, "\n") {
			if len(parts(strings.TrimSuffix(strings.TrimSpace(line), " \\"))) > 1 && utf8.RuneCountInString(line) > 30 {
				t.Errorf("%q could be broken", line)
			}
		}
	})
}

func TestSentence(t *testing.T) {
	for clause, want := range map[string]string{
		"":                                "",
		" the zone is missing ":           "The zone is missing.",
		"The end.":                        "The end.",
		"what now?":                       "What now?",
		"as follows:":                     "As follows:",
		"fabrikam.vault.azure.net is bad": "fabrikam.vault.azure.net is bad.",
		"no_proxy names it":               "no_proxy names it.",
		"össur asks":                      "Össur asks.",
	} {
		if got := sentence(clause); got != want {
			t.Errorf("%q: %q, want %q", clause, got, want)
		}
	}
}
