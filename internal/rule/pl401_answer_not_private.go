package rule

import (
	"fmt"

	"pldoctor/internal/change"
	"pldoctor/internal/fact"
)

// PL401: what most people see first.
var pl401 = &Rule{
	Code: "PL401", Slug: "answer-not-private", Severity: Error, Owner: OwnerDNS, Stage: fact.StageAnswer, Symptom: true,
	Title: "the name resolves to an address that is not private",
	Doc: Doc{
		Symptom: "`host <vault>.vault.azure.net` ends at a public address on a machine that should use private link; the application gets 403 `ForbiddenByConnection` or `ForbiddenByFirewall`.",
		Cause:   "Something on the way of the DNS question gives the public answer: the vault has no approved private endpoint, no private zone is seen by the resolver that answers, or the address comes from a hosts file, a cache or another DNS server than expected.",
		Apart:   "The alias tells the halves apart: where no line of the answer names `<vault>.privatelink.…` it is the vault (PL501), where one does it is the zone (PL502). Where the alias is missing although a connection is approved, and the server knows the name in the private zone, it has a record of its own for the vault. Where programs get another address than DNS servers give, it is PL803, PL811 or PL812.",
		Fix:     "Where a cause is named beside this finding, follow that one. Where none is, the DNS server that answered has an answer of its own: whoever runs it removes its record of the vault's name, in a zone of its own, in its hosts file or among its overrides, and lets it forward the name as it does others.",
		Verify: []string{
			"host <vault>.vault.azure.net   # ends at a public address",
			"host <vault>.privatelink.vaultcore.azure.net   # private here, and no alias above: the server has a record of its own",
		},
		Article: "4, Difference between private and public IP addresses; 5, Validate the DNS resolution",
		Errata:  "The article's range 172.16.x.x to 172.32.x.x ends at 172.31 (RFC 1918), multicast is 224 to 239 (RFC 5771), and a VNet may use other ranges than those it lists: what is private is decided by the endpoint's own address.",
		Sources: []string{
			"https://learn.microsoft.com/azure/key-vault/general/private-link-diagnostics",
			"https://www.rfc-editor.org/rfc/rfc1918",
			"https://www.rfc-editor.org/rfc/rfc6598",
		},
	},
	Eval: func(c *Case) Result {
		if r, none := c.noAddress(); none {
			return r
		}
		addr := c.Journey.Answer.Addr
		if c.AnswerPrivate() {
			return Pass(fmt.Sprintf("%s is a private address", addr))
		}
		return Fail(c.Host.Host()+" resolves to "+addr.String()+", which is not an address that private link can be behind", c.said()...)
	},
	Mends: func(c *Case) []change.Change { return c.dropOwnRecord() },
}

// noAddress is the Result of a rule about the client's address where it has
// none, or does not resolve the name itself.
func (c *Case) noAddress() (Result, bool) {
	switch a := c.Journey.Answer; {
	case c.proxied():
		return NotApplicable("the proxy resolves the name, not this client"), true
	case a.Outcome == fact.Unseen && c.Journey.Resolver.Outcome == fact.Unseen:
		return Unknown("nobody looked how the name is resolved"), true
	case a.Outcome != fact.OK:
		return NotApplicable("the name resolves to no address"), true
	}
	return Result{}, false
}

// dropOwnRecord lets the DNS server in use forward the vault's name, where its
// answer shows that it has a record of its own: no alias, although the vault has
// one.
func (c *Case) dropOwnRecord() []change.Change {
	a := c.Journey.Answer
	if c.Resource == nil || !c.Resource.HasAlias() || a.Outcome != fact.OK || a.Alias || c.Journey.Resolver.Via == fact.ViaHostsFile {
		return nil
	}
	h, ok := Site{World: c.World}.Server(c.Journey.Resolver.Server)
	if !ok {
		return nil
	}
	return []change.Change{change.DropServerRecord{Server: h.ID, Name: c.Host}}
}
