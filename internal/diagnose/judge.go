package diagnose

import (
	"net/netip"
	"sync"
	"time"

	"pldoctor/internal/change"
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
	// Certain says that the caller knows of no gap for which nothing can be
	// predicted, and nobody need look for one again: see Untold.
	Certain bool
	// Placed says how the client was found in the World, or why it was not.
	Placed string
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
	version  string
	rules    []*rule.Rule       // by code
	upstream []int              // places in rules, of those that spoil an earlier hop first
	place    map[*rule.Rule]int // in rules
	docs     []string           // where each is documented
	library  func() []looks
	runs     sync.Pool // room for others
}

// NewJudge returns a judge of vaults in one cloud.
func NewJudge(cloud, version string) *Judge {
	j := &Judge{version: version, rules: rule.All(), place: map[*rule.Rule]int{}}
	for i, x := range j.rules {
		j.place[x], j.docs = i, append(j.docs, DocURL(x.Code))
	}
	for _, x := range rule.Upstream() {
		j.upstream = append(j.upstream, j.place[x])
	}
	j.library = sync.OnceValue(func() []looks { return buildLibrary(cloud, j.rules) })
	return j
}

// Judge makes the report.
func (j *Judge) Judge(in Input) Report {
	r := j.begin(in)
	r.decide()
	return r.end()
}

// decide finds the causes, or the candidates.
func (r *run) decide() {
	switch {
	case r.bad() == fact.NoStage: // nothing is wrong; what fails is worth knowing
		r.last = &r.first
	case r.first.Predicted == nil:
		r.withoutConfiguration()
	case r.differs != fact.NoStage && !r.foretold():
		r.outside()
	default:
		r.walk(&r.first)
	}
}

// end makes the report, and the run's room free for another.
func (r *run) end() Report {
	defer r.leave()
	return r.report()
}

// leave makes the run's room free for another.
func (r *run) leave() {
	r.room.leave()
	*r = run{judge: r.judge, room: r.room}
	r.judge.runs.Put(r)
}

// targetOf is what predictions ask for.
func targetOf(in Input) predict.Target {
	if in.World != nil {
		if t, err := predict.NewTarget(in.World.Service(), in.Vault); err == nil {
			t.Host = in.Host
			return t
		}
	}
	return predict.Target{Vault: in.Vault, Host: in.Host}
}

// foretold tells whether the configuration explains the first bad hop, although
// a later one differs from what it predicts.
func (r *run) foretold() bool {
	bad := firstBad(&r.first)
	if bad >= r.differs {
		return false
	}
	foreseen := r.imagine(r.first.World)
	return firstBad(foreseen) == bad && foreseen.Journey.Verdict() == r.first.Journey.Verdict()
}

// begin makes the case to judge.
func (j *Judge) begin(in Input) *run {
	shown := in.Seen
	in.Seen = unsearched(in.Seen, in.hostname())
	r, _ := j.runs.Get().(*run)
	if r == nil {
		r = &run{judge: j, room: &room{said: make([]rule.Result, len(j.rules))}}
	}
	r.in, r.shown = in, shown
	r.host, _ = in.Service.Host(in.Vault)
	r.target = targetOf(in)
	r.look(r.model())
	return r
}

// A run is one diagnosis on its way.
type run struct {
	judge   *Judge
	in      Input
	host    dnsname.Name      // the vault's hostname
	target  predict.Target    // of all predictions
	first   rule.Case         // as things are
	last    *rule.Case        // as they would be once all causes are mended
	shown   *fact.Observation // what was seen, as it was
	differs fact.Stage        // where what was seen first contradicts the prediction
	brief   bool              // nobody will read the repairs
	void    bool              // what was seen refutes the configuration, and nothing explains how

	causes     []cause
	candidates []*rule.Rule
	variants   []*rule.Rule // of candidates, which are named beside them

	*room
}

// Room is the memory of a run. Nothing of it gets into the report but by copying.
type room struct {
	said      []rule.Result // of the first case, by the rules asked so far
	trace     []fact.Event  // of the first prediction
	observer  predict.Observer
	cases     shelf[rule.Case]
	predicted shelf[fact.Observation]
}

// leave makes the room ready for another run.
func (m *room) leave() {
	clear(m.said)
	m.trace = m.trace[:0]
	m.cases.regain(func(c *rule.Case) { *c = rule.Case{} })
	m.predicted.regain(func(o *fact.Observation) {
		*o = fact.Observation{Servers: o.Servers[:0], Addresses: o.Addresses[:0]}
	})
}

// says is what a rule says of a case; of things as they are, each is asked once.
func (r *run) says(c *rule.Case, x *rule.Rule) rule.Result { return r.saysAt(c, r.judge.place[x]) }

// saysAt is says for the rule at a place.
func (r *run) saysAt(c *rule.Case, place int) rule.Result {
	if c != &r.first {
		r.complete(c)
		return r.judge.rules[place].Eval(c)
	}
	return *r.saysFirst(place)
}

// saysFirst is what the rule at a place says of things as they are.
func (r *run) saysFirst(place int) *rule.Result {
	known := &r.said[place]
	if known.Status == "" {
		*known = r.judge.rules[place].Eval(&r.first)
	}
	return known
}

// A cause is a rule with the repair that the prediction proves.
type cause struct {
	rule   *rule.Rule
	result rule.Result
	fixes  []Fix
	repair []change.Change // what the fixes do
	worlds []*world.World  // before the first of them, and after each
	proven bool
}

// look predicts the client's journey in a world and merges it with what was seen:
// that is how things are.
func (r *run) look(w *world.World) {
	r.bare(&r.first, w)
	c := &r.first
	if r.in.Seen != nil {
		c.Seen, c.Journey = r.in.Seen, r.in.Seen.Journey
	}
	if c.World == nil || c.Client == nil || r.unsure(c) { // what was not read may change every hop
		return
	}
	c.Predicted = r.predict(c, func(e fact.Event) { r.trace = append(r.trace, e) })
	if baseless(c) {
		c.Predicted, r.trace = nil, r.trace[:0]
		return
	}
	if c.Seen == nil {
		c.Journey = c.Predicted.Journey
		return
	}
	c.Journey, r.differs = merge(c.Predicted.Journey, c.Seen.Journey)
	if c.Journey.Access == (fact.AccessHop{}) && c.Resource != nil && !unadmitted(c, c.Journey.Verdict()) {
		c.Journey.Access = predict.Admitted(w, c.Resource, c.Journey.Exchange)
	}
}

// imagine makes the case of a changed world, of which nothing was seen.
func (r *run) imagine(w *world.World) *rule.Case {
	c := r.cases.lend()
	r.bare(c, w)
	c.Imagined = true
	c.Predicted = r.predict(c, nil)
	c.Journey = c.Predicted.Journey
	return c
}

// glimpse is imagine for a case that most rules are never asked about: what only
// they look at is left out, and complete makes up for it.
func (r *run) glimpse(w *world.World) *rule.Case {
	doors := EndpointAddresses(w, r.in.Vault)
	if len(doors) == 0 { // what the servers say then tells whether an address is right
		return r.imagine(w)
	}
	c := r.cases.lend()
	r.bare(c, w)
	c.Imagined = true
	c.Predicted = r.predicted.lend()
	r.observer.Glance(w, c.Client, r.target, predict.Options{Candidates: doors}, c.Predicted)
	unadmit(c, c.Predicted)
	c.Journey = c.Predicted.Journey
	return c
}

// complete adds to a case what a glimpse left out.
func (r *run) complete(c *rule.Case) {
	if c.Predicted != nil && !c.Predicted.Complete {
		c.Predicted = r.predict(c, nil)
	}
}

// bare puts into an empty case what is known without looking.
func (r *run) bare(c *rule.Case, w *world.World) {
	c.Service, c.Vault, c.Host, c.Wants, c.World = r.in.Service, r.in.Vault, r.host, r.in.Wants, w
	if w == nil {
		return
	}
	if h, ok := w.Host(r.in.Client); ok {
		c.Client = h
	}
	if v, ok := w.VaultNamed(r.in.Vault); ok {
		c.Resource = v
	}
}

func (r *run) predict(c *rule.Case, trace func(fact.Event)) *fact.Observation {
	o := r.predicted.lend()
	r.observer.Observe(c.World, c.Client, r.target,
		predict.Options{Candidates: EndpointAddresses(c.World, r.in.Vault), Trace: trace}, o)
	unadmit(c, o)
	return o
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
