package rule

import (
	"fmt"

	"pldoctor/internal/change"
	"pldoctor/internal/dnsname"
	"pldoctor/internal/fact"
	"pldoctor/internal/service"
	"pldoctor/internal/world"
)

// PL705: what is left of PL704 when the request came through an effective
// endpoint of this very vault.
var pl705 = &Rule{
	Code: "PL705", Slug: "host-header-wrong", Severity: Error, Owner: OwnerClient, Stage: fact.StageAccess,
	Title: "the Host header is not the vault's hostname",
	Doc: Doc{
		Symptom: "`This TCP connection does not allow access to <some other host>`, although the address is right; or 404 with a web server's page.",
		Cause:   "Every operation names its vault by the Host header. A client that connects by address, a handler in the program, or a reverse proxy on the way has put something else there.",
		Apart:   "`/healthstatus` does not care about the header, so it answers all the same. With PL605 the address is that of another vault's endpoint, and the vault says the same; with PL205 the connection is not in order. A request that `az` sends from the same machine has the right header: where it works, the program is at fault.",
		Fix:     "Whoever writes the program lets it use the vault's URI as it is; whoever runs a reverse proxy on the way lets it keep the header, or set it to the vault's hostname.",
		Verify: []string{
			"az keyvault secret list --vault-name <vault> --maxresults 1   # works, while the program is refused",
		},
		Article: notCovered,
		Errata:  "The article tests with /healthstatus, which does not look at the Host header; an answer on Stack Overflow names the header as the second cause of this message.",
		Sources: []string{
			"https://stackoverflow.com/questions/66341460",
			"https://learn.microsoft.com/azure/key-vault/general/common-parameters-and-headers",
		},
	},
	Eval: func(c *Case) Result {
		switch a := c.Journey.Access; {
		case c.Seen != nil && c.Seen.Client.HostHeader == "" && c.Journey.Name.Outcome == fact.OK && !c.proxied():
			return Pass("the probe sent the vault's own hostname")
		case a.Reason == fact.WrongHost:
		case a.Outcome == fact.OK, a.Denial == service.DeniedRBAC, a.Denial == service.DeniedPolicy:
			return Pass("the vault recognises itself in the request")
		case !c.denied(service.DeniedTCP):
			return Unknown("the vault said nothing that the Host header could be judged by")
		case c.otherHost(): // seen, whatever else is wrong
		case c.World == nil || c.Resource == nil:
			return Unknown("without the configuration a wrong Host header looks like an endpoint of another vault")
		case !c.throughOwnDoor() && !c.EndpointsRead():
			return Unknown("whether the request came through a private endpoint of this vault is not known")
		case !c.throughOwnDoor():
			return Pass("the request did not come through an effective private endpoint of this vault: that is why it is refused")
		}
		if c.otherHost() {
			return Fail(fmt.Sprintf("the Host header of the request is %s, where the vault's hostname is %s: the service refuses a connection that does not belong to the vault that the header names",
				c.sentHost(), c.Host.Host()), c.told()...)
		}
		return Fail(fmt.Sprintf("the request came through an effective private endpoint of %s and is still refused: the Host header that the program, or a proxy, sends is not %s",
			c.Vault, c.Host.Host()), c.told()...)
	},
	Breaks: func(s Site) []Break {
		wrong, err := s.World.Service().Host("another-vault")
		if err != nil {
			return nil
		}
		return []Break{{change.SetHostHeader{Host: s.Client.ID, Header: wrong}}}
	},
	Mends: func(c *Case) []change.Change {
		if c.Client == nil || c.Client.HostHeader == "" { // a proxy has done it, inside of which nobody sees
			return nil
		}
		return []change.Change{change.SetHostHeader{Host: c.Client.ID, Header: dnsname.Name{}}}
	},
}

// throughOwnDoor tells whether the request came through an effective endpoint
// of this vault.
func (c *Case) throughOwnDoor() bool {
	x := c.Journey.Exchange
	for _, id := range [...]fact.Ref{x.Endpoint, x.By, c.Journey.Connect.By} {
		if e, ok := c.World.Endpoint(world.ID(id)); ok {
			return e.Target == c.Resource.ID && c.World.Effective(e)
		}
	}
	return false
}
