package rule

import (
	"fmt"
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
		Apart:   "When both show the same, the name is resolved rightly. When the address fails as well, look at the path first.",
		Fix:     "Decide which of the two is wrong, mostly the one by name, and mend the resolution: the other findings say where.",
		Verify: []string{
			"curl -i https://<vault>.vault.azure.net/healthstatus",
			"curl -i --connect-to ::<address of the private endpoint> https://<vault>.vault.azure.net/healthstatus",
		},
		Article: "7, Query the key vault IP address directly",
		Errata:  "The article wants the responses to be the same. The request id and the date never are: compare x-ms-keyvault-network-info only.",
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
				return Fail(fmt.Sprintf("by name the request takes the path %s, by the address %s it arrives over private link", c.Journey.Verdict(), c.label(v.Addr)),
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
func (c *Case) otherAddresses() []fact.AddressView {
	o := c.Seen
	if o == nil {
		o = c.Predicted
	}
	if o == nil {
		return nil
	}
	var views []fact.AddressView
	private := func(a netip.Addr) bool { return fact.Classify(a) == fact.PrivateAddr || c.IsEndpointAddress(a) }
	for _, v := range o.Addresses {
		if v.Addr != c.Journey.Connect.Addr && private(v.Addr) && v.Exchange.Outcome == fact.OK {
			views = append(views, v)
		}
	}
	return views
}
