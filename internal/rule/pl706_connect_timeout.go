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
		Cause:   "Somebody drops the packets, or nobody is there: a network security group, a route, a firewall, a peering, an endpoint whose connection is not effective, an address that is nobody's.",
		Apart:   "From the client these cannot be told apart; the configuration of the networks tells (PL101, PL205, PL605, PL806, PL807, PL808, PL817, PL818). With PL707 a machine answers and refuses.",
		Fix:     "Read the configuration too (`--azure auto`), or ask Network Watcher's connection troubleshoot from the client's machine.",
		Verify: []string{
			"nc -vz -w 5 <vault>.vault.azure.net 443",
			"az network watcher test-connectivity --source-resource <vm-id> --dest-address <address> --dest-port 443",
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
