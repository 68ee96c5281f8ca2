package azure

import (
	"flag"
	"os"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write docs/reader-role.json again")

// TestRole: the role that ships allows the reading of every type that is asked
// for, and is the one in the documentation.
func TestRole(t *testing.T) {
	allowed := strings.ToLower(strings.Join(actions(), " "))
	var types []string
	for _, q := range (Scope{App: "app"}).queries() {
		types = append(types, q.types...)
	}
	for parent, kinds := range children {
		for _, c := range kinds {
			types = append(types, parent+"/"+c.name)
		}
	}
	for _, kind := range types {
		if !slices.Contains(strings.Fields(allowed), strings.ToLower(kind)+"/read") {
			t.Errorf("%s may not be read", kind)
		}
	}
	role, err := Role()
	if err != nil {
		t.Fatal(err)
	}
	const file = "../../docs/reader-role.json"
	if *update {
		if err := os.WriteFile(file, append(role, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	shipped, err := os.ReadFile(file)
	if err != nil || string(shipped) != string(role)+"\n" {
		t.Errorf("%s is stale (go test ./internal/azure -run Role -update): %v", file, err)
	}
}
