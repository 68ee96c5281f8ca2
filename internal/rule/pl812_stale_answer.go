package rule

import (
	"fmt"
	"time"

	"pldoctor/internal/change"
	"pldoctor/internal/fact"
)

// PL812: DNS is right by now.
var pl812 = &Rule{
	Code: "PL812", Slug: "stale-answer", Severity: Warning, Owner: OwnerClient, Stage: fact.StageResolver,
	Title: "a cache still holds the old answer",
	Doc: Doc{
		Symptom: "After the zone was put right, programs on a machine still get the public address, or the address of an endpoint that is gone, while DNS servers give the right one.",
		Cause:   "The machine, or the program's runtime, keeps an answer until its TTL ends. Records made by hand have a TTL of an hour by default, and some runtimes keep answers longer than the TTL says.",
		Apart:   "With PL803 the hosts file says so, with PL811 the machine asks other servers. A cache lets go by itself; the others do not. PL712 is a connection that was opened to the old address.",
		Fix:     "Whoever owns the machine waits for the TTL to end, empties the cache (`resolvectl flush-caches`, `ipconfig /flushdns`), or restarts the program.",
		Verify: []string{
			"host <vault>.vault.azure.net   # what DNS says",
			"getent ahosts <vault>.vault.azure.net   # what programs get: the old address",
		},
		Article: "6, Confirm that the Private DNS Zone contains the right A record",
		Errata:  "The article's note names the TTL. What it suggests elsewhere, a reboot, helps only because it empties the cache.",
		Sources: []string{
			"https://learn.microsoft.com/azure/key-vault/general/private-link-diagnostics",
			"https://www.rfc-editor.org/rfc/rfc2308",
		},
	},
	Eval: func(c *Case) Result {
		switch hop := c.Journey.Resolver; {
		case c.proxied():
			return NotApplicable("the proxy resolves the name, not this client")
		case hop.Outcome == fact.Unseen:
			return Unknown("nobody looked how the name is resolved")
		case c.cached():
		case hop.Via == fact.ViaProgram && !c.rightAddress(c.Journey.Answer.Addr) && !c.arrives():
			return Unknown("programs get another answer than DNS servers give; whether from a cache cannot be seen")
		default:
			return Pass("the address does not come from a cache")
		}
		if c.rightAddress(c.Journey.Answer.Addr) {
			return Pass("the cached address is that of an endpoint of the vault")
		}
		until := ""
		if c.Client != nil {
			until = fmt.Sprintf(", and keeps it for another %s", c.Client.Cached[c.Host].TTL.Round(time.Second))
		}
		return Fail(fmt.Sprintf("the client still holds %s for %s in its cache%s", c.Journey.Answer.Addr, c.Host.Host(), until), c.otherAnswers()...)
	},
	Breaks: func(s Site) []Break {
		var breaks []Break
		old := change.SetCached{Host: s.Client.ID, Name: s.hostname(), TTL: handmadeTTL * time.Second}
		if len(s.Vault.PublicAddresses) > 0 {
			old.Addr = s.Vault.PublicAddresses[0]
			breaks = append(breaks, Break{old})
		}
		old.Addr = s.nobody()
		return append(breaks, Break{old})
	},
	Mends: func(c *Case) []change.Change {
		if c.Client == nil {
			return nil
		}
		return []change.Change{change.SetCached{Host: c.Client.ID, Name: c.Host}}
	},
}
