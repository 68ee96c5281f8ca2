package standin

import (
	"bytes"
	"sync"
)

// A program is quoted with its last lines, at most so many and so many bytes.
const (
	kept    = 8
	longest = 4096
)

// A tail keeps the last lines of what is written.
type tail struct {
	mu   sync.Mutex
	text []byte
}

// Write never fails.
func (t *tail) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.text = append(t.text, b...)
	t.text = bytes.Clone(t.text[max(0, len(t.text)-longest):])
	lines := bytes.SplitAfter(t.text, []byte("\n"))
	if len(lines) > kept+1 { // the last has not ended yet
		t.text = bytes.Join(lines[len(lines)-kept-1:], nil)
	}
	return len(b), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.text)
}
