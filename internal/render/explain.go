package render

import (
	"fmt"
	"strings"

	"pldoctor/internal/rule"
)

// Codes lists rules, a line each.
func Codes(rules []*rule.Rule) string {
	var b strings.Builder
	for _, x := range rules {
		fmt.Fprintf(&b, "%s  %-8s %s\n", x.Code, x.Severity, x.Title)
	}
	return b.String()
}

// section is a part of a rule's documentation.
type section struct{ title, text string }

func sections(d rule.Doc) []section {
	return []section{
		{"What you see", d.Symptom},
		{"What is the matter", d.Cause},
		{"How it is told from its neighbours", d.Apart},
		{"What to do", d.Fix},
	}
}

// Explanation is a rule's documentation for a terminal.
func Explanation(x *rule.Rule, s Style) string {
	p := newPaper(s)
	p.line(p.ink(bold, x.Code+" "+x.Slug))
	p.para("", sentence(x.Title))
	p.line(p.ink(dim, string(x.Severity)+"; who acts: "+owners[x.Owner]))
	for _, part := range sections(x.Doc) {
		if part.text != "" {
			p.head(part.title)
			p.para("  ", part.text)
		}
	}
	p.head("How to check it by hand")
	for _, c := range x.Doc.Verify {
		p.command("  ", c)
	}
	if x.Doc.Article != "" {
		p.head("In Microsoft's article")
		p.para("  ", "Section "+x.Doc.Article+".")
		if x.Doc.Errata != "" {
			p.para("  ", x.Doc.Errata)
		}
	}
	p.head("Sources")
	for _, u := range x.Doc.Sources {
		p.line("  " + u)
	}
	return p.String()
}

// Markdown is a rule's documentation as a page.
func Markdown(x *rule.Rule) string {
	var b strings.Builder
	fmt.Fprintf(&b, "<!-- Generated from internal/rule; do not edit. -->\n\n# %s %s\n\n%s\n\n", x.Code, x.Slug, sentence(x.Title))
	fmt.Fprintf(&b, "Severity: %s. Who acts: %s.\n", x.Severity, owners[x.Owner])
	for _, part := range sections(x.Doc) {
		if part.text != "" {
			fmt.Fprintf(&b, "\n## %s\n\n%s\n", part.title, part.text)
		}
	}
	fmt.Fprintf(&b, "\n## How to check it by hand\n\n```\n%s\n```\n", strings.Join(x.Doc.Verify, "\n"))
	if x.Doc.Article != "" {
		fmt.Fprintf(&b, "\n## In Microsoft's article\n\nSection %s.\n", x.Doc.Article)
		if x.Doc.Errata != "" {
			fmt.Fprintf(&b, "\n%s\n", x.Doc.Errata)
		}
	}
	b.WriteString("\n## Sources\n\n")
	for _, u := range x.Doc.Sources {
		fmt.Fprintf(&b, "- <%s>\n", u)
	}
	return b.String()
}
