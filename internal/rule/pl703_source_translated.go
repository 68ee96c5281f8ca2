package rule

import (
	"fmt"
	"net/netip"
	"slices"

	"pldoctor/internal/fact"
)

// PL703: information. On a private path a translation is often meant.
var pl703 = &Rule{
	Code: "PL703", Slug: "source-translated", Severity: Info, Owner: OwnerNetwork, Stage: fact.StageExchange, Aside: true,
	Title: "the vault saw another private address than the client's: a proxy, firewall or NAT is on the path",
	Doc: Doc{
		Symptom: "`x-ms-keyvault-network-info` shows a private `addr` that is none of the client's.",
		Cause:   "Something on the path opens the connection itself or puts its own address in the place of the client's: an explicit proxy, a firewall with source NAT, the node of a pod. It is still private link.",
		Apart:   "With PL702 the address is public, and the path is not private at all. With PL306 `conn_type` is `Subnet`. With PL804 an explicit proxy is named in the environment.",
		Fix:     "Nothing, if it is meant. Logs of the vault show the translated address for every client behind it.",
		Verify: []string{
			"ip -brief address   # the client's own addresses",
			"curl -i https://<vault>.vault.azure.net/healthstatus   # addr is none of them",
		},
		Article: "7, Query the /healthstatus endpoint of the key vault",
		Errata:  "The article says private links or service endpoints. conn_type tells which, where the service names it.",
		Sources: []string{article, "https://learn.microsoft.com/azure/private-link/inspect-traffic-with-azure-firewall"},
	},
	Eval: func(c *Case) Result {
		source, own := c.Journey.Exchange.Source, c.ownAddresses()
		switch {
		case !source.IsValid() || len(own) == 0:
			return Unknown("the client's addresses, or the one that the vault saw, are not known")
		case !c.arrives() && c.Journey.Verdict() != fact.ServiceEndpoint:
			return NotApplicable("requests do not arrive from inside the network")
		case slices.Contains(own, source):
			return Pass(fmt.Sprintf("the vault saw the client's own address, %s", source))
		}
		by := "something on the path"
		if name, ok := c.machineAt(source); ok {
			by = name
		}
		return Fail(fmt.Sprintf("the vault saw the private address %s, which is none of %s's (%s): %s opens the connection or translates its source", source, c.who(), inWords(own), by),
			c.seen("", "source %s, client %s", source, inWords(own)))
	},
}

// inWords are values in a sentence; "none" where there are none.
func inWords[T any](values []T) string {
	if len(values) == 0 {
		return "none"
	}
	var words []string
	for _, v := range values {
		words = append(words, fmt.Sprint(v))
	}
	return listed(words)
}

// ownAddresses are those with which the client's packets leave it: as the client
// says, and for a pod those of its node.
func (c *Case) ownAddresses() []netip.Addr {
	var own []netip.Addr
	if c.Seen != nil {
		own = append(own, c.Seen.Client.Addresses...)
	}
	if c.World != nil && c.Client != nil {
		node := c.World.Node(c.Client)
		own = append(own, node.Address)
		own = append(own, node.Addresses...)
	}
	own = slices.DeleteFunc(own, func(a netip.Addr) bool { return fact.Classify(a) == fact.SpecialAddr || !a.IsValid() })
	slices.SortFunc(own, netip.Addr.Compare)
	return slices.Compact(own)
}
