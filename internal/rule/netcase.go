package rule

import (
	"fmt"
	"net/netip"
	"slices"

	"pldoctor/internal/fact"
	"pldoctor/internal/service"
	"pldoctor/internal/world"
)

// Resource types whose gaps keep rules about the vault and the way to it from
// judging.
const (
	vaultType    = "microsoft.keyvault/vaults"
	nsgType      = "microsoft.network/networksecuritygroups"
	routesType   = "microsoft.network/routetables"
	firewallType = "microsoft.network/azurefirewalls"
)

// The article that most codes are about.
const article = "https://learn.microsoft.com/azure/key-vault/general/private-link-diagnostics"

const notCovered = "not covered"

func read(where, what string, args ...any) Evidence {
	return Evidence{"configuration", where, fmt.Sprintf(what, args...)}
}

func probed(where, what string, args ...any) Evidence {
	return Evidence{"probe", where, fmt.Sprintf(what, args...)}
}

// seen is evidence of the journey.
func (c *Case) seen(where, what string, args ...any) Evidence {
	return Evidence{c.source(), where, fmt.Sprintf(what, args...)}
}

// arrives tells whether requests reach the vault over private link.
func (c *Case) arrives() bool { return c.Journey.Verdict() == fact.Private }

// approved tells whether what was seen shows by itself that the vault has an
// approved connection: the alias of its public name, on whatever server, or a
// request to whatever address that arrived over private link.
func (c *Case) approved() bool {
	if c.World != nil || c.Seen == nil {
		return false
	}
	return slices.ContainsFunc(c.Seen.Servers, func(v fact.ServerView) bool { return v.Host.Alias }) ||
		slices.ContainsFunc(c.Seen.Addresses, func(v fact.AddressView) bool { return v.Exchange.Conn == service.ConnPrivateLink })
}

// proxied tells whether an explicit proxy takes the request.
func (c *Case) proxied() bool {
	return c.Journey.Proxy.Outcome != fact.Unseen || c.Journey.Proxy.Server != ""
}

// proxyReached tells whether a proxy answered to CONNECT, be it with a refusal.
func (c *Case) proxyReached() bool {
	switch c.Journey.Proxy.Outcome {
	case fact.OK, fact.ProxyAuth, fact.ProxyForbidden, fact.ProxyGateway:
		return true
	}
	return false
}

// past is the request past the proxy, as far as anybody looked.
func (c *Case) past() (fact.Journey, bool) {
	switch {
	case c.Seen != nil && c.Seen.Direct.Name.Outcome != fact.Unseen:
		return c.Seen.Direct, true
	case c.Predicted != nil:
		return c.Predicted.Direct, true
	}
	return fact.Journey{}, false
}

// home is the network that the client's packets start in.
func (c *Case) home() world.ID {
	if c.World == nil || c.Client == nil {
		return ""
	}
	return c.World.Node(c.Client).Network
}

// homeSubnet is the subnet that the client's packets start in.
func (c *Case) homeSubnet() (*world.Subnet, bool) {
	if c.World == nil || c.Client == nil {
		return nil, false
	}
	return subnetOf(c.World, c.Client)
}

func subnetOf(w *world.World, h *world.Host) (*world.Subnet, bool) {
	node := w.Node(h)
	if s, _, ok := w.Subnet(node.Subnet); ok {
		return s, true
	}
	if v, ok := w.VNet(node.Network); ok {
		return v.SubnetOf(node.Address)
	}
	return nil, false
}

// ownRange is the range that the client's packets come from: its subnet, site or
// pool of addresses, else its own address; zero where that is not known.
func (c *Case) ownRange() netip.Prefix {
	if c.World == nil || c.Client == nil {
		return netip.Prefix{}
	}
	node := c.World.Node(c.Client)
	var ranges []netip.Prefix
	if s, ok := subnetOf(c.World, c.Client); ok {
		ranges = s.Prefixes
	} else if s, ok := c.World.Site(node.Network); ok {
		ranges = s.Prefixes
	} else if g, ok := c.World.Gateway(node.Network); ok {
		ranges = g.Pool
	}
	for _, p := range ranges {
		if p.Contains(node.Address) {
			return p
		}
	}
	if !node.Address.IsValid() {
		return netip.Prefix{}
	}
	return netip.PrefixFrom(node.Address, node.Address.BitLen())
}

// who is how the client is called.
func (c *Case) who() string {
	switch {
	case c.Client != nil:
		return c.Client.Name()
	case c.Seen != nil && c.Seen.Client.Host != "":
		return c.Seen.Client.Host
	}
	return "this client"
}

// place is where the client is, in words.
func (c *Case) place() string {
	switch home := c.home(); {
	case home == "":
		return "an unknown network"
	case home == world.Internet:
		return "the internet"
	case c.isVNet(home):
		return "the VNet " + c.Name(home)
	default:
		return "the network " + c.Name(home)
	}
}

// runs is on what the client's programs run.
func (c *Case) runs() world.Runs {
	if c.Client != nil && c.Client.Runs != "" && c.Client.Runs != world.OnVM {
		return c.Client.Runs
	}
	if c.Seen != nil && c.Seen.Client.Runs != "" {
		return world.Runs(c.Seen.Client.Runs)
	}
	if c.Client != nil {
		return c.Client.Runs
	}
	return ""
}

func onPlatform(r world.Runs) bool { return r == world.OnCloudShell || r == world.OnManaged }

func onAppService(r world.Runs) bool { return r == world.OnAppService || r == world.OnFunction }

// written is the id of a resource as Azure wrote it.
func (c *Case) written(id world.ID) string {
	if s, _, ok := c.World.Subnet(id); ok {
		return s.Path
	}
	if r := c.World.Lookup(id); r != nil {
		return world.MetaOf(r).Path
	}
	return string(id)
}

// ofVault is the Result of a rule about the vault's settings where they are not
// known.
func (c *Case) ofVault() (Result, bool) {
	if r, unread := c.NotRead(vaultType); unread {
		return r, true
	}
	switch {
	case c.Resource == nil:
		return Unknown("the key vault " + c.Vault + " is not among the resources that were read"), true
	case c.Resource.Foreign:
		return Unknown("the key vault " + c.Vault + " is another tenant's: its settings cannot be read"), true
	}
	return Result{}, false
}

// told is what the vault answered to a request with a token, as evidence.
func (c *Case) told() []Evidence {
	if c.Seen == nil {
		return []Evidence{read("", "the vault's settings answer so")}
	}
	for _, q := range slices.Backward(c.Seen.Requests) {
		if q.Denial != "" && q.Denial == c.Journey.Access.Denial {
			return []Evidence{probed(q.Path, "HTTP %d %s", q.Status, q.Body)}
		}
	}
	return []Evidence{probed("", "the vault refuses the request (%s)", c.Journey.Access.Denial)}
}

// machineAt names the firewall or host that has an address in Azure or in a
// site.
func (c *Case) machineAt(a netip.Addr) (string, bool) {
	if c.World == nil {
		return "", false
	}
	for h := range c.World.Hosts() {
		if h.Behind == "" && (h.Address == a || slices.Contains(h.Addresses, a)) {
			return h.Name(), true
		}
	}
	for v := range c.World.VNets() {
		if f, ok := c.World.FirewallAt(v.ID, a); ok {
			return f.Name(), true
		}
	}
	return "", false
}

// outcomeWords are outcomes of a connection in a sentence.
var outcomeWords = map[fact.Outcome]string{
	fact.Timeout: "gets no answer (timeout)", fact.Refused: "is refused", fact.Reset: "is cut off",
	fact.Unreachable: "has no route (unreachable)", fact.Stalled: "opens and then stalls",
}

func fares(o fact.Outcome) string {
	if words, ok := outcomeWords[o]; ok {
		return words
	}
	return "fails (" + string(o) + ")"
}
