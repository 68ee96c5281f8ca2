package render

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"pldoctor/internal/diagnose"
	"pldoctor/internal/fact"
	"pldoctor/internal/rule"
)

// Text writes the report for a person: the verdict, the path hop by hop, the
// cause, who has to act, how, and how to check it by hand.
func Text(w io.Writer, r diagnose.Report, s Style) error {
	p := newPaper(s)
	p.verdict(r)
	p.path(r)
	p.servers(r)
	p.causes(r)
	p.candidates(r)
	p.others(r, diagnose.RoleConsequence, "What follows from it, and goes with it")
	p.others(r, diagnose.RoleAdvice, "Also worth knowing")
	p.unread(r)
	p.close(r)
	_, err := io.WriteString(w, p.String())
	return err
}

// headlines say each verdict in a sentence.
var headlines = map[fact.Verdict]struct {
	ink  ink
	text string
}{
	fact.Private:         {green, "Requests reach the vault through a private endpoint."},
	fact.ServiceEndpoint: {yellow, "Requests reach the vault's public side through a service endpoint, not through private link."},
	fact.Public:          {red, "Requests reach the vault by its public side, not through private link."},
	fact.NotReached:      {red, "No answer from the vault reaches this client."},
	fact.Undetermined:    {yellow, "The path could not be determined."},
}

// accesses say what the vault says to the client.
var accesses = map[fact.Access]string{
	fact.AccessAllowed:         "The vault lets this client in.",
	fact.AccessRefusedNetwork:  "The vault refuses requests that come this way.",
	fact.AccessRefusedIdentity: "The vault refuses the caller's identity, not its network.",
}

// access says what the vault says: to the client, or by its settings to any.
func access(r diagnose.Report) string {
	tested := r.Facts.Seen != nil && r.Facts.Seen.Journey.Access.Outcome != fact.Unseen
	switch {
	case r.Verdict == fact.Private && !owned(r) && slices.Contains(r.Sources, "configuration"):
		return "Whether it is this vault's was not tested: the configuration that was read has none of it, and no token was presented."
	case r.Verdict == fact.Private && !owned(r):
		return "Whether it is this vault's was not tested: no configuration was read, and no token was presented."
	case r.Access == fact.AccessRefusedNetwork && !tested:
		return "By its settings, the vault refuses requests that come this way."
	}
	return accesses[r.Access]
}

// strange tells whether the endpoint that the vault names is known to be none of
// this vault's.
func strange(r diagnose.Report) bool {
	if r.Verdict != fact.Private || r.Path.Endpoint == nil || len(r.Facts.Endpoints) == 0 {
		return false
	}
	return !slices.ContainsFunc(r.Facts.Endpoints, func(e diagnose.Endpoint) bool { return strings.EqualFold(e.ID, *r.Path.Endpoint) })
}

// owned tells whether it is known that the endpoint is one of this vault: by
// the configuration, or because the vault spoke to a token.
func owned(r diagnose.Report) bool {
	return len(r.Facts.Endpoints) > 0 || r.Access == fact.AccessAllowed || r.Access == fact.AccessRefusedIdentity
}

func (p *paper) verdict(r diagnose.Report) {
	from := r.Client.Host
	if r.Client.Network != "" && r.Client.Network != from {
		from += " in " + r.Client.Network
	}
	title := r.Target.Hostname
	if from != "" {
		title += ", seen from " + from
	}
	indent := ""
	for _, l := range wrap(title, p.style.Width-2) {
		p.line(indent + p.ink(bold, l))
		indent = "  "
	}
	p.line("")
	h := headlines[r.Verdict]
	text := h.text
	if strange(r) {
		text = "Requests reach Key Vault through a private endpoint, but not through one of this vault."
	}
	if a := access(r); a != "" && r.Verdict != fact.NotReached {
		text += " " + a
	}
	p.item(p.ink(h.ink, strings.ToUpper(string(r.Verdict)))+"  ", len(r.Verdict)+2, text)
}

// roles of people who have to act.
var owners = map[rule.Owner]string{
	rule.OwnerVault:    "the vault's owner",
	rule.OwnerNetwork:  "the network team",
	rule.OwnerDNS:      "whoever manages DNS (private zones, DNS servers)",
	rule.OwnerClient:   "the application's team, on the client",
	rule.OwnerProxy:    "whoever runs the proxy, or the application's team",
	rule.OwnerIdentity: "whoever grants access to the vault",
	rule.OwnerPlatform: "the platform's operator",
}

func (p *paper) causes(r diagnose.Report) {
	found := findings(r, diagnose.RoleCause)
	for i, f := range found {
		title := "The cause"
		if len(found) > 1 {
			title = fmt.Sprintf("Cause %d of %d", i+1, len(found))
		}
		p.head(title)
		p.cause(f, p.about(r, f.Why))
	}
}

// about makes a sentence of what a rule says; the client's name keeps its case.
func (p *paper) about(r diagnose.Report, why string) string {
	if host := r.Client.Host; host != "" && strings.HasPrefix(why, host+" ") {
		return host + sentence("x" + strings.TrimPrefix(why, host))[1:]
	}
	return sentence(why)
}

func (p *paper) cause(f diagnose.Finding, why string) {
	p.line("  " + p.ink(shade(f.Severity), f.Code) + " " + f.Slug + p.ink(dim, "  "+string(f.Severity)+", "+f.Certainty))
	p.para("  ", why)
	p.line("")
	p.item("  Who acts: ", 12, owners[f.Owner])
	p.fixes(f)
}

func shade(s rule.Severity) ink {
	if s == rule.Error {
		return red
	}
	return yellow
}

// fixes lists the steps of the repair, then how to check it.
func (p *paper) fixes(f diagnose.Finding) {
	for i, fix := range f.Fixes {
		p.line("")
		label := "  To mend: "
		switch {
		case strings.HasPrefix(fix.Title, "Or,"):
			label = "  Instead: "
		case len(f.Fixes) > 1:
			label = fmt.Sprintf("  Step %d:  ", i+1)
		}
		p.item(label, 12, sentence(fix.Title))
		if l := losses(fix); l != "" {
			p.para("    ", "Before you do: "+l)
		}
		for _, c := range fix.Az {
			p.command("    ", c)
		}
	}
	var verify []string
	for _, fix := range f.Fixes {
		for _, v := range fix.Verify {
			if len(verify) == 0 || verify[len(verify)-1] != v {
				verify = append(verify, v)
			}
		}
	}
	if len(verify) == 0 {
		return
	}
	p.line("")
	p.line("  To check by hand:")
	for _, c := range verify {
		p.command("    ", c)
	}
}

func (p *paper) candidates(r diagnose.Report) {
	found := findings(r, diagnose.RoleCandidate)
	switch len(found) {
	case 0:
		return
	case 1:
		p.head("One cause is known that fits what was seen; others may")
	default:
		p.head(fmt.Sprintf("%d causes fit what was seen, the likeliest first", len(found)))
	}
	for _, f := range found {
		p.item("  "+p.ink(yellow, f.Code)+"  ", 9, f.Slug+": "+f.Title+variants(f.Also))
		if f.Ask != "" {
			p.command("         ", f.Ask)
		}
	}
	if len(found) > 1 {
		p.line("")
		p.para("  ", "The client alone cannot tell them apart. The command under each can.")
	}
}

// variants names what stands under a candidate.
func variants(codes []string) string {
	if len(codes) == 0 {
		return ""
	}
	return " (or " + strings.Join(codes, ", ") + ", which looks the same)"
}

func (p *paper) others(r diagnose.Report, role diagnose.Role, title string) {
	found := findings(r, role)
	if len(found) == 0 {
		return
	}
	p.head(title)
	for _, f := range found {
		p.item("  "+p.ink(dim, f.Code)+"  ", 9, p.about(r, f.Why))
		for _, fix := range f.Fixes {
			if l := losses(fix); l != "" {
				p.para("         ", "Before you mend it: "+l)
			}
		}
	}
}

func findings(r diagnose.Report, role diagnose.Role) []diagnose.Finding {
	var list []diagnose.Finding
	for _, f := range r.Findings {
		if f.Role == role {
			list = append(list, f)
		}
	}
	return list
}

// close says where to read on.
func (p *paper) close(r diagnose.Report) {
	p.line("")
	codes := append(append([]string{}, r.RootCauses...), r.Candidates...)
	if len(codes) > 0 {
		p.line(p.ink(dim, "More: pldoctor explain "+codes[0]))
		return
	}
	switch bad := r.Facts.FirstBad; {
	case bad != fact.NoStage:
		p.para("", fmt.Sprintf("What was seen fits no fault that pldoctor knows. The path leaves the private one at the hop %q: look there first.", bad))
	case !r.Facts.Complete(), r.Verdict == fact.Undetermined:
		p.para("", "Not all was looked at: "+missing(r))
	case r.Verdict == fact.Public || r.Verdict == fact.ServiceEndpoint:
		p.para("", "This client is to take any path that the vault admits, and it has one.")
	case r.Verdict == fact.Private && owned(r) && len(r.Findings) == 0:
		p.line(p.ink(dim, "Nothing is wrong with the path."))
	}
}

// sentence makes a sentence of a clause.
func sentence(s string) string {
	s = strings.TrimSpace(s)
	if s == "" {
		return s
	}
	word, _, _ := strings.Cut(s, " ")
	if !strings.ContainsAny(word, "./_") { // names keep their case
		first, size := utf8.DecodeRuneInString(s)
		s = string(unicode.ToUpper(first)) + s[size:]
	}
	if strings.HasSuffix(s, ".") || strings.HasSuffix(s, "?") || strings.HasSuffix(s, ":") {
		return s
	}
	return s + "."
}

// missing says what a run did not come to.
func missing(r diagnose.Report) string {
	switch {
	case r.Facts.Journey.Proxy.Outcome == fact.ProxyUnusable:
		return "requests go to a proxy of a kind that pldoctor does not speak. Past it, the path can be seen with NO_PROXY set."
	case r.Verdict == fact.Undetermined && r.Facts.Seen != nil && !r.Facts.Seen.Complete:
		return "the time ran out before the path was known; give it more with --timeout."
	case r.Verdict == fact.Undetermined:
		return "what was seen does not tell which path requests take."
	}
	return "a configured DNS server was not heard in time; it may say something else."
}
