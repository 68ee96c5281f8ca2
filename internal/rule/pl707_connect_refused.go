package rule

import (
	"fmt"

	"pldoctor/internal/fact"
)

// PL707: a symptom. A private endpoint never refuses, so a machine did.
var pl707 = &Rule{
	Code: "PL707", Slug: "connect-refused", Severity: Error, Owner: OwnerNetwork, Stage: fact.StageConnect, Symptom: true,
	Title: "connections to the vault's address are refused",
	Doc: Doc{
		Symptom: "`connection refused` or `connection reset by peer` on port 443 of the address that the name resolves to.",
		Cause:   "A machine has that address and nothing listens on port 443, or a firewall answers with a reset in place of dropping. Private endpoints and vaults answer on 443.",
		Apart:   "With PL706 nobody answers at all. With PL402, PL605 and PL803 the address is not the endpoint's, which is the likeliest reason for a refusal; with PL817 a firewall rejects.",
		Fix:     "Compare the address with that of the vault's private endpoint. If it differs, put right what gives it; if it is the endpoint's, whoever manages the network looks for a firewall that rejects.",
		Verify: []string{
			"nc -vz -w 5 <vault>.vault.azure.net 443   # refused",
			"az network private-endpoint list --query \"[?(privateLinkServiceConnections || manualPrivateLinkServiceConnections)[?ends_with(privateLinkServiceId, '/vaults/<vault>')]].networkInterfaces[0].id\" --output tsv | xargs az network nic show --query \"ipConfigurations[].privateIPAddress\" --output tsv --ids   # in the endpoint's subscription",
		},
		Article: "8, Other things that may affect connectivity",
		Errata:  "The article does not tell a refusal from silence: a refusal means that a machine is there.",
		Sources: []string{article, "https://www.rfc-editor.org/rfc/rfc9293"},
	},
	Eval: func(c *Case) Result {
		switch h := c.Journey.Connect; h.Outcome {
		case fact.Unseen:
			return Unknown("no connection was tried")
		case fact.Refused, fact.Reset:
			return Fail(fmt.Sprintf("a connection from %s to %s, port 443, %s", c.who(), c.label(h.Addr), fares(h.Outcome)),
				c.seen(h.Addr.String(), "port 443: %s", h.Outcome))
		}
		return Pass("connections are not refused")
	},
}
