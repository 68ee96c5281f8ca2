package diagnose

// maxKept bounds what a shelf keeps for the next run: most need less.
const maxKept = 16

// A shelf lends values to one run, and the same ones to the next. A diagnosis
// imagines many worlds, and looks at each for a moment.
type shelf[T any] struct {
	kept []*T
	lent int
}

// lend returns a value that nobody else has; what the borrower before left in it
// stands there still.
func (s *shelf[T]) lend() *T {
	if s.lent == len(s.kept) {
		s.kept = append(s.kept, new(T))
	}
	s.lent++
	return s.kept[s.lent-1]
}

// regain takes all back, each cleared of what it refers to.
func (s *shelf[T]) regain(cleared func(*T)) {
	clear(s.kept[min(maxKept, len(s.kept)):])
	s.kept = s.kept[:min(maxKept, len(s.kept))]
	for _, v := range s.kept[:min(s.lent, len(s.kept))] {
		cleared(v)
	}
	s.lent = 0
}
