package audit

import (
	"cmp"
	"encoding/binary"
	"slices"
	"sync"

	"pldoctor/internal/diagnose"
	"pldoctor/internal/fact"
	"pldoctor/internal/rule"
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
	classOf []int32        // of each vault
	owns    int            // how many own settings there are,
	spots   int            // places of endpoints,
	zones   map[string]int // and numbers of zones
	unread  string         // why nothing can be predicted at all; "" where it can
	private uint16

	leaders []int              // for each network the first one that is like it
	leads   []func() []Cell    // the rows of those, each worked out once
	touched map[world.ID][]int // for each network the classes that have something in it

	mu      sync.Mutex
	results []Result
	known   map[string]uint16
}

// Filter says which pairs are wanted: globs of names, "" for all.
type Filter struct{ Vault, Network string }

// NewPlan prepares the audit of a world, as its reader may see it.
func NewPlan(w *world.World, judge *diagnose.Judge, f Filter) *Plan {
	w = diagnose.Trusted(w).Folded()
	p := &Plan{world: w, judge: judge, known: make(map[string]uint16), unread: diagnose.Doubt(w)}
	p.private = p.keep(Result{Verdict: fact.Private})
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
	p.classes, p.owns, p.spots, p.zones = s.classes, len(s.owns), len(s.spots), s.zones
	p.compare(newLikeness(w, s))
	return p
}

// compare finds out which networks are alike.
func (p *Plan) compare(l *likeness) {
	every := make([]int, len(p.classes))
	for i := range every {
		every[i] = i
	}
	first := make(map[string]int)
	for n := range p.Networks {
		what := l.of(&p.Networks[n])
		if _, known := first[what]; !known {
			first[what] = n
		}
		p.leaders = append(p.leaders, first[what])
		p.leads = append(p.leads, sync.OnceValue(func() []Cell {
			row := make([]Cell, len(p.classes))
			p.fill(row, n, every)
			return row
		}))
	}
	p.touched = make(map[world.ID][]int)
	for i := range p.classes {
		for id := range l.touched(&p.classes[i]) {
			p.touched[id] = append(p.touched[id], i)
		}
	}
}

// Order is an order of the networks in which nobody who takes the next one's Row
// has to wait for another's.
func (p *Plan) Order() []int {
	order := make([]int, len(p.Networks))
	for n := range order {
		order[n] = n
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(p.follows(a), p.follows(b)) })
	return order
}

// follows is 1 of a network whose Row is made from that of another, else 0.
func (p *Plan) follows(network int) int {
	if p.leaders[network] != network {
		return 1
	}
	return 0
}

// A Cell is the Result of one network and one class of vaults.
type Cell struct {
	result uint16
	client uint8 // of the network's clients, the one that fares worst
}

// Row evaluates a network: a Cell for each class of vaults. It must not be
// changed. From networks that are alike, only what is in them differs.
func (p *Plan) Row(network int) []Cell {
	first := p.leaders[network]
	row := p.leads[first]()
	if first == network {
		return row
	}
	row = slices.Clone(row)
	p.fill(row, network, slices.Concat(p.touched[p.Networks[network].ID], p.touched[p.Networks[first].ID]))
	return row
}

// fill evaluates some classes from a network.
func (p *Plan) fill(row []Cell, network int, classes []int) {
	for i, h := range p.Networks[network].clients {
		r := p.walker(h)
		for _, j := range classes {
			found := Cell{r.of(&p.classes[j]), uint8(min(i, 255))} //nolint:gosec // bounded right here
			if i == 0 || p.worse(found, row[j]) {
				row[j] = found
			}
		}
	}
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
	zones []bool            // those that may take part in its answers, by number
	gap   int               // the first of the world's gaps around the client, or noGap;
	close []world.ID        // where a class has endpoints in one of these,
	gaps  map[int]int       // it may be another: the first around both, by that around the class
	ways  []way             // to each spot, as far as they are known
	bare  []uint16          // results of vaults without a path or a record, by own settings
	far   map[string]uint16 // of those with records and without a path
	text  []byte
}

func (p *Plan) walker(h *world.Host) *walker {
	s := stage(p.judge, p.world, h)
	r := &walker{
		scene: s, plan: p, gap: around(s.world, nil, s.host), close: adjoining(s), gaps: make(map[int]int),
		zones: make([]bool, len(p.zones)), ways: make([]way, p.spots),
		bare: slices.Repeat([]uint16{untold}, p.owns), far: make(map[string]uint16),
	}
	for id := range surveyOf(s.world, h) {
		if n, ok := p.zones[string(id)]; ok {
			r.zones[n] = true
		}
	}
	return r
}

// of is the number of the result of a class.
func (r *walker) of(c *class) uint16 {
	if why := cmp.Or(r.plan.unread, c.unread); why != "" {
		return r.plan.keep(Result{Verdict: fact.Undetermined, Why: why})
	}
	if gap, found := r.untold(c); found {
		return r.plan.keep(Result{Verdict: fact.Undetermined, Why: diagnose.Untelling(gap), Unknowable: gap.Unknowable})
	}
	if len(c.doors) > 0 {
		switch path, unread := r.connected(c); {
		case path:
		case unread:
			return r.plan.keep(r.pair(c.vault))
		default:
			return r.beyond(c)
		}
	}
	if j := r.client.Journey(c.target); c.served(&j) {
		return r.plan.private
	}
	return r.plan.keep(r.judged(c.vault.Name(), true))
}

// untold is what was not read that requests to a class could meet, and whether
// there is such.
func (r *walker) untold(c *class) (what world.Gap, found bool) {
	gap := min(c.gap, r.gap)
	if gap != c.gap && slices.ContainsFunc(c.homes, func(id world.ID) bool { return slices.Contains(r.close, id) }) {
		gap = r.beside(c)
	}
	if gap == noGap {
		return world.Gap{}, false
	}
	return r.world.Gaps()[gap], true
}

// adjoining are the networks to which less around a client matters.
func adjoining(s *scene) []world.ID {
	return (&rule.Case{World: s.world, Client: s.host}).Adjoining()
}

// beside is the first gap around the client and a class that is close by: what
// is around the one does not depend on the other then.
func (r *walker) beside(c *class) int {
	gap, known := r.gaps[c.gap]
	if !known {
		gap = around(r.world, c.vault, r.host)
		r.gaps[c.gap] = gap
	}
	return gap
}

// served tells whether a journey is private in every respect, so that no judge
// need be asked: it leads to an address of the vault's own endpoint, and nothing
// on the way or behind it fails.
func (c *class) served(j *fact.Journey) bool {
	return j.Verdict() == fact.Private && j.Proxy == (fact.ProxyHop{}) && j.Name.Outcome == fact.OK &&
		j.Access == (fact.AccessHop{}) && slices.Contains(c.doors, j.Answer.Addr)
}

// connected tells whether some path leads to some endpoint of the vault, and
// whether one may that was not read.
func (r *walker) connected(c *class) (path, unread bool) {
	for i := range c.doors {
		w := r.to(c, i)
		if w.path {
			return true, false
		}
		unread = unread || w.unread
	}
	return false, unread
}

// to is the way to one of the endpoints of a class.
func (r *walker) to(c *class, door int) way {
	w := &r.ways[c.spots[door]]
	if !w.known {
		*w = r.way(c.doors[door])
	}
	return *w
}

// beyond is the result of a class to whose endpoints nothing leads. It depends on
// the vault's own settings, and on what the zones that the client's servers see
// have for its name: so far, most vaults are alike.
func (r *walker) beyond(c *class) uint16 {
	r.text = r.text[:0]
	for i := range c.held {
		if h := &c.held[i]; r.zones[h.zone] {
			r.text = r.append(r.text, h, c)
		}
	}
	if len(r.text) == 0 {
		if r.bare[c.own] == untold {
			r.bare[c.own] = r.unreached(c)
		}
		return r.told(c, r.bare[c.own])
	}
	r.text = binary.AppendUvarint(r.text, uint64(c.own)) //nolint:gosec // a count
	n, known := r.far[string(r.text)]
	if !known {
		n = r.unreached(c)
		r.far[string(r.text)] = n
	}
	return r.told(c, n)
}

// append writes what a client sees of a holding.
func (r *walker) append(text []byte, h *holding, c *class) []byte {
	text = binary.AppendUvarint(text, uint64(h.zone)) //nolint:gosec // a count
	text = binary.AppendUvarint(text, uint64(h.form)) //nolint:gosec // a count
	for _, d := range h.doors {
		text = append(append(text, r.to(c, d).outcome...), ' ')
	}
	return append(text, ';')
}

// Of results: not known yet, and to be asked for class by class.
const untold, apiece = ^uint16(0), ^uint16(0) - 1

// unreached is the result of a class to whose endpoints nothing leads.
func (r *walker) unreached(c *class) uint16 {
	j := r.client.Journey(c.target)
	if verdict := j.Verdict(); verdict != fact.Private && verdict != fact.Undetermined {
		return r.plan.keep(apart(verdict))
	}
	return apiece
}

func (r *walker) told(c *class, n uint16) uint16 {
	if n == apiece {
		return r.plan.keep(r.pair(c.vault))
	}
	return n
}

// Of is the Result of a network and a vault in a Row of it, and the subnet of the
// client that it was found for.
func (p *Plan) Of(row []Cell, network, vault int) (Result, world.ID) {
	c := row[p.classOf[vault]]
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.results[c.result], p.Networks[network].clients[c.client].Subnet
}
