package render

import (
	"bufio"
	"cmp"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"pldoctor/internal/audit"
	"pldoctor/internal/rule"
)

// An AuditView is what of an audit is written.
type AuditView struct {
	Summary bool // without the matrix
	Waivers *audit.Waivers
}

// An AuditFormat writes an audit.
type AuditFormat func(io.Writer, *audit.Report, AuditView, Style) error

var auditFormats = map[string]AuditFormat{"table": auditTable, "json": auditJSON, "csv": auditCSV}

// AuditFormats returns the names of the formats of an audit, in order.
func AuditFormats() []string { return []string{"table", "json", "csv"} }

// AuditByName returns a format of an audit.
func AuditByName(name string) (AuditFormat, error) {
	f, ok := auditFormats[name]
	if !ok {
		return nil, fmt.Errorf("unknown format %q; there are %s", name, strings.Join(AuditFormats(), ", "))
	}
	return f, nil
}

// auditCSV writes a line a pair.
func auditCSV(w io.Writer, r *audit.Report, v AuditView, _ Style) error {
	buffer := bufio.NewWriterSize(w, 1<<16)
	table := csv.NewWriter(buffer)
	_ = table.Write([]string{"vault", "network", "subnet", "verdict", "rootCauses", "severity", "suppressed", "vaultId", "networkId"})
	for p := range r.Matrix(v.Waivers) {
		cells := []string{
			p.Vault, p.Network, p.Subnet, string(p.Verdict), strings.Join(p.RootCauses, " "), string(p.Severity), p.Suppressed, p.VaultID, p.NetworkID,
		}
		for i, c := range cells {
			cells[i] = cell(c)
		}
		if err := table.Write(cells); err != nil {
			return err
		}
	}
	table.Flush()
	return cmp.Or(table.Error(), buffer.Flush())
}

// cell keeps a spreadsheet from taking text for a formula: what begins like one
// gets an apostrophe in front (owasp.org/www-community/attacks/CSV_Injection).
func cell(text string) string {
	text = Safe(text)
	if text != "" && strings.ContainsRune("=+-@|%\\", rune(text[0])) {
		return "'" + text
	}
	return text
}

// auditJSON writes the audit as one JSON document: the matrix last, a line a
// pair, since there may be millions.
func auditJSON(w io.Writer, r *audit.Report, v AuditView, _ Style) error {
	buffer := bufio.NewWriterSize(w, 1<<16)
	var head strings.Builder
	e := json.NewEncoder(&head)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	if err := e.Encode(r); err != nil {
		return err
	}
	body := strings.TrimSuffix(head.String(), "\n}\n")
	for line := range strings.Lines(body) {
		end := ""
		if strings.HasSuffix(line, "\n") {
			end = "\n"
		}
		_, _ = buffer.WriteString(Safe(strings.TrimSuffix(line, "\n")) + end)
	}
	if !v.Summary {
		matrixJSON(buffer, r, v)
	}
	_, _ = buffer.WriteString("\n}\n")
	return buffer.Flush()
}

// matrixJSON writes the pairs. A bufio.Writer keeps its first error for Flush.
func matrixJSON(w *bufio.Writer, r *audit.Report, v AuditView) {
	_, _ = w.WriteString(",\n  \"matrix\": [")
	quoted := make(map[string]string)
	quote := func(text string) string {
		q, known := quoted[text]
		if !known {
			data, _ := json.Marshal(text) // of text there always is some
			q = Safe(string(data))
			quoted[text] = q
		}
		return q
	}
	separator := "\n    "
	for p := range r.Matrix(v.Waivers) {
		_, _ = w.WriteString(separator)
		separator = ",\n    "
		_, _ = w.WriteString(`{"vault":` + quote(p.Vault) + `,"network":` + quote(p.Network) + `,"verdict":` + quote(string(p.Verdict)) + `,"rootCauses":[`)
		for i, code := range p.RootCauses {
			if i > 0 {
				_ = w.WriteByte(',')
			}
			_, _ = w.WriteString(quote(code))
		}
		_ = w.WriteByte(']')
		for _, more := range [...][2]string{{"subnet", p.Subnet}, {"severity", string(p.Severity)}, {"suppressed", p.Suppressed}} {
			if more[1] != "" {
				_, _ = w.WriteString(`,"` + more[0] + `":` + quote(more[1]))
			}
		}
		_ = w.WriteByte('}')
	}
	_, _ = w.WriteString("\n  ]")
}

// auditTable writes what a person reads: what is wrong, the worst first.
func auditTable(w io.Writer, r *audit.Report, _ AuditView, s Style) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s, %s: %s\n", counted(r.Vaults, "vault"), counted(r.Networks, "network"), counted(r.Pairs, "pair"))
	sums(&b, r)
	grave := slices.IndexFunc(r.Groups, func(g audit.Group) bool { return g.Severity == rule.Info || g.Suppressed == g.Count })
	if grave < 0 {
		grave = len(r.Groups)
	}
	for _, g := range r.Groups[:grave] {
		group(&b, g, s)
	}
	openVaults(&b, r.OpenVaults, s)
	for _, g := range r.Groups[grave:] {
		group(&b, g, s)
	}
	for _, u := range r.Undetermined {
		fmt.Fprintf(&b, "\nundetermined  %s%s\n%s", counted(u.Count, "pair"), unknowable[u.Unknowable], indented(u.Why, s))
	}
	if len(r.Empty) > 0 {
		fmt.Fprintf(&b, "\nLeft out, since no machine can stand in them\n%s", indented(strings.Join(r.Empty, ", "), s))
	}
	suppressions(&b, r.Suppressions, s)
	_, err := io.WriteString(w, b.String())
	return err
}

// unknowable says of pairs why they do not count.
var unknowable = map[bool]string{true: ", which no permission would help"}

// sums says how many pairs there are of each kind.
func sums(b *strings.Builder, r *audit.Report) {
	wrong, apart, suppressed := tally(r)
	undetermined := 0
	for _, u := range r.Undetermined {
		undetermined += u.Count
	}
	for _, line := range []struct {
		n    int
		what string
	}{
		{r.Private, "by private link"},
		{wrong, "not by private link, as below"},
		{undetermined, "undetermined"},
		{suppressed, "suppressed"},
		{apart, "without any path to a private endpoint of the vault"},
	} {
		if line.n > 0 {
			fmt.Fprintf(b, "%10d  %s\n", line.n, line.what)
		}
	}
}

// tally counts pairs: those that are wrong, those without a path, those that are
// suppressed.
func tally(r *audit.Report) (wrong, apart, suppressed int) {
	for _, g := range r.Groups {
		suppressed += g.Suppressed
		if g.Severity == rule.Info {
			apart += g.Count - g.Suppressed
		} else {
			wrong += g.Count - g.Suppressed
		}
	}
	return wrong, apart, suppressed
}

func group(b *strings.Builder, g audit.Group, s Style) {
	fmt.Fprintf(b, "\n%s %s  %s, %s: %s of %s from %s", g.Code, g.Slug, g.Severity, g.Owner,
		counted(g.Count, "pair"), counted(g.Vaults, "vault"), counted(g.Networks, "network"))
	if g.Suppressed > 0 {
		fmt.Fprintf(b, ", %d suppressed", g.Suppressed)
	}
	fmt.Fprintf(b, "\n%s", indented(g.Title, s))
	for _, e := range g.Examples {
		where := e.Network
		if e.Subnet != "" {
			where += ", subnet " + e.Subnet
		}
		line := fmt.Sprintf("%s from %s: %s", e.Vault, where, e.Verdict)
		if others := e.RootCauses[1:]; len(others) > 0 {
			line += ", then " + strings.Join(others, ", ")
		}
		if e.Suppressed != "" {
			line += " (suppressed: " + e.Suppressed + ")"
		}
		fmt.Fprintf(b, "%s", indented("- "+line, s))
	}
	if g.Severity != rule.Info && len(g.Examples) > 0 {
		fmt.Fprintf(b, "%s", indented(g.Examples[0].Why, s))
		fmt.Fprintf(b, "%s", indented("To mend: "+g.Examples[0].Fix, s))
	}
}

// maxOpen are named of the vaults that are open.
const maxOpen = 20

func openVaults(b *strings.Builder, list []audit.OpenVault, s Style) {
	if len(list) == 0 {
		return
	}
	var names []string
	for _, v := range list[:min(maxOpen, len(list))] {
		name := v.Vault
		if v.Suppressed != "" {
			name += " (suppressed: " + v.Suppressed + ")"
		}
		names = append(names, name)
	}
	if more := len(list) - len(names); more > 0 {
		names = append(names, fmt.Sprintf("and %d more", more))
	}
	fmt.Fprintf(b, "\nPL301 public-access-open  warning, vault: %s\n  the vault's public side admits the internet\n%s",
		counted(len(list), "vault"), indented(strings.Join(names, ", "), s))
}

func suppressions(b *strings.Builder, list []audit.Used, s Style) {
	for _, status := range []string{audit.StatusExpired, audit.StatusUnused} {
		for _, u := range list {
			if u.Status != status {
				continue
			}
			about := slices.DeleteFunc([]string{u.Code, u.Vault, u.Network}, func(t string) bool { return t == "" })
			fmt.Fprintf(b, "\nsuppression %s\n%s", status, indented(fmt.Sprintf("line %d, %s, until %s: %s", u.Line, strings.Join(about, " "), u.Expires, u.Reason), s))
		}
	}
}

func counted(n int, what string) string { return fmt.Sprintf("%d %s", n, plural(n, what, what+"s")) }

// indented is text in lines of a style's width, set in by two columns.
func indented(text string, s Style) string {
	var b strings.Builder
	for _, line := range wrap(Safe(text), cmp.Or(s.Width, 80)-2) {
		b.WriteString("  " + line + "\n")
	}
	return b.String()
}
