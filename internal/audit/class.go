package audit

import (
	"fmt"
	"math"
	"net/netip"
	"slices"
	"strings"

	"pldoctor/internal/diagnose"
	"pldoctor/internal/fact"
	"pldoctor/internal/predict"
	"pldoctor/internal/rule"
	"pldoctor/internal/world"
)

// A class is vaults that are the same but for their names, the ids of what is
// theirs and the addresses of their endpoints; and nothing in the world tells
// those apart: no prefix, no zone, no rule. To exchange two of them leaves the
// world as it is, so that whatever holds for one holds for the other.
type class struct {
	vault  *world.Vault // one of them
	target predict.Target
	own    int // of the vault's own settings, as far as they decide a request's way, and not who is admitted
	doors  []netip.Addr
	spots  []int // of the doors: where each is
	held   []holding
	alien  []netip.Addr // that records have for it, and nothing read is at
	unread string       // why nothing can be predicted; "" where it can
	homes  []world.ID   // the VNets of its endpoints
	gap    int          // the first of the world's gaps around it, or noGap
}

// A holding is what a zone has for the vault's name.
type holding struct {
	zone  int   // its number
	form  int   // all of it, save addresses of the vault's own endpoints and such as nothing is at
	doors []int // the endpoints' addresses in it, as indices of the class's doors
}

// A sorter puts vaults into classes.
type sorter struct {
	world   *world.World
	atlas   *atlas
	names   *namesOf
	shared  map[netip.Addr]int  // how many endpoints have an address
	plugged map[netip.Addr]bool // those of machines' interfaces and of load balancers
	senders senders
	tenancy bool // whether subscriptions tell vaults apart

	owns, forms, spots, kinds, zones map[string]int
	classes                          []class
}

func newSorter(w *world.World, vaults []*world.Vault) *sorter {
	resources := w.Resources()
	s := &sorter{
		world: w, atlas: all(resources), names: findNames(w, resources, vaults), senders: findSenders(resources), shared: make(map[netip.Addr]int), plugged: make(map[netip.Addr]bool),
		owns: make(map[string]int), forms: make(map[string]int), spots: make(map[string]int), kinds: make(map[string]int), zones: make(map[string]int),
	}
	for _, r := range resources {
		switch r := r.(type) {
		case *world.Provider:
			s.tenancy = s.tenancy || !r.Registered
		case *world.Endpoint:
			for _, a := range r.Addresses {
				s.shared[a]++
			}
		case *world.NIC:
			s.plug(r.Addresses)
		case *world.LoadBalancer:
			s.plug(r.Addresses)
		}
	}
	return s
}

func (s *sorter) plug(addrs []netip.Addr) {
	for _, a := range addrs {
		s.plugged[a] = true
	}
}

// intern gives equal texts the same number.
func intern(known map[string]int, text string) int {
	n, ok := known[text]
	if !ok {
		n = len(known)
		known[text] = n
	}
	return n
}

// of is the class of a vault.
func (s *sorter) of(v *world.Vault) int {
	c := class{vault: v, own: intern(s.owns, s.own(v)), gap: around(s.world, v, nil)}
	endpoints := slices.Collect(s.world.EndpointsOf(v.ID))
	var kind strings.Builder
	fmt.Fprintf(&kind, "%d %d %s", c.own, c.gap, s.admission(v))
	for _, e := range endpoints {
		kind.WriteString(s.endpoint(e))
		c.homes = append(c.homes, e.VNet())
		for _, a := range e.Addresses {
			c.doors = append(c.doors, a)
			c.spots = append(c.spots, intern(s.spots, fmt.Sprintf("%s %s", e.Subnet, s.place(a))))
		}
	}
	for i := range v.Connections {
		kind.WriteString(connection(&v.Connections[i], endpoints))
	}
	for _, n := range s.names.held[strings.ToLower(v.Name())] {
		h := s.holding(v, n, &c, endpoints)
		c.held = append(c.held, h)
		fmt.Fprintf(&kind, "\n%d %d %v", h.zone, h.form, h.doors)
	}
	known := len(s.kinds)
	i := intern(s.kinds, kind.String())
	if i == known {
		c.target, _ = predict.NewTarget(s.world.Service(), v.Name()) // one that is no label makes a journey that fails
		if c.target.Vault == "" {
			c.target.Vault = v.Name()
		}
		c.unread = s.unread(v)
		s.classes = append(s.classes, c)
	}
	return i
}

// own is what decides a request's way and is the vault's alone.
func (s *sorter) own(v *world.Vault) string {
	name := strings.ToLower(v.Name())
	host := name + "." + s.world.Service().Suffix.Host()
	text := fmt.Sprint(v.HasAlias(), v.Deleted, v.Foreign, v.Provisioning, s.names.let(host))
	text += strings.Join(each(v.PublicAddresses, s.place), " ")
	if s.names.regional {
		text += fmt.Sprint(v.ShortRegion(), v.Location, v.PublicAddresses)
	}
	if s.tenancy {
		text += v.Subscription()
	}
	if first, _ := s.world.VaultNamed(v.Name()); s.names.singled[name] || first != v {
		text += string(v.ID)
	}
	return text
}

// admission is what decides who is admitted.
func (s *sorter) admission(v *world.Vault) string {
	perimeter, _ := s.world.PerimeterOf(v.ID)
	var text strings.Builder
	fmt.Fprint(&text, strings.ToLower(string(v.PublicAccess)), v.ACL.Deny, v.ACL.Bypass, v.ACL.Subnets, perimeter != nil)
	if perimeter != nil {
		text.WriteString(string(perimeter.ID))
	}
	for _, p := range v.ACL.IPs {
		if s.senders.within(p) {
			text.WriteString(" " + p.String())
		}
	}
	return text.String()
}

// each writes addresses one after the other.
func each(addrs []netip.Addr, write func(netip.Addr) string) (texts []string) {
	for _, a := range addrs {
		texts = append(texts, write(a))
	}
	return texts
}

// place is where an address is, as far as anything in the world tells it from
// others.
func (s *sorter) place(a netip.Addr) string {
	if s.shared[a] > 1 {
		return a.String()
	}
	return fmt.Sprintf("%d%s", s.atlas.of(a), fact.Classify(a))
}

func (s *sorter) endpoint(e *world.Endpoint) string {
	var b strings.Builder
	fmt.Fprintf(&b, "\n%s %s %s %t %s %v %t %s %d %t", e.Subnet, e.Provisioning, e.Status, e.Manual, e.GroupID, e.Zones, e.ZoneGroup != "", e.ZoneGroupState, len(e.NICs), e.GUID == "")
	for _, a := range e.Addresses {
		b.WriteString(" " + s.place(a))
	}
	if s.tenancy {
		b.WriteString(" " + e.Subscription())
	}
	return b.String()
}

// connection is a vault's connection; the endpoint, if it is known, by its place.
func connection(c *world.Connection, endpoints []*world.Endpoint) string {
	i := slices.IndexFunc(endpoints, func(e *world.Endpoint) bool { return e.ID == c.Endpoint })
	text := fmt.Sprintf("\n%s %s %d", c.Status, c.Provisioning, i)
	if i < 0 {
		text += string(c.Endpoint)
	}
	return text
}

// holding is what a zone has for the vault, with the vault's own name and
// addresses taken out.
func (s *sorter) holding(v *world.Vault, n namesake, c *class, endpoints []*world.Endpoint) holding {
	h := holding{zone: intern(s.zones, string(n.zone.ID))}
	name := strings.ToLower(v.Name())
	text := blank(n.zone.Domain.Host(), name)
	if r := n.record; r != nil {
		text += fmt.Sprint("\n", blank(r.Label, name), r.Type, r.TTL, blank(r.Alias.Host(), name), r.Auto, writer(r.Creator, endpoints))
		text += strings.Join(each(r.Addrs, func(a netip.Addr) string {
			i := slices.Index(c.doors, a)
			if i < 0 {
				return s.alien(a, c)
			}
			h.doors = append(h.doors, i)
			return "own"
		}), " ")
	}
	h.form = intern(s.forms, text)
	return h
}

// alien is an address that a record has and no endpoint of the vault: where
// nothing is at it, only where it is matters, and whether others are the same.
func (s *sorter) alien(a netip.Addr, c *class) string {
	if s.shared[a] > 0 || s.plugged[a] || fact.Classify(a) != fact.PrivateAddr {
		return a.String()
	}
	i := slices.Index(c.alien, a)
	if i < 0 {
		i, c.alien = len(c.alien), append(c.alien, a)
	}
	return fmt.Sprintf("%d at %s", i, s.place(a))
}

// blank takes a vault's name out of a domain name.
func blank(domain, vault string) string {
	labels := strings.Split(strings.ToLower(domain), ".")
	for i, l := range labels {
		if l == vault {
			labels[i] = "<vault>"
		}
	}
	return strings.Join(labels, ".")
}

// writer is which of a vault's endpoints wrote a record, by name and by GUID.
func writer(creator string, endpoints []*world.Endpoint) string {
	if creator == "" {
		return ""
	}
	creator = strings.ToLower(creator)
	text, own := "", false
	for i, e := range endpoints {
		named := strings.Contains(creator, "endpoint "+strings.ToLower(e.Name())+" ")
		guided := e.GUID != "" && strings.Contains(creator, strings.ToLower(e.GUID))
		own = own || named && (guided || e.GUID == "")
		text += fmt.Sprint(i, named, guided)
	}
	if own {
		return text
	}
	return text + creator
}

// noGap stands for the place of a gap where there is none.
const noGap = math.MaxInt

// around is the place of the first of the world's gaps around a vault or a client,
// or both, for which nothing can be predicted.
func around(w *world.World, v *world.Vault, client *world.Host) int {
	if len(w.Gaps()) == 0 {
		return noGap
	}
	c := rule.Case{Service: w.Service(), World: w, Resource: v, Client: client}
	if v != nil {
		c.Vault = v.Name()
		c.Host, _ = c.Service.Host(c.Vault)
	}
	if gap, found := diagnose.Untold(&c); found {
		return gap
	}
	return noGap
}

// unread is why nothing can be predicted for a vault.
func (s *sorter) unread(v *world.Vault) string {
	c := rule.Case{Service: s.world.Service(), Vault: v.Name(), World: s.world, Resource: v}
	if _, elsewhere := c.ZoneElsewhere(); !elsewhere {
		return ""
	}
	said, _ := c.NotRead("microsoft.network/privatednszones")
	return said.Why
}
