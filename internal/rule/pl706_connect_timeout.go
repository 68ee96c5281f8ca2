package rule

import (
	"fmt"

	"pldoctor/internal/fact"
)

// PL706: a symptom. A dropped packet looks the same whoever dropped it.
var pl706 = &Rule{
	Code: "PL706", Slug: "connect-timeout", Severity: Error, Owner: OwnerNetwork, Stage: fact.StageConnect, Weight: 2, Symptom: true,
	Title: "connections to the vault's address get no answer",
	Doc: Doc{
		Symptom: "`connection timed out`, `i/o timeout`, `no route to host` on port 443 of the address that the name resolves to.",
		Cause:   "Somebody drops the packets, or nobody is there: a network security group, a route, a firewall, a peering, an endpoint that is not ready, an address that is nobody's.",
		Apart:   "From the client all these look alike; what the networks are configured to do tells. PL605 and PL611: the address is not that of the endpoint. PL205: the endpoint is not provisioned. PL101: nothing leads to its VNet. PL808: a peering is not Connected, or forbids traffic. PL806: the effective security rules deny. PL807: the effective route leads elsewhere. PL817: a firewall's log shows it denied. PL818: the log shows it allowed, and no reply comes. PL820: an App Service app does not send the address into its VNet. With PL707 a machine answers and refuses.",
		Fix:     "Compare the address with the endpoint's first. Then whoever manages the networks follows the path from the client, with Network Watcher's connection troubleshoot where there is a virtual machine.",
		Verify: []string{
			"nc -vz -w 5 <vault>.vault.azure.net 443   # times out",
			"az network watcher test-connectivity --source-resource <vm-id> --dest-address <address> --dest-port 443   # where it ends",
		},
		Article: "8, Other things that may affect connectivity",
		Errata:  "The article leaves all causes at the transport layer to the reader.",
		Sources: []string{article, "https://learn.microsoft.com/azure/network-watcher/connection-troubleshoot-overview"},
	},
	Eval: func(c *Case) Result {
		switch h := c.Journey.Connect; h.Outcome {
		case fact.Unseen:
			return Unknown("no connection was tried")
		case fact.Timeout, fact.Unreachable:
			return Fail(fmt.Sprintf("a connection from %s to %s, port 443, %s", c.who(), c.label(h.Addr), fares(h.Outcome)),
				c.seen(h.Addr.String(), "port 443: %s", h.Outcome))
		}
		return Pass("connections are answered")
	},
}
