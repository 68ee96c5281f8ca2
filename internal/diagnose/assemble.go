package diagnose

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"

	"pldoctor/internal/fact"
	"pldoctor/internal/rule"
	"pldoctor/internal/service"
	"pldoctor/internal/settings"
	"pldoctor/internal/world"
)

// report puts the outcome of a run into the report's shape.
func (r *run) report() Report {
	j := r.first.Journey
	rep := Report{
		SchemaVersion: SchemaVersion,
		Tool:          Tool{"pldoctor", r.judge.version},
		Target:        Target{r.in.Vault, r.in.hostname().Host(), r.in.Service.Cloud.Name},
		Started:       r.in.Started,
		Client:        r.client(),
		Sources:       r.sources(),
		Verdict:       j.Verdict(),
		Access:        j.Accessed(),
		Path:          r.path(),
		RootCauses:    []string{},
		Candidates:    []string{},
		Facts:         Facts{Journey: j, FirstBad: r.bad(), Wants: r.in.Wants, Endpoints: r.endpoints(), Seen: r.shown, Unread: r.unread()},
		Trace:         append([]fact.Event{}, r.trace...),
	}
	if r.first.Predicted != nil {
		predicted := r.first.Predicted.Journey
		rep.Facts.Predicted = &predicted
	}
	for _, c := range r.causes {
		r.warn(c.fixes, c.worlds, r.first.World, r.in.Client)
		rep.RootCauses = append(rep.RootCauses, c.rule.Code)
		rep.repair = append(rep.repair, c.repair...)
	}
	for _, x := range r.candidates {
		rep.Candidates = append(rep.Candidates, x.Code)
	}
	checks, consequences, advice := r.checks()
	rep.Checks, rep.Findings = checks, r.findings(consequences, advice)
	return rep
}

// endpoints lists the vault's private endpoints, those that serve the client
// first.
func (r *run) endpoints() []Endpoint {
	list := []Endpoint{}
	for _, d := range r.first.Doors() {
		e := Endpoint{
			ID: d.Endpoint.Path, Network: r.first.Name(d.Endpoint.VNet()), Address: d.Addr.String(),
			Status: string(d.Endpoint.Status), Effective: d.Effective, Reached: d.Connect.Outcome,
		}
		if c, ok := r.first.Resource.ConnectionOf(d.Endpoint.ID); ok {
			e.Status = string(c.Status)
		}
		list = append(list, e)
	}
	return list
}

func (r *run) client() Client {
	var c Client
	if h := r.first.Client; h != nil {
		c = Client{Host: h.Name(), Network: r.first.Name(r.first.World.Node(h).Network), Address: text(h.Address), Runs: string(h.Runs)}
	}
	c.Placed = r.in.Placed
	if r.in.Seen == nil {
		return c
	}
	seen := r.in.Seen.Client
	c.Host = cmp.Or(seen.Host, c.Host)
	if c.Runs == "" || seen.Runs != "" && seen.Runs != string(settings.RunsMachine) { // which says that nothing tells
		c.Runs = seen.Runs
	}
	if len(seen.Addresses) > 0 {
		c.Address = seen.Addresses[0].String()
	}
	return c
}

func (r *run) sources() []string {
	var list []string
	if r.in.Seen != nil {
		list = append(list, "probe")
	}
	if r.first.World != nil && r.first.Client != nil {
		list = append(list, "configuration")
	}
	return list
}

func (r *run) path() Path {
	j := r.first.Journey
	p := Path{
		Resolver: text(j.Resolver.Server), Destination: text(cmp.Or(j.Connect.Addr, j.Answer.Addr)),
		SourceSeen: text(j.Exchange.Source), Via: []string{}, RequestIDs: []string{},
	}
	if e := cmp.Or(j.Exchange.Endpoint, j.Exchange.By); e != "" {
		id := string(e)
		p.Endpoint = &id
	}
	if j.Proxy.Server != "" {
		p.Via = append(p.Via, j.Proxy.Server)
	}
	for _, e := range r.trace {
		if e.Kind == fact.Routed && e.Subject == p.Destination && !slices.Contains(p.Via, string(e.Who)) {
			p.Via = append(p.Via, string(e.Who))
		}
	}
	if r.in.Seen != nil {
		for _, q := range r.in.Seen.Requests {
			if q.RequestID != "" {
				p.RequestIDs = append(p.RequestIDs, q.RequestID)
			}
		}
	}
	return p
}

func text(a netip.Addr) string {
	if !a.IsValid() {
		return ""
	}
	return a.String()
}

// checks says of every rule what it is in the whole: cause, candidate, masked, or
// one of those that are returned beside: consequences and advice.
func (r *run) checks() (checks []Check, consequences, advice []*rule.Rule) {
	checks = make([]Check, len(r.judge.rules))
	culprits := &Masking{r.culprits()}
	for i, x := range r.judge.rules {
		result, check := r.saysFirst(i), &checks[i]
		*check = Check{Code: x.Code, Status: result.Status, Why: result.Why}
		switch {
		case r.isCause(x):
			check.Status, check.Why = rule.StatusFail, cmp.Or(r.resultOf(x).Why, result.Why)
		case r.isCandidate(x):
			check.Status, check.Why = rule.StatusUnknown, "fits what was seen, as others do"
		case result.Status != rule.StatusFail, x.Symptom && r.tolerated():
		case x.Symptom && r.explained():
			check.Status, check.Masking = rule.StatusMasked, culprits
			consequences = append(consequences, x)
		case r.cured(x):
			check.Status, check.Masking = rule.StatusMasked, culprits
		default:
			advice = append(advice, x)
		}
	}
	return checks, consequences, advice
}

// findings lists causes and candidates, then consequences, then advice.
func (r *run) findings(consequences, advice []*rule.Rule) []Finding {
	findings := make([]Finding, 0, len(r.causes)+len(r.candidates)+len(consequences)+len(advice))
	for _, c := range r.causes {
		findings = append(findings, r.cause(c))
	}
	for _, x := range r.candidates {
		findings = append(findings, r.candidate(x))
	}
	for _, x := range consequences {
		findings = append(findings, r.finding(x, r.says(&r.first, x), RoleConsequence))
	}
	for _, x := range advice {
		findings = append(findings, r.finding(x, r.says(&r.first, x), RoleAdvice))
	}
	return findings
}

func (r *run) isCause(x *rule.Rule) bool { return r.named(x) }

func (r *run) isCandidate(x *rule.Rule) bool {
	return slices.Contains(r.candidates, x) || slices.Contains(r.variants, x)
}

func (r *run) explained() bool { return len(r.causes)+len(r.candidates) > 0 }

func (r *run) resultOf(x *rule.Rule) rule.Result {
	for _, c := range r.causes {
		if c.rule == x {
			return c.result
		}
	}
	return rule.Result{}
}

func (r *run) culprits() []string {
	var codes []string
	for _, c := range r.causes {
		codes = append(codes, c.rule.Code)
	}
	for _, x := range r.candidates {
		codes = append(codes, x.Code)
	}
	return codes
}

// cured tells whether mending the causes also makes x pass.
func (r *run) cured(x *rule.Rule) bool {
	if len(r.causes) == 0 || r.last.World == nil || r.last.World == r.first.World {
		return false
	}
	return r.says(r.last, x).Status != rule.StatusFail
}

func (r *run) finding(x *rule.Rule, result rule.Result, role Role) Finding {
	f := Finding{
		Code: x.Code, Slug: x.Slug, Title: x.Title, Severity: x.Severity, Role: role, Certainty: "certain", Owner: x.Owner,
		Why: result.Why, Evidence: result.Evidence, Fixes: []Fix{}, DocURL: r.judge.docs[r.judge.place[x]],
	}
	if f.Evidence == nil {
		f.Evidence = []rule.Evidence{}
	}
	if f.Why == "" {
		f.Why = x.Title
	}
	f.Severity = cmp.Or(result.Severity, f.Severity)
	switch {
	case result.Open:
		f.Certainty = "possible"
	case role == RoleCause && !x.Symptom && x.Stage == fact.StageAnswer && x.Owner == rule.OwnerDNS:
		if server, unread := r.passedOn(); unread {
			f.Certainty = "likely"
			f.Why += "; that holds if the DNS server " + server + " forwards to Azure DNS as it should, which nobody has read"
		}
	}
	if (role == RoleAdvice || r.tolerated()) && f.Severity == rule.Error {
		f.Severity = rule.Warning
	}
	if role == RoleAdvice {
		f.Fixes = r.advised(&r.first, x)
	}
	return f
}

// advised is the repair that a rule has for a case, whether or not it gets the
// request any further.
func (r *run) advised(c *rule.Case, x *rule.Rule) []Fix {
	if c.World != nil && x.Mends != nil {
		if repair, worlds := mend(c, x); len(repair) > 0 {
			fixes := r.steps(repair, worlds)
			r.warn(fixes, worlds, c.World, "")
			return fixes
		}
	}
	return r.words(x)
}

// tolerated tells whether the client wants any path that the vault admits, and
// has one: untested counts as admitted.
func (r *run) tolerated() bool {
	if r.in.Wants != world.WantAny {
		return false
	}
	v := r.first.Journey.Verdict()
	return (v == fact.Public || v == fact.ServiceEndpoint) && r.first.Journey.Accessed() != fact.AccessRefusedNetwork
}

// bad is the first bad hop for this client.
func (r *run) bad() fact.Stage {
	if r.tolerated() {
		return fact.NoStage
	}
	return firstBad(&r.first)
}

func (r *run) cause(c cause) Finding {
	if c.result.Status != rule.StatusFail { // what was seen says it, not the rule
		c.result.Why = c.rule.Title
	}
	f := r.finding(c.rule, c.result, RoleCause)
	f.Fixes = c.fixes
	if len(f.Fixes) == 0 {
		f.Fixes = r.words(c.rule)
	}
	if c.result.Fix != "" && len(c.repair) == 0 {
		f.Fixes[0].Title = c.result.Fix
	}
	for i := range f.Fixes {
		f.Fixes[i].Az, f.Fixes[i].Verify = r.withVault(f.Fixes[i].Az), r.withVault(f.Fixes[i].Verify)
	}
	last := &f.Fixes[len(f.Fixes)-1]
	last.Verify = r.withProof(last.Verify)
	switch {
	case !c.proven, r.first.Journey.Verdict() == fact.Undetermined:
		f.Certainty = "likely"
	case r.in.Seen == nil: // nobody looked whether the client agrees
		f.Certainty = "likely"
	}
	return f
}

// withProof puts the two commands that prove the private path, which everybody
// has, before those of a fix.
func (r *run) withProof(verify []string) []string {
	host := r.in.hostname().Host()
	ask := "host " + host
	if via := r.first.Journey.Resolver.Via; via == fact.ViaHostsFile || via == fact.ViaSearch { // which host(1) does not go by
		ask = "getent ahosts " + host
	}
	proof := []string{ask, "curl -i https://" + host + "/" + strings.TrimPrefix(service.HealthPath, "/")}
	for _, v := range verify {
		if command, _, _ := strings.Cut(v, "   # "); !slices.Contains(proof, command) { // another server's answer is another matter
			proof = append(proof, v)
		}
	}
	return proof
}

func (r *run) candidate(x *rule.Rule) Finding {
	result := r.says(&r.first, x)
	if result.Status != rule.StatusFail {
		result.Why = x.Title
	}
	f := r.finding(x, result, RoleCandidate)
	f.Certainty, f.Fixes = "possible", r.words(x)
	f.Fixes[0].Title = cmp.Or(result.Fix, f.Fixes[0].Title)
	if len(r.candidates) == 1 {
		f.Certainty = "likely"
	}
	f.Ask = r.fill(question(x))
	for _, v := range r.variants {
		if r.head(v) == x {
			f.Also = append(f.Also, v.Code)
		}
	}
	return f
}

// head is the candidate that a variant stands under: its own, else the first.
func (r *run) head(v *rule.Rule) *rule.Rule {
	for _, x := range r.candidates {
		if x.Code == v.Under {
			return x
		}
	}
	return r.candidates[0]
}

// DocURL is where a code's documentation stands in this repository.
func DocURL(code string) string { return "docs/rules/" + code + ".md" }
