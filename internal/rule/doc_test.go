package rule_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"pldoctor/internal/fact"
	"pldoctor/internal/rule"
)

// headings are the sections of Microsoft's article, and what stands in them;
// the heading of the seventh is missing in some translations.
var headings = map[string][]string{
	"1": {"Confirm that your client runs at the virtual network", "If you use a managed solution, refer to specific documentation"},
	"2": {"Confirm that the connection is approved and succeeded"},
	"3": {"Confirm that the key vault firewall is properly configured"},
	"4": {"Difference between private and public IP addresses", "Find the key vault private IP address in the virtual network"},
	"5": {"Validate the DNS resolution"},
	"6": {
		"Validate the Private DNS Zone", "Confirm that the required Private DNS Zone resource exists",
		"Confirm that the Private DNS Zone is linked to the Virtual Network", "Confirm that the Private DNS Zone contains the right A record",
		"DNS resolution for more than one Virtual Network", "Understand that you have control over DNS resolution",
	},
	"7": {
		"Validate that requests to key vault use private link", "Query the /healthstatus endpoint of the key vault",
		"Query the key vault IP address directly",
	},
	"8": {
		"Diagnose custom DNS servers at Virtual Network", "Diagnose hosts overriding or custom DNS servers at Virtual Machine",
		"Promiscuous proxies (Fiddler, etc.)", "Other things that may affect connectivity",
	},
}

var (
	code        = regexp.MustCompile(`\bPL\d{3}\b`)
	placeholder = regexp.MustCompile(`<[^<>]*>`)
	goodHolder  = regexp.MustCompile(`^<[a-z0-9-]+>$`)
	place       = regexp.MustCompile(`^(\d), (.*)$`)
	verb        = regexp.MustCompile(`^az (?:[a-z-]+ )*?(list|show|query|list-[a-z-]+|show-[a-z-]+|test-[a-z-]+|get-access-token)(?: |$)`)
)

// paragraphs are the parts of a documentation that are prose.
func paragraphs(d rule.Doc) map[string]string {
	return map[string]string{"Symptom": d.Symptom, "Cause": d.Cause, "Apart": d.Apart, "Fix": d.Fix, "Errata": d.Errata}
}

func TestDocsAreComplete(t *testing.T) {
	const most = 800 // characters of a paragraph that is read
	for _, x := range rule.All() {
		for part, text := range paragraphs(x.Doc) {
			if strings.TrimSpace(text) != text || !strings.HasSuffix(text, ".") || len(text) > most {
				t.Errorf("%s: %s is no paragraph of at most %d characters: %q", x.Code, part, most, text)
			}
			for _, c := range code.FindAllString(text, -1) {
				if _, known := rule.ByCode(c); !known || c == x.Code {
					t.Errorf("%s: %s names %s", x.Code, part, c)
				}
			}
		}
		if strings.HasSuffix(x.Title, ".") || x.Title == "" || x.Stage == fact.NoStage || x.Owner == "" {
			t.Errorf("%s: title %q, stage %s, owner %q", x.Code, x.Title, x.Stage, x.Owner)
		}
		if len(x.Doc.Sources) == 0 || slices.ContainsFunc(x.Doc.Sources, func(s string) bool { return !strings.HasPrefix(s, "https://") }) {
			t.Errorf("%s: sources %q", x.Code, x.Doc.Sources)
		}
	}
}

// TestDocsNameANeighbour: whoever reads of one fault learns of another that it
// could be taken for.
func TestDocsNameANeighbour(t *testing.T) {
	alone := map[string]string{"PL609": "it breaks nothing, and so looks like nothing"}
	for _, x := range rule.All() {
		if named, why := code.MatchString(x.Doc.Apart), alone[x.Code]; named == (why != "") {
			t.Errorf("%s: names a neighbour: %t; %s", x.Code, named, why)
		}
	}
}

func TestDocsNameSectionsOfTheArticle(t *testing.T) {
	for _, x := range rule.All() {
		if x.Doc.Article == "not covered" {
			continue
		}
		for section := range strings.SplitSeq(x.Doc.Article, "; ") {
			m := place.FindStringSubmatch(section)
			if m == nil || !slices.Contains(headings[m[1]], m[2]) {
				t.Errorf("%s: the article has no section %q", x.Code, section)
			}
		}
	}
}

// TestDocsCommands: what is printed for checking by hand reads and changes
// nothing, and what is to be put in stands in angle brackets as one word.
func TestDocsCommands(t *testing.T) {
	tools := []string{"az", "cat", "curl", "dig", "env", "for", "getent", "grep", "host", "ip", "nameresolver", "nc", "openssl", "ping", "resolvectl", "ss", "tracepath"}
	for _, x := range rule.All() {
		if n := len(x.Doc.Verify); n == 0 || n > 3 {
			t.Errorf("%s: %d commands", x.Code, n)
		}
		for _, v := range x.Doc.Verify {
			command, _, _ := strings.Cut(v, "   # ")
			tool, _, _ := strings.Cut(command, " ")
			if !slices.Contains(tools, tool) || tool == "az" && !verb.MatchString(command) || strings.Contains(command, "--password") {
				t.Errorf("%s: no command that only reads: %s", x.Code, v)
			}
			if strings.Count(command, `"`)%2 != 0 || strings.Count(command, "'")%2 != 0 {
				t.Errorf("%s: a quote is not closed: %s", x.Code, v)
			}
			if strings.Contains(command, "'/vaults/<vault>'") && !strings.Contains(command, "ends_with(privateLinkServiceId, '/vaults/<vault>')") {
				t.Errorf("%s: finds vaults with longer names too: %s", x.Code, v)
			}
			for _, p := range placeholder.FindAllString(command, -1) {
				if !goodHolder.MatchString(p) {
					t.Errorf("%s: the placeholder %s: %s", x.Code, p, v)
				}
			}
		}
	}
}
