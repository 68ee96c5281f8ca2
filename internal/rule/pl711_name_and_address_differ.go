package rule

import (
	"net/netip"

	"pldoctor/internal/fact"
)

// PL711: a symptom: the article's comparison of the two requests.
var pl711 = &Rule{
	Code: "PL711", Slug: "name-and-address-differ", Severity: Error, Owner: OwnerDNS, Stage: fact.StageExchange, Symptom: true,
	Title: "by name and by the endpoint's address different front ends answer",
	Doc: Doc{
		Symptom: "`/healthstatus` by name and by the endpoint's address show different `x-ms-keyvault-network-info`.",
		Cause:   "The endpoint works, and the name leads elsewhere: DNS, the hosts file or a proxy is at fault, not the network.",
		Apart:   "Where both show the same, the name is resolved rightly. Where the request to the address fails as well, look at the path first (PL706). Which finding is the cause depends on who gave the other address: a zone (PL502), the hosts file (PL803), a proxy (PL804), a cache (PL812).",
		Fix:     "Decide which of the two is wrong, mostly the one by name, and mend the resolution: the other findings say where.",
		Verify: []string{
			"curl -i https://<vault>.vault.azure.net/healthstatus",
			"curl -i --noproxy '*' --resolve <vault>.vault.azure.net:443:<address-of-the-endpoint> https://<vault>.vault.azure.net/healthstatus   # another x-ms-keyvault-network-info",
		},
		Article: "7, Query the key vault IP address directly",
		Errata:  "The article wants the responses to be the same. The request id and the date never are: compare x-ms-keyvault-network-info only. Its `-k` is not needed: `--resolve` reaches the address and checks the certificate.",
		Sources: []string{article},
	},
	Eval: func(c *Case) Result {
		if c.Journey.Exchange.Outcome != fact.OK {
			return Unknown("no answer came by name")
		}
		looked := false
		for _, v := range c.otherAddresses() {
			byAddress := fact.Journey{Connect: v.Connect, Exchange: v.Exchange}
			looked = true
			if byAddress.Verdict() == fact.Private && !c.arrives() {
				return Fail("by name the request takes the path "+string(c.Journey.Verdict())+", by the address "+c.label(v.Addr)+" it arrives over private link",
					c.seen(c.Host.Host(), "source %s", c.Journey.Exchange.Source), c.seen(v.Addr.String(), "source %s", v.Exchange.Source))
			}
		}
		switch {
		case looked:
			return Pass("no other address answers by a better path")
		case c.arrives():
			return Pass("the name leads to private link")
		}
		return Unknown("no address of a private endpoint was tried")
	},
}

// otherAddresses are the views of private addresses that answered, but for the
// one in use.
func (c *Case) otherAddresses() []*fact.AddressView {
	o := c.Seen
	if o == nil {
		o = c.Predicted
	}
	if o == nil {
		return nil
	}
	var views []*fact.AddressView
	private := func(a netip.Addr) bool { return fact.Classify(a) == fact.PrivateAddr || c.IsEndpointAddress(a) }
	for i := range o.Addresses {
		v := &o.Addresses[i]
		if v.Addr != c.Journey.Connect.Addr && private(v.Addr) && v.Exchange.Outcome == fact.OK {
			views = append(views, v)
		}
	}
	return views
}
