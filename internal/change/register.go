package change

import (
	"fmt"
	"strings"

	"pldoctor/internal/world"
)

// Register registers the resource provider of key vaults in a subscription, or
// takes the registration away.
type Register struct {
	Subscription string
	Off          bool
}

// Apply sets the state of the provider in a subscription that holds private
// endpoints. One that was not read counts as registered.
func (c Register) Apply(w *world.World) *world.World {
	if _, off := w.Unregistered(c.Subscription); off == c.Off || !c.concerns(w) {
		return w
	}
	return put(w, &world.Provider{Meta: world.ProviderIn(c.Subscription), Registered: !c.Off})
}

func (c Register) concerns(w *world.World) bool {
	for e := range w.Endpoints() {
		if strings.EqualFold(e.Subscription(), c.Subscription) {
			return true
		}
	}
	return false
}

// Title says what is done.
func (c Register) Title(*world.World) string {
	verb := map[bool]string{true: "Unregister", false: "Register"}[c.Off]
	return fmt.Sprintf("%s the resource provider %s in the subscription %s", verb, world.KeyVaultProvider, c.Subscription)
}

// Commands register the provider, and wait for it.
func (c Register) Commands(*world.World) []string {
	verb := map[bool]string{true: "unregister", false: "register"}[c.Off]
	return az("provider", verb, "--wait --namespace", world.KeyVaultProvider, "--subscription", quote(strings.ToLower(c.Subscription)))
}

// Verify shows the state of the provider.
func (c Register) Verify(*world.World) []string {
	return az("provider show --namespace", world.KeyVaultProvider, "--subscription", quote(strings.ToLower(c.Subscription)), "--query registrationState")
}
