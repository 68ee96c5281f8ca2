package rule

import (
	"fmt"
	"net/netip"
	"slices"

	"pldoctor/internal/change"
	"pldoctor/internal/fact"
)

// PL712: a fresh probe is good, and the program is not. Of the connections of
// other programs a machine tells the address, and not for which vault they are.
var pl712 = &Rule{
	Code: "PL712", Slug: "stale-connection", Severity: Warning, Owner: OwnerClient, Stage: fact.StageConnect, Aside: true, Weight: 1,
	Title: "a connection opened before the change is still in use",
	Doc: Doc{
		Symptom: "A probe from the same machine arrives over private link, while the program still gets `ForbiddenByConnection`.",
		Cause:   "HTTP clients keep connections open and never resolve the name again while one is busy. One that was opened to the public address before private link worked stays there.",
		Apart:   "With PL812 a cache holds the old address; with PL811 programs resolve differently from DNS. Both show in a fresh probe, this does not. The address of an open connection tells the region, not the vault: a program that uses a second vault of the region, which has no private endpoint, looks the same.",
		Fix:     "Whoever owns the program restarts it, and bounds the life of its connections (.NET: `SocketsHttpHandler.PooledConnectionLifetime`). Nothing about DNS has to change.",
		Verify: []string{
			"ss --numeric --tcp --processes state established '( dport = :443 )'   # a program that is connected to the vault's public address",
		},
		Article: notCovered,
		Errata:  "The article speaks of TTLs only. A connection that is kept open outlives every TTL.",
		Sources: []string{
			"https://learn.microsoft.com/dotnet/fundamentals/networking/http/httpclient-guidelines",
			"https://pkg.go.dev/net/http#Transport",
		},
	},
	Eval: func(c *Case) Result {
		open, looked := c.open()
		switch {
		case !looked:
			return Unknown("the probe did not look which connections programs keep open from before, or nothing told where the vault's public side is")
		case !c.arrives():
			return NotApplicable("a fresh request does not arrive over private link either")
		}
		i := slices.IndexFunc(open, func(a netip.Addr) bool { return !c.IsEndpointAddress(a) })
		if i < 0 {
			return Pass("no connection is open to a public front end of the vault's region")
		}
		return Fail(fmt.Sprintf("a fresh request arrives over private link, but a program on %s keeps a connection to %s open from before, "+
			"a public front end of the vault's region. Other vaults of the region have the same front ends: the connection may be to one of them", c.who(), open[i]),
			Evidence{c.source(), c.who(), fmt.Sprintf("open connection to %s port 443", open[i])}).Perhaps()
	},
	Breaks: func(s Site) []Break {
		if len(s.Vault.PublicAddresses) == 0 {
			return nil
		}
		return []Break{{change.KeepOpen{Host: s.Client.ID, Addrs: s.Vault.PublicAddresses[:1]}}}
	},
	Mends: func(c *Case) []change.Change {
		if c.Client == nil {
			return nil
		}
		return []change.Change{change.KeepOpen{Host: c.Client.ID}}
	},
}

// open are the front ends of the vault's region to which programs on the client
// hold connections open; looked is false where nobody could tell.
func (c *Case) open() (addrs []netip.Addr, looked bool) {
	switch {
	case c.Seen != nil:
		return c.Seen.Client.Open, c.Seen.Client.OpenSeen
	case c.Predicted != nil:
		return c.Predicted.Client.Open, len(c.Predicted.Client.Open) > 0
	}
	return nil, false
}
