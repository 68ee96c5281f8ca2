package diagnose

// maxLent bounds what a shelf lends in one run: few runs need more, and those that
// do need very much, which is not to be kept.
const maxLent = 16

// A shelf lends values to one run, and the same ones to the next. A diagnosis
// imagines many worlds, and looks at each for a moment.
type shelf[T any] struct {
	kept []*T
	lent int
}

// lend returns a value that nobody else has, and that is empty but for what the
// run before was told to leave in it.
func (s *shelf[T]) lend() *T {
	if s.lent == maxLent {
		return new(T)
	}
	if s.lent == len(s.kept) {
		s.kept = append(s.kept, new(T))
	}
	s.lent++
	return s.kept[s.lent-1]
}

// regain takes all back, each cleared of what it refers to.
func (s *shelf[T]) regain(cleared func(*T)) {
	for _, v := range s.kept[:s.lent] {
		cleared(v)
	}
	s.lent = 0
}
