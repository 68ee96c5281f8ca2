// Command gen writes the pages of docs/rules and the schema of the report from
// the rules.
package main

import (
	"fmt"
	"log"
	"os"
	"path/filepath"
	"strings"

	"pldoctor/internal/render"
	"pldoctor/internal/rule"
)

const docs = "../../docs"

// intro stands above the list of codes.
const intro = "What each finding of `pldoctor` means; `pldoctor explain CODE` prints the same, offline. " +
	"The first digit is the section of Microsoft's article on the subject: 1 the client, 2 the private endpoint's connection, " +
	"3 the vault's public side, 4 the address, 5 the answer of DNS, 6 the private DNS zone, 7 the connection and what the vault says, " +
	"8 other things on the way: DNS servers, proxies, routes, firewalls. The severity is the most that a finding can be."

func main() {
	if err := run(); err != nil {
		log.Fatal(err)
	}
}

func run() error {
	rules := rule.All()
	pages := filepath.Join(docs, "rules")
	if err := os.RemoveAll(pages); err != nil {
		return err
	}
	if err := os.MkdirAll(pages, 0o755); err != nil {
		return err
	}
	var index strings.Builder
	index.WriteString("<!-- Generated from internal/rule; do not edit. -->\n\n# Finding codes\n\n" + intro + "\n\n| code | name | severity | what it says |\n|---|---|---|---|\n")
	for _, x := range rules {
		if err := os.WriteFile(filepath.Join(pages, x.Code+".md"), []byte(render.Markdown(x)), 0o644); err != nil {
			return err
		}
		fmt.Fprintf(&index, "| [%s](%s.md) | %s | %s | %s |\n", x.Code, x.Code, x.Slug, x.Severity, x.Title)
	}
	if err := os.WriteFile(filepath.Join(pages, "README.md"), []byte(index.String()), 0o644); err != nil {
		return err
	}
	schema, err := render.Schema(rules)
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(docs, "report.schema.json"), append(schema, '\n'), 0o644); err != nil {
		return err
	}
	if schema, err = render.AuditSchema(rules); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(docs, "audit.schema.json"), append(schema, '\n'), 0o644)
}
