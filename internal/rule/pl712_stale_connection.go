package rule

import (
	"fmt"
	"net/netip"
	"slices"

	"pldoctor/internal/change"
	"pldoctor/internal/fact"
)

// PL712: a fresh probe is good, and the program is not. A probe does not see the
// connections of other programs, so this is known of a described world only.
var pl712 = &Rule{
	Code: "PL712", Slug: "stale-connection", Severity: Warning, Owner: OwnerClient, Stage: fact.StageConnect, Weight: 1,
	Title: "a connection opened before the change is still in use",
	Doc: Doc{
		Symptom: "A probe from the same machine arrives over private link, while the program still gets `ForbiddenByConnection`.",
		Cause:   "HTTP clients keep connections open and never resolve the name again while one is busy. One that was opened to the public address before private link worked stays there.",
		Apart:   "With PL812 a cache holds the old address; with PL811 programs resolve differently from DNS. Both show in a fresh probe, this does not.",
		Fix:     "Restart the program, and bound the life of its connections (.NET: `SocketsHttpHandler.PooledConnectionLifetime`). Nothing about DNS has to change.",
		Verify: []string{
			"ss --numeric --tcp state established '( dport = :443 )'",
		},
		Article: notCovered,
		Errata:  "The article speaks of TTLs only. A connection that is kept open outlives every TTL.",
		Sources: []string{
			"https://learn.microsoft.com/dotnet/fundamentals/networking/http/httpclient-guidelines",
			"https://pkg.go.dev/net/http#Transport",
		},
	},
	Eval: func(c Case) Result {
		switch {
		case c.Client == nil || len(c.Client.Open) == 0:
			return Unknown("the probe opens connections of its own, and did not look which ones other programs keep open from before")
		case !c.arrives():
			return NotApplicable("a fresh request does not arrive over private link either")
		}
		i := slices.IndexFunc(c.Client.Open, func(a netip.Addr) bool { return !c.IsEndpointAddress(a) })
		if i < 0 {
			return Pass("the connections that are open lead to a private endpoint of the vault")
		}
		return Fail(fmt.Sprintf("a fresh request arrives over private link, but a program on %s keeps a connection to %s open from before", c.who(), c.Client.Open[i]),
			read(c.who(), "open connection to %s", c.Client.Open[i]))
	},
	Breaks: func(s Site) []Break {
		if len(s.Vault.PublicAddresses) == 0 {
			return nil
		}
		return []Break{{change.KeepOpen{Host: s.Client.ID, Addrs: s.Vault.PublicAddresses[:1]}}}
	},
	Mends: func(c Case) []change.Change {
		if c.Client == nil {
			return nil
		}
		return []change.Change{change.KeepOpen{Host: c.Client.ID}}
	},
}
