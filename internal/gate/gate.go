// Package gate says what Key Vault answers: World × connection × request → the
// vault's response, with the texts and headers that the service uses.
//
// Decide settles the outcome and builds no text; Decision.Write makes the
// response of it. Admits is the network's part of the decision alone. What
// public material leaves open about the service is listed at
// world.Assumptions.
package gate

import (
	"net/netip"

	"pldoctor/internal/service"
	"pldoctor/internal/world"
)

// An Arrival is how a TLS connection came to Key Vault's front end.
type Arrival struct {
	Endpoint world.ID   // the private endpoint that it came through, if any
	Subnet   world.ID   // the subnet whose service endpoint it came through, if any
	Source   netip.Addr // the client as the front end sees it
	// Trusted says that the caller is one of the services of "Trusted
	// services" in learn.microsoft.com/azure/key-vault/general/network-security,
	// which a vault's firewall may let pass wherever they come from.
	Trusted bool
}

// A Request is what matters of an HTTP request.
type Request struct {
	Method   string
	Host     string // the Host header, possibly with a port
	Path     string // without the query
	Identity world.Identity
	Token    bool // a bearer token was presented; Identity says what it is worth
	// Caller is what the token says of who presents it; what is missing there
	// is filled in.
	Caller service.Caller
}

// A Response is what the vault answers.
type Response struct {
	Status  int
	Denial  service.Denial
	By      world.ID // the rule set, perimeter or endpoint that decided a denial
	Info    service.NetworkInfo
	Region  string
	Vault   string // the vault that answered; "" when Host names none
	Headers []Header
	Body    string
}

// A Header is one response header; their order is the service's.
type Header struct{ Name, Value string }

// A RequestID is the value of x-ms-request-id: a GUID that the service makes
// for each request.
type RequestID string
