package diagnose

import (
	"net/netip"
	"slices"
	"sync"
	"time"

	"pldoctor/internal/dnsname"
	"pldoctor/internal/fact"
	"pldoctor/internal/predict"
	"pldoctor/internal/rule"
	"pldoctor/internal/service"
	"pldoctor/internal/world"
)

// An Input is what is judged. World or Seen may be missing, not both.
type Input struct {
	Service service.Service
	Vault   string       // the vault's name
	Host    dnsname.Name // the name that the client uses
	Wants   world.Wants
	Started time.Time

	// World is the configuration as its reader may see it; the inside of
	// machines is not part of that. Nil: it was not read.
	World *world.World
	// Client is the client's id in World; "" where it is not known.
	Client world.ID
	// Seen is what a probe saw; nil without one.
	Seen *fact.Observation
}

// hostname is the name that the client uses.
func (in Input) hostname() dnsname.Name {
	if in.Host.IsZero() {
		host, _ := in.Service.Host(in.Vault)
		return host
	}
	return in.Host
}

// A Judge diagnoses; it is safe for use by many goroutines. What faults look
// like on stock worlds is worked out once, when it is first needed.
type Judge struct {
	version string
	library func() []signature
}

// NewJudge returns a judge of vaults in one cloud.
func NewJudge(cloud, version string) *Judge {
	return &Judge{version, sync.OnceValue(func() []signature { return buildLibrary(cloud) })}
}

// Judge makes the report.
func (j *Judge) Judge(in Input) Report {
	r := &run{judge: j, in: in, trace: []fact.Event{}}
	r.first = r.caseOf(r.model())
	switch {
	case r.tolerated(): // nothing is wrong; what fails is worth knowing
		r.last = r.first
	case r.first.World == nil || r.first.Client == nil:
		r.withoutConfiguration()
	case r.differs != fact.NoStage:
		r.outside()
	default:
		r.walk(r.first)
	}
	return r.report()
}

// A run is one diagnosis on its way.
type run struct {
	judge   *Judge
	in      Input
	first   rule.Case  // as things are
	last    rule.Case  // as they would be once all causes are mended
	differs fact.Stage // where what was seen first contradicts the prediction

	causes     []cause
	candidates []*rule.Rule
	trace      []fact.Event // of the first prediction
}

// A cause is a rule with the repair that the prediction proves.
type cause struct {
	rule   *rule.Rule
	result rule.Result
	fixes  []Fix
	proven bool
}

// caseOf predicts the client's journey in a world and merges it with what was
// seen.
func (r *run) caseOf(w *world.World) rule.Case {
	c := r.bare(w)
	if r.in.Seen != nil {
		c.Seen, c.Journey = r.in.Seen, r.in.Seen.Journey
	}
	if c.World == nil || c.Client == nil {
		return c
	}
	r.trace = []fact.Event{}
	c.Predicted = r.predict(c, func(e fact.Event) { r.trace = append(r.trace, e) })
	if c.Seen == nil {
		c.Journey = c.Predicted.Journey
		return c
	}
	c.Journey, r.differs = merge(c.Predicted.Journey, c.Seen.Journey)
	if c.Journey.Access == (fact.AccessHop{}) && c.Resource != nil {
		c.Journey.Access = predict.Admitted(w, c.Resource, c.Journey.Exchange)
	}
	return c
}

// imagine makes the case of a changed world, of which nothing was seen.
func (r *run) imagine(w *world.World) rule.Case {
	c := r.bare(w)
	c.Predicted = r.predict(c, nil)
	c.Journey = c.Predicted.Journey
	return c
}

func (r *run) bare(w *world.World) rule.Case {
	c := rule.Case{Service: r.in.Service, Vault: r.in.Vault, Wants: r.in.Wants, World: w}
	c.Host, _ = r.in.Service.Host(r.in.Vault)
	if w == nil {
		return c
	}
	if h, ok := w.Host(r.in.Client); ok {
		c.Client = h
	}
	if v, ok := w.VaultNamed(r.in.Vault); ok {
		c.Resource = v
	}
	return c
}

func (r *run) predict(c rule.Case, trace func(fact.Event)) *fact.Observation {
	o := predict.Observe(c.World, c.Client, predict.Target{Vault: r.in.Vault, Host: r.in.Host},
		predict.Options{Candidates: EndpointAddresses(c.World, r.in.Vault), Trace: trace})
	return &o
}

// EndpointAddresses returns the addresses of a vault's private endpoints: the
// candidates that a probe tries whatever DNS says.
func EndpointAddresses(w *world.World, vault string) []netip.Addr {
	if w == nil {
		return nil
	}
	v, ok := w.VaultNamed(vault)
	if !ok {
		return nil
	}
	var addrs []netip.Addr
	for e := range w.EndpointsOf(v.ID) {
		addrs = append(addrs, e.Addresses...)
	}
	return addrs
}

// maxCauses bounds how many faults in a row are looked for.
const maxCauses = 8

// walk finds the causes in a world that predicts what was seen: the first rule
// that fails, and whose mending changes the first bad hop, is a cause; then the
// same again in the mended world, until the journey is private.
func (r *run) walk(c rule.Case) {
	for range maxCauses {
		bad := firstBad(c)
		if bad == fact.NoStage {
			break
		}
		next, ok := r.step(&c, bad)
		if !ok {
			break
		}
		r.causes = append(r.causes, next)
	}
	r.last = c
	if bad := firstBad(c); len(r.causes) == 0 && bad != fact.NoStage && !r.unmendable(c, bad) {
		r.symptoms(c)
	}
}

// unmendable takes the first rule that fails and that no command mends, such as
// a vault that does not exist.
func (r *run) unmendable(c rule.Case, bad fact.Stage) bool {
	for _, x := range rule.Upstream() {
		if x.Symptom || x.Stage > bad || x.Severity == rule.Info || x.Mends != nil && len(x.Mends(c)) > 0 {
			continue
		}
		for _, view := range r.views(c) {
			if result := x.Eval(view); result.Status == rule.StatusFail {
				r.causes = append(r.causes, cause{rule: x, result: result, fixes: r.words(x)})
				return true
			}
		}
	}
	return false
}

// step finds the most upstream cause of a case and moves on to the mended
// world.
func (r *run) step(c *rule.Case, bad fact.Stage) (cause, bool) {
	for _, candidate := range rule.Upstream() {
		if candidate.Symptom || candidate.Mends == nil || r.named(candidate) {
			continue
		}
		for _, view := range r.views(*c) {
			result := candidate.Eval(view)
			if result.Status != rule.StatusFail {
				continue
			}
			mended, fixes := mend(view, candidate)
			if mended == c.World {
				continue
			}
			if after := r.imagine(mended); betters(*c, after, bad) {
				*c = after
				return cause{candidate, result, fixes, true}, true
			}
		}
	}
	return cause{}, false
}

// views are the cases that a rule may judge in the place of one: the case
// itself, and, where a proxy takes the request, the proxy as the client, since
// it resolves the name and connects from where it is.
func (r *run) views(c rule.Case) []rule.Case {
	proxy, ok := c.World.Host(world.ID(c.Journey.Proxy.By))
	if c.Journey.Proxy.Server == "" || !ok || proxy.Proxy == nil {
		return []rule.Case{c}
	}
	there := c
	there.Client, there.Seen = proxy, nil
	there.Predicted = r.predict(there, nil)
	there.Journey = there.Predicted.Journey
	return []rule.Case{c, there}
}

func (r *run) named(x *rule.Rule) bool {
	return slices.ContainsFunc(r.causes, func(c cause) bool { return c.rule == x })
}

// mend applies a rule's Mends one after the other; commands are those of the
// world in which each is run.
func mend(c rule.Case, x *rule.Rule) (*world.World, []Fix) {
	w := c.World
	var fixes []Fix
	for _, m := range x.Mends(c) {
		fixes = append(fixes, Fix{Title: m.Title(w), Az: orEmpty(m.Commands(w)), Verify: orEmpty(m.Verify(w))})
		w = m.Apply(w)
	}
	return w, fixes
}

// betters tells whether the mended journey differs at the bad hop, and goes no
// earlier wrong.
func betters(before, after rule.Case, bad fact.Stage) bool {
	now := firstBad(after)
	if now == fact.NoStage || now > bad {
		return true
	}
	return now == bad && hop(before.Journey, bad) != hop(after.Journey, bad)
}

// hop returns one hop of a journey as a comparable value, reasons included: a
// name that is NXDOMAIN for another reason than before has come further.
func hop(j fact.Journey, s fact.Stage) any {
	switch s {
	case fact.StageName:
		return j.Name
	case fact.StageProxy:
		return [2]any{j.Proxy, j.Verdict()}
	case fact.StageResolver:
		return j.Resolver
	case fact.StageAnswer:
		return j.Answer
	case fact.StageConnect:
		return j.Connect
	case fact.StageTLS:
		return j.TLS
	case fact.StageExchange:
		return j.Exchange
	case fact.StageAccess:
		return j.Access
	case fact.NoStage:
	}
	return nil
}

// symptoms names what is seen as the cause, where nothing explains it.
func (r *run) symptoms(c rule.Case) {
	for _, x := range rule.Upstream() {
		if !x.Symptom {
			continue
		}
		if result := x.Eval(c); result.Status == rule.StatusFail {
			r.causes = append(r.causes, cause{rule: x, result: result, fixes: r.words(x)})
			return
		}
	}
}

func orEmpty(s []string) []string {
	if s == nil {
		return []string{}
	}
	return s
}
