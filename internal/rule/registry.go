package rule

import (
	"cmp"
	"slices"
	"strings"
)

//go:generate go run ./gen

// All returns every rule, ordered by code.
func All() []*Rule { return slices.Clone(registry) }

// ByCode returns the rule of a code ("PL603") or slug ("zone-not-linked"),
// compared without case.
func ByCode(code string) (*Rule, bool) {
	i := slices.IndexFunc(registry, func(r *Rule) bool {
		return strings.EqualFold(r.Code, code) || strings.EqualFold(r.Slug, code)
	})
	if i < 0 {
		return nil, false
	}
	return registry[i], true
}

// Upstream returns every rule, those that spoil an earlier hop first.
func Upstream() []*Rule {
	rules := All()
	slices.SortStableFunc(rules, func(a, b *Rule) int {
		return cmp.Or(cmp.Compare(a.Stage, b.Stage), cmp.Compare(a.Code, b.Code))
	})
	return rules
}
