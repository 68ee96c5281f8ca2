package rule

import (
	"fmt"
	"slices"

	"pldoctor/internal/fact"
	"pldoctor/internal/service"
	"pldoctor/internal/world"
)

// PL501: the vault's own registration knows nothing of private link.
var pl501 = &Rule{
	Code: "PL501", Slug: "alias-missing", Severity: Error, Owner: OwnerVault, Stage: fact.StageAnswer, Symptom: true,
	Title: "public DNS gives no privatelink alias: the vault has no approved private endpoint connection",
	Doc: Doc{
		Symptom: "The name resolves to a public address, and no line of the answer has `privatelink` in it.",
		Cause:   "Key Vault puts the alias `<vault>.privatelink.vaultcore.azure.net` into a vault's public DNS registration when its first private endpoint connection is approved. While there is none, private DNS zones do not matter: nothing leads to them.",
		Apart:   "The vault's list of connections tells: PL201, it is empty; PL202, one is Pending; PL203, Rejected; PL204, Disconnected; PL208, it is Pending and cannot be approved. With PL502 the alias is there, and the zone is not seen. Right after an approval the alias may not have reached this DNS server yet.",
		Fix:     "The vault's owner approves a private endpoint connection, or has one created; the finding about connections says which. Where one is approved already, the alias is on its way: wait some minutes, then ask a public DNS server, and have the cache cleared of a server that still answers otherwise.",
		Verify: []string{
			"host <vault>.vault.azure.net 8.8.8.8   # no alias under privatelink",
			"az keyvault show --name <vault> --query \"properties.privateEndpointConnections[].privateLinkServiceConnectionState.status\" --output tsv   # no Approved; else the alias is on its way",
		},
		Article: "5, Validate the DNS resolution",
		Errata:  "Newer documentation says that public DNS does not disclose whether an endpoint exists: the alias does not prove one, but its absence still says that none is approved.",
		Sources: []string{
			"https://learn.microsoft.com/azure/key-vault/general/private-link-diagnostics",
			"https://learn.microsoft.com/azure/key-vault/general/private-link-service",
		},
	},
	Eval: func(c *Case) Result {
		answers := c.dnsAnswers()
		if slices.ContainsFunc(answers, func(e heardFrom) bool { return e.answer.Alias }) {
			return Pass("the name has the alias into the private zone")
		}
		i := slices.IndexFunc(answers, func(e heardFrom) bool {
			return e.answer.Outcome == fact.OK && e.answer.Class == fact.PublicAddr
		})
		if i >= 0 {
			e := answers[i]
			why, ev := ": the vault has no private endpoint connection that is approved", Evidence{c.source(), e.server, says(c.Host.Host(), e.answer)}
			text := fmt.Sprintf("%s resolves to %s without the alias into %s", c.Host.Host(), e.answer.Addr, c.Service.Zone.Host())
			if !c.served() {
				return Fail(text+why, ev)
			}
			why = ", although a private endpoint connection is approved: the public registration lags behind, or this server answers from elsewhere"
			return Fail(text+why, ev).Do(aliasOnItsWay)
		}
		if slices.ContainsFunc(answers, func(e heardFrom) bool { return e.answer.Outcome == fact.NXDomain }) {
			return NotApplicable("the name does not exist where it was asked for")
		}
		return Unknown("no DNS server gave an answer from the public registration")
	},
}

// aliasOnItsWay is what to do where nothing is left to be approved.
const aliasOnItsWay = "Nothing is left to approve. Wait some minutes, and ask a public DNS server. Once that one names the alias, a server that still does not answers from its cache or has a record of its own: whoever manages it clears that. Where no public server names it either, the vault's owner asks Azure's support."

// served tells whether the vault has an approved private endpoint connection:
// by its own list, or because an address of one answered over private link.
func (c *Case) served() bool {
	approved := func(p world.Connection) bool { return p.Status == world.Approved }
	if c.Resource != nil && slices.ContainsFunc(c.Resource.Connections, approved) {
		return true
	}
	answered := func(v fact.AddressView) bool { return v.Exchange.Conn == service.ConnPrivateLink }
	return c.Seen != nil && slices.ContainsFunc(c.Seen.Addresses, answered)
}

// A heardFrom is what one DNS server says of the vault's hostname.
type heardFrom struct {
	server string
	answer fact.AnswerHop
}

// dnsAnswers are the answers of all servers, the one in use first.
func (c *Case) dnsAnswers() []heardFrom {
	var answers []heardFrom
	if c.Journey.Resolver.Via == fact.ViaDNS {
		answers = append(answers, heardFrom{c.Journey.Resolver.Server.String(), c.Journey.Answer})
	}
	for _, v := range c.views() {
		if v.Host.Outcome != fact.Unseen {
			answers = append(answers, heardFrom{v.Server.String(), v.Host})
		}
	}
	return answers
}
