package change

import (
	"slices"
	"strings"

	"pldoctor/internal/world"
)

// in is the part of an az command that names the resource group and the
// subscription of a resource.
func in(m world.Meta) string {
	parts := []string{"--resource-group " + quote(m.Group())}
	if s := m.Subscription(); s != "" {
		parts = append(parts, "--subscription "+quote(s))
	}
	return strings.Join(parts, " ")
}

// az joins the parts of an az command, empty ones left out.
func az(parts ...string) []string {
	parts = slices.DeleteFunc(parts, func(s string) bool { return s == "" })
	return []string{"az " + strings.Join(parts, " ")}
}

// plain are the characters that mean nothing but themselves to a shell.
var plain = func() (t [256]bool) {
	for _, c := range []byte("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./:@%+=,") {
		t[c] = true
	}
	return t
}()

// quote makes s one word of a POSIX shell. Names come from files and from
// Azure: none may smuggle in a command.
func quote(s string) string {
	if isPlain(s) {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

func isPlain(s string) bool {
	for i := range len(s) {
		if !plain[s[i]] {
			return false
		}
	}
	return s != ""
}

// nameOf is how a resource is called in a sentence.
func nameOf(w *world.World, id world.ID) string {
	if r := w.Lookup(id); r != nil {
		return world.MetaOf(r).Name()
	}
	return id.Name()
}
