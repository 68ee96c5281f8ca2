package conform

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"

	"pldoctor/internal/change"
	"pldoctor/internal/diagnose"
	"pldoctor/internal/doctor"
	"pldoctor/internal/fact"
	"pldoctor/internal/predict"
	"pldoctor/internal/rule"
	"pldoctor/internal/world"
)

// A patient is one client that wants one vault over private link, in a world.
type patient struct {
	world  *world.World
	client world.ID
	vault  string
}

// An injury is a way to bring a finding code about.
type injury struct {
	code string
	way  int // of the rule's Breaks
}

func (i injury) String() string { return fmt.Sprintf("%s/%d", i.code, i.way) }

// A mode is what a diagnosis may look at.
type mode int

const (
	both mode = iota
	probeAlone
	configurationAlone
)

func (m mode) String() string {
	return [...]string{"probe and configuration", "probe alone", "configuration alone"}[m]
}

// doctors are one of each cloud, made when they are first needed.
var doctors sync.Map

func doctorOf(cloud string) *doctor.Doctor {
	d, ok := doctors.Load(cloud)
	if !ok {
		d, _ = doctors.LoadOrStore(cloud, doctor.New(cloud, "test"))
	}
	return d.(*doctor.Doctor) //nolint:forcetypeassert // nothing else is stored
}

func (p patient) host() *world.Host {
	h, _ := p.world.Host(p.client)
	return h
}

// target is the vault as a user names it; false, where no vault has such a name.
func (p patient) target() (doctor.Target, bool) {
	t, err := doctor.ParseTarget(p.vault, p.world.Service().Cloud.Name)
	return t, err == nil
}

// observed is what the world as it really is lets the client see: no reasons.
func (p patient) observed() fact.Observation { return unreasoned(p.foreseenBy(p.host())) }

// unreasoned leaves out what a prediction knows and no probe does.
func unreasoned(o fact.Observation) fact.Observation {
	o.Journey, o.Direct = o.Journey.Observable(), o.Direct.Observable()
	o.Servers = slices.Clone(o.Servers)
	for i := range o.Servers {
		v := &o.Servers[i]
		for _, a := range [...]*fact.AnswerHop{&v.Host, &v.Alias, &v.Unchecked} {
			a.By, a.Reason = "", ""
		}
	}
	o.Addresses = slices.Clone(o.Addresses)
	for i, v := range o.Addresses {
		j := fact.Journey{Connect: v.Connect, TLS: v.TLS, Exchange: v.Exchange}.Observable()
		o.Addresses[i] = fact.AddressView{Addr: v.Addr, Connect: j.Connect, TLS: j.TLS, Exchange: j.Exchange}
	}
	return o
}

// foreseenBy is the prediction for a host, by somebody who knows all.
func (p patient) foreseenBy(h *world.Host) fact.Observation {
	t, _ := p.target()
	return predict.Observe(p.world, h, predict.Target{Vault: t.Vault, Host: t.Host},
		predict.Options{Candidates: diagnose.EndpointAddresses(p.world, p.vault), Authenticate: true})
}

// seenAlone is what a probe sees that nobody tells the endpoints' addresses.
func (p patient) seenAlone() fact.Observation {
	t, _ := p.target()
	return unreasoned(predict.Observe(p.world, p.host(), predict.Target{Vault: t.Vault, Host: t.Host}, predict.Options{Authenticate: true}))
}

// diagnosed judges an observation with what a user's tool reads of the world.
func (p patient) diagnosed(m mode, seen fact.Observation) diagnose.Report {
	t, _ := p.target()
	c := doctor.Case{Target: t, Wants: p.host().Wants, Name: p.host().Name()}
	if m != probeAlone {
		c.World, c.Client = diagnose.Sight(p.world, p.client), p.client
	}
	if m == configurationAlone {
		return doctorOf(t.Service.Cloud.Name).Judge(c, nil)
	}
	return doctorOf(t.Service.Cloud.Name).Judge(c, &seen)
}

// isWell tells whether a client got what it wants. Somebody else's vault takes
// no token of ours, whatever the path.
func (p patient) isWell(seen fact.Observation) bool {
	v, ok := p.world.VaultNamed(p.vault)
	foreign := ok && v.Foreign && seen.Journey.Accessed() == fact.AccessRefusedIdentity
	return seen.Journey.Verdict() == fact.Private && (foreign || seen.Journey.Accessed() == fact.AccessAllowed)
}

// injuries are all that can befall the patient.
func (p patient) injuries() (all []injury) {
	site, ok := p.site()
	if !ok {
		return nil
	}
	for _, x := range rule.All() {
		if x.Breaks == nil {
			continue
		}
		for way := range x.Breaks(site) {
			all = append(all, injury{x.Code, way})
		}
	}
	return all
}

func (p patient) site() (rule.Site, bool) {
	client, ok := p.world.Host(p.client)
	vault, there := p.world.VaultNamed(p.vault)
	return rule.Site{World: p.world, Client: client, Vault: vault}, ok && there
}

// injured brings faults about, one after the other. False, where one of them
// cannot happen, or changes nothing.
func (p patient) injured(faults []injury) (patient, bool) {
	for _, f := range faults {
		site, ok := p.site()
		x, known := rule.ByCode(f.code)
		if !ok || !known {
			return p, false
		}
		ways := x.Breaks(site)
		if f.way >= len(ways) {
			return p, false
		}
		broken := change.Apply(p.world, ways[f.way]...)
		if broken == p.world {
			return p, false
		}
		p.world = broken
	}
	return p, true
}

// shows tells whether a code's own rule, told everything, says that it holds for
// the client or for the proxy that takes its requests.
func (p patient) shows(code string) bool {
	x, ok := rule.ByCode(code)
	if !ok {
		return false
	}
	hosts := []*world.Host{p.host()}
	if proxy, ok := p.world.Host(world.ID(p.foreseenBy(p.host()).Journey.Proxy.By)); ok && proxy.Proxy != nil {
		hosts = append(hosts, proxy)
	}
	return slices.ContainsFunc(hosts, func(h *world.Host) bool { return x.Eval(p.caseOf(h)).Status == rule.StatusFail })
}

// caseOf is what the rules judge, by somebody who sees all.
func (p patient) caseOf(h *world.Host) *rule.Case {
	t, _ := p.target()
	seen := p.foreseenBy(h)
	c := &rule.Case{
		Service: t.Service, Vault: t.Vault, Host: t.Host, World: p.world, Client: h, Wants: p.host().Wants,
		Predicted: &seen, Seen: &seen, Journey: seen.Journey,
	}
	c.Resource, _ = p.world.VaultNamed(p.vault)
	return c
}

// hidden tells whether a fault is inside machines that no configuration shows
// and that are not the client, so that the judge may have to leave it open.
func (p patient) hidden(f injury) bool {
	broken, ok := p.injured([]injury{f})
	if !ok {
		return false
	}
	return slices.ContainsFunc(world.Changed(p.world, broken.world), func(id world.ID) bool {
		after, is := broken.world.Host(id)
		if !is || id == p.client || !after.HasRole() {
			return false
		}
		before, was := p.world.Host(id)
		return !was || !reflect.DeepEqual([]any{before.DNS, before.Proxy, before.Forward}, []any{after.DNS, after.Proxy, after.Forward})
	})
}

// codesOf are the codes of faults, sorted, each once.
func codesOf(faults []injury) []string {
	var list []string
	for _, f := range faults {
		list = append(list, f.code)
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// maxVisits bounds how often a patient comes back: faults that others hide
// surface one after the other.
const maxVisits = 4

// treated injures a patient, diagnoses it, does what the report says, and so on
// until it is well. It returns what the judge does wrong; "" for nothing. Of
// several faults some may surface later, those that do no harm need not, and
// nobody else is ever accused, but of what more stands for.
func (p patient) treated(faults []injury, more ...string) string {
	sick, ok := p.injured(faults)
	if !ok {
		return ""
	}
	left := faults
	for visit := range maxVisits {
		seen := sick.observed()
		well := sick.isWell(seen)
		report := sick.diagnosed(both, seen)
		named := slices.Clone(report.RootCauses)
		if len(named) == 0 && slices.ContainsFunc(faults, p.hidden) {
			named = among(report.Candidates, codesOf(faults))
		}
		if wrong := judged(append(brought(faults), more...), named, report, well, visit == 0); wrong != "" || well {
			return wrong
		}
		if v, ok := sick.world.VaultNamed(sick.vault); visit > 0 && ok && v.Foreign {
			return "" // what there is to reach is not ours to mend
		}
		left = slices.DeleteFunc(slices.Clone(left), func(f injury) bool { return slices.Contains(named, f.code) })
		if mended := change.Apply(sick.world, report.Repair()...); mended != sick.world {
			sick.world = mended
			continue
		}
		if sick, ok = p.injured(left); !ok { // only words: whoever is told does it
			return ""
		}
	}
	return "does not cure"
}

// judged holds one report against what may be said.
func judged(allowed, named []string, report diagnose.Report, well, first bool) string {
	if slices.Contains(allowed, "PL710") && well { // the path to another tenant's vault is right
		named = slices.DeleteFunc(named, func(code string) bool { return code == "PL710" })
	}
	for _, code := range named {
		if !slices.Contains(allowed, code) {
			return "accuses " + strings.Join(named, "+")
		}
	}
	switch {
	case well && len(named)+len(report.Candidates) > 0:
		return "accuses " + strings.Join(append(named, report.Candidates...), "+") + " though all is well"
	case well || len(named) > 0:
		return ""
	case len(report.Candidates) > 0:
		return "leaves open " + strings.Join(report.Candidates, "+")
	case first:
		return "sees nothing"
	}
	return "sees nothing more"
}

// among are the codes of a list that are wanted.
func among(list, wanted []string) (found []string) {
	for _, code := range list {
		if slices.Contains(wanted, code) {
			found = append(found, code)
		}
	}
	return found
}
