package predict

import (
	"pldoctor/internal/fact"
	"pldoctor/internal/gate"
	"pldoctor/internal/service"
	"pldoctor/internal/world"
)

// Admitted says what a vault's network settings say to a request that arrived
// in a way that the vault itself has told. Where the vault did not tell it, or
// the settings let it pass, the hop is Unseen: a token would have to be tried.
func Admitted(w *world.World, v *world.Vault, x fact.ExchangeHop) fact.AccessHop {
	if x.Outcome != fact.OK || x.Conn == service.ConnUnsaid || !x.Source.IsValid() {
		return fact.AccessHop{}
	}
	denial, by := gate.Admits(w, v, gate.Arrival{Endpoint: world.ID(x.Endpoint), Subnet: world.ID(x.Subnet), Source: x.Source})
	if denial == service.NotDenied {
		return fact.AccessHop{}
	}
	return refused(denial, by)
}
