package cli

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pldoctor/internal/diagnose"
	"pldoctor/internal/fact"
	"pldoctor/internal/rule"
)

// run runs args against a table of commands made for the test.
func run(t *testing.T, table []Command, args ...string) (status int, out, errs string) {
	t.Helper()
	var o, e strings.Builder
	app := &App{Streams: Streams{Out: &o, Err: &e, Version: "v1"}, commands: table}
	status = app.run(t.Context(), args)
	return status, o.String(), e.String()
}

// failing is a command that fails with err.
func failing(name string, err error) Command {
	return Command{Name: name, Run: func(context.Context, *App, []string) error { return err }}
}

// coded is an error of another package that has a status.
type coded int

func (c coded) Error() string { return fmt.Sprintf("status %d", int(c)) }
func (c coded) ExitCode() int { return int(c) }

func TestStatus(t *testing.T) {
	for _, tt := range []struct {
		name   string
		err    error
		status int
		errs   string
	}{
		{"nothing wrong", nil, 0, ""},
		{"findings are silent", &failure{status: statusFindings}, 1, ""},
		{"usage says where to look", usagef("bad"), 2, "pldoctor: bad\npldoctor: run \"pldoctor help do\" to see how\n"},
		{"undetermined", &failure{statusUndetermined, errors.New("no answer")}, 3, "pldoctor: no answer\n"},
		{"unforeseen", errors.New("disk full"), 3, "pldoctor: disk full\n"},
		{"waited", &failure{statusExpired, errors.New("still public")}, 4, "pldoctor: still public\n"},
		{"input", &failure{statusInput, errors.New("no such file")}, 5, "pldoctor: no such file\n"},
		{"of another package", fmt.Errorf("reading: %w", coded(5)), 5, "pldoctor: reading: status 5\n"},
		{"a terminal's escapes", errors.New("no \x1b[2J file\r"), 3, "pldoctor: no \\u001b[2J file\\u000d\n"},
		{"several", errors.Join(errors.New("one"), errors.New("two")), 3, "pldoctor: one\npldoctor: two\n"},
		{"interrupted", fmt.Errorf("dialing: %w", context.Canceled), 3, "pldoctor: interrupted\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			status, out, errs := run(t, []Command{failing("do", tt.err)}, "do")
			if status != tt.status || errs != tt.errs || out != "" {
				t.Errorf("got %d, stdout %q, stderr %q; want %d, %q", status, out, errs, tt.status, tt.errs)
			}
		})
	}
}

func TestEveryStatusHasAMeaning(t *testing.T) {
	for s, meaning := range meanings {
		if (meaning == "") != (status(s) == statusExpired) || (&failure{status: status(s)}).Error() != meaning {
			t.Errorf("status %d: %q", s, meaning)
		}
	}
}

func TestFind(t *testing.T) {
	table := []Command{failing("check", nil), failing("lab list", nil), failing("lab show", nil), helpCommand, versionCommand}
	for _, tt := range []struct{ args, name, rest, problem string }{
		{args: "check fabrikam", name: "check", rest: "fabrikam"},
		{args: "check list", name: "check", rest: "list"},
		{args: "lab show healthy", name: "lab show", rest: "healthy"},
		{args: "--help check", name: "help", rest: "check"},
		{args: "-version", name: "version"},
		{args: "lab", problem: "lab needs one of: list, show"},
		{args: "lab -h", problem: "lab needs one of: list, show"},
		{args: "lab lits", problem: `unknown command "lab lits"; did you mean "list"?`},
		{args: "chekc", problem: `unknown command "chekc"; did you mean "check"?`},
		{args: "vers", problem: `unknown command "vers"; did you mean "version"?`},
		{args: "x", problem: `unknown command "x"`},
		{args: "diagnose", problem: `unknown command "diagnose"`},
	} {
		t.Run(tt.args, func(t *testing.T) {
			app := &App{commands: table}
			c, rest, err := app.find(strings.Fields(tt.args))
			switch {
			case tt.problem != "" && (err == nil || err.Error() != tt.problem):
				t.Errorf("error %v, want %s", err, tt.problem)
			case tt.problem == "" && (err != nil || c.Name != tt.name || strings.Join(rest, " ") != tt.rest):
				t.Errorf("got %q, %q, %v", c.Name, rest, err)
			}
		})
	}
}

func TestParse(t *testing.T) {
	for _, tt := range []struct{ args, operands, lab, problem string }{
		{args: ""},
		{args: "a b", operands: "a b"},
		{args: "--lab x a", operands: "a", lab: "x"},
		{args: "a --lab x", operands: "a", lab: "x"},
		{args: "a --lab=x b", operands: "a b", lab: "x"},
		{args: "a -- --lab x", operands: "a --lab x"},
		{args: "--lab x -- -y", operands: "-y", lab: "x"},
		{args: "-", operands: "-"},
		{args: "a --lab", problem: "flag needs an argument: -lab"},
		{args: "a --labs x", problem: "flag provided but not defined: -labs"},
		{args: "a -h", problem: flag.ErrHelp.Error()},
	} {
		t.Run(tt.args, func(t *testing.T) {
			fs := newFlags()
			lab := fs.String("lab", "", "run in the `SCENARIO`")
			operands, err := parse(fs, strings.Fields(tt.args))
			switch {
			case tt.problem != "" && (err == nil || err.Error() != tt.problem):
				t.Errorf("error %v, want %s", err, tt.problem)
			case tt.problem == "" && (err != nil || !slices.Equal(operands, strings.Fields(tt.operands)) || *lab != tt.lab):
				t.Errorf("got %q, lab %q, %v", operands, *lab, err)
			}
		})
	}
}

func TestExpect(t *testing.T) {
	for _, tt := range []struct{ operands, names, problem string }{
		{"", "", ""},
		{"a", "VAULT", ""},
		{"", "VAULT", "VAULT is missing"},
		{"a b", "VAULT", `unexpected argument "b"`},
	} {
		err := expect(strings.Fields(tt.operands), strings.Fields(tt.names)...)
		if err == nil && tt.problem != "" || err != nil && err.Error() != tt.problem {
			t.Errorf("%q for %q: %v, want %s", tt.operands, tt.names, err, tt.problem)
		}
	}
}

// TestManual shows a command's flags beside its text.
func TestManual(t *testing.T) {
	check := Command{
		Name: "check", Usage: "VAULT [FLAGS]", Long: "Check checks.\n",
		Run: func(_ context.Context, _ *App, args []string) error {
			fs := newFlags()
			fs.String("lab", "", "inside the `SCENARIO`")
			fs.String("o", "text", "print the report as `FORMAT`")
			fs.Bool("authenticate", false, "present a token")
			_, err := parse(fs, args)
			return err
		},
	}
	const want = `usage: pldoctor check VAULT [FLAGS]

Check checks.

flags:
  --authenticate
      present a token
  --lab SCENARIO
      inside the SCENARIO
  -o FORMAT
      print the report as FORMAT (default text)
`
	for _, args := range []string{"help check", "check -h", "check fabrikam --help"} {
		status, out, errs := run(t, []Command{check, helpCommand}, strings.Fields(args)...)
		if status != 0 || out != want || errs != "" {
			t.Errorf("%s: status %d, stderr %q, stdout:\n%s", args, status, errs, out)
		}
	}
}

// TestHelpFits holds the overview and every manual to a terminal's width, and
// every command to having one.
func TestHelpFits(t *testing.T) {
	for _, topic := range append([]Command{{}}, commands()...) {
		status, out, errs := run(t, commands(), slices.Concat([]string{"help"}, strings.Fields(topic.Name))...)
		if status != 0 || errs != "" {
			t.Errorf("help %s: status %d, %s", topic.Name, status, errs)
		}
		for line := range strings.Lines(out) {
			if len(strings.TrimRight(line, "\n")) > 80 {
				t.Errorf("help %s: wider than 80 columns: %s", topic.Name, line)
			}
		}
		if topic.Name != "" && (topic.Short == "" || strings.HasSuffix(topic.Short, ".") || topic.Long == "") {
			t.Errorf("%s: wants a Short without a full stop, and a Long", topic.Name)
		}
	}
}

// broken is a stream that nothing can be written to.
type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, errors.New("disk full") }

func TestOutputThatFails(t *testing.T) {
	var errs strings.Builder
	status := Main(t.Context(), []string{"version"}, Streams{Out: broken{}, Err: &errs})
	if want := "pldoctor: writing the output: disk full\n"; status != 3 || errs.String() != want {
		t.Errorf("status %d, stderr %q, want 3, %q", status, errs.String(), want)
	}
}

// TestColour: only on a terminal, and never where NO_COLOR or a dumb terminal
// forbids it (no-color.org).
func TestColour(t *testing.T) {
	for _, tt := range []struct {
		terminal bool
		env      map[string]string
		want     bool
	}{
		{true, nil, true},
		{false, nil, false},
		{true, map[string]string{"NO_COLOR": "1"}, false},
		{true, map[string]string{"NO_COLOR": ""}, true},
		{true, map[string]string{"TERM": "dumb"}, false},
		{true, map[string]string{"TERM": "xterm"}, true},
	} {
		for _, args := range [][]string{{"check", "fabrikam", "--lab", "healthy"}, {"explain", "PL603"}} {
			var out, errs strings.Builder
			status := Main(t.Context(), args, Streams{
				Out: &out, Err: &errs, Terminal: tt.terminal, Env: func(k string) string { return tt.env[k] },
			})
			if colour := strings.Contains(out.String(), "\x1b["); status != 0 || errs.String() != "" || colour != tt.want {
				t.Errorf("%v, terminal %t, %v: status %d, colour %t, %s", args, tt.terminal, tt.env, status, colour, errs.String())
			}
		}
	}
}

// TestConclude: which findings, at which --fail-on, make which status.
func TestConclude(t *testing.T) {
	finding := func(role diagnose.Role, s rule.Severity) diagnose.Finding {
		return diagnose.Finding{Code: "PL603", Role: role, Severity: s}
	}
	for name, tt := range map[string]struct {
		report diagnose.Report
		failOn string
		want   status
	}{
		"private":                 {diagnose.Report{Verdict: fact.Private}, "info", statusOK},
		"an error":                {diagnose.Report{Findings: []diagnose.Finding{finding(diagnose.RoleCause, rule.Error)}}, "error", statusFindings},
		"a candidate":             {diagnose.Report{Findings: []diagnose.Finding{finding(diagnose.RoleCandidate, rule.Error)}}, "error", statusFindings},
		"a consequence":           {diagnose.Report{Verdict: fact.Private, Findings: []diagnose.Finding{finding(diagnose.RoleConsequence, rule.Error)}}, "info", statusOK},
		"advice":                  {diagnose.Report{Verdict: fact.Private, Findings: []diagnose.Finding{finding(diagnose.RoleAdvice, rule.Error)}}, "info", statusOK},
		"a warning below":         {diagnose.Report{Verdict: fact.Private, Findings: []diagnose.Finding{finding(diagnose.RoleCause, rule.Warning)}}, "error", statusOK},
		"a warning, and public":   {warned(finding(diagnose.RoleCause, rule.Warning)), "error", statusFindings},
		"a warning at":            {warned(finding(diagnose.RoleCause, rule.Warning)), "warning", statusFindings},
		"a warning above":         {warned(finding(diagnose.RoleCause, rule.Warning)), "info", statusFindings},
		"information":             {diagnose.Report{Verdict: fact.Private, Findings: []diagnose.Finding{finding(diagnose.RoleCause, rule.Info)}}, "warning", statusOK},
		"undetermined":            {diagnose.Report{Verdict: fact.Undetermined}, "error", statusUndetermined},
		"wrong, and no cause":     {diagnose.Report{Verdict: fact.Public, Facts: diagnose.Facts{FirstBad: fact.StageAnswer}}, "error", statusUndetermined},
		"undetermined, explained": {diagnose.Report{Verdict: fact.Undetermined, RootCauses: []string{"PL603"}, Findings: []diagnose.Finding{finding(diagnose.RoleCause, rule.Error)}}, "error", statusFindings},
	} {
		if got := statusOf((&checkup{failOn: tt.failOn}).conclude(tt.report)); got != tt.want {
			t.Errorf("%s: status %d, want %d", name, got, tt.want)
		}
	}
}

// warned is a report on a path that is not private, for a passing reason.
func warned(f diagnose.Finding) diagnose.Report {
	return diagnose.Report{
		Verdict: fact.Public, RootCauses: []string{f.Code}, Findings: []diagnose.Finding{f}, Facts: diagnose.Facts{FirstBad: fact.StageAnswer},
	}
}

// TestDidYouMean, whatever the case.
func TestDidYouMean(t *testing.T) {
	names := []string{"PL603", "zone-not-linked", "check"}
	for word, want := range map[string]string{
		"pl602": "PL603", "PL60": "PL603", "zone-not-liked": "zone-not-linked", "ZONE-NOT-LINKED-": "zone-not-linked", "zone": "zone-not-linked",
		"Chek": "check", "c": "", "": "", "xyz": "",
	} {
		said := didYouMean(word, names)
		if want == "" && said != "" || want != "" && said != fmt.Sprintf("; did you mean %q?", want) {
			t.Errorf("%q: %q, want %q", word, said, want)
		}
	}
}
