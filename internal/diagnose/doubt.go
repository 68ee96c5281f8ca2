package diagnose

import (
	"fmt"
	"slices"
	"strings"

	"pldoctor/internal/fact"
	"pldoctor/internal/rule"
	"pldoctor/internal/world"
)

// telling are the types of resources that decide where a request goes.
var telling = []string{
	vaultType, "microsoft.network/privateendpoints", "microsoft.network/privatednszones",
	"microsoft.network/virtualnetworks", "microsoft.network/networksecuritygroups", "microsoft.network/routetables",
	"microsoft.network/dnsresolvers", "microsoft.network/dnsforwardingrulesets", "microsoft.network/azurefirewalls",
	"microsoft.network/firewallpolicies", "microsoft.network/virtualnetworkgateways", "microsoft.network/virtualhubs",
	"microsoft.network/connections",
}

// unsure tells whether a part of the configuration was not read without which
// nothing can be predicted: a kind of resource, or the private DNS zone into
// which an endpoint of the vault writes its record.
func (r *run) unsure(c *rule.Case) bool {
	if c.Resource == nil && len(c.World.Horizon()) > 0 {
		return true
	}
	if !r.in.Certain {
		if _, unread := c.Gap(telling...); unread {
			return true
		}
	}
	_, elsewhere := c.ZoneElsewhere()
	return elsewhere || c.ApprovalDoubtful()
}

// baseless tells whether a prediction rests on a DNS server that would answer by
// itself, since no network was read to which it could forward, while some were
// not read: its inside is not known, and where it forwards to is likely there.
func baseless(c *rule.Case) bool {
	server, ok := c.World.Host(world.ID(c.Predicted.Journey.Answer.By))
	if !ok || server.ID == c.Client.ID {
		return false
	}
	return slices.ContainsFunc(c.World.Gaps(), func(g world.Gap) bool { return g.Of("microsoft.network/virtualnetworks") })
}

// perimeterType is the type of perimeters, which decide who is admitted past
// private link and nothing on the way.
const perimeterType = "microsoft.network/networksecurityperimeters"

// unadmitted tells whether nobody knows what the vault would say to a token on a
// way that is not private, since a perimeter that was not read decides that.
func unadmitted(c *rule.Case, v fact.Verdict) bool {
	if c.Resource == nil || v == fact.Private {
		return false
	}
	_, unread := c.Unread(perimeterType)
	_, known := c.World.PerimeterOf(c.Resource.ID)
	return unread || !known && c.Resource.PublicAccess == world.AccessPerimeter && len(c.World.Horizon()) > 0
}

// unadmit takes out of a prediction what nobody knows of the vault's answer.
func unadmit(c *rule.Case, o *fact.Observation) {
	if unadmitted(c, o.Journey.Verdict()) {
		o.Journey.Access = fact.AccessHop{}
	}
}

// Doubt says why nothing can be predicted in a world, "" where it can: a kind of
// resource that decides where requests go was not read at all, or not in full.
func Doubt(w *world.World) string {
	for _, kind := range telling {
		if why, unread := w.Unread(kind); unread {
			return kind + " could not be read: " + why
		}
	}
	return ""
}

// Untold is the place of the first of the World's gaps for which nothing can be
// predicted of a case, and whether there is one. See rule.Case.Gap for cases
// without a client and such without a vault.
func Untold(c *rule.Case) (gap int, found bool) { return c.Gap(telling...) }

// Untelling says what a gap of a World keeps from being known.
func Untelling(g world.Gap) string {
	if g.Near == "" {
		return g.Type + " could not be read: " + g.Why
	}
	what := strings.TrimSpace(g.Near.Type() + " " + g.Near.Name()) // a site has no type
	return fmt.Sprintf("%s could not be read: %s", what, g.Why)
}
