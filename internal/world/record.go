package world

import (
	"cmp"
	"slices"
	"strings"
)

// ordered returns a resource with its lists in the order that lookups rely on.
// One that is in order already, as nearly all are, is returned as it is.
func ordered(r Resource) Resource {
	switch r := r.(type) {
	case *Zone:
		if slices.IsSortedFunc(r.Records, compareRecords) && slices.IsSortedFunc(r.Links, compareLinks) {
			return r
		}
		c := *r
		c.Records, c.Links = sorted(r.Records, compareRecords), sorted(r.Links, compareLinks)
		return &c
	case *VNet:
		if slices.IsSortedFunc(r.Peerings, comparePeerings) {
			return r
		}
		c := *r
		c.Peerings = sorted(r.Peerings, comparePeerings)
		return &c
	}
	return r
}

func sorted[T any](list []T, compare func(a, b T) int) []T {
	list = slices.Clone(list)
	slices.SortStableFunc(list, compare)
	return list
}

func compareLinks(a, b Link) int { return cmp.Compare(a.VNet, b.VNet) }

func comparePeerings(a, b Peering) int { return cmp.Compare(a.Remote, b.Remote) }

func compareRecords(a, b Record) int {
	return cmp.Or(compareFold(a.Label, b.Label), cmp.Compare(a.Type, b.Type))
}

// WithRecord returns a copy of a World's zone with a record set in it, in place of
// that of its label and type.
func (z *Zone) WithRecord(r Record) *Zone {
	from, _ := slices.BinarySearchFunc(z.Records, r, compareRecords)
	to := from
	for to < len(z.Records) && compareRecords(z.Records[to], r) == 0 {
		to++
	}
	c := *z
	c.Records = slices.Concat(z.Records[:from], []Record{r}, z.Records[to:])
	return &c
}

// compareFold compares as strings.Compare does, without the case of ASCII
// letters (RFC 4343).
func compareFold(a, b string) int {
	for i := range min(len(a), len(b)) {
		if c := cmp.Compare(lower(a[i]), lower(b[i])); c != 0 {
			return c
		}
	}
	return cmp.Compare(len(a), len(b))
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}

// RecordsNamed returns the zone's record sets of a label, compared without
// case: one for each type, sorted by it.
func (z *Zone) RecordsNamed(label string) []Record {
	from, found := z.first(label)
	if !found {
		return nil
	}
	to := from
	for to < len(z.Records) && compareFold(z.Records[to].Label, label) == 0 {
		to++
	}
	return z.Records[from:to:to]
}

// first returns the place of the first record set of a label.
func (z *Zone) first(label string) (int, bool) {
	if z.labels.of(z.Records) {
		i, found := z.labels.at[label]
		if found || !strings.ContainsFunc(label, func(c rune) bool { return 'A' <= c && c <= 'Z' }) {
			return int(i), found
		}
	}
	return slices.BinarySearchFunc(z.Records, label, func(r Record, l string) int { return compareFold(r.Label, l) })
}

// labels says where in a long list of records each label, in lower case, comes
// first: in a large estate a search would touch ten records for each question.
type labels struct {
	list []Record
	at   map[string]int32
}

// fewRecords are searched as quickly.
const fewRecords = 16

// labelled returns a zone whose records, which are in order, can be found by
// label at once.
func labelled(z *Zone) *Zone {
	if len(z.Records) < fewRecords || z.labels.of(z.Records) {
		return z
	}
	c := *z
	c.labels = &labels{c.Records, make(map[string]int32, len(c.Records))}
	for i, r := range slices.Backward(c.Records) {
		c.labels.at[strings.ToLower(r.Label)] = int32(i)
	}
	return &c
}

// of tells whether l was made of that list, and not of one that a changed copy
// of the zone has put in its place.
func (l *labels) of(list []Record) bool {
	return l != nil && len(l.list) == len(list) && len(list) > 0 && &l.list[0] == &list[0]
}

// Record returns the zone's record set of that label, compared without case,
// and type.
func (z *Zone) Record(label string, t RecordType) (*Record, bool) {
	records := z.RecordsNamed(label)
	for i := range records {
		if records[i].Type == t {
			return &records[i], true
		}
	}
	return nil, false
}

// Exists tells whether a name of the zone exists, by its label: it has
// records, or a name below it has (an empty non-terminal, RFC 8020), or it is
// the zone itself.
func (z *Zone) Exists(label string) bool {
	if label == "@" || len(z.RecordsNamed(label)) > 0 {
		return true
	}
	for i := range z.Records {
		l := z.Records[i].Label
		at := len(l) - len(label)
		if at > 1 && l[at-1] == '.' && strings.EqualFold(l[at:], label) {
			return true
		}
	}
	return false
}
