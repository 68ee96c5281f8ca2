package world

import "strings"

// ReadsFrom tells whether anything of a subscription is in the World.
func (w *World) ReadsFrom(subscription string) bool {
	subscription = strings.ToLower(subscription)
	gone := make(map[ID]bool)
	for id := range w.resources.differences() {
		if own, ok := subscriptionOf(id); !ok || own != subscription {
			continue
		}
		_, stood := w.resources.base[id]
		switch _, stands := w.resources.get(id); {
		case stands && !stood:
			return true
		case stood && !stands:
			gone[id] = true
		}
	}
	return w.counts[subscription] > len(gone)
}

// tally counts resources by subscription.
func tally(resources map[ID]Resource) map[string]int {
	n := make(map[string]int)
	for id := range resources {
		if own, ok := subscriptionOf(id); ok {
			n[own]++
		}
	}
	return n
}

// subscriptionOf is the subscription that an id names.
func subscriptionOf(id ID) (string, bool) {
	rest, ok := strings.CutPrefix(string(id), "/subscriptions/")
	if !ok {
		return "", false
	}
	own, _, ok := strings.Cut(rest, "/")
	return own, ok
}
