package rule

import (
	"fmt"

	"pldoctor/internal/change"
	"pldoctor/internal/fact"
)

// PL701: a symptom. Who answered instead is for others to say.
var pl701 = &Rule{
	Code: "PL701", Slug: "not-key-vault", Severity: Error, Owner: OwnerProxy, Stage: fact.StageExchange, Symptom: true,
	Title: "something other than Key Vault answered: the header x-ms-keyvault-network-info is missing",
	Doc: Doc{
		Symptom: "`/healthstatus` answers, and the answer lacks `x-ms-keyvault-network-info`: a login page, a block page, a machine's own web server.",
		Cause:   "The name leads to a machine that is no vault, or a proxy or firewall answers in the vault's place. Since the certificate was valid for the vault's name, somebody holds one that this client trusts.",
		Apart:   "With PL805 the certificate is not trusted. With PL402 the address is private and no endpoint's.",
		Fix:     "Look at the page that came and at the address that it came from, and send no token there. Where a proxy's or a firewall's filter answers, whoever runs it exempts the vaults' suffix, or whoever owns the client adds the suffix to `NO_PROXY`.",
		Verify: []string{
			"curl -i https://<vault>.vault.azure.net/healthstatus   # no x-ms-keyvault-network-info",
			"openssl s_client -connect <vault>.vault.azure.net:443 -servername <vault>.vault.azure.net </dev/null | openssl x509 -noout -issuer -subject   # whose certificate it is",
		},
		Article: "7, Query the /healthstatus endpoint of the key vault",
		Errata:  "The article calls a missing header a sign of tampering. More often a login page or a machine with an old address answers.",
		Sources: []string{article},
	},
	Eval: func(c *Case) Result {
		switch x := c.Journey.Exchange; x.Outcome {
		case fact.NotKeyVault:
			return Fail(fmt.Sprintf("%s answers HTTP %d without x-ms-keyvault-network-info: it is not Key Vault", c.destination(), x.Status),
				c.seen(c.destination(), "HTTP %d without x-ms-keyvault-network-info", x.Status))
		case fact.OK:
			return Pass("the answer has Key Vault's header")
		}
		return Unknown("no answer came over HTTP")
	},
	// Past a proxy there is another way; who else answers in the vault's place
	// has to be found.
	Mends: func(c *Case) []change.Change {
		if !c.proxied() {
			return nil
		}
		return c.passProxy()
	},
}

// destination is what the client connected to, in words.
func (c *Case) destination() string {
	switch j := c.Journey; {
	case j.Proxy.Server != "":
		return "what the proxy " + j.Proxy.Server + " leads to"
	case j.Connect.Addr.IsValid():
		return c.label(j.Connect.Addr)
	}
	return c.Host.Host()
}
