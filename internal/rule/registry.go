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

// Upstream returns every rule, those that spoil an earlier hop first. Of one hop,
// what DNS says comes before the bare fact of the address that it leads to.
func Upstream() []*Rule {
	rules := All()
	slices.SortStableFunc(rules, func(a, b *Rule) int {
		return cmp.Or(cmp.Compare(a.Stage, b.Stage), cmp.Compare(a.section(), b.section()), cmp.Compare(a.Code, b.Code))
	})
	return rules
}

// section is where a rule stands among those of its hop: the way that was taken,
// section 3, and the address, section 4, after all that explains them.
func (r *Rule) section() int {
	switch r.Code[:3] {
	case "PL3":
		return 1
	case "PL4":
		return 2
	}
	return 0
}
