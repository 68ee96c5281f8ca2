package render

import (
	"fmt"
	"slices"
	"strings"

	"pldoctor/internal/diagnose"
)

// losses says who loses by a step of a repair, "" for nobody.
func losses(f diagnose.Fix) string {
	var parts []string
	if len(f.LocksOut) > 0 {
		parts = append(parts, fmt.Sprintf("this takes the path to the vault from %s, which %s it today.",
			some(f.LocksOut), plural(len(f.LocksOut), "uses", "use")))
	}
	if len(f.Interrupts) > 0 {
		parts = append(parts, fmt.Sprintf("until the later steps are done, the vault is not reached from %s as it is today.", some(f.Interrupts)))
	}
	if f.Unasked > 0 {
		parts = append(parts, fmt.Sprintf("%d more clients were not looked at.", f.Unasked))
	}
	for _, at := range networks(f.Hides) {
		var hosts []string
		for _, l := range f.Hides {
			if l.Network == at {
				hosts = append(hosts, l.Hostname)
			}
		}
		parts = append(parts, fmt.Sprintf("%s would no longer be reached from %s as %s today.",
			some(hosts), at, plural(len(hosts), "it is", "they are")))
	}
	return strings.Join(parts, " ")
}

// networks are those in which something is lost, each once.
func networks(list []diagnose.Loss) (names []string) {
	for _, l := range list {
		if !slices.Contains(names, l.Network) {
			names = append(names, l.Network)
		}
	}
	return names
}

// most is how many names stand in a sentence; a report as JSON has all.
const most = 8

// some joins names for a sentence.
func some(names []string) string {
	if len(names) > most {
		return fmt.Sprintf("%s and %d others", strings.Join(names[:most], ", "), len(names)-most)
	}
	if len(names) == 1 {
		return names[0]
	}
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + " and " + names[last]
}

func plural(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}
