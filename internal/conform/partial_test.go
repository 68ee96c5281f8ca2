package conform

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"pldoctor/internal/diagnose"
	"pldoctor/internal/doctor"
	"pldoctor/internal/fact"
	"pldoctor/internal/rule"
	"pldoctor/internal/world"
)

// unreadable are the kinds of resources that somebody may have no permission
// for.
var unreadable = []string{
	"microsoft.keyvault/vaults", "microsoft.network/privateendpoints", "microsoft.network/privatednszones", "microsoft.network/virtualnetworks",
	"microsoft.network/azurefirewalls", "microsoft.network/routetables", "microsoft.network/dnsresolvers", "microsoft.network/virtualhubs",
}

// unread is a world of which one kind of resources could not be read.
func unread(w *world.World, kind string) *world.World {
	var edits []world.Edit
	for _, r := range w.Resources() {
		if id := world.MetaOf(r).ID; id.Type() == kind {
			edits = append(edits, world.Remove(id))
		}
	}
	return w.With(edits...).WithGaps(world.Gap{Type: kind, Why: "403: the caller lacks the permission"})
}

// unseen are kinds of evidence that a probe may lack.
var unseen = map[string]func(*fact.Observation){
	"no way to Azure DNS": func(o *fact.Observation) {
		o.Servers = slices.DeleteFunc(slices.Clone(o.Servers), func(v fact.ServerView) bool { return v.Role == fact.RoleAzure })
	},
	"no probes of addresses": func(o *fact.Observation) { o.Addresses = nil },
	"no token":               func(o *fact.Observation) { o.Journey.Access, o.Direct.Access = fact.AccessHop{}, fact.AccessHop{} },
	"no names in the zone": func(o *fact.Observation) {
		o.Servers = slices.Clone(o.Servers)
		for i := range o.Servers {
			o.Servers[i].Alias = fact.AnswerHop{}
		}
	},
}

// TestPartialKnowledge takes one kind of knowledge away at a time, from healthy
// clients and from such with one fault: the judge may know less then, but never
// accuses anybody else.
func TestPartialKnowledge(t *testing.T) {
	wrong := map[string]int{}
	for _, p := range residents(t, true) {
		healthy := p.observed()
		for what, named := range p.partly(healthy) {
			for _, code := range named {
				wrong[fmt.Sprintf("%s: accuses %s, though all is well", what, code)]++
			}
		}
		for _, f := range p.injuries() {
			sick, ok := p.injured([]injury{f})
			if !ok || raced && (f.way > 0 || len(f.code+p.name)%32 > 0) {
				continue
			}
			seen := sick.observed()
			if sick.isWell(seen) || !sick.shows(f.code) {
				continue
			}
			for what, named := range sick.partly(seen) {
				for _, code := range named {
					if x, _ := rule.ByCode(code); code != f.code && !x.Symptom && !slices.Contains(peculiar(p.name, f.code, both), code) {
						wrong[fmt.Sprintf("%s: accuses %s of %s", what, code, f.code)]++
					}
				}
			}
		}
	}
	known := strings.Split(read(t, "testdata/misjudged-partly.txt"), "\n")
	for _, kind := range slices.Sorted(maps.Keys(wrong)) {
		if !slices.Contains(known, kind) {
			t.Errorf("%d × %s", wrong[kind], kind)
		}
	}
}

// partly are the root causes that the judge names, by what it does not know.
func (p patient) partly(seen fact.Observation) map[string][]string {
	t, _ := p.target()
	d := doctorOf(t.Service.Cloud.Name)
	named := map[string][]string{}
	for _, kind := range unreadable {
		c := doctor.Case{Target: t, Wants: p.host().Wants, World: unread(diagnose.Sight(p.world, p.client), kind), Client: p.client}
		named["without "+kind] = d.Judge(c, &seen).RootCauses
		named["without "+kind+" and a probe"] = d.Judge(c, nil).RootCauses
	}
	for what, lose := range unseen {
		less := seen
		lose(&less)
		named[what] = p.diagnosed(both, less).RootCauses
	}
	return named
}
