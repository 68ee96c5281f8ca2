package conform

import "slices"

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
		[]string{"PL608"},
		[]string{"PL502", "PL504", "PL601", "PL602", "PL603", "PL607", "PL612", "PL801", "PL802", "PL804", "PL805", "PL810", "PL811", "PL812", "PL813", "PL815", "PL803", "PL101"},
		[]string{"PL101", "PL605"},
		"no zone hides the foreign vault any more: it is reached by its public side, since nobody here has an endpoint of it",
	},
	{
		[]string{"PL306"},
		[]string{"PL101", "PL102", "PL206", "PL207", "PL505", "PL509", "PL611", "PL803", "PL804", "PL805", "PL806", "PL807", "PL811", "PL812", "PL814", "PL815", "PL816", "PL817", "PL818", "PL819", "PL820"},
		[]string{"PL201", "PL203", "PL604"},
		"the requests do not take the service endpoint any more; that there is no private one remains",
	},
	{
		[]string{"PL504"},
		[]string{"PL506", "PL508", "PL509", "PL507", "PL601", "PL602", "PL603", "PL604", "PL605", "PL607", "PL610", "PL611", "PL612", "PL802", "PL809", "PL810", "PL813", "PL814"},
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
