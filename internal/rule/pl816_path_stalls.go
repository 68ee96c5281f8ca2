package rule

import (
	"fmt"

	"pldoctor/internal/change"
	"pldoctor/internal/fact"
	"pldoctor/internal/world"
)

// PL816: small packets pass and full-sized ones do not.
var pl816 = &Rule{
	Code: "PL816", Slug: "path-stalls", Severity: Error, Owner: OwnerNetwork, Stage: fact.StageTLS,
	Title: "the connection opens and large packets vanish",
	Doc: Doc{
		Symptom: "TCP connects at once, and the TLS handshake or the first large answer hangs until a timeout.",
		Cause:   "A tunnel or an appliance on the way carries smaller packets than the two ends assume, and the ICMP messages that would tell them so are dropped (a path MTU black hole, RFC 2923). VPN and encapsulating firewalls are where it happens.",
		Apart:   "With PL706 not even the connection opens. With PL805 the handshake fails at once, with a certificate. With PL817 a firewall resets the handshake as soon as it names the vault.",
		Fix:     "Whoever runs the tunnel or the appliance lets ICMP \"fragmentation needed\" pass, or clamps TCP's maximum segment size there.",
		Verify: []string{
			"tracepath -n <vault>.vault.azure.net   # the path's MTU, and where answers end",
			"ping -M do -s 1472 -c 1 <address-behind-the-same-tunnel>   # no answer, while -s 1200 gets one",
		},
		Article: notCovered,
		Errata:  "The article mentions lost packets and not that large ones alone can be lost.",
		Sources: []string{
			"https://www.rfc-editor.org/rfc/rfc2923",
			"https://learn.microsoft.com/azure/virtual-network/virtual-network-tcpip-performance-tuning",
		},
	},
	Eval: func(c *Case) Result {
		j := &c.Journey
		switch {
		case j.TLS.Outcome == fact.Stalled && rival(j.TLS.Reason) && j.TLS.Reason != fact.PacketTooLarge:
			return NotApplicable("the configuration says who cuts the handshake off, which has a code of its own")
		case j.TLS.Outcome == fact.Stalled, j.Exchange.Outcome == fact.Stalled:
			by := ""
			if id := world.ID(j.TLS.By); id != "" {
				by = ", behind " + c.Name(id)
			}
			return Fail(fmt.Sprintf("the connection to %s opens, and what follows gets lost%s: small packets pass, full-sized ones do not", c.destination(), by),
				c.seen(c.destination(), "TCP opens, the handshake gets no answer"))
		case j.TLS.Outcome == fact.OK:
			return Pass("the handshake's large packets pass")
		case j.TLS.Outcome == fact.Unseen:
			return Unknown("no TLS handshake was tried")
		}
		return Pass("the handshake was answered")
	},
	Breaks: func(s Site) []Break {
		if _, proxied := s.proxy(); proxied { // the proxy's connection would have to stall
			return nil
		}
		return s.throughAppliance(world.ForwardRole{SNAT: true, Stalls: true},
			func(id world.ID) change.Change { return change.SetStalling{Machine: id, On: true} })
	},
	Mends: func(c *Case) []change.Change {
		if c.World == nil {
			return nil
		}
		if h, ok := c.World.Host(world.ID(c.Journey.TLS.By)); ok && h.Forward != nil {
			return []change.Change{change.SetStalling{Machine: h.ID}}
		}
		return nil
	},
}
