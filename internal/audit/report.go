package audit

import (
	"cmp"
	"iter"
	"net/netip"
	"slices"

	"pldoctor/internal/diagnose"
	"pldoctor/internal/fact"
	"pldoctor/internal/gate"
	"pldoctor/internal/rule"
	"pldoctor/internal/service"
	"pldoctor/internal/world"
)

// A Report is the outcome of an audit; every output format is made of it.
type Report struct {
	SchemaVersion string        `json:"schemaVersion"`
	Tool          diagnose.Tool `json:"tool"`
	Cloud         string        `json:"cloud"`
	Pairs         int           `json:"pairs"`
	Vaults        int           `json:"vaults"`
	Networks      int           `json:"networks"`
	Private       int           `json:"private"`      // pairs
	Undetermined  []Blank       `json:"undetermined"` // pairs, by what was not read
	Groups        []Group       `json:"groups"`       // the worst first
	OpenVaults    []OpenVault   `json:"openVaults"`
	Empty         []string      `json:"emptyNetworks"` // in which no client can stand: left out
	Suppressions  []Used        `json:"suppressions"`

	plan *Plan
	rows [][]Cell
}

// A Group is the pairs that have their first cause in common.
type Group struct {
	Code       string        `json:"code"`
	Slug       string        `json:"slug"`
	Title      string        `json:"title"`
	Severity   rule.Severity `json:"severity"`
	Owner      rule.Owner    `json:"owner"`
	Count      int           `json:"count"`      // pairs, suppressed ones included
	Vaults     int           `json:"vaults"`     // different ones
	Networks   int           `json:"networks"`   // different ones
	Suppressed int           `json:"suppressed"` // pairs
	Examples   []Example     `json:"examples"`
	DocURL     string        `json:"docURL"`
}

// An Example is a pair of a group.
type Example struct {
	Vault      string       `json:"vault"`
	Network    string       `json:"network"`
	Subnet     string       `json:"subnet,omitempty"`
	Verdict    fact.Verdict `json:"verdict"`
	RootCauses []string     `json:"rootCauses"`
	Why        string       `json:"why"`
	Fix        string       `json:"fix"`
	Suppressed string       `json:"suppressed,omitempty"` // the reason
}

// A Blank is pairs of which nothing can be said for the same reason.
type Blank struct {
	Why   string `json:"why"`
	Count int    `json:"count"`
	// Unknowable says that Azure does not hold what was not read: no permission
	// helps, so that these pairs do not count.
	Unknowable bool `json:"unknowable,omitempty"`
}

// An OpenVault is one that the internet gets to, as far as its network settings
// go: a token decides.
type OpenVault struct {
	Vault      string `json:"vault"`
	ID         string `json:"id"`
	Suppressed string `json:"suppressed,omitempty"`
}

// Counts tells whether something unsuppressed is at or above a severity; orders
// are those of severities, the least first.
func (r *Report) Counts(atLeast func(rule.Severity) bool) bool {
	for _, g := range r.Groups {
		if g.Count > g.Suppressed && atLeast(g.Severity) {
			return true
		}
	}
	open := slices.ContainsFunc(r.OpenVaults, func(v OpenVault) bool { return v.Suppressed == "" })
	return open && atLeast(rule.Warning)
}

// openCode is the code of vaults whose public side is open: public-access-open.
const openCode = "PL301"

// maxExamples are named of each group.
const maxExamples = 3

// Report counts and groups what the rows of all networks say.
func (p *Plan) Report(rows [][]Cell, waivers *Waivers, tool diagnose.Tool) *Report {
	r := &Report{
		SchemaVersion: diagnose.SchemaVersion, Tool: tool, Cloud: p.world.Service().Cloud.Name,
		Pairs: len(p.Networks) * len(p.Vaults), Vaults: len(p.Vaults), Networks: len(p.Networks),
		Undetermined: []Blank{}, Groups: []Group{}, OpenVaults: []OpenVault{}, Empty: append([]string{}, p.Empty...),
		plan: p, rows: rows,
	}
	waivers.prepare(p)
	piles := newPiles(p)
	blanks := make(map[Blank]int)
	for n, row := range rows {
		for v := range p.Vaults {
			number := row[p.classOf[v]].result
			switch found := &p.results[number]; {
			case piles.byResult[number] != nil:
				piles.byResult[number].add(n, v, waivers)
			case found.Verdict == fact.Private:
				r.Private++
			default:
				blanks[Blank{Why: cmp.Or(found.Why, "no rule explains it"), Unknowable: found.Unknowable}]++
			}
		}
	}
	for b, n := range blanks {
		b.Count = n
		r.Undetermined = append(r.Undetermined, b)
	}
	slices.SortFunc(r.Undetermined, func(a, b Blank) int { return cmp.Or(cmp.Compare(a.Why, b.Why), cmp.Compare(a.Count, b.Count)) })
	r.OpenVaults = append(r.OpenVaults, p.open(waivers)...)
	r.Groups = append(r.Groups, piles.groups(r)...)
	r.Suppressions = waivers.used()
	return r
}

// somewhere is an address of the internet, of a range that RFC 5737 keeps for
// examples: no vault lists it by itself.
var somewhere = netip.AddrFrom4([4]byte{203, 0, 113, 250})

// open lists the vaults that admit the internet.
func (p *Plan) open(waivers *Waivers) (list []OpenVault) {
	for i, v := range p.Vaults {
		denial, _ := gate.Admits(p.world, v, gate.Arrival{Source: somewhere})
		if v.Deleted || denial != service.NotDenied {
			continue
		}
		list = append(list, OpenVault{v.Name(), v.Path, waivers.of(openCode, anyNetwork, i)})
	}
	return list
}

// A Pair is a line of the matrix.
type Pair struct {
	Vault, VaultID     string
	Network, NetworkID string
	Subnet             string // of the client that fares worst; "" outside Azure
	Verdict            fact.Verdict
	RootCauses         []string
	Severity           rule.Severity
	Suppressed         string
}

// Matrix yields every pair, network by network.
func (r *Report) Matrix(waivers *Waivers) iter.Seq[Pair] {
	return func(yield func(Pair) bool) {
		p := r.plan
		for n, row := range r.rows {
			network := &p.Networks[n]
			id := world.MetaOf(p.world.Lookup(network.ID)).Path
			for v, vault := range p.Vaults {
				cell := row[p.classOf[v]]
				found := &p.results[cell.result]
				line := Pair{
					vault.Name(), vault.Path, network.Name, id, p.subnet(network.clients[cell.client]),
					found.Verdict, found.Codes, found.Severity, "",
				}
				if len(found.Codes) > 0 {
					line.Suppressed = waivers.of(found.Codes[0], n, v)
				}
				if !yield(line) {
					return
				}
			}
		}
	}
}
