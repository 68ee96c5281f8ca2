package world

import "strings"

// A Provider is a resource provider as one subscription has it: Microsoft.KeyVault
// has to be registered in the subscription of a private endpoint before the
// vault's owner can approve its connection (MicrosoftDocs/azure-docs issue 120274
// on GitHub).
type Provider struct {
	Meta       // /subscriptions/…/providers/Microsoft.KeyVault
	Registered bool
}

// KeyVaultProvider is the namespace of key vaults.
const KeyVaultProvider = "Microsoft.KeyVault"

// ProviderIn is the Meta of the provider of key vaults in a subscription.
func ProviderIn(subscription string) Meta {
	return At("/subscriptions/" + subscription + "/providers/" + KeyVaultProvider)
}

// Unregistered returns the provider of key vaults in a subscription, where it was
// read and is not registered.
func (w *World) Unregistered(subscription string) (*Provider, bool) {
	p, ok := w.Lookup(ProviderIn(strings.ToLower(subscription)).ID).(*Provider)
	return p, ok && !p.Registered
}

func (p *Provider) keys() []key             { return nil }
func (p *Provider) check(*World, *problems) {}
