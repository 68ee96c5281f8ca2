package conform

import (
	"slices"
	"strings"
)

// A meeting is two faults that are a third one together: what is wrong then has
// a code of its own.
type meeting struct {
	some, other []string // one of these with one of those
	become      []string
	why         string
}

// unapproved are the states in which a connection carries nothing.
var unapproved = []string{"PL201", "PL202", "PL203", "PL204", "PL205", "PL208"}

// meetings are written by hand.
var meetings = []meeting{
	{
		[]string{"PL509"},
		[]string{"PL802"},
		[]string{"PL507"},
		"of the one name that the server forwards, its failure looks like a validating server's",
	},
	{
		[]string{"PL101"},
		[]string{"PL104", "PL201", "PL306", "PL608"},
		[]string{"PL505", "PL819"},
		"no endpoint is there to be reached, and the DNS servers, or the proxy, are where the endpoint was: that they are silent remains",
	},
	{
		[]string{"PL101"},
		[]string{"PL601", "PL602", "PL604", "PL605", "PL607", "PL611"},
		[]string{"PL608"},
		"the client could use none of the endpoints, and a zone without a record for it hides the public answer",
	},
	{
		unapproved,
		[]string{"PL207"},
		[]string{"PL604", "PL605", "PL803"},
		"the second endpoint serves the client; the record, or the line in its hosts file, names the first, or nothing",
	},
	{
		unapproved,
		[]string{"PL206"},
		[]string{"PL203", "PL604", "PL605", "PL501", "PL803"},
		"the leftover that was rejected is the only endpoint that is left, and DNS knows nothing of it",
	},
	{
		unapproved,
		[]string{"PL611"},
		[]string{"PL604", "PL803"},
		"the endpoint that took over has no record, or the hosts file names the one that it took over from",
	},
	{
		[]string{"PL201"},
		unapproved,
		[]string{"PL803"},
		"the line in the hosts file was right while the endpoint stood",
	},
	{
		unapproved,
		[]string{"PL608", "PL306"},
		[]string{"PL803"},
		"the line in the hosts file was right while the vault, or the endpoint, was ours",
	},
	{
		unapproved,
		[]string{"PL601", "PL602"},
		[]string{"PL804"},
		"the line in the hosts file of the client is right, and the zone is missing for its proxy alone: past that, the path is private",
	},
	{
		[]string{"PL205"},
		[]string{"PL601"},
		[]string{"PL604"},
		"the zone that is created anew lacks the record, and so long as the endpoint is no good nobody can write it",
	},
	{
		[]string{"PL815"},
		[]string{"PL820"},
		[]string{"PL603"},
		"what runs as an app is no application gateway any more: the link that is missing is one of the VNet whose DNS servers it asks",
	},
	{
		[]string{"PL608"},
		[]string{"PL502", "PL504", "PL601", "PL602", "PL603", "PL604", "PL607", "PL612", "PL801", "PL802", "PL804", "PL805", "PL810", "PL811", "PL812", "PL813", "PL815", "PL803", "PL101"},
		[]string{"PL101", "PL306", "PL605"},
		"no zone hides the foreign vault any more: it is reached by its public side, or the subnet's service endpoint, since nobody here has an endpoint of it",
	},
	{
		[]string{"PL306"},
		[]string{"PL101", "PL102", "PL206", "PL207", "PL505", "PL509", "PL611", "PL803", "PL804", "PL805", "PL806", "PL807", "PL811", "PL812", "PL814", "PL815", "PL816", "PL817", "PL818", "PL819", "PL820"},
		[]string{"PL201", "PL203", "PL604"},
		"the requests do not take the service endpoint any more; that there is no private one remains",
	},
	{
		[]string{"PL504"},
		[]string{"PL506", "PL508", "PL509", "PL507", "PL601", "PL602", "PL603", "PL604", "PL605", "PL607", "PL610", "PL611", "PL612", "PL802", "PL808", "PL809", "PL810", "PL813", "PL814", "PL101"},
		[]string{"PL801"},
		"the good server is none: that the first one is a public resolver is the whole of it until the other is mended",
	},
	{
		[]string{"PL207"},
		[]string{"PL607"},
		[]string{"PL604"},
		"the zone that is linked lacks the record of the endpoint that is nearest, and no other zone holds that one",
	},
}

// brought are the codes that faults may rightly be given.
func brought(faults []injury) []string {
	codes := codesOf(faults)
	if slices.Contains(codes, "PL608") {
		codes = append(codes, "PL710") // a token of ours is none to another tenant
	}
	for _, m := range meetings {
		if meet(m.some, m.other, codes) {
			codes = append(codes, m.become...)
		}
	}
	return codes
}

func meet(some, other, codes []string) bool {
	return slices.ContainsFunc(codes, func(a string) bool {
		return slices.Contains(some, a) && slices.ContainsFunc(codes, func(b string) bool { return a != b && slices.Contains(other, b) })
	})
}

// A peculiarity is what a fault becomes in one world, or what nobody can tell
// there.
type peculiarity struct {
	world string // or one client of it
	codes []string
	mode  mode
	named []string
	why   string
}

// peculiarities are written by hand.
var peculiarities = []peculiarity{
	{
		"healthy-service-endpoint-beside",
		[]string{"PL812"},
		probeAlone,
		[]string{"PL811"},
		"a shortcoming: by a service endpoint a cached answer is not thought of",
	},
	{
		"stock/internet-behind-a-firewall",
		[]string{"PL504", "PL505", "PL509", "PL801", "PL811"},
		both,
		[]string{"PL817"},
		"the firewall drops questions to a public resolver, too",
	},
	{
		"stock/firewall-as-dns-proxy",
		[]string{"PL504", "PL505", "PL509", "PL801", "PL811"},
		both,
		[]string{"PL817"},
		"the firewall drops questions to a public resolver, too",
	},
	{
		"healthy-point-to-site",
		[]string{"PL101", "PL102"},
		both,
		[]string{"PL806"},
		"the security group in front of the endpoints lists the VPN's addresses, and the client has another one now",
	},
	{
		"healthy-hub-and-spokes/sap",
		[]string{"PL201", "PL608"},
		both,
		[]string{"PL806"},
		"the security group of the client lists the address of the endpoint, and a new one has another",
	},
	{
		"healthy-endpoint-policies",
		[]string{"PL817", "PL818"},
		both,
		[]string{"PL806"},
		"the security group in front of the endpoints lists the clients, and behind the appliance they have its address",
	},
	{
		"healthy-public-address-space",
		[]string{"PL202", "PL203", "PL204", "PL208"},
		probeAlone,
		[]string{"PL501", "PL803"},
		"the hosts file names an endpoint in public space, which a client cannot tell from a wrong address",
	},
}

// peculiar are the codes that a fault may be given in one place.
func peculiar(where, code string, m mode) []string {
	for _, p := range peculiarities {
		if strings.HasPrefix(where, p.world) && slices.Contains(p.codes, code) && p.mode == m {
			return p.named
		}
	}
	return nil
}
