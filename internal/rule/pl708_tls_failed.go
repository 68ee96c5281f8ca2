package rule

import (
	"fmt"

	"pldoctor/internal/fact"
)

// PL708: a symptom. The privatelink name (PL103), interception (PL805) and lost
// packets (PL816) have rules of their own.
var pl708 = &Rule{
	Code: "PL708", Slug: "tls-failed", Severity: Error, Owner: OwnerNetwork, Stage: fact.StageTLS, Symptom: true,
	Title: "the TLS handshake fails or the certificate's name does not match",
	Doc: Doc{
		Symptom: "`certificate is valid for … not …`, `certificate has expired`, `handshake failure`.",
		Cause:   "Who answers is not the vault, or the two sides do not agree: a name that the certificate does not cover, an expired certificate of an interceptor, a clock that is wrong, a client without TLS 1.2.",
		Apart:   "With PL103 the client uses the privatelink name, with PL805 the issuer is not trusted, with PL816 the handshake hangs. With PL402 or PL803 the address is another machine's, whose certificate comes.",
		Fix:     "Look at the certificate that comes, at who issued it and for which names, and at the client's clock and TLS versions (the vault takes 1.2 and 1.3). Never turn validation off.",
		Verify: []string{
			"openssl s_client -connect <vault>.vault.azure.net:443 -servername <vault>.vault.azure.net </dev/null | openssl x509 -noout -issuer -subject -dates -ext subjectAltName",
		},
		Article: "7, Query the key vault IP address directly",
		Errata:  "The article's `-k` and `-SkipCertificateCheck` are for learning only: with them this fault cannot be seen.",
		Sources: []string{article, "https://www.rfc-editor.org/rfc/rfc9525"},
	},
	Eval: func(c *Case) Result {
		switch h := c.Journey.TLS; h.Outcome {
		case fact.Unseen:
			return Unknown("no TLS handshake was tried")
		case fact.OK:
			return Pass("the certificate is trusted and covers the vault's name")
		case fact.UntrustedIssuer, fact.Stalled:
			return Pass("the handshake fails for a reason with a code of its own")
		default:
			return Fail(fmt.Sprintf("the TLS handshake with %s fails: %s", c.destination(), tlsWords(h.Outcome)),
				c.seen(c.destination(), "%s", tlsWords(h.Outcome)))
		}
	},
}

func tlsWords(o fact.Outcome) string {
	switch o {
	case fact.NameMismatch:
		return "the certificate does not cover the name"
	case fact.CertExpired:
		return "the certificate has expired, or the clock is wrong"
	case fact.Reset:
		return "the connection is cut off during the handshake"
	}
	return string(o)
}
