package diagnose

import (
	"cmp"
	"slices"
	"strings"

	"pldoctor/internal/fact"
	"pldoctor/internal/predict"
	"pldoctor/internal/service"
	"pldoctor/internal/world"
)

// A repair is made for one client and done to what others use as well: a vault's
// public side, a zone's links, a VNet's DNS servers. Each step therefore names
// those who lose by it.

// maxClients and maxOthers bound the work on a step: how many clients are asked
// for, and how many pairs of a network and another vault.
const maxClients, maxOthers = 256, 512

// A Loss is another vault that is lost to the clients of a network.
type Loss struct {
	Hostname string `json:"hostname"`
	Network  string `json:"network"`
}

// warn writes into each step of a repair who loses by it. The worlds are those
// before the first step and after each; none where the steps are words. The
// client that a repair is proven for is cured by the whole of it, and spared.
func (r *run) warn(fixes []Fix, worlds []*world.World, today *world.World, spared world.ID) {
	for i := 1; i < len(worlds); i++ {
		s := step{today: today, before: worlds[i-1], after: worlds[i], end: worlds[len(worlds)-1]}
		if p := rippleOf(s.before, s.after); p.touches() {
			r.lost(&fixes[i-1], p, s, spared)
		}
	}
}

// A step is one of a repair, by the worlds around it.
type step struct{ today, before, after, end *world.World }

// lost asks for this vault on behalf of every client that a step touches, and
// for the others on behalf of one client of each network.
func (r *run) lost(f *Fix, p ripple, s step, spared world.ID) {
	var networks []world.ID
	asked, left := 0, maxOthers
	for h := range s.before.Hosts() {
		if h.HasRole() || !p.touch(s.before, h) {
			continue
		}
		if network := s.before.Node(h).Network; p.names && !slices.Contains(networks, network) {
			networks = append(networks, network)
			f.Hides = append(f.Hides, r.hides(h, s, &left)...)
		}
		switch asked++; {
		case h.ID == spared:
		case asked > maxClients:
			f.Unasked++
		case !s.takes(h.ID, r.in.Vault):
		case loses(s.today, s.end, h.ID, r.in.Vault):
			f.LocksOut = append(f.LocksOut, h.Name())
		default:
			f.Interrupts = append(f.Interrupts, h.Name())
		}
	}
}

// hides lists the other vaults that a client loses for good, of as many as are
// left to be asked for.
func (r *run) hides(h *world.Host, s step, left *int) (list []Loss) {
	for v := range s.before.Vaults() {
		if *left == 0 || strings.EqualFold(v.Name(), r.in.Vault) {
			continue
		}
		host, err := r.in.Service.Host(v.Name())
		if err != nil {
			continue
		}
		*left--
		if s.takes(h.ID, v.Name()) && loses(s.today, s.end, h.ID, v.Name()) {
			list = append(list, Loss{host.Host(), r.first.Name(s.before.Node(h).Network)})
		}
	}
	return list
}

// takes tells whether it is this step by which a client loses a vault.
func (s step) takes(client world.ID, vault string) bool {
	return loses(s.today, s.after, client, vault) && (s.before == s.today || !loses(s.today, s.before, client, vault))
}

// loses tells whether a client has no longer the path by which it reaches a
// vault today: it is refused, gets nowhere, or has to leave private link.
func loses(today, then *world.World, client world.ID, vault string) bool {
	was := pathOf(today, client, vault)
	if was == "" {
		return false
	}
	is := pathOf(then, client, vault)
	return is == "" || was == fact.Private && is != fact.Private
}

// pathOf is the path by which a client reaches a vault whose network settings
// let it in; "" for none.
func pathOf(w *world.World, client world.ID, vault string) fact.Verdict {
	h, ok := w.Host(client)
	if !ok {
		return ""
	}
	j := predict.From(w, h, predict.Options{}).Journey(predict.Target{Vault: vault})
	switch v := j.Verdict(); v {
	case fact.Private, fact.ServiceEndpoint, fact.Public:
		if j.Access.Denial == service.NotDenied {
			return v
		}
	case fact.NotReached, fact.Undetermined:
	}
	return ""
}

// A ripple is how far the effects of a step can spread.
type ripple struct {
	everybody bool
	vnets     []world.ID // else, to who asks Azure DNS of one of these
	names     bool       // to other vaults, too
}

func (p ripple) touches() bool { return p.everybody || len(p.vnets) > 0 }

// touch tells whether a step can make a difference to a host. Who asks nobody but
// Azure DNS, in a VNet that sends nothing on to other servers, is touched by the
// zones of that VNet alone.
func (p ripple) touch(w *world.World, h *world.Host) bool {
	if p.everybody || len(h.Split) > 0 || len(h.Environ) > 0 {
		return true
	}
	network := w.Node(h).Network
	for range w.RulesetsLinked(network) {
		return true
	}
	_, inVNet := w.VNet(network)
	ask := w.Nameservers(h)
	return !inVNet || len(ask) != 1 || ask[0] != world.AzureDNS || slices.Contains(p.vnets, network)
}

// rippleOf compares the worlds before and after a step.
func rippleOf(before, after *world.World) (p ripple) {
	for _, id := range world.Changed(before, after) {
		switch cmp.Or(after.Lookup(id), before.Lookup(id)).(type) {
		case *world.Zone:
			was, _ := before.Zone(id)
			is, _ := after.Zone(id)
			p.vnets, p.names = append(p.vnets, answersChange(was, is)...), true
		case *world.Vault, *world.Endpoint, *world.Perimeter, *world.Provider:
			p.everybody = true
		case *world.Host: // whatever is set on a client is its own
			was, _ := before.Host(id)
			is, _ := after.Host(id)
			served := was != nil && was.HasRole() || is != nil && is.HasRole()
			p.everybody = p.everybody || served || !inside(before, after, id) // pods leave from where their node is
		default:
			p.everybody, p.names = true, true
		}
	}
	return p
}

// answersChange lists the VNets in which Azure DNS may answer otherwise once a
// zone is another: those whose link differs, or all that are linked where the
// records do. Either zone may be nil.
func answersChange(was, is *world.Zone) (vnets []world.ID) {
	same := was != nil && is != nil && shared(was.Records, is.Records)
	differing := func(a, b *world.Zone) {
		if a == nil {
			return
		}
		for i := range a.Links {
			l := &a.Links[i]
			if b != nil && same {
				if other, ok := b.LinkTo(l.VNet); ok && *other == *l {
					continue
				}
			}
			vnets = append(vnets, l.VNet)
		}
	}
	differing(was, is)
	differing(is, was)
	return vnets
}

// shared tells whether two lists of records are one and the same: changes copy
// the list that they change.
func shared(a, b []world.Record) bool {
	return len(a) == len(b) && (len(a) == 0 || &a[0] == &b[0])
}
