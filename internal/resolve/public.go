package resolve

import (
	"net/netip"
	"slices"
	"strings"

	"pldoctor/internal/dnsname"
	"pldoctor/internal/fact"
	"pldoctor/internal/service"
	"pldoctor/internal/world"
)

// Times to live of the public registry, in seconds. Public transcripts show the
// aliases of vaults and of front ends with 60 or less, so that a connection
// that is approved, and a front end that is taken out, are soon known; 300 is
// the negative TTL that Azure's public zones have by default.
const (
	publicTTL      = 60
	publicNegative = 300
)

// public is the public DNS, as far as it concerns Key Vault in one cloud: a
// function of the World. It has the chains that
// learn.microsoft.com/azure/key-vault/general/private-link-diagnostics shows:
//
//	VAULT.vault.azure.net → [VAULT.privatelink.vaultcore.azure.net →]
//	data-prod-REGION.vaultcore.azure.net → data-prod-REGION-region.vaultcore.azure.net → A
//
// Azure Resource Manager and the authority have their names' addresses alone.
//
// One public follows one chain.
type public struct {
	w     *world.World
	svc   service.Service
	by    world.ID     // the server that asks it
	why   fact.Reason  // put in place of the reasons below, if not empty
	vault *world.Vault // whose registration the chain came through
	alias bool         // the chain came through the private zone's name
}

func asPublic(w *world.World, by world.ID) public { return public{w: w, svc: w.Service(), by: by} }

// look returns what one name leads to.
func (p *public) look(name dnsname.Name, t world.RecordType) step {
	if a, ok := p.w.PlaneNamed(name); ok {
		end := addresses([]netip.Addr{a}, t, publicTTL, publicNegative)
		end.By, end.Reason = p.by, fact.PublicRegistry
		return step{end: end}
	}
	switch label := name.Label(); name.Parent() {
	case p.svc.Suffix:
		if v, ok := p.w.VaultNamed(label); ok {
			return p.registration(v)
		}
	case p.svc.Zone:
		p.alias = true
		if v, ok := p.w.VaultNamed(label); ok && v.HasAlias() {
			p.vault = v
			return p.frontEnd(v.ShortRegion())
		}
	case p.svc.Core:
		if rest, ok := strings.CutPrefix(label, "data-prod-"); ok {
			return p.region(rest, t)
		}
	}
	return p.unknown()
}

func (p *public) registration(v *world.Vault) step {
	p.vault = v
	if !v.HasAlias() {
		return p.frontEnd(v.ShortRegion())
	}
	alias, err := p.svc.Zone.Child(v.Name())
	if err != nil {
		return p.unknown()
	}
	return step{alias: Alias{alias, publicTTL}}
}

func (p *public) frontEnd(region string) step { return p.core("data-prod-" + region) }

func (p *public) core(label string) step {
	name, err := p.svc.Core.Child(label)
	if err != nil {
		return p.unknown()
	}
	return step{alias: Alias{name, publicTTL}}
}

// region answers for the names that all vaults of a region share: first the
// alias data-prod-REGION, then its target data-prod-REGION-region.
func (p *public) region(rest string, t world.RecordType) step {
	region, last := strings.CutSuffix(rest, "-region")
	addrs := p.frontEnds(region)
	switch {
	case len(addrs) == 0 && p.vault == nil:
		return p.unknown()
	case !last:
		return p.core("data-prod-" + region + "-region")
	}
	end := addresses(addrs, t, publicTTL, publicNegative)
	end.By, end.Reason = p.by, p.reason()
	return step{end: end}
}

func (p *public) reason() fact.Reason {
	switch {
	case p.why != fact.NoReason:
		return p.why
	case p.alias:
		return fact.NoZoneLinked
	}
	return fact.PublicRegistry
}

// frontEnds returns the addresses of the vault that the chain came through, if
// it is of that region, else those of all front ends of the region.
func (p *public) frontEnds(region string) []netip.Addr {
	if p.vault != nil && p.vault.ShortRegion() == region {
		return p.vault.PublicAddresses
	}
	var all []netip.Addr
	for v := range p.w.Vaults() {
		if v.ShortRegion() != region {
			continue
		}
		for _, a := range v.PublicAddresses {
			if !slices.Contains(all, a) {
				all = append(all, a)
			}
		}
	}
	return all
}

func (p *public) unknown() step {
	return step{end: Reply{Outcome: fact.NXDomain, TTL: publicNegative, By: p.by, Reason: fact.NotRegistered}}
}
