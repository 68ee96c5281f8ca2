package render

import (
	"cmp"
	"fmt"
	"slices"
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
	places := placesOf(r.Facts.Unread)
	for i, place := range places {
		if i == maxUnread {
			p.para("  ", fmt.Sprintf("and %d more (-o json has all).", len(places)-i))
			return
		}
		p.para("  ", sentence(place.name+": "+strings.Join(place.whys, "; ")))
	}
}

// A blank is a place in Azure of which something could not be read, and why not.
type blank struct {
	name string
	whys []string
}

// placesOf puts what could not be read at one place together.
func placesOf(unread []diagnose.Unread) (all []blank) {
	for _, u := range unread {
		name := strings.TrimPrefix(cmp.Or(u.Near, u.Type, "Azure"), "microsoft.")
		i := slices.IndexFunc(all, func(b blank) bool { return b.name == name })
		if i < 0 {
			i, all = len(all), append(all, blank{name: name})
		}
		all[i].add(u.Why)
	}
	return all
}

// add adds a reason. Permissions that are lacking in the same way follow one
// another.
func (b *blank) add(why string) {
	if slices.Contains(b.whys, why) {
		return
	}
	answer, permission, lacking := strings.Cut(why, lacks)
	i := slices.IndexFunc(b.whys, func(known string) bool { return strings.HasPrefix(known, answer+lacks) })
	switch {
	case !lacking || i < 0:
		b.whys = append(b.whys, why)
	case !strings.Contains(b.whys[i]+",", " "+permission+","):
		b.whys[i] += ", " + permission
	}
}

// lacks stands between what Azure answered and the permission that is lacking.
const lacks = ": lacks "

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
