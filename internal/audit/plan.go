package audit

import (
	"cmp"
	"fmt"
	"slices"
	"sync"

	"pldoctor/internal/diagnose"
	"pldoctor/internal/fact"
	"pldoctor/internal/world"
)

// A Plan is the work of auditing a World: its networks, and its vaults in
// classes. It is safe for use by many goroutines, one network each.
type Plan struct {
	Networks []Network
	Vaults   []*world.Vault // ordered by name; those of other tenants are left out
	Empty    []string       // networks in which no client can stand

	world   *world.World
	judge   *diagnose.Judge
	classes []class
	classOf []int32 // of each vault
	spots   int
	unread  string // why nothing can be predicted at all; "" where it can

	mu      sync.Mutex
	results []Result
	known   map[string]uint16
}

// Filter says which pairs are wanted: globs of names, "" for all.
type Filter struct{ Vault, Network string }

// NewPlan prepares the audit of a world, as its reader may see it.
func NewPlan(w *world.World, judge *diagnose.Judge, f Filter) *Plan {
	p := &Plan{world: w, judge: judge, known: make(map[string]uint16), unread: diagnose.Doubt(w)}
	p.Networks, p.Empty = networksOf(w, rulings(w.Resources()))
	p.Networks = slices.DeleteFunc(p.Networks, func(n Network) bool { return !globbed(f.Network, n.Name, n.ID) })
	var every []*world.Vault
	for v := range w.Vaults() {
		every = append(every, v)
		if !v.Foreign && globbed(f.Vault, v.Name(), v.ID) {
			p.Vaults = append(p.Vaults, v)
		}
	}
	slices.SortFunc(p.Vaults, func(a, b *world.Vault) int { return cmp.Or(cmp.Compare(a.Name(), b.Name()), cmp.Compare(a.ID, b.ID)) })
	s := newSorter(w, every)
	for _, v := range p.Vaults {
		p.classOf = append(p.classOf, int32(s.of(v))) //nolint:gosec // as many as vaults at most
	}
	p.classes, p.spots = s.classes, len(s.spots)
	return p
}

// A Cell is the Result of one network and one class of vaults.
type Cell struct {
	result uint16
	client uint8 // of the network's clients, the one that fares worst
}

// Row evaluates a network: a Cell for each class of vaults.
func (p *Plan) Row(network int) []Cell {
	n := &p.Networks[network]
	row := make([]Cell, len(p.classes))
	for i, h := range n.clients {
		r := p.walker(h)
		for j := range p.classes {
			found := Cell{r.of(&p.classes[j]), uint8(min(i, 255))} //nolint:gosec // bounded right here
			if i == 0 || p.worse(found, row[j]) {
				row[j] = found
			}
		}
	}
	return row
}

func (p *Plan) worse(a, b Cell) bool {
	if a.result == b.result {
		return false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.results[a.result].badness() > p.results[b.result].badness()
}

// keep numbers a result.
func (p *Plan) keep(r Result) uint16 {
	p.mu.Lock()
	defer p.mu.Unlock()
	k := r.key()
	n, ok := p.known[k]
	if !ok {
		n = uint16(len(p.results)) //nolint:gosec // verdicts and lists of codes: some hundred at most
		p.known[k], p.results = n, append(p.results, r)
	}
	return n
}

// Pair evaluates one pair by itself, and takes no short cut: what the audit says
// of it is the same.
func (p *Plan) Pair(network, vault int) (Result, world.ID) {
	var worst Result
	var subnet world.ID
	for i, h := range p.Networks[network].clients {
		r := stage(p.judge, p.world, h).pair(p.Vaults[vault])
		if i == 0 || r.badness() > worst.badness() {
			worst, subnet = r, h.Subnet
		}
	}
	return worst, subnet
}

// A walker goes from one client to one class of vaults after the other.
type walker struct {
	*scene
	plan  *Plan
	zones map[world.ID]bool // that may take part in its answers
	ways  []way             // to each spot, as far as they are known
	far   map[string]uint16 // results of vaults to which there is no path
	text  []byte
}

// A way is what comes of a connection to a spot.
type way struct {
	known, path bool
	outcome     fact.Outcome
}

func (p *Plan) walker(h *world.Host) *walker {
	s := stage(p.judge, p.world, h)
	return &walker{scene: s, plan: p, zones: surveyOf(s.world, h), ways: make([]way, p.spots), far: make(map[string]uint16)}
}

// of is the number of the result of a class.
func (r *walker) of(c *class) uint16 {
	why := cmp.Or(r.plan.unread, c.unread)
	switch {
	case why != "":
		return r.plan.keep(Result{Verdict: fact.Undetermined, Why: why})
	case len(c.doors) > 0 && !r.connected(c):
		return r.beyond(c)
	}
	if j := r.client.Journey(c.target); c.served(&j) {
		return r.plan.keep(Result{Verdict: fact.Private})
	}
	return r.plan.keep(r.judged(c.vault.Name()))
}

// served tells whether a journey is private in every respect, so that no judge
// need be asked: it leads to an address of the vault's own endpoint, and nothing
// on the way or behind it fails.
func (c *class) served(j *fact.Journey) bool {
	return j.Verdict() == fact.Private && j.Proxy == (fact.ProxyHop{}) && j.Name.Outcome == fact.OK &&
		j.Access == (fact.AccessHop{}) && slices.Contains(c.doors, j.Answer.Addr)
}

// connected tells whether some path leads to some endpoint of the vault.
func (r *walker) connected(c *class) bool {
	for i := range c.doors {
		if r.way(c, i).path {
			return true
		}
	}
	return false
}

func (r *walker) way(c *class, door int) way {
	w := &r.ways[c.spots[door]]
	if !w.known {
		w.known = true
		w.outcome, w.path = r.reaches(c.doors[door])
	}
	return *w
}

// beyond is the result of a class to whose endpoints nothing leads. It depends on
// the vault's own settings, and on what the zones that the client's servers see
// have for its name: so far, most vaults are alike.
func (r *walker) beyond(c *class) uint16 {
	r.text = fmt.Appendf(r.text[:0], "%d", c.own)
	for i := range c.held {
		h := &c.held[i]
		if !r.zones[h.zone] {
			continue
		}
		r.text = fmt.Appendf(r.text, " %s %d", h.zone, h.form)
		for _, d := range h.doors {
			r.text = append(append(r.text, ' '), r.way(c, d).outcome...)
		}
	}
	n, known := r.far[string(r.text)]
	if !known {
		n = each
		if j := r.client.Journey(c.target); j.Verdict() != fact.Private && j.Verdict() != fact.Undetermined {
			n = r.plan.keep(apart(j.Verdict()))
		}
		r.far[string(r.text)] = n
	}
	if n == each {
		return r.plan.keep(r.pair(c.vault))
	}
	return n
}

// each stands for a result that has to be asked for class by class.
const each = ^uint16(0)

// Of is the Result of a network and a vault in a Row of it, and the subnet of the
// client that it was found for.
func (p *Plan) Of(row []Cell, network, vault int) (Result, world.ID) {
	c := row[p.classOf[vault]]
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.results[c.result], p.Networks[network].clients[c.client].Subnet
}
