package predict

import (
	"net/netip"
	"strings"

	"pldoctor/internal/fact"
	"pldoctor/internal/resolve"
	"pldoctor/internal/route"
)

// traceDNS tells of a question that went from one machine to another.
func (c *Client) traceDNS(h resolve.Hop) {
	kind, to := fact.Answered, string(h.Reply.Outcome)
	if h.Reply.Outcome == fact.OK {
		var texts []string
		for _, a := range h.Reply.Addrs {
			texts = append(texts, a.String())
		}
		to = strings.Join(texts, " ")
	}
	if !h.Reply.Outcome.Answered() {
		kind = fact.Silent
	}
	c.opt.Trace(fact.Event{Stage: fact.StageResolver, Kind: fact.Asked, Who: fact.Ref(h.From), Subject: h.Question.Name.Host(), To: h.To.String()})
	c.opt.Trace(fact.Event{Stage: fact.StageAnswer, Kind: kind, Who: fact.Ref(h.Reply.By), Subject: h.Question.Name.Host(), To: to})
}

// traceRoute tells of a packet's way.
func (c *Client) traceRoute(to netip.Addr, d route.Decision) {
	if c.opt.Trace == nil {
		return
	}
	for _, via := range d.Via {
		c.opt.Trace(fact.Event{Stage: fact.StageConnect, Kind: fact.Routed, Who: fact.Ref(via), Subject: to.String()})
	}
	if d.Outcome == fact.OK {
		c.opt.Trace(fact.Event{Stage: fact.StageConnect, Kind: fact.Passed, Who: fact.Ref(d.Target.ID), Subject: to.String(), To: d.Source.String()})
		return
	}
	c.opt.Trace(fact.Event{Stage: fact.StageConnect, Kind: fact.Stopped, Who: fact.Ref(d.By), Subject: to.String(), To: string(d.Reason)})
}
