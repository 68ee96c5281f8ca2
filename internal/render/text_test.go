package render

import (
	"bytes"
	"encoding/json"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"pldoctor/internal/change"
	"pldoctor/internal/diagnose"
	"pldoctor/internal/fact"
	"pldoctor/internal/predict"
	"pldoctor/internal/rule"
	"pldoctor/internal/stock"
	"pldoctor/internal/world"
)

// reports are those of one shape when it is well and after each rule's first
// way to break it, with the configuration and without.
func reports(t *testing.T) map[string]diagnose.Report {
	t.Helper()
	shape := stock.Shapes("AzureCloud")[2] // with a DNS server of its own
	client, _ := shape.World.Host(shape.Client)
	vault, _ := shape.World.VaultNamed(shape.Vault)
	worlds := map[string]*world.World{"healthy": shape.World}
	for _, x := range rule.All() {
		if x.Breaks == nil {
			continue
		}
		if ways := x.Breaks(rule.Site{World: shape.World, Client: client, Vault: vault}); len(ways) > 0 {
			worlds[x.Code] = change.Apply(shape.World, ways[0]...)
		}
	}
	judge, all := diagnose.NewJudge("AzureCloud", "test"), map[string]diagnose.Report{}
	for name, w := range worlds {
		in := diagnose.Input{Service: w.Service(), Vault: shape.Vault, World: diagnose.Sight(w, shape.Client), Client: shape.Client}
		in.Host, _ = w.Service().Host(shape.Vault)
		client, _ := w.Host(shape.Client)
		seen := predict.Observe(w, client, predict.Target{Vault: shape.Vault, Host: in.Host}, predict.Options{})
		in.Seen = &seen
		all[name] = judge.Judge(in)
		in.World, in.Client = nil, ""
		all[name+" without configuration"] = judge.Judge(in)
	}
	return all
}

// TestTextFits: no line is wider than 80 columns, but where one word, or one
// option of a command with its value, is too long.
func TestTextFits(t *testing.T) {
	long, all := 0, reports(t)
	named := all["healthy"]
	named.Target.Hostname, named.Client.Host = "abcdefghijklmnopqrstuvwx.vault.azure.net", "build-agent-of-the-integration-team"
	all["long names"] = named
	for name, r := range all {
		out := textOf(t, r, Style{})
		for line := range strings.Lines(out) {
			line = strings.TrimRight(line, "\n")
			if visible(line) <= 80 {
				continue
			}
			long++
			unbreakable := func(piece string) bool { return visible(piece) > 60 && strings.Contains(line, piece) }
			if !slices.ContainsFunc(append(pieces(r), strings.Fields(line)...), unbreakable) {
				t.Errorf("%s: %d columns: %s", name, visible(line), line)
			}
		}
		if plain := regexp.MustCompile("\x1b\\[[0-9]*m").ReplaceAllString(textOf(t, r, Style{Color: true}), ""); plain != out {
			t.Errorf("%s: in colour it says something else", name)
		}
	}
	if long > 300 {
		t.Errorf("%d lines are too long", long)
	}
}

// pieces are the parts of the commands in a report.
func pieces(r diagnose.Report) (list []string) {
	for _, f := range r.Findings {
		list = append(list, parts(f.Ask)...)
		for _, fix := range f.Fixes {
			for _, command := range slices.Concat(fix.Az, fix.Verify) {
				list = append(list, parts(command)...)
			}
		}
	}
	return list
}

func textOf(t *testing.T, r diagnose.Report, s Style) string {
	t.Helper()
	var b bytes.Buffer
	if err := Text(&b, r, s); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// hostile clears a screen, turns the direction of writing and ends a line.
const hostile = "\x1b[2J\u009b31m\u202e\nPRIVATE\x07"

// poison puts the hostile text behind every string of a value.
func poison(v reflect.Value) {
	switch kind := v.Kind(); {
	case kind == reflect.String && v.CanSet():
		v.SetString(v.String() + hostile)
	case kind == reflect.Struct:
		for _, field := range v.Fields() {
			poison(field)
		}
	case kind == reflect.Slice:
		for i := range v.Len() {
			poison(v.Index(i))
		}
	case kind == reflect.Pointer && !v.IsNil():
		poison(v.Elem())
	}
}

// TestHostileStrings: whatever a report holds, what goes to a terminal is
// printable. What is the program's own word keeps its value, so that each part
// is shown.
func TestHostileStrings(t *testing.T) {
	for name, r := range reports(t) {
		copied := r // the lists inside are this test's own
		findings, causes, candidates := slices.Clone(r.Findings), slices.Clone(r.RootCauses), slices.Clone(r.Candidates)
		verdict, journey := copied.Verdict, copied.Facts.Journey
		poison(reflect.ValueOf(&copied).Elem())
		copied.Verdict, copied.RootCauses, copied.Candidates = verdict, causes, candidates
		for i := range copied.Findings {
			f, was := &copied.Findings[i], findings[i]
			f.Role, f.Code, f.Slug, f.Severity, f.Certainty = was.Role, was.Code, was.Slug, was.Severity, was.Certainty
		}
		poisonedHops := copied.Facts.Journey
		for _, j := range []fact.Journey{journey, poisonedHops} {
			copied.Facts.Journey = j
			out := textOf(t, copied, Style{})
			if i := strings.IndexFunc(out, func(c rune) bool { return c != '\n' && !unicode.IsPrint(c) }); i >= 0 {
				t.Errorf("%s: %q", name, out[max(0, i-40):min(len(out), i+10)])
			}
			if strings.Contains(out, "\nPRIVATE\\u0007") || !strings.Contains(out, `\u001b[2J`) {
				t.Errorf("%s: a line of somebody else's making, or no hostile text at all:\n%s", name, out)
			}
		}
		var b bytes.Buffer
		if err := JSON(&b, copied, Style{}); err != nil {
			t.Fatal(err)
		}
		if strings.ContainsFunc(b.String(), func(c rune) bool { return c != '\n' && !unicode.IsPrint(c) }) {
			t.Errorf("%s: JSON holds what is not printable", name)
		}
		var back diagnose.Report
		if err := json.Unmarshal(withoutStages(b.Bytes()), &back); err != nil || back.Client.Host != copied.Client.Host {
			t.Errorf("%s: JSON does not lead back: %q, %v", name, back.Client.Host, err)
		}
	}
}

// withoutStages drops the names of stages, which are written only.
func withoutStages(data []byte) []byte {
	return regexp.MustCompile(`"(stage|firstBad)": "[^"]*",?`).ReplaceAll(data, nil)
}

// TestParts of a report that a person looks for.
func TestTextSays(t *testing.T) {
	all := reports(t)
	for name, wants := range map[string][]string{
		"healthy": {"PRIVATE  Requests reach the vault", "✓ connect", "Nothing is wrong with the path.", "· access"},
		"PL603": {
			"PUBLIC  ", "✗ zone     no zone privatelink.vaultcore.azure.net is linked to VNet hub", "The cause\n  PL603 zone-not-linked  error, likely",
			"Who acts: whoever manages DNS", "\n    az network private-dns link vnet create --resource-group stock \\\n",
			"To check by hand:", "What follows from it", "More: pldoctor explain PL603", "! connect",
		},
		"PL603 without configuration": {"causes fit what was seen, the likeliest first", "PL603  zone-not-linked: ", "The client alone cannot tell them apart."},
	} {
		out := textOf(t, all[name], Style{})
		for _, want := range wants {
			if !strings.Contains(out, want) {
				t.Errorf("%s: not in it: %s\n%s", name, want, out)
			}
		}
	}
	if out := textOf(t, all["healthy"], Style{}); strings.Contains(out, "✗") || strings.Contains(out, "The cause") {
		t.Errorf("a healthy path has a fault:\n%s", out)
	}
}

// TestJSONShape: the names of the report's parts, in order; lists are lists,
// also where they are empty; and what HTML would escape stays readable.
func TestJSONShape(t *testing.T) {
	all := reports(t)
	var b bytes.Buffer
	if err := JSON(&b, all["healthy"], Style{}); err != nil {
		t.Fatal(err)
	}
	var keys []string
	for _, m := range regexp.MustCompile(`(?m)^  "(\w+)":`).FindAllStringSubmatch(b.String(), -1) {
		keys = append(keys, m[1])
	}
	const want = "schemaVersion tool target started client sources verdict access path rootCauses candidates findings checks facts trace"
	if got := strings.Join(keys, " "); got != want {
		t.Errorf("keys %s", got)
	}
	for _, part := range []string{`"schemaVersion": "1"`, `"rootCauses": []`, `"candidates": []`, `"verdict": "private"`, `"via": []`} {
		if !strings.Contains(b.String(), part) {
			t.Errorf("no %s", part)
		}
	}
	b.Reset()
	if err := JSON(&b, diagnose.Report{Client: diagnose.Client{Host: "a<b>&c"}}, Style{}); err != nil || !strings.Contains(b.String(), `"host": "a<b>&c"`) {
		t.Errorf("%v: %s", err, b.String())
	}
}

func TestFormats(t *testing.T) {
	for name, problem := range map[string]string{"text": "", "json": "", "xml": `unknown format "xml"; there are json, text`} {
		f, err := ByName(name)
		if (f == nil) != (problem != "") || err != nil && err.Error() != problem {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestExplanations: each rule has one for a terminal and one for a page, with
// the same parts.
func TestExplanations(t *testing.T) {
	for _, x := range rule.All() {
		text, page := Explanation(x, Style{}), Markdown(x)
		for _, part := range append(sections(x.Doc), section{"How to check it by hand", "x"}, section{"Sources", "x"}) {
			if part.text == "" {
				continue
			}
			if !strings.Contains(text, "\n"+part.title+"\n") || !strings.Contains(page, "\n## "+part.title+"\n") {
				t.Errorf("%s: no part %q", x.Code, part.title)
			}
		}
		for line := range strings.Lines(text) {
			line = strings.TrimRight(line, "\n")
			command := strings.Contains(text[strings.Index(text, "\nHow to check it by hand"):], line)
			if visible(line) > 80 && !command {
				t.Errorf("%s: %d columns: %s", x.Code, visible(line), line)
			}
		}
		if list := Codes([]*rule.Rule{x}); !strings.HasPrefix(list, x.Code+"  "+string(x.Severity)) || !strings.HasSuffix(list, x.Title+"\n") {
			t.Errorf("%s is listed as %s", x.Code, list)
		}
	}
}
