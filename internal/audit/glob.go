package audit

import (
	"path"
	"strings"

	"pldoctor/internal/world"
)

// globbed tells whether a pattern, with * and ?, is that of a resource's name or
// id, without case; the empty one is of all.
func globbed(pattern, name string, id world.ID) bool {
	pattern = strings.ToLower(pattern)
	return pattern == "" || matches(pattern, strings.ToLower(name)) || matches(pattern, string(id))
}

// matches is path.Match in which * stands for slashes too.
func matches(pattern, text string) bool {
	flat := strings.NewReplacer("/", "\x00")
	ok, err := path.Match(flat.Replace(pattern), flat.Replace(text))
	return ok && err == nil
}
