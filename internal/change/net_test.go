package change_test

import (
	"net/netip"
	"slices"
	"strings"
	"testing"

	"pldoctor/internal/change"
	"pldoctor/internal/dnsname"
	"pldoctor/internal/stock"
	"pldoctor/internal/world"
)

// hubAndSpoke is a healthy world with its parts at hand.
func hubAndSpoke(t *testing.T) (w *world.World, client *world.Host, vault *world.Vault, door *world.Endpoint) {
	t.Helper()
	shape := stock.Shapes("AzureCloud")[1]
	client, _ = shape.World.Host(shape.Client)
	vault, _ = shape.World.VaultNamed(shape.Vault)
	for e := range shape.World.EndpointsOf(vault.ID) {
		door = e
	}
	if client == nil || vault == nil || door == nil {
		t.Fatal("the stock world has changed")
	}
	return shape.World, client, vault, door
}

// TestRuleGoesAhead: a rule for the endpoint comes first, also where the first
// priority that Azure takes is taken.
func TestRuleGoesAhead(t *testing.T) {
	w, client, _, door := hubAndSpoke(t)
	group := change.NSGFor(w, client.Subnet)
	deny := change.SetNSGRule{NSG: group, To: door.Addresses[0]}
	allow := change.SetNSGRule{NSG: group, To: door.Addresses[0], Allow: true}
	w = change.Apply(w, change.AttachNSG{NSG: group, Subnet: client.Subnet}, deny)
	if commands := allow.Commands(w); len(commands) != 1 || !strings.Contains(commands[0], "--priority 100 ") {
		t.Errorf("a denial leaves no room: %q", commands)
	}
	full, _ := w.NSG(group)
	first := *full
	first.Rules = slices.Clone(full.Rules)
	first.Rules[0].Priority = 100
	w = w.With(world.Put(&first))
	if commands := allow.Commands(w); len(commands) != 2 || !strings.Contains(commands[0], "rule update") || !strings.Contains(commands[0], "--priority 101") {
		t.Errorf("no room is made: %q", commands)
	}
	w = allow.Apply(w)
	n, _ := w.NSG(group)
	if len(n.Rules) != 2 || !n.Rules[0].Allow || n.Rules[0].Priority >= n.Rules[1].Priority {
		t.Errorf("the rule does not come first: %+v", n.Rules)
	}
	dns := change.SetNSGRule{NSG: group, Allow: true, To: netip.MustParseAddr("10.1.0.5"), Port: 53}.Apply(w)
	n, _ = dns.NSG(group)
	if last := n.Rules[len(n.Rules)-1]; last.DestinationPorts[0] != "53" || last.Protocol != "*" || len(n.Rules) != 3 {
		t.Errorf("not a rule for DNS: %+v", n.Rules)
	}
}

// TestRuleLeavesOthersWhereTheyAre: it takes a free priority ahead of the rule
// that denies, and moves others, which its title then names, only for want of
// one.
func TestRuleLeavesOthersWhereTheyAre(t *testing.T) {
	rule := func(name string, priority int, allow bool, to string, port string) world.NSGRule {
		return world.NSGRule{
			Name: name, Priority: priority, Allow: allow, Protocol: "Tcp", Sources: []string{"*"},
			Destinations: []string{to}, DestinationPorts: []string{port},
		}
	}
	own := rule("own", 100, true, "10.9.0.0/16", "443")
	full := []world.NSGRule{own, rule("deny", 101, false, "*", "1-1024"), rule("next", 102, true, "*", "80"), rule("far", 104, true, "*", "80")}
	for name, tt := range map[string]struct {
		rules []world.NSGRule
		want  int
		moved string // of the title
	}{
		"no rules":             {nil, 100, ""},
		"room behind its own":  {[]world.NSGRule{own, rule("deny", 4096, false, "*", "*")}, 110, ""},
		"little room":          {[]world.NSGRule{own, rule("deny", 105, false, "10.1.2.0/24", "443")}, 104, ""},
		"room ahead of all":    {[]world.NSGRule{rule("deny", 200, false, "VirtualNetwork", "*")}, 100, ""},
		"denies another port":  {[]world.NSGRule{rule("ssh", 100, false, "*", "22"), rule("deny", 200, false, "*", "*")}, 110, ""},
		"denies another place": {[]world.NSGRule{rule("other", 100, false, "10.8.0.0/16", "*"), rule("deny", 101, false, "*", "*")}, 101, "deny from 101 to 102"},
		"no room":              {full, 101, "next from 102 to 103 and deny from 101 to 102"},
	} {
		w, client, _, _ := hubAndSpoke(t)
		group := change.NSGFor(w, client.Subnet)
		n := &world.NSG{Meta: world.At(string(group)), Rules: tt.rules}
		c := change.SetNSGRule{NSG: group, Allow: true, To: netip.MustParseAddr("10.1.2.4")}
		w = w.With(world.Put(n))
		if title := c.Title(w); !strings.HasSuffix(title, tt.moved) || strings.Contains(title, "moves") != (tt.moved != "") {
			t.Errorf("%s: %s", name, title)
		}
		moves := 0
		for _, command := range c.Commands(w) {
			moves += strings.Count(command, "nsg rule update")
		}
		after := c.Apply(w)
		got, _ := after.NSG(group)
		for _, r := range got.Rules {
			old := slices.IndexFunc(tt.rules, func(o world.NSGRule) bool { return o.Name == r.Name })
			if old >= 0 && r.Priority != tt.rules[old].Priority {
				moves--
			}
			if old < 0 && r.Priority != tt.want {
				t.Errorf("%s: priority %d, want %d", name, r.Priority, tt.want)
			}
		}
		if moves != 0 {
			t.Errorf("%s: the commands move %+d rules more than the change", name, moves)
		}
		if c.Apply(after) != after || c.Commands(after) != nil {
			t.Errorf("%s: a second time it does something", name)
		}
	}
}

// TestExemptKeepsWhatIsExempt: in the variable that programs read first.
func TestExemptKeepsWhatIsExempt(t *testing.T) {
	for before, after := range map[string]string{
		"":                            "NO_PROXY=fabrikam.vault.azure.net",
		"NO_PROXY=.internal":          "NO_PROXY=.internal,fabrikam.vault.azure.net",
		"no_proxy=localhost":          "no_proxy=localhost,fabrikam.vault.azure.net",
		"NO_PROXY=*":                  "NO_PROXY=*",
		"NO_PROXY=.vault.azure.net,x": "NO_PROXY=.vault.azure.net,x",
	} {
		w, client, _, _ := hubAndSpoke(t)
		h := *client
		if key, value, ok := strings.Cut(before, "="); ok {
			h.Environ = map[string]string{key: value}
		}
		w = change.ExemptFromProxy{Host: h.ID, Name: dnsname.MustParse("fabrikam.vault.azure.net")}.Apply(w.With(world.Put(&h)))
		got, _ := w.Host(h.ID)
		key, value, _ := strings.Cut(after, "=")
		if got.Environ[key] != value || len(got.Environ) != 1 {
			t.Errorf("%q becomes %v, want %q", before, got.Environ, after)
		}
	}
}

// TestFirewallCommands: what differs is added or removed, and nothing else.
func TestFirewallCommands(t *testing.T) {
	w, client, vault, _ := hubAndSpoke(t)
	old, fresh := netip.MustParsePrefix("203.0.113.0/24"), netip.MustParsePrefix("198.51.100.7/32")
	w = change.SetFirewall{Vault: vault.ID, ACL: world.NetworkACL{Deny: true, IPs: []netip.Prefix{old}, Subnets: []world.ID{client.Subnet}}}.Apply(w)
	got := strings.Join(change.SetFirewall{Vault: vault.ID, ACL: world.NetworkACL{Deny: true, IPs: []netip.Prefix{fresh}, Subnets: []world.ID{client.Subnet}}}.Commands(w), "\n")
	for _, part := range []string{"network-rule remove", "--ip-address 203.0.113.0/24", "network-rule add", "--ip-address 198.51.100.7/32"} {
		if !strings.Contains(got, part) {
			t.Errorf("%q is missing in %q", part, got)
		}
	}
	if strings.Contains(got, "--default-action") || strings.Contains(got, "--subnet ") {
		t.Errorf("too much: %q", got)
	}
}

// TestNetChanges applies each change to a stock world: it makes a difference,
// and says what it does.
func TestNetChanges(t *testing.T) {
	w, client, vault, door := hubAndSpoke(t)
	spoke, hub := client.Network, door.VNet()
	table := change.RouteTableFor(w, client.Subnet)
	w = change.AttachRouteTable{Table: table, Subnet: client.Subnet}.Apply(w)
	whole := netip.PrefixFrom(door.Addresses[0], 32)
	routed := change.SetRoute{Table: table, Prefix: whole, Hop: world.HopNone}
	firewall := change.AddFirewall{VNet: hub, Addr: netip.MustParseAddr("10.1.3.4")}
	appliance := change.AddAppliance{Name: "nva", VNet: hub, Addr: netip.MustParseAddr("10.1.3.5")}
	stranger := change.Grant{Host: client.ID, Vault: vault.ID, Identity: world.InvalidIdentity}
	added := change.Apply(w, routed, firewall, appliance, stranger)
	var fw *world.Firewall
	if fw, _ = added.FirewallAt(hub, firewall.Addr); fw == nil {
		t.Fatal("no firewall")
	}
	for name, tt := range map[string]struct {
		change  change.Change
		command string // a part of the last one; "" where there is none
	}{
		"connection":  {change.RemoveConnection{Vault: vault.ID, Endpoint: door.ID}, "private-endpoint-connection delete"},
		"deleted":     {change.SetDeleted{Vault: vault.ID, Deleted: true}, "az keyvault delete"},
		"purged":      {change.PurgeVault{Vault: vault.ID}, "az keyvault purge"},
		"secured":     {change.Secure{Vault: vault.ID}, "network perimeter create"},
		"service":     {change.AddServiceEndpoint{Subnet: client.Subnet}, "--service-endpoints Microsoft.KeyVault"},
		"policies":    {change.SetEndpointPolicies{Subnet: door.Subnet, Policies: world.Policies{NSG: true, Routes: true}}, "--private-endpoint-network-policies Enabled"},
		"route":       {change.SetRoute{Table: table, Prefix: whole, Hop: world.HopVNet}, "--next-hop-type VnetLocal"},
		"no route":    {change.RemoveRoute{Table: table, Prefix: whole}, "route delete"},
		"inspected":   {change.AllowInspected{Machine: fw.ID, To: door.Addresses[0]}, "--destination-ports 443"},
		"translated":  {change.TranslateSource{Machine: fw.ID, On: true}, "--private-ranges 255.255.255.255/32"},
		"appliance":   {change.TranslateSource{Machine: world.HostID("nva"), On: true}, ""},
		"inspection":  {change.SetInspection{Machine: world.HostID("nva"), On: true, Issuer: "CN=x"}, ""},
		"stalling":    {change.SetStalling{Machine: world.HostID("nva"), On: true}, ""},
		"transit":     {change.AllowTransit{Spoke: spoke, Hub: hub}, "useRemoteGateways=true"},
		"host header": {change.SetHostHeader{Host: client.ID, Header: w.Service().Suffix}, ""},
		"open":        {change.KeepOpen{Host: client.ID, Addrs: vault.PublicAddresses}, ""},
		"proxy":       {change.UseProxy{Host: client.ID, Proxy: netip.MustParseAddrPort("203.0.113.80:3128"), Role: world.ProxyRole{Answers: 200}}, "HTTPS_PROXY=http://203.0.113.80:3128"},
		"home":        {change.TakeHome{Host: client.ID}, ""},
		"inside":      {change.RunInVNet{Host: client.ID, VNet: hub, Subnet: door.Subnet}, ""},
		"integration": {change.SetIntegration{Host: client.ID, Subnet: client.Subnet, RouteAll: true}, "--vnet-route-all-enabled true"},
		"sign in":     {change.SignIn{Host: client.ID, Vault: vault.ID}, "--scope https://vault.azure.net/.default"},
	} {
		commands := tt.change.Commands(added)
		switch {
		case tt.change.Title(added) == "":
			t.Errorf("%s has no title", name)
		case tt.command == "" && len(commands) > 0, tt.command != "" && !strings.Contains(strings.Join(slices.Clip(commands), "\n"), tt.command):
			t.Errorf("%s: commands %q, want %q", name, commands, tt.command)
		case tt.change.Apply(added) == added:
			t.Errorf("%s changes nothing", name)
		}
	}
}
