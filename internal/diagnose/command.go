package diagnose

import (
	"cmp"
	"slices"
	"strings"

	"pldoctor/internal/rule"
)

// question is the documented command that shows a fault by itself: one that
// reads the configuration, since the client's own view is what fits them all.
func question(x *rule.Rule) string {
	for _, v := range slices.Backward(x.Doc.Verify) {
		if strings.HasPrefix(v, "az ") {
			return v
		}
	}
	if n := len(x.Doc.Verify); n > 0 {
		return x.Doc.Verify[n-1]
	}
	return ""
}

// words is the repair of a rule that no command mends.
func (r *run) words(x *rule.Rule) []Fix {
	verify := make([]string, 0, len(x.Doc.Verify))
	for _, v := range x.Doc.Verify {
		verify = append(verify, r.fill(v))
	}
	return []Fix{{Title: x.Doc.Fix, Az: []string{}, Verify: verify}}
}

// fill puts the names and addresses of this diagnosis into a documented command,
// as far as they are known.
func (r *run) fill(command string) string {
	public, own, j := rule.PublicCloud(), r.in.Service, &r.first.Journey
	for _, n := range [...][2]string{
		{"<vault>", r.in.Vault},
		{"<dns-server>", cmp.Or(text(j.Resolver.Server), "<dns-server>")},
		{"<client-address>", cmp.Or(r.client().Address, "<client-address>")},
		{"<address>", cmp.Or(text(cmp.Or(j.Connect.Addr, j.Answer.Addr)), "<address>")},
		{public.Zone.Host(), own.Zone.Host()},
		{public.Suffix.Host(), own.Suffix.Host()},
		{public.Core.Host(), own.Core.Host()},
	} {
		command = strings.ReplaceAll(command, n[0], n[1])
	}
	return command
}

// withVault puts the vault's name into the commands of a change, which name all else
// themselves.
func (r *run) withVault(commands []string) []string {
	filled := make([]string, len(commands))
	for i, c := range commands {
		filled[i] = strings.ReplaceAll(c, "<vault>", r.in.Vault)
	}
	return filled
}
