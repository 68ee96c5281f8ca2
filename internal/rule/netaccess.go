package rule

import (
	"fmt"
	"slices"
	"strings"

	"pldoctor/internal/fact"
	"pldoctor/internal/service"
	"pldoctor/internal/world"
)

// denied tells whether the vault gives one of these reasons.
func (c *Case) denied(reasons ...service.Denial) bool {
	a := c.Journey.Access
	return a.Outcome != fact.OK && a.Denial != service.NotDenied && slices.Contains(reasons, a.Denial)
}

// judgeNetwork is the Eval of a rule about a refusal for the network's sake,
// which the configuration decides where no token was presented.
func (c *Case) judgeNetwork(why string, reasons ...service.Denial) Result {
	a := c.Journey.Access
	switch {
	case c.denied(reasons...):
		return Fail(fmt.Sprintf(why, c.arrival(), c.Vault), c.told()...)
	case a.Outcome == fact.OK, a.Denial != service.NotDenied:
		return Pass("the vault does not refuse for this reason")
	case c.Predicted != nil && c.Resource != nil && !c.Resource.Foreign && c.Journey.Exchange.Outcome == fact.OK:
		return Pass("the vault's network settings admit the request")
	case c.arrives():
		return Pass("requests arrive over private link, which the vault's firewall is not asked about")
	}
	return Unknown("no token was presented: a vault answers 401 whatever its network settings say")
}

// judgeIdentity is the Eval of a rule about who asks.
func (c *Case) judgeIdentity(why func() string, reasons ...service.Denial) Result {
	a := c.Journey.Access
	switch {
	case c.denied(reasons...):
		return Fail(why(), c.told()...)
	case a.Outcome == fact.OK:
		return Pass("the vault admits the caller")
	case a.Outcome == fact.RefusedIdentity:
		return Pass("the vault does not refuse for this reason")
	case a.Outcome == fact.RefusedNetwork:
		return Unknown("the vault refuses the connection before it looks at who asks")
	}
	return Unknown("no token was presented to the vault")
}

// arrival is how the request came in, in words.
func (c *Case) arrival() string {
	x := c.Journey.Exchange
	if !x.Source.IsValid() {
		return "by the vault's public side"
	}
	return "by the vault's public side, from " + x.Source.String()
}

// keyVaultService names the service endpoints that carry requests to vaults.
func keyVaultService(name string) bool {
	return strings.EqualFold(name, "Microsoft.KeyVault") || strings.EqualFold(name, "Microsoft.KeyVault.Global")
}

// hasServiceEndpoint tells whether a subnet sends requests to vaults through a
// service endpoint.
func hasServiceEndpoint(s *world.Subnet) bool {
	return slices.ContainsFunc(s.ServiceEndpoints, keyVaultService)
}

// open tells whether the vault admits callers from anywhere on the internet.
func open(v *world.Vault) bool {
	shut := strings.EqualFold(string(v.PublicAccess), string(world.AccessDisabled)) ||
		strings.EqualFold(string(v.PublicAccess), string(world.AccessPerimeter))
	return !shut && !v.ACL.Deny
}
