package rule

import (
	"fmt"
	"slices"
	"strings"

	"pldoctor/internal/change"
	"pldoctor/internal/fact"
	"pldoctor/internal/world"
)

// PL208: why nobody can approve. Without the provider Azure refuses to, so that
// the repair of PL202 changes nothing here.
var pl208 = &Rule{
	Code: "PL208", Slug: "provider-not-registered", Severity: Error, Owner: OwnerNetwork, Stage: fact.StageAnswer, Weight: 1, Under: "PL202",
	Title: "Microsoft.KeyVault is not registered in the endpoint's subscription",
	Doc: Doc{
		Symptom: "The endpoint is there, its connection stays `Pending`, and approving it fails: `(AuthorizationFailed) Microsoft.KeyVault provider must be registered on subscription containing private endpoint`. The name resolves to a public address without an alias under `privatelink`.",
		Cause:   "The endpoint is in a subscription other than the vault's, in which nobody has used Key Vault yet. Approving a connection needs the resource provider there.",
		Apart:   "It is PL202 until somebody tries to approve: the error, or the provider's state in the endpoint's subscription, tells. With PL201, PL203 and PL204 the state of the connection is another; the client sees the same, and through a service endpoint what it sees with PL306. Where a line of the hosts file hides what DNS says (PL803), the line may be all that is wrong, or this beside it.",
		Fix:     "Somebody with Contributor on the endpoint's subscription registers the provider there (`az provider register --namespace Microsoft.KeyVault`), which takes some minutes; then the vault's owner approves again.",
		Verify: []string{
			"az provider show --namespace Microsoft.KeyVault --subscription <subscription-of-the-endpoint> --query registrationState   # NotRegistered",
		},
		Article: notCovered,
		Errata:  "The article takes it that whoever may approve a connection can.",
		Sources: []string{
			"https://github.com/MicrosoftDocs/azure-docs/issues/120274",
			"https://learn.microsoft.com/azure/azure-resource-manager/management/resource-providers-and-types",
		},
	},
	Eval: func(c *Case) Result {
		if c.arrives() {
			return Pass("requests arrive over private link, so the connection was approved")
		}
		if c.approved() {
			return Pass("the vault's name has the alias of an approved connection, or a request arrived over one")
		}
		if r, unknown := c.ofVault(); unknown {
			return r
		}
		t, ok := c.stuck()
		if !ok || t.status() != world.Pending {
			return Pass("no connection that this client could use waits for approval")
		}
		if !c.barred(t) {
			return c.registered(t)
		}
		p, _ := c.World.Unregistered(world.At(t.written()).Subscription())
		return Fail(fmt.Sprintf("the connection of the private endpoint %s on the key vault %s cannot be approved: the resource provider %s is not registered in the endpoint's subscription, %s",
			t.name(), c.Resource.Name(), world.KeyVaultProvider, p.Subscription()), append(t.evidence(), read(p.Path, "is not registered"))...)
	},
	Breaks: func(s Site) []Break {
		e, ok := s.Door()
		if !ok || strings.EqualFold(e.Subscription(), s.Vault.Subscription()) { // which has it, since the vault is there
			return nil
		}
		off := change.Register{Subscription: e.Subscription(), Off: true}
		var breaks []Break
		for _, b := range s.into(world.Pending, world.Succeeded) {
			breaks = append(breaks, append(Break{off}, b...))
		}
		return breaks
	},
	Mends: func(c *Case) []change.Change {
		t, ok := c.tieOf(is(world.Pending))
		if !ok {
			return nil
		}
		register := change.Register{Subscription: world.At(t.written()).Subscription()}
		return append([]change.Change{register}, c.approve(world.Pending)...)
	},
}

// barred tells whether Azure refuses to approve a connection, since the provider
// of key vaults is not registered in the endpoint's subscription.
func (c *Case) barred(t tie) bool {
	_, barred := c.World.Unregistered(world.At(t.written()).Subscription())
	return barred
}

// registered is the Result where nobody says that the provider is missing. The
// vault's own subscription has it, since the vault is there.
func (c *Case) registered(t tie) Result {
	subscription := world.At(t.written()).Subscription()
	_, known := c.World.Lookup(world.ProviderIn(subscription).ID).(*world.Provider)
	if known || strings.EqualFold(subscription, c.Resource.Subscription()) {
		return Pass("Microsoft.KeyVault is registered in the endpoint's subscription")
	}
	return Unknown("the resource providers registered in the endpoint's subscription were not read")
}

// ApprovalDoubtful tells whether all that the vault has are connections of which
// nobody can tell whether they can be approved at all: they wait for it, and
// which resource providers their endpoints' subscriptions have could not be read.
func (c *Case) ApprovalDoubtful() bool {
	if c.World == nil || c.Resource == nil || slices.ContainsFunc(c.ties(), tie.effective) {
		return false
	}
	return slices.ContainsFunc(c.ties(), func(t tie) bool {
		if t.status() != world.Pending || c.registered(t).Status == StatusPass {
			return false
		}
		provider := world.ProviderIn(world.At(t.written()).Subscription()).ID
		return slices.ContainsFunc(c.World.Gaps(), func(g world.Gap) bool { return g.Near == provider })
	})
}

// written is the endpoint's id as Azure wrote it.
func (t tie) written() string {
	if t.endpoint != nil {
		return t.endpoint.Path
	}
	return t.connection.EndpointPath
}
