package drill

import (
	"fmt"

	"pldoctor/internal/change"
	"pldoctor/internal/fact"
	"pldoctor/internal/predict"
	"pldoctor/internal/rule"
	"pldoctor/internal/world"
)

// A Repair is what was done to cure a fault.
type Repair struct {
	Rule  *rule.Rule
	Place Place
	Steps []string     // what was done, as imperatives
	Path  fact.Verdict // that the place's requests take now
}

// Repair does what is documented to cure the fault of a code, where that fault
// is there, whoever brought it about. Where it is not, that is the error, and
// nothing changes.
func (d Drill) Repair(code string, p Place) (Drill, Repair, error) {
	r := Repair{Place: p}
	x, err := named(code)
	if err != nil {
		return d, r, err
	}
	s, err := d.site(p)
	if err != nil {
		return d, r, err
	}
	r.Rule = x
	for _, c := range views(s) {
		if x.Symptom || x.Eval(c).Status != rule.StatusFail {
			continue
		}
		if x.Mends == nil || len(x.Mends(c)) == 0 {
			return d, r, fmt.Errorf("%s %s is there, and no command mends it: see \"pldoctor explain %s\"", x.Code, x.Slug, x.Code)
		}
		changes := x.Mends(c)
		for i, m := range changes {
			r.Steps = append(r.Steps, m.Title(change.Apply(d.now, changes[:i]...)))
		}
		d = d.with(step{rule: x, place: p, changes: changes, repair: true})
		r.Path = pathIn(d.now, p)
		return d, r, nil
	}
	if x.Symptom {
		return d, r, fmt.Errorf("%s %s is what is seen and not why: nothing was changed", x.Code, x.Slug)
	}
	return d, r, fmt.Errorf("%s %s is not what is wrong %s: nothing was changed", x.Code, x.Slug, p)
}

// views are the cases that a rule may judge: the client's, and that of the proxy
// that takes its requests.
func views(s rule.Site) []*rule.Case {
	c := caseOf(s)
	proxy, ok := s.World.Host(world.ID(c.Journey.Proxy.By))
	if !ok || proxy.Proxy == nil || proxy.ID == s.Client.ID {
		return []*rule.Case{c}
	}
	s.Client = proxy
	return []*rule.Case{c, caseOf(s)}
}

// caseOf is what the configuration says of a client and a vault.
func caseOf(s rule.Site) *rule.Case {
	svc, vault := s.World.Service(), s.Vault.Name()
	c := &rule.Case{Service: svc, Vault: vault, World: s.World, Client: s.Client, Resource: s.Vault, Wants: world.WantPrivate}
	o := predict.Options{Authenticate: true}
	for e := range s.World.EndpointsOf(s.Vault.ID) {
		o.Candidates = append(o.Candidates, e.Addresses...)
	}
	c.Host, _ = svc.Host(vault) // a vault's name is a DNS label
	seen := predict.Observe(s.World, s.Client, predict.Target{Vault: vault, Host: c.Host}, o)
	c.Predicted, c.Journey = &seen, seen.Journey
	return c
}

// Path is the path that a place's requests take now.
func (d Drill) Path(p Place) fact.Verdict { return pathIn(d.now, p) }

func pathIn(w *world.World, p Place) fact.Verdict { return journey(w, p).Verdict() }

// journey predicts a request; the zero Journey, where there is no such place.
func journey(w *world.World, p Place) fact.Journey {
	h, ok := w.Host(p.Host)
	t, err := predict.NewTarget(w.Service(), p.Vault)
	if !ok || err != nil {
		return fact.Journey{}
	}
	return predict.From(w, h, predict.Options{Authenticate: true}).Journey(t)
}
