package rule

import (
	"fmt"

	"pldoctor/internal/fact"
	"pldoctor/internal/service"
)

// PL704: a symptom with three causes; the rules about the address, the
// connection and the Host header name them.
var pl704 = &Rule{
	Code: "PL704", Slug: "connection-not-allowed", Severity: Error, Owner: OwnerVault, Stage: fact.StageAccess, Symptom: true,
	Title: "the vault answers \"This TCP connection does not allow access to …\"",
	Doc: Doc{
		Symptom: "403 with the message `This TCP connection does not allow access to <host>`.",
		Cause:   "The service knows of every connection through which private endpoint it came. It refuses when that endpoint has no effective connection to the vault that the Host header names: the address belongs to another vault's endpoint, the Host header is wrong, or the endpoint's connection is not approved or not provisioned.",
		Apart:   "The message decides, whatever the inner code says. With PL303 the request came by the public side.",
		Fix:     "Compare the address that the client got with that of the vault's endpoint; then look at the Host header, then at the connection's states.",
		Verify: []string{
			"host <vault>.vault.azure.net",
			"az network private-endpoint list --query \"[?contains(to_string(privateLinkServiceConnections[].privateLinkServiceId), '<vault>')].{name:name, nic:networkInterfaces[0].id}\"",
		},
		Article: notCovered,
		Errata:  "The article does not mention this message. A newer support article blames a public address for it, which gives other messages.",
		Sources: []string{"https://stackoverflow.com/questions/66341460"},
	},
	Eval: func(c Case) Result {
		return c.judgeNetwork(fmt.Sprintf("the vault answers \"This TCP connection does not allow access to %s\": the private endpoint through which the request came has no effective connection to the vault that the Host header names",
			c.Host.Host()), service.DeniedTCP)
	},
}
