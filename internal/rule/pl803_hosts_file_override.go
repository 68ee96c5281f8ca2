package rule

import (
	"fmt"
	"net/netip"
	"slices"

	"pldoctor/internal/change"
	"pldoctor/internal/fact"
	"pldoctor/internal/world"
)

// PL803: somebody wrote the address down.
var pl803 = &Rule{
	Code: "PL803", Slug: "hosts-file-override", Severity: Error, Owner: OwnerClient, Stage: fact.StageResolver, Weight: 1,
	Title: "the hosts file gives the vault's name another address than DNS",
	Doc: Doc{
		Symptom: "Programs connect to another address than `nslookup` or `host` shows.",
		Cause:   "A line in the hosts file settles the name for all programs on the machine before any DNS server is asked, while `nslookup`, `host` and `dig` ask DNS servers only. Such lines are left over from tests, or hold the address of an endpoint that has been replaced. In containers the file is written by whoever starts them.",
		Apart:   "With PL811 programs differ from DNS, and no line of the hosts file says why; with PL812 a cache holds the address. A line for the `privatelink` name alone has no effect: programs look up the vault's own name. The line may be right, and the connection behind it no good: PL202, PL203, PL204, PL208.",
		Fix:     "Whoever owns the machine removes the line: /etc/hosts on Linux and macOS, `%SystemRoot%\\System32\\drivers\\etc\\hosts` on Windows. Keep a copy of the file. In a container the file is written anew at each start: change what writes it, `hostAliases` of a pod, `--add-host` or `extra_hosts` of a container.",
		Verify: []string{
			"getent ahosts <vault>.vault.azure.net   # what programs get: host and nslookup do not read the hosts file",
			"grep -i '<vault>' /etc/hosts   # the line",
		},
		Article: "8, Diagnose hosts overriding or custom DNS servers at Virtual Machine",
		Errata:  "The article names the hosts file, and checks with nslookup and host, which do not read it.",
		Sources: []string{
			"https://learn.microsoft.com/azure/key-vault/general/private-link-diagnostics",
			"https://man7.org/linux/man-pages/man5/hosts.5.html",
		},
	},
	Eval: func(c *Case) Result {
		switch via := c.Journey.Resolver.Via; {
		case c.proxied():
			return NotApplicable("the proxy resolves the name, not this client")
		case c.Journey.Resolver.Outcome == fact.Unseen:
			return Unknown("nobody looked how the name is resolved")
		case via != fact.ViaHostsFile:
			return Pass("the address does not come from the hosts file")
		}
		addr := c.Journey.Answer.Addr
		switch {
		case len(c.Doors()) > 0 && c.rightAddress(addr):
			return Pass("the hosts file gives the address of an endpoint of the vault")
		case len(c.Doors()) == 0 && c.Journey.Verdict() == fact.Private:
			return Pass("the address in the hosts file leads to the vault over private link")
		case len(c.Doors()) == 0 && !c.EndpointsRead() && c.mayBeRight(addr):
			return Unknown(fmt.Sprintf("the hosts file gives %s, and the name has no alias in the public DNS: it may be the right address of an endpoint whose connection is not approved any more", addr))
		}
		return Fail(fmt.Sprintf("a line in the hosts file gives %s the address %s, and so no DNS server is asked",
			c.Host.Host(), addr), append(c.hostsLines(), c.otherAnswers()...)...)
	},
	Breaks: func(s Site) []Break {
		var breaks []Break
		line := change.SetHostsLine{Host: s.Client.ID, Name: s.hostname()}
		if len(s.Vault.PublicAddresses) > 0 {
			line.Addr = s.Vault.PublicAddresses[0]
			breaks = append(breaks, Break{line})
		}
		line.Addr = s.nobody()
		return append(breaks, Break{line})
	},
	Mends: func(c *Case) []change.Change {
		if c.Client == nil {
			return nil
		}
		return []change.Change{change.SetHostsLine{Host: c.Client.ID, Name: c.Host}}
	},
}

// mayBeRight tells whether a private address that nobody knows may be that of
// the vault's endpoint, since DNS does not contradict it: the public name has
// lost the alias without which no zone is asked.
func (c *Case) mayBeRight(a netip.Addr) bool {
	aliased := func(v fact.ServerView) bool { return v.Host.Alias }
	answers := func(v fact.ServerView) bool { return v.Host.Outcome == fact.OK }
	return (fact.Classify(a) == fact.PrivateAddr || c.beside(a)) && slices.ContainsFunc(c.views(), answers) && !slices.ContainsFunc(c.views(), aliased)
}

// beside tells whether an address is in the neighbourhood of the client's own: a
// VNet may use public space.
func (c *Case) beside(a netip.Addr) bool {
	if c.Seen == nil || !a.Is4() {
		return false
	}
	return slices.ContainsFunc(c.Seen.Client.Addresses, func(own netip.Addr) bool {
		p, err := own.Prefix(neighbourhood)
		return err == nil && own.Is4() && p.Contains(a)
	})
}

// neighbourhood is how many leading bits the addresses of a network have in
// common, for want of knowing better.
const neighbourhood = 16

// hostsLines are the lines that concern the vault's hostname, as evidence.
func (c *Case) hostsLines() []Evidence {
	o := c.Seen
	if o == nil {
		o = c.Predicted
	}
	if o == nil {
		return nil
	}
	var ev []Evidence
	for _, l := range o.Client.HostsFile {
		if l.Name != c.Host {
			continue
		}
		where := o.Client.HostsPath
		if where == "" {
			where = "hosts file"
		}
		ev = append(ev, Evidence{c.source(), fmt.Sprintf("%s, line %d", where, l.Line), l.Addr.String() + " " + l.Name.Host()})
	}
	return ev
}

// otherAnswers are what the configured servers say, as evidence beside what the
// program got.
func (c *Case) otherAnswers() []Evidence {
	var ev []Evidence
	for _, v := range c.configured() {
		ev = append(ev, c.heard(v))
	}
	return ev
}

// further is an address of a subnet well behind a free one, which the next
// endpoint would get; that one where the subnet ends before.
func (s Site) further(subnet world.ID, a netip.Addr) netip.Addr {
	in, v, ok := s.World.Subnet(subnet)
	far := a
	for range 60 {
		far = far.Next()
	}
	if ok && slices.ContainsFunc(in.Prefixes, func(p netip.Prefix) bool { return p.Contains(far) }) && !s.taken(v.ID, far) {
		return far
	}
	return a
}

// nobody is an address beside the vault's endpoint that nobody has.
func (s Site) nobody() netip.Addr {
	if _, ours := s.vnetHolding(s.Got, 0); ours || fact.Classify(s.Got) == fact.PrivateAddr {
		return s.Got
	}
	if door, ok := s.Door(); ok {
		if a, free := change.FreeAddress(s.World, door.Subnet); free {
			return s.further(door.Subnet, a)
		}
	}
	return s.vacant()
}
