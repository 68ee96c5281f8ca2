package audit

import (
	"cmp"
	"fmt"
	"slices"

	"pldoctor/internal/diagnose"
	"pldoctor/internal/rule"
	"pldoctor/internal/world"
)

// A pile is a group while pairs are put onto it.
type pile struct {
	code       string
	severity   rule.Severity
	pairs      int
	suppressed int
	vaults     []bool
	networks   []bool
	examples   []spot // unsuppressed ones first
}

// A spot is one pair, by its places in the plan.
type spot struct {
	network, vault int
	suppressed     string
}

type pileKey struct {
	code     string
	severity rule.Severity
}

type piles struct {
	plan     *Plan
	all      map[pileKey]*pile
	byResult []*pile // of all, by the number of the result; nil where nothing is to be grouped
}

func newPiles(p *Plan) *piles {
	ps := &piles{p, make(map[pileKey]*pile), make([]*pile, len(p.results))}
	for i := range p.results {
		if r := &p.results[i]; len(r.Codes) > 0 {
			ps.byResult[i] = ps.of(pileKey{r.Codes[0], r.Severity})
		}
	}
	return ps
}

// of is the pile of a key.
func (ps *piles) of(k pileKey) *pile {
	g := ps.all[k]
	if g == nil {
		g = &pile{code: k.code, severity: k.severity, vaults: make([]bool, len(ps.plan.Vaults)), networks: make([]bool, len(ps.plan.Networks))}
		ps.all[k] = g
	}
	return g
}

func (g *pile) add(network, vault int, waivers *Waivers) {
	reason := waivers.of(g.code, network, vault)
	if reason != "" {
		g.suppressed++
	}
	if !g.vaults[vault] || len(g.examples) == 0 {
		g.example(spot{network, vault, reason})
	}
	g.pairs++
	g.vaults[vault], g.networks[network] = true, true
}

// example keeps a pair to be named, and those that count rather than others.
func (g *pile) example(s spot) {
	if len(g.examples) < maxExamples {
		g.examples = append(g.examples, s)
		return
	}
	i := slices.IndexFunc(g.examples, func(e spot) bool { return e.suppressed != "" })
	if i >= 0 && s.suppressed == "" {
		g.examples[i] = s
	}
}

func count(set []bool) (n int) {
	for _, in := range set {
		if in {
			n++
		}
	}
	return n
}

// gravity orders severities.
var gravity = map[rule.Severity]int{rule.Info: 1, rule.Warning: 2, rule.Error: 3}

// groups are the piles in order: what is graver, then what more vaults have, then
// what more pairs have; what nobody has to look at comes last.
func (ps *piles) groups(r *Report) []Group {
	var list []Group
	for _, g := range ps.all {
		if g.pairs == 0 {
			continue
		}
		x, _ := rule.ByCode(g.code)
		group := Group{
			Code: g.code, Slug: x.Slug, Title: x.Title, Severity: g.severity, Owner: x.Owner, Count: g.pairs,
			Vaults: count(g.vaults), Networks: count(g.networks), Suppressed: g.suppressed, DocURL: diagnose.DocURL(g.code),
		}
		for _, s := range g.examples {
			group.Examples = append(group.Examples, ps.plan.example(r, s))
		}
		list = append(list, group)
	}
	settled := func(g Group) int {
		if g.Suppressed == g.Count {
			return 1
		}
		return 0
	}
	slices.SortFunc(list, func(a, b Group) int {
		return cmp.Or(cmp.Compare(settled(a), settled(b)), cmp.Compare(gravity[b.Severity], gravity[a.Severity]),
			cmp.Compare(b.Vaults, a.Vaults), cmp.Compare(b.Count, a.Count), cmp.Compare(a.Code, b.Code))
	})
	return list
}

// subnet is how the subnet of a client is called, "" outside Azure.
func (p *Plan) subnet(h *world.Host) string {
	if s, _, ok := p.world.Subnet(h.Subnet); ok {
		return s.Name()
	}
	return ""
}

// example tells of one pair what check would say.
func (p *Plan) example(r *Report, s spot) Example {
	cell := r.rows[s.network][p.classOf[s.vault]]
	found, n, v := &p.results[cell.result], &p.Networks[s.network], p.Vaults[s.vault]
	h := n.clients[cell.client]
	e := Example{
		Vault: v.Name(), Network: n.Name, Subnet: p.subnet(h), Verdict: found.Verdict, RootCauses: found.Codes, Suppressed: s.suppressed,
	}
	if found.Apart {
		e.Why = "nothing leads from " + n.Name + " to a private endpoint of " + v.Name()
		e.Fix = "Nothing, unless programs in " + n.Name + " are meant to use " + v.Name() + ": then peer the networks, or create a private endpoint there."
		return e
	}
	report := stage(p.judge, p.world, h).explained(v.Name())
	for _, f := range report.Findings {
		if f.Code == found.Codes[0] && f.Role == diagnose.RoleCause {
			e.Why = f.Why
			if n := len(f.Fixes); n > 0 {
				e.Fix = f.Fixes[0].Title
				if n > 1 { // the rest is what check prints
					e.Fix = fmt.Sprintf("%s (the first of %d steps)", e.Fix, n)
				}
			}
		}
	}
	return e
}
