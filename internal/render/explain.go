package render

import (
	"fmt"
	"regexp"
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

// The article whose sections the rules name.
const (
	articleTitle = "Diagnose private links configuration issues on Azure Key Vault"
	articleURL   = "https://learn.microsoft.com/azure/key-vault/general/private-link-diagnostics"
)

// inArticle says which section of the article, by the name given for it, covers
// a rule; a section starts with its number.
func inArticle(article, section string) string {
	if section == "" || section[0] < '1' || section[0] > '9' {
		return article + " does not cover this."
	}
	return article + ", section " + section + "."
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
	p.head("In Microsoft's article")
	p.para("  ", inArticle(`"`+articleTitle+`"`, x.Doc.Article))
	p.para("  ", x.Doc.Errata)
	p.head("Sources")
	for _, u := range x.Doc.Sources {
		p.line("  " + u)
	}
	return p.String()
}

// anyCode is a finding code in a text.
var anyCode = regexp.MustCompile(`\bPL\d{3}\b`)

// linked makes links of the other codes that a page names.
func linked(text, own string) string {
	return anyCode.ReplaceAllStringFunc(text, func(c string) string {
		if c == own {
			return c
		}
		return "[" + c + "](" + c + ".md)"
	})
}

// Markdown is a rule's documentation as a page.
func Markdown(x *rule.Rule) string {
	var b strings.Builder
	fmt.Fprintf(&b, "<!-- Generated from internal/rule; do not edit. -->\n\n# %s %s\n\n%s\n\n", x.Code, x.Slug, sentence(x.Title))
	fmt.Fprintf(&b, "Severity: %s. Who acts: %s.\n", x.Severity, owners[x.Owner])
	for _, part := range sections(x.Doc) {
		if part.text != "" {
			fmt.Fprintf(&b, "\n## %s\n\n%s\n", part.title, linked(part.text, x.Code))
		}
	}
	fmt.Fprintf(&b, "\n## How to check it by hand\n\n```\n%s\n```\n", strings.Join(x.Doc.Verify, "\n"))
	fmt.Fprintf(&b, "\n## In Microsoft's article\n\n%s\n\n%s\n",
		inArticle("["+articleTitle+"]("+articleURL+")", x.Doc.Article), linked(x.Doc.Errata, x.Code))
	b.WriteString("\n## Sources\n\n")
	for _, u := range x.Doc.Sources {
		fmt.Fprintf(&b, "- <%s>\n", u)
	}
	return b.String()
}
