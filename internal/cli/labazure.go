package cli

import (
	"fmt"
	"strings"
	"time"

	"pldoctor/internal/lab"
	"pldoctor/internal/manage"
)

// A plane is a flag that says how the lab's Azure behaves: words with commas
// between them, such as "denied=Microsoft.Network/privateDnsZones/read,quota".
type plane struct{ lab.Azure }

func (*plane) String() string { return "" }

// Set reads the flag's value.
func (p *plane) Set(value string) (err error) {
	for word := range strings.SplitSeq(value, ",") {
		switch key, what, _ := strings.Cut(word, "="); key {
		case "denied":
			p.Denied = append(p.Denied, manage.Denial{Action: what})
		case "hidden":
			p.Hidden = append(p.Hidden, what)
		case "slow":
			if p.Slow, err = time.ParseDuration(what); err != nil {
				return err
			}
		case "outage":
			p.Outage = true
		case "quota":
			p.Quota = true
		default:
			return fmt.Errorf("%q is none of denied=ACTION, hidden=SUBSCRIPTION, slow=DURATION, outage, quota", word)
		}
	}
	return nil
}
