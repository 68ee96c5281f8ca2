package rule

import (
	"fmt"

	"pldoctor/internal/fact"
)

// PL702: a symptom, the plainest of all.
var pl702 = &Rule{
	Code: "PL702", Slug: "source-public", Severity: Error, Owner: OwnerNetwork, Stage: fact.StageExchange, Symptom: true,
	Title: "the vault saw a public source address: the request crossed the internet",
	Doc: Doc{
		Symptom: "`x-ms-keyvault-network-info: conn_type=Ipv4;addr=<a public address>`.",
		Cause:   "The request did not come over private link: the address in the header is that of a NAT gateway, a firewall or a proxy at the edge of the client's network.",
		Apart:   "A private address with `conn_type=Subnet` is a service endpoint (PL306); another private address than the client's own is a translation on the way (PL703). A vault's firewall that lists the address admits the request all the same: that does not make it private.",
		Fix:     "Find out where the name led to another address than the endpoint's, or who carried the request: the cause that is named beside this finding says.",
		Verify: []string{
			"host <vault>.vault.azure.net   # a public address, or a proxy carries the request",
			"curl -i https://<vault>.vault.azure.net/healthstatus   # addr is public",
		},
		Article: "7, Query the /healthstatus endpoint of the key vault",
		Errata:  "The article names two reasons, an endpoint that is not approved and a wrong resolution. A proxy and a client outside are as frequent.",
		Sources: []string{article},
	},
	Eval: func(c *Case) Result {
		x := c.Journey.Exchange
		switch {
		case x.Outcome != fact.OK:
			return Unknown("no answer of the vault tells from where the request came")
		case c.Journey.Verdict() == fact.Public:
			return Fail("the vault saw the request come from the public address "+x.Source.String()+": it crossed the internet",
				c.seen("", "conn_type=%s, source %s", x.Conn, x.Source))
		case c.Journey.Verdict() == fact.Undetermined:
			return Unknown("the vault's answer does not tell how the request came")
		}
		return Pass(fmt.Sprintf("the vault saw the source %s inside the network", x.Source))
	},
}
