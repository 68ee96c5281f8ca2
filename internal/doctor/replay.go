package doctor

import (
	"fmt"
	"slices"
	"strings"

	"pldoctor/internal/fact"
	"pldoctor/internal/world"
)

// Replay makes the case of evidence: nothing is dialled for it. The client is
// called as the evidence calls it, and the name asked for is the one that it
// asked for.
func Replay(t Target, seen *fact.Observation) Case {
	t.Host = seen.Journey.Name.Host
	return Case{Target: t, Wants: world.WantPrivate, Name: seen.Client.Host}
}

// Witness chooses the evidence about a vault from a client of that name,
// compared without case; of more than one, the latest. An empty name stands for
// the only client that there is.
func Witness(all []fact.Observation, t Target, client string) (*fact.Observation, error) {
	var vaults, clients []string
	var found *fact.Observation
	for i := range all {
		o := &all[i]
		about, err := ParseTarget(o.Journey.Name.Host.Host(), t.Service.Cloud.Name)
		if err != nil || about.Vault != t.Vault {
			vaults = append(vaults, o.Journey.Name.Host.Host())
			continue
		}
		clients = append(clients, o.Client.Host)
		if client != "" && !strings.EqualFold(client, o.Client.Host) {
			continue
		}
		if found == nil || !o.Started.Before(found.Started) {
			found = o
		}
	}
	clients = each(clients)
	switch {
	case len(all) == 0:
		return nil, fmt.Errorf("holds nothing that a probe saw; collect --probe records it")
	case len(clients) == 0:
		return nil, fmt.Errorf("holds no evidence about %s; there is some about %s", t.Vault, strings.Join(each(vaults), ", "))
	case found == nil:
		return nil, fmt.Errorf("holds no evidence from a client %q; there is some from %s", client, strings.Join(clients, ", "))
	case client == "" && len(clients) > 1:
		return nil, fmt.Errorf("holds evidence from %s: say with --client which is meant", strings.Join(clients, ", "))
	}
	return found, nil
}

// each returns the names in order, each once.
func each(names []string) []string { return slices.Compact(slices.Sorted(slices.Values(names))) }
