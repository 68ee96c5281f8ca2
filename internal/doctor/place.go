package doctor

import (
	"net/netip"

	"pldoctor/internal/client"
	"pldoctor/internal/fact"
	"pldoctor/internal/service"
	"pldoctor/internal/settings"
	"pldoctor/internal/world"
)

// Placed returns the case with the client put into its configuration, where it
// has no place there yet: found by what the probe and the platform told of it,
// and by what its user says. PlacedBy says how, or why there is no place.
func (c Case) Placed(seen *fact.Observation) Case {
	if c.World == nil || c.Client != "" {
		return c
	}
	c.World = client.Populate(fronted(c.World, seen))
	m := c.machine(seen)
	p, err := client.Find(c.World, m)
	if err != nil {
		c.PlacedBy = err.Error()
		return c
	}
	c.World, c.Client, c.PlacedBy = client.Put(c.World, m, p), client.ID, p.By
	return c
}

// machine is what is known of the client.
func (c Case) machine(seen *fact.Observation) client.Machine {
	m := client.Machine{
		Network: c.Network, Addresses: seen.Client.Addresses, Servers: seen.Client.Resolvers,
		Runs: settings.Runs(seen.Client.Runs), VM: world.MakeID(c.Instance.ID), Platform: c.Instance.Addresses(), Subnets: c.Instance.Subnets(),
	}
	azure, _ := seen.ServerAs(fact.RoleAzure)
	m.Azure = azure.Reached == fact.OK || len(m.Platform) > 0 || m.Runs == settings.RunsAKS
	if source := seen.Journey.Exchange.Source; source.IsValid() && !source.IsPrivate() {
		m.Seen = source
	}
	if c.Env.Getenv != nil && (m.Runs == settings.RunsAppService || m.Runs == settings.RunsFunction) {
		m.App = c.Env.Getenv(appName)
		m.Private, _ = netip.ParseAddr(c.Env.Getenv("WEBSITE_PRIVATE_IP"))
	}
	return m
}

// fronted gives the vault the public addresses at which the client was answered
// by the vault's public side: ARM does not tell them.
func fronted(w *world.World, seen *fact.Observation) *world.World {
	v, ok := w.VaultNamed(seen.Journey.Name.Host.Label())
	if !ok {
		return w
	}
	var fronts []netip.Addr
	for _, view := range seen.Addresses {
		public := view.Exchange.Conn == service.ConnIPv4 || view.Exchange.Conn == service.ConnIPv6 || view.Exchange.Conn == service.ConnSubnet
		if view.Exchange.Outcome == fact.OK && public && fact.Classify(view.Addr) == fact.PublicAddr {
			fronts = append(fronts, view.Addr)
		}
	}
	if len(fronts) == 0 {
		return w
	}
	c := *v
	c.PublicAddresses = fronts
	return w.With(world.Put(&c))
}
