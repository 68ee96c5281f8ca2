package scenario

import (
	"fmt"
	"io/fs"
)

// Source returns the text of a shipped scenario's file.
func Source(name string) (string, error) {
	text, err := fs.ReadFile(Shipped(), name+".yaml")
	if err != nil {
		return "", fmt.Errorf("no scenario %q ships; run \"pldoctor lab list\"", name)
	}
	return string(text), nil
}
