package render

import (
	"cmp"
	"fmt"
	"strings"

	"pldoctor/internal/diagnose"
	"pldoctor/internal/world"
)

// unread says what of the configuration is not known, and where the client is
// taken to be in it.
func (p *paper) unread(r diagnose.Report) {
	if r.Client.Placed != "" {
		p.line("")
		p.para("", sentence(place(r)))
	}
	if len(r.Facts.Unread) == 0 {
		return
	}
	p.head("Of the configuration, this could not be read")
	for i, u := range r.Facts.Unread {
		if i == maxUnread {
			p.para("  ", fmt.Sprintf("and %d more (-o json has all).", len(r.Facts.Unread)-i))
			return
		}
		p.para("  ", sentence(strings.TrimPrefix(cmp.Or(u.Near, u.Type, "Azure"), "microsoft.")+": "+u.Why))
	}
}

// maxUnread is how much of that a person reads.
const maxUnread = 6

func place(r diagnose.Report) string {
	if r.Client.Network == "" {
		return "where this client is in the configuration is not known, so that nothing is predicted: " + r.Client.Placed
	}
	where := "in " + r.Client.Network
	if r.Client.Network == string(world.Internet) {
		where = "on the internet"
	}
	return fmt.Sprintf("this client is taken to be %s, by %s", where, r.Client.Placed)
}
