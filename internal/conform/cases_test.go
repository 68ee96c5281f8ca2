package conform

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"pldoctor/internal/scenario"
)

const casesPage = "../../docs/cases.md"

// The entries of docs/cases.md, and how many each of its lists has.
var (
	caseLists  = map[string]int{"field": 15, "peers": 35}
	caseNumber = regexp.MustCompile(`^(\w+-\d+)[a-d]?$`) // a letter names a variant
	caseEntry  = regexp.MustCompile(`(?m)^(\d+)\. .* → (.*)$`)
	quotedName = regexp.MustCompile("`([^`]+)`")
)

// TestCases: some shipped scenario stands for each published case, and
// docs/cases.md names those that do, and no others.
func TestCases(t *testing.T) {
	stand, named := standing(t), entries(t)
	for list, count := range caseLists {
		for n := range count {
			number := fmt.Sprintf("%s-%d", list, n+1)
			if len(stand[number]) == 0 {
				t.Errorf("no scenario stands for %s", number)
			}
			if !slices.Equal(stand[number], named[number]) {
				t.Errorf("%s: docs/cases.md names %v, %v stand for it", number, named[number], stand[number])
			}
			delete(named, number)
		}
	}
	if len(named) > 0 {
		t.Errorf("docs/cases.md has entries that no list has: %v", named)
	}
}

// standing are the names of the scenarios that stand for each case.
func standing(t *testing.T) map[string][]string {
	t.Helper()
	stand := make(map[string][]string)
	for _, name := range scenario.Names() { // in order
		s, err := scenario.Load(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range s.Cases {
			number := caseNumber.FindStringSubmatch(c)[1]
			if !slices.Contains(stand[number], name) {
				stand[number] = append(stand[number], name)
			}
		}
	}
	return stand
}

// entries are the names of scenarios that the page gives for each case. Its two
// lists stand in the order of their prefixes, each below a heading.
func entries(t *testing.T) map[string][]string {
	t.Helper()
	page, err := os.ReadFile(casesPage)
	if err != nil {
		t.Fatal(err)
	}
	sections := strings.Split(string(page), "\n## ")
	if len(sections) != 3 {
		t.Fatalf("docs/cases.md has %d sections, want 2", len(sections)-1)
	}
	named := make(map[string][]string)
	for i, list := range []string{"field", "peers"} {
		for _, entry := range caseEntry.FindAllStringSubmatch(sections[i+1], -1) {
			number := list + "-" + entry[1]
			for _, name := range quotedName.FindAllStringSubmatch(entry[2], -1) {
				named[number] = append(named[number], name[1])
			}
		}
	}
	return named
}
