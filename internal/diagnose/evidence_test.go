package diagnose

import (
	"math/rand/v2"
	"slices"
	"testing"

	"pldoctor/internal/change"
	"pldoctor/internal/fact"
	"pldoctor/internal/rule"
	"pldoctor/internal/stock"
)

// losses are ways to know less of what a client saw.
var losses = []func(*fact.Observation){
	func(o *fact.Observation) { o.Servers = nil },
	func(o *fact.Observation) {
		o.Servers = slices.DeleteFunc(slices.Clone(o.Servers), func(v fact.ServerView) bool { return v.Role == fact.RoleAzure })
	},
	func(o *fact.Observation) {
		o.Servers = slices.Clone(o.Servers)
		for i := range o.Servers {
			o.Servers[i].Alias = fact.AnswerHop{}
		}
	},
	func(o *fact.Observation) { o.Addresses = nil },
	func(o *fact.Observation) { o.Direct = fact.Journey{} },
	func(o *fact.Observation) { o.Journey.Access = fact.AccessHop{} },
	func(o *fact.Observation) { o.Journey.Exchange, o.Journey.Access = fact.ExchangeHop{}, fact.AccessHop{} },
	func(o *fact.Observation) {
		o.Journey.TLS, o.Journey.Exchange, o.Journey.Access = fact.TLSHop{}, fact.ExchangeHop{}, fact.AccessHop{}
	},
}

// TestLessEvidenceKeepsCandidates holds that whoever sees less of a broken
// stock world excludes nothing that whoever sees more holds possible.
func TestLessEvidenceKeepsCandidates(t *testing.T) {
	judge := NewJudge("AzureCloud", "test")
	r := rand.New(rand.NewPCG(7, 7))
	for _, shape := range stock.Shapes("AzureCloud") {
		client, _ := shape.World.Host(shape.Client)
		vault, _ := shape.World.VaultNamed(shape.Vault)
		for _, x := range rule.All() {
			if x.Breaks == nil {
				continue
			}
			for i, b := range x.Breaks(rule.Site{World: shape.World, Client: client, Vault: vault}) {
				broken := change.Apply(shape.World, b...)
				at, _ := broken.Host(shape.Client)
				if !x.Symptom && !shows(x, broken, at, shape.Vault) {
					continue // no fault that is known looks like that
				}
				in := inputOf(t, shape, broken)
				in = without(in, "configuration")
				more := observe(in, shape, change.Apply(shape.World, b...), nil)
				less := more
				for range 1 + r.IntN(3) {
					losses[r.IntN(len(losses))](&less)
				}
				kept := judge.possible(in, more)
				for _, code := range judge.possible(in, less).missing(kept) {
					t.Errorf("%s, %s/%d: %s is excluded by knowing less", shape.Name, x.Code, i, code)
				}
			}
		}
	}
}

type codes []string

func (c codes) missing(wanted codes) (list []string) {
	for _, w := range wanted {
		if !slices.Contains(c, w) {
			list = append(list, w)
		}
	}
	return list
}

// possible are the faults that fit an observation.
func (j *Judge) possible(in Input, o fact.Observation) codes {
	in.Seen = &o
	r := j.begin(in)
	seen := sketchOf(r.in.Seen)
	r.fit(&seen)
	var list codes
	for _, x := range r.candidates {
		list = append(list, x.Code)
	}
	return list
}
