package render

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"pldoctor/internal/diagnose"
	"pldoctor/internal/fact"
	"pldoctor/internal/service"
)

// A hop is one line of the path.
type hop struct {
	stage fact.Stage
	name  string
	lines []string // the first says what happened; empty: not reached
	fine  bool     // did its part, although the stage went wrong
}

// path draws the way of a request, with what was seen at each hop.
func (p *paper) path(r diagnose.Report) {
	title := "The path of a request"
	if len(r.Sources) == 1 && r.Sources[0] == "configuration" {
		title += ", as the configuration predicts it"
	}
	p.head(title)
	p.item("  "+p.ink(green, "✓")+" client", 13, clientLine(r))
	for _, h := range hops(r) {
		p.hop(r, h)
	}
}

func (p *paper) hop(r diagnose.Report, h hop) {
	bad := r.Facts.FirstBad
	mark := p.ink(green, "✓")
	switch {
	case len(h.lines) == 0:
		p.line("  " + p.ink(dim, "·") + " " + h.name + strings.Repeat(" ", 9-len(h.name)) + p.ink(dim, unreached(r)))
		return
	case h.stage == fact.StageAccess && r.Facts.Journey.Access.Outcome == fact.Unseen:
		mark = p.ink(dim, "·")
	case bad != fact.NoStage && h.stage == bad && !h.fine:
		mark = p.ink(red, "✗")
	case bad != fact.NoStage && h.stage > bad:
		mark = p.ink(yellow, "!")
	}
	p.item("  "+mark+" "+h.name, 13, h.lines[0])
	for _, l := range h.lines[1:] {
		p.item("", 13, l)
	}
}

// unreached says why there is nothing to say of a hop.
func unreached(r diagnose.Report) string {
	if seen := r.Facts.Seen; seen != nil && !seen.Complete && r.Verdict == fact.Undetermined {
		return "not looked at: the time ran out"
	}
	return "not reached"
}

func clientLine(r diagnose.Report) string {
	text := strings.TrimSpace(r.Client.Host + " " + r.Client.Address)
	if r.Client.Network != "" {
		text += ", in " + r.Client.Network
	}
	if r.Client.Runs != "" && r.Client.Runs != "vm" && r.Client.Runs != "machine" {
		text += ", runs as " + r.Client.Runs
	}
	return strings.TrimSpace(text)
}

// hops are the stages of the journey that matter to it.
func hops(r diagnose.Report) []hop {
	j := r.Facts.Journey
	var list []hop
	if j.Name.Outcome != fact.OK && j.Name.Outcome != fact.Unseen {
		list = append(list, hop{stage: fact.StageName, name: "name", lines: []string{nameLine(j)}})
	}
	if j.Proxy.Server != "" {
		list = append(list, hop{stage: fact.StageProxy, name: "proxy", lines: proxyLines(j)})
	} else {
		list = append(list, hop{stage: fact.StageResolver, name: "resolver", lines: resolverLines(r)})
		if zone := zoneLine(r); zone != "" {
			list = append(list, hop{stage: fact.StageAnswer, name: "zone", lines: []string{zone}, fine: j.Answer.Reason == fact.FromZone})
		}
		list = append(list, hop{stage: fact.StageAnswer, name: "answer", lines: answerLines(r)})
	}
	return append(list,
		hop{stage: fact.StageConnect, name: "connect", lines: connectLines(r)},
		hop{stage: fact.StageTLS, name: "tls", lines: tlsLines(r)},
		hop{stage: fact.StageExchange, name: "vault", lines: exchangeLines(r)},
		hop{stage: fact.StageAccess, name: "access", lines: accessLines(r)},
	)
}

func nameLine(j fact.Journey) string {
	if j.Name.Outcome == fact.PrivatelinkName {
		return j.Name.Host.Host() + " is the name in the private zone; the vault's certificate does not cover it"
	}
	return j.Name.Host.Host() + " is a name of another cloud"
}

func proxyLines(j fact.Journey) []string {
	server := j.Proxy.Server
	switch j.Proxy.Outcome {
	case fact.Unseen:
		return nil
	case fact.OK:
		return []string{server + " takes the request and resolves the name itself"}
	case fact.ProxyUnusable:
		return []string{server + " is to take the request; pldoctor cannot look through a proxy set so"}
	}
	return []string{server + " " + failure(j.Proxy.Outcome)}
}

func resolverLines(r diagnose.Report) []string {
	h := r.Facts.Journey.Resolver
	switch {
	case h.Via == fact.ViaHostsFile:
		return []string{"the hosts file of the client" + hostsLine(r)}
	case h.Via == fact.ViaCache:
		return []string{"an answer that the client still caches"}
	case h.Via == fact.ViaSearch:
		return []string{serverName(h.Server) + ", asked for " + h.Name.Host() + " first: the search list makes it"}
	case h.Via == fact.ViaProgram && h.Outcome == fact.OK:
		return []string{"the client's resolver library, from none of the DNS servers asked"}
	case h.Outcome == fact.NoServer:
		return []string{"the client has no DNS server configured"}
	case h.Outcome == fact.Unseen:
		return nil
	}
	server := "the DNS servers"
	if h.Server.IsValid() {
		server = serverName(h.Server)
	}
	if network := vnetName(string(h.By)); network != "" && h.Server == fact.AzureDNS {
		server += " of VNet " + network
	}
	if h.Outcome == fact.OK {
		return []string{server + ", answers" + took(lookup(r))}
	}
	return []string{server + " " + failure(h.Outcome)}
}

// zoneLine says what the private DNS zone did to the answer, where the
// configuration tells.
func zoneLine(r diagnose.Report) string {
	a := r.Facts.Journey.Answer
	zone, ok := service.KeyVault(r.Target.Cloud)
	if !ok {
		return ""
	}
	required := zone.Zone.Host()
	switch a.Reason {
	case fact.FromZone:
		return lastPart(string(a.By)) + " is linked and holds the record"
	case fact.FromWildcard:
		return lastPart(string(a.By)) + " is linked and answers by its * record"
	case fact.NoRecord:
		return lastPart(string(a.By)) + " is linked and has no record of this vault"
	case fact.NoZoneLinked:
		if network := vnetName(string(a.By)); network != "" {
			return "no zone " + required + " is linked to VNet " + network
		}
		return "" // the server asked is none that a zone could be linked to
	case fact.FallenBack:
		return lastPart(string(a.By)) + " has no record of this vault; its link lets public DNS answer"
	case fact.PublicRegistry:
		return "not consulted: the name has no alias into " + required
	}
	return ""
}

func serverName(a netip.Addr) string {
	if a == fact.AzureDNS {
		return a.String() + ", Azure DNS"
	}
	return a.String()
}

// vnetName is the name of a VNet in an id, "" for anything else.
func vnetName(id string) string {
	if !strings.Contains(id, "/virtualnetworks/") {
		return ""
	}
	return id[strings.LastIndexByte(id, '/')+1:]
}

func hostsLine(r diagnose.Report) string {
	if seen := r.Facts.Seen; seen != nil && len(seen.Client.HostsFile) > 0 {
		l := seen.Client.HostsFile[0]
		return fmt.Sprintf(", line %d: %s %s", l.Line, l.Addr, l.Name.Host())
	}
	return ""
}

// lookup is the raw answer that the journey rests on.
func lookup(r diagnose.Report) (fact.Lookup, bool) {
	j, seen := r.Facts.Journey, r.Facts.Seen
	if seen == nil {
		return fact.Lookup{}, false
	}
	i := slices.IndexFunc(seen.Lookups, func(l fact.Lookup) bool {
		return l.Server == j.Resolver.Server && l.Server.IsValid() && l.Question == answered(j) && l.Type == "A" && !l.CD
	})
	if i < 0 {
		return fact.Lookup{}, false
	}
	return seen.Lookups[i], true
}

func took(l fact.Lookup, ok bool) string {
	if !ok || l.Took == 0 {
		return ""
	}
	return " in " + short(l.Took)
}

func short(d time.Duration) string {
	switch {
	case d < time.Millisecond:
		return "under 1 ms"
	case d < time.Second:
		return fmt.Sprintf("%d ms", d.Round(time.Millisecond).Milliseconds())
	}
	return fmt.Sprintf("%.1f s", d.Seconds())
}

// answerLines show the chain of names, then the address and what it is.
func answerLines(r diagnose.Report) []string {
	j := r.Facts.Journey
	a := j.Answer
	if a.Outcome == fact.Unseen {
		return nil
	}
	lines := []string{answered(j).Host()}
	l, ok := lookup(r)
	for _, n := range l.Chain {
		lines = append(lines, "→ "+n.Host())
	}
	if !ok && a.Alias {
		lines = append(lines, "→ its alias in the private zone")
	}
	if a.Outcome != fact.OK {
		return append(lines, "→ "+failure(a.Outcome))
	}
	return append(lines, "= "+addressLine(r, a))
}

func addressLine(r diagnose.Report, a fact.AnswerHop) string {
	text := a.Addr.String()
	for _, e := range r.Facts.Endpoints {
		if e.Address == text {
			return text + ", the private endpoint " + lastPart(e.ID)
		}
	}
	switch a.Class {
	case fact.PrivateAddr:
		text += ", a private address"
	case fact.PublicAddr:
		text += ", a public address"
	default:
		text += ", an address that no vault can have"
	}
	if len(r.Facts.Endpoints) > 0 {
		e := r.Facts.Endpoints[0]
		text += fmt.Sprintf("; the private endpoint %s has %s", lastPart(e.ID), e.Address)
	}
	return text
}

func lastPart(id string) string { return id[strings.LastIndexByte(id, '/')+1:] }

func connectLines(r diagnose.Report) []string {
	h := r.Facts.Journey.Connect
	switch {
	case h.Outcome == fact.Unseen:
		return nil
	case h.Outcome == fact.OK && !h.Addr.IsValid():
		return []string{"the proxy connects; where to is its secret"}
	case h.Outcome == fact.OK:
		return []string{fmt.Sprintf("TCP %s port 443 is open%s", h.Addr, phase(r, func(p fact.Phases) time.Duration { return p.Connect }))}
	}
	return []string{fmt.Sprintf("TCP %s port 443 %s", h.Addr, failure(h.Outcome))}
}

// phase is the time that a part of the first request took.
func phase(r diagnose.Report, part func(fact.Phases) time.Duration) string {
	if r.Facts.Seen == nil {
		return ""
	}
	for _, q := range r.Facts.Seen.Requests {
		if q.Addr == r.Facts.Journey.Connect.Addr && part(q.Took) > 0 {
			return ", " + short(part(q.Took))
		}
	}
	return ""
}

func tlsLines(r diagnose.Report) []string {
	h := r.Facts.Journey.TLS
	switch h.Outcome {
	case fact.Unseen:
		return nil
	case fact.OK:
		return []string{"the certificate is valid for " + r.Facts.Journey.Name.Host.Host() + phase(r, func(p fact.Phases) time.Duration { return p.TLS })}
	case fact.UntrustedIssuer:
		return []string{"the certificate is signed by " + h.Issuer + ", which this client does not trust"}
	case fact.NameMismatch:
		return []string{"the certificate does not cover " + r.Facts.Journey.Name.Host.Host()}
	}
	return []string{"the handshake " + failure(h.Outcome)}
}

// ways say how the vault saw the request arrive.
var ways = map[service.ConnType]string{
	service.ConnPrivateLink: "through a private endpoint",
	service.ConnSubnet:      "through a service endpoint",
	service.ConnIPv4:        "over the internet",
	service.ConnIPv6:        "over the internet",
}

func exchangeLines(r diagnose.Report) []string {
	h := r.Facts.Journey.Exchange
	switch {
	case h.Outcome == fact.Unseen:
		return nil
	case h.Outcome == fact.NotKeyVault:
		return []string{fmt.Sprintf("something answers with status %d, and it is not Key Vault", h.Status)}
	case h.Outcome != fact.OK:
		return []string{"the request " + failure(h.Outcome)}
	}
	way := cmp.Or(ways[h.Conn], "by a way that it does not name")
	if h.Conn == service.ConnPrivateLink && h.Endpoint != "" {
		way = "through the private endpoint " + lastPart(string(h.Endpoint))
	}
	line := fmt.Sprintf("/healthstatus answers %d: the request came %s", h.Status, way)
	if h.Source.IsValid() {
		line += fmt.Sprintf(", from %s", h.Source)
	}
	return []string{line}
}

func accessLines(r diagnose.Report) []string {
	h := r.Facts.Journey.Access
	switch h.Outcome {
	case fact.OK:
		return []string{"a request with a token is let in"}
	case fact.RefusedNetwork:
		if h.Denial == service.DeniedTCP {
			return []string{"the vault refuses what comes over this connection, or with this Host header (403)"}
		}
		if r.Facts.Seen != nil && r.Facts.Seen.Journey.Access.Outcome != fact.Unseen {
			return []string{"a request with a token is refused because of where it comes from (403)"}
		}
		return []string{"by its settings, the vault refuses what comes this way (403)"}
	case fact.RefusedIdentity:
		return []string{"a request with a token is refused because of who asks"}
	}
	if r.Facts.Journey.Exchange.Outcome == fact.OK {
		return []string{"not tested: no token was presented (--authenticate does)"}
	}
	return nil
}

// failures say what went wrong, as the end of a sentence.
var failures = map[fact.Outcome]string{
	fact.Timeout:        "does not answer (timed out)",
	fact.Refused:        "refuses the connection (reset)",
	fact.Reset:          "is cut off",
	fact.Unreachable:    "cannot be reached (no route)",
	fact.Stalled:        "stalls once large packets are sent",
	fact.Malformed:      "answers with what the protocol does not allow",
	fact.NXDomain:       "NXDOMAIN: no such name",
	fact.NoData:         "no addresses of that name",
	fact.ServFail:       "SERVFAIL: the DNS server fails",
	fact.DNSRefuse:      "REFUSED: the DNS server refuses to answer",
	fact.Truncated:      "the answer needs TCP port 53, and that fails",
	fact.ProxyAuth:      "asks for credentials (407)",
	fact.ProxyForbidden: "forbids it (403)",
	fact.ProxyGateway:   "cannot reach the vault itself (5xx)",
	fact.CertExpired:    "ends at a certificate that has expired",
	fact.TLSFailed:      "fails",
	fact.NoInfo:         "is answered without a word on how it came",
}

func failure(o fact.Outcome) string {
	if text := failures[o]; text != "" {
		return text
	}
	return "fails: " + string(o)
}
