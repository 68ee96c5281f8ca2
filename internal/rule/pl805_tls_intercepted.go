package rule

import (
	"cmp"
	"fmt"
	"strings"

	"pldoctor/internal/change"
	"pldoctor/internal/fact"
	"pldoctor/internal/world"
)

// PL805: the handshake itself names the culprit, so no configuration is needed.
var pl805 = &Rule{
	Code: "PL805", Slug: "tls-intercepted", Severity: Error, Owner: OwnerProxy, Stage: fact.StageTLS, Weight: 2,
	Title: "somebody re-signs TLS with an issuer that this client does not trust",
	Doc: Doc{
		Symptom: "`x509: certificate signed by unknown authority`, `self-signed certificate in certificate chain`, `PKIX path building failed`, on a name that resolves rightly.",
		Cause:   "A proxy, a firewall or security software on the way, or on the machine, ends TLS and makes a certificate of its own. Browsers on managed machines trust its authority; containers, agents and SDKs with their own roots do not.",
		Apart:   "With PL708 the issuer is a public one and another thing is wrong: the name, the dates, the version. An issuer of Microsoft's or DigiCert's is the genuine one. With PL701 the client trusts the interceptor's authority, and something else than the vault answers.",
		Fix:     "Whoever runs the proxy or the firewall exempts the vaults' names from inspection: secrets should not pass an interceptor, and Microsoft does not support it. Do not turn validation off.",
		Verify: []string{
			"openssl s_client -connect <vault>.vault.azure.net:443 -servername <vault>.vault.azure.net </dev/null | openssl x509 -noout -issuer   # not Microsoft's or DigiCert's",
		},
		Article: "8, Promiscuous proxies (Fiddler, etc.)",
		Errata:  "The article names Fiddler and gateways in general, and no way to tell which it is: the certificate's issuer does.",
		Sources: []string{
			article,
			"https://learn.microsoft.com/azure/security/fundamentals/azure-certificate-authority-details",
			"https://learn.microsoft.com/azure/firewall/premium-features",
		},
	},
	Eval: func(c *Case) Result {
		t := c.Journey.TLS
		switch t.Outcome {
		case fact.Unseen:
			return Unknown("no TLS handshake was tried")
		case fact.UntrustedIssuer:
		default:
			return Pass("the certificate's issuer is one that this client trusts, or none was shown")
		}
		by := "somebody on the way"
		if product := interceptor(t.Issuer); product != "" {
			by = product
		}
		if id := world.ID(t.By); id != "" {
			by += " (" + c.Name(id) + ")"
		}
		issuer := cmp.Or(t.Issuer, "an issuer that was not recorded")
		return Fail(fmt.Sprintf("TLS is re-signed by %s: the certificate for %s was issued by %s, which this client does not trust", by, c.Journey.Name.Host.Host(), issuer),
			c.seen(c.destination(), "certificate issued by %s", issuer))
	},
	Breaks: func(s Site) []Break {
		const issuer = "CN=Corp Inspection CA"
		if proxy, ok := s.proxy(); ok {
			return []Break{{change.SetInspection{Machine: proxy.ID, On: true, Issuer: issuer}}}
		}
		return s.throughAppliance(world.ForwardRole{SNAT: true, InterceptTLS: true, Issuer: issuer},
			func(id world.ID) change.Change { return change.SetInspection{Machine: id, On: true, Issuer: issuer} })
	},
	Mends: func(c *Case) []change.Change {
		if c.World == nil {
			return nil
		}
		if h, ok := c.World.Host(world.ID(c.Journey.TLS.By)); ok {
			return []change.Change{change.SetInspection{Machine: h.ID}}
		}
		return nil
	},
}

// interceptors are the products whose names stand in the certificates that they
// make, by a part of the issuer in lower case.
var interceptors = []struct{ part, product string }{
	{"zscaler", "Zscaler"},
	{"netskope", "Netskope"},
	{"goskope", "Netskope"},
	{"palo alto", "Palo Alto Networks"},
	{"paloalto", "Palo Alto Networks"},
	{"pan-os", "Palo Alto Networks"},
	{"prisma access", "Palo Alto Networks Prisma Access"},
	{"fortinet", "Fortinet FortiGate"},
	{"fortigate", "Fortinet FortiGate"},
	{"umbrella", "Cisco Umbrella"},
	{"cisco", "Cisco"},
	{"sophos", "Sophos"},
	{"check point", "Check Point"},
	{"checkpoint", "Check Point"},
	{"blue coat", "Symantec Blue Coat"},
	{"bluecoat", "Symantec Blue Coat"},
	{"symantec web", "Symantec Blue Coat"},
	{"skyhigh", "Skyhigh (McAfee) Web Gateway"},
	{"mcafee", "Skyhigh (McAfee) Web Gateway"},
	{"forcepoint", "Forcepoint"},
	{"websense", "Forcepoint"},
	{"barracuda", "Barracuda"},
	{"sonicwall", "SonicWall"},
	{"watchguard", "WatchGuard"},
	{"cato networks", "Cato Networks"},
	{"iboss", "iboss"},
	{"cloudflare", "Cloudflare Gateway"},
	{"azure firewall", "Azure Firewall Premium"},
	{"mitmproxy", "mitmproxy"},
	{"fiddler", "Fiddler"},
	{"charles proxy", "Charles"},
	{"portswigger", "Burp Suite"},
	{"squid", "Squid"},
	{"kaspersky", "Kaspersky"},
	{"eset ssl filter", "ESET"},
	{"avast", "Avast"},
	{"bitdefender", "Bitdefender"},
}

// interceptor names the product that made a certificate, "" for one that is not
// known.
func interceptor(issuer string) string {
	issuer = strings.ToLower(issuer)
	for _, x := range interceptors {
		if strings.Contains(issuer, x.part) {
			return x.product
		}
	}
	return ""
}

// InterceptorMarks are the parts of issuers, in lower case, by which products
// that re-sign TLS are known.
func InterceptorMarks() []string {
	var marks []string
	for _, x := range interceptors {
		marks = append(marks, x.part)
	}
	return marks
}
