package azure

import (
	"regexp"
	"sync"
)

// compiled is a regular expression that is compiled when it is first asked
// for: most commands never ask, and every start of the program would wait.
func compiled(expr string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expr) })
}
