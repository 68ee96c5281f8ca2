package render

import (
	"cmp"
	"strings"

	"pldoctor/internal/diagnose"
	"pldoctor/internal/dnsname"
	"pldoctor/internal/fact"
)

// servers shows what each DNS server says, side by side, where the path is not
// private or they disagree.
func (p *paper) servers(r diagnose.Report) {
	seen := r.Facts.Seen
	if seen == nil || r.Facts.FirstBad == fact.NoStage || len(answering(seen.Servers)) < 2 {
		return
	}
	p.head("What each DNS server says")
	for _, v := range seen.Servers {
		p.item("  "+v.Server.String(), 19, string(v.Role)+": "+says(v))
	}
}

func answering(views []fact.ServerView) []fact.ServerView {
	var list []fact.ServerView
	for _, v := range views {
		if v.Reached != fact.Unseen {
			list = append(list, v)
		}
	}
	return list
}

func says(v fact.ServerView) string {
	switch {
	case v.Reached == fact.Unseen:
		return "not heard"
	case v.Reached != fact.OK:
		return failure(v.Reached)
	}
	text := one(v.Host)
	if v.Alias.Outcome == fact.OK && v.Alias.Addr != v.Host.Addr {
		text += "; asked for the alias itself: " + one(v.Alias)
	}
	if v.Unchecked.Outcome != fact.Unseen {
		text += "; with checking disabled: " + one(v.Unchecked)
	}
	switch {
	case v.ServesOthers():
		text += "; another name is answered"
	case v.FailsForAll():
		text += "; another name fails, too"
	}
	return text
}

func one(a fact.AnswerHop) string {
	if a.Outcome != fact.OK {
		text := failure(a.Outcome)
		if a.Alias {
			text += ", behind the alias"
		}
		return text
	}
	return strings.TrimSpace(a.Addr.String() + ", " + string(a.Class))
}

// answered is the name that the program's address is of.
func answered(j fact.Journey) dnsname.Name { return cmp.Or(j.Resolver.Name, j.Name.Host) }
