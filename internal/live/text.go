package live

import (
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"

	"pldoctor/internal/drill"
	"pldoctor/internal/fact"
	"pldoctor/internal/world"
)

// paths say which path requests take.
var paths = map[fact.Verdict]string{
	fact.Private: "private", fact.Public: "public", fact.ServiceEndpoint: "that of a service endpoint",
	fact.NotReached: "one that ends before the vault", fact.Undetermined: "unknown",
}

func path(v fact.Verdict) string { return "the path is " + paths[v] }

// cached is what comes of DNS servers that keep answers.
const cached = "what DNS servers keep, they keep until its TTL ends\n"

func (d *Desk) doBreak(r Request) (string, error) {
	p, err := d.place(r)
	if err != nil {
		return "", err
	}
	if r.Code == "" {
		return d.fitting(p)
	}
	next, f, err := d.drill.Break(r.Code, p)
	if err != nil {
		return "", err
	}
	caveat := d.turn(next)
	return fmt.Sprintf("%s %s is there, %s: %s\n", f.Rule.Code, f.Rule.Slug, p, path(f.Path)) + cached + caveat, nil
}

// fitting lists the faults that can be brought about.
func (d *Desk) fitting(p drill.Place) (string, error) {
	faults, err := d.drill.Fitting(p)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	fmt.Fprintf(&b, "faults that can be brought about %s, and the path then:\n", p)
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	for _, f := range faults {
		_, _ = fmt.Fprintf(w, "  %s\t%s\t%s\t%s\n", f.Rule.Code, f.Rule.Slug, f.Path, f.Rule.Title)
	}
	_ = w.Flush() // into memory
	return b.String(), nil
}

func (d *Desk) mend(r Request) (string, error) {
	if r.Code == "" {
		e, _, taken := d.drill.Underway()
		text := "everything is as it was at the start\n"
		if taken {
			text += fmt.Sprintf("exercise %d is given up\n", e.Number)
		}
		caveat := d.turn(d.drill.Restore())
		return text + cached + caveat, nil
	}
	p, err := d.place(r)
	if err != nil {
		return "", err
	}
	if next, ok := d.drill.Undo(r.Code); ok && !r.Repair {
		caveat := d.turn(next)
		return fmt.Sprintf("it is as if %s had never been; %s, %s\n", strings.ToUpper(r.Code), p, path(next.Path(p))) + cached + caveat, nil
	}
	next, repair, err := d.drill.Repair(r.Code, p)
	if err != nil {
		return "", err
	}
	caveat := d.turn(next)
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s was what is wrong %s, and this was done:\n", repair.Rule.Code, repair.Rule.Slug, p)
	for _, s := range repair.Steps {
		fmt.Fprintf(&b, "  %s\n", s)
	}
	fmt.Fprintf(&b, "now %s\n", path(repair.Path))
	return b.String() + cached + caveat, nil
}

func (d *Desk) exercise(r Request) (string, error) {
	if r.Number == 0 {
		return d.Exercises(), nil
	}
	next, e, p, err := d.drill.Take(r.Number)
	if err != nil {
		return "", err
	}
	caveat := d.turn(next)
	return fmt.Sprintf(`exercise %d: %s
look %s: "pldoctor lab enter%s %s"
mend it with "pldoctor lab mend%s CODE", which does what is documented to cure that
finding, if that is what is wrong; then "pldoctor lab solved%s"
%s`, e.Number, e.Problem, p, d.flag, p.Host.Name(), d.flag, d.flag, cached) + caveat, nil
}

// Exercises lists them, in lines.
func (d *Desk) Exercises() string {
	var b strings.Builder
	all, fits := d.drill.Exercises()
	for i, e := range all {
		fmt.Fprintf(&b, "  %d  %s\n", e.Number, e.Problem)
		if !fits[i] {
			fmt.Fprintf(&b, "     (not in this scenario; \"pldoctor lab up %s\" shows it)\n", e.Scenario)
		}
	}
	return b.String()
}

func (d *Desk) solved(r Request) Reply {
	e, p, taken := d.drill.Underway()
	if !taken || r.Host != "" || r.Vault != "" {
		p, err := d.place(r)
		if err != nil {
			return Reply{Failed: true, Text: err.Error()}
		}
		v := d.drill.Path(p)
		return Reply{No: v != fact.Private, Text: p.String() + ", " + path(v) + "\n"}
	}
	v := d.drill.Path(p)
	switch {
	case v != fact.Private:
		return Reply{No: true, Text: fmt.Sprintf("exercise %d is not solved yet: %s, %s\n", e.Number, p, path(v))}
	case !d.drill.Solved():
		return Reply{No: true, Text: fmt.Sprintf("exercise %d is not solved yet: %s the path is private, and what the exercise is about is still so\n", e.Number, p)}
	}
	var b strings.Builder
	fmt.Fprintf(&b, "exercise %d is solved: %s, %s\n", e.Number, p, path(v))
	for _, lost := range d.drill.Lost() {
		fmt.Fprintf(&b, "what is left: %s, the path was private before, and %s\n", lost, path(d.drill.Path(lost)))
	}
	return Reply{Text: b.String()}
}

func (d *Desk) status(r Request) (string, error) {
	var b strings.Builder
	fmt.Fprintf(&b, "lab: %s, %s\n", d.scenario.Name, d.scenario.Title)
	guests := slices.Clone(d.guests)
	slices.SortStableFunc(guests, func(a, b *Guest) int { return strings.Compare(string(a.Host), string(b.Host)) })
	for _, g := range guests {
		fmt.Fprintf(&b, "on %s: %s (process %d)\n", g.Host.Name(), g.Command, g.Process)
	}
	if len(guests) == 0 {
		b.WriteString("nobody is on a host\n")
	}
	if e, p, taken := d.drill.Underway(); taken {
		fmt.Fprintf(&b, "exercise %d, %s: %s\n", e.Number, p, e.Problem)
	}
	switch broken := d.drill.Broken(); {
	case !r.Spoil:
		b.WriteString("what is broken is told with --spoil\n")
	case len(broken) == 0:
		b.WriteString("nothing has been broken\n")
	default:
		for _, f := range broken {
			fmt.Fprintf(&b, "broken: %s %s, %s: %s\n", f.Rule.Code, f.Rule.Slug, f.Place, path(f.Path))
		}
	}
	return b.String(), nil
}

// Welcome says what there is, and how to go about it.
func (d *Desk) Welcome() string {
	var b strings.Builder
	fmt.Fprintf(&b, "lab: %s, %s\n\nfrom another terminal, a shell on a host:\n", d.scenario.Name, d.scenario.Title)
	w := tabwriter.NewWriter(&b, 0, 0, 3, ' ', 0)
	for _, name := range d.scenario.Hosts {
		if h, ok := d.lab.World().Host(world.HostID(name)); ok {
			_, _ = fmt.Fprintf(w, "  pldoctor lab enter%s %s\t%s\n", d.flag, name, d.where(h))
		}
	}
	_ = w.Flush() // into memory
	fmt.Fprintf(&b, "\nvaults: %s\n\nexercises, the problems of Microsoft's article; \"pldoctor lab exercise%s NUMBER\":\n%s", strings.Join(d.scenario.Vaults, ", "), d.flag, d.Exercises())
	fmt.Fprintf(&b, "\nfaults: \"pldoctor lab break%s\" lists them, \"pldoctor lab mend%s\" takes all back\nthe end: Ctrl-C, or \"pldoctor lab down%s\"\n", d.flag, d.flag, d.flag)
	return b.String()
}

func (d *Desk) where(h *world.Host) string {
	in := "on the internet"
	if h.Network != world.Internet {
		in = "in " + h.Network.Name()
	}
	if !h.Address.IsValid() {
		return in
	}
	return h.Address.String() + ", " + in
}
