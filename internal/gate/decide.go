package gate

import (
	"strings"

	"pldoctor/internal/service"
	"pldoctor/internal/world"
)

// A Decision is what comes of a request.
type Decision struct {
	Status int
	Denial service.Denial
	By     world.ID            // the rule set, perimeter or endpoint that decided a denial
	Info   service.NetworkInfo // zero where the header is not sent
	Vault  *world.Vault        // nil when Host names none, or it was not looked at

	page    page
	text    service.Text // of a textPage
	op      *operation
	call    Call
	content string // what the vault holds, see Answer
	world   *world.World
	arrival Arrival
	request Request
}

// A page is a kind of body.
type page uint8

const (
	textPage    page = iota // a refusal
	healthPage              // of /healthstatus
	contentPage             // of a request that was admitted
	htmlPage                // of the web server in front of the vaults
)

// Decide says what comes of a request. The order is that which public
// transcripts show:
//
//  1. /healthstatus answers, whatever Host, token and firewall say.
//  2. Paths that no vault serves get the web server's own pages.
//  3. Host has to name a vault.
//  4. A request without a token gets the challenge, whatever the firewall says:
//     that is how clients find out where to get one.
//  5. The network settings, see Admits; then the token's tenant; then roles or
//     access policies; then what the vault holds, see Decision.Answer.
func Decide(w *world.World, a Arrival, r Request) Decision {
	d := Decision{world: w, arrival: a, request: r}
	if strings.EqualFold(strings.TrimSuffix(r.Path, "/"), service.HealthPath) {
		d.Status, d.page, d.Info = 200, healthPage, networkInfo(w, a)
		return d
	}
	if strings.Trim(r.Path, "/") == "" {
		d.Status, d.page, d.Denial = 403, htmlPage, service.DeniedUnknown
		return d
	}
	op, call, ok := operationOf(r.Method, r.Path)
	if !ok {
		d.Status, d.page = 404, htmlPage
		return d
	}
	d.op, d.call, d.Info = op, call, networkInfo(w, a)
	if d.Vault, ok = vaultOf(w, r.Host); !ok {
		return d.refuse(service.TextTCP, a.Endpoint)
	}
	return d.ofVault()
}

// ofVault goes on with a request whose vault is known.
func (d Decision) ofVault() Decision {
	v, r := d.Vault, d.request
	if v.Deleted {
		return d.refuse(service.TextNoVault, v.ID)
	}
	if !r.Token || r.Identity == world.NoIdentity {
		return d.refuse(service.TextNoToken, v.ID)
	}
	garbage := r.Identity == world.InvalidIdentity
	if garbage && !d.world.Assume().DenyGarbageToken {
		return d.refuse(service.TextSignature, v.ID)
	}
	if denial, by := Admits(d.world, v, d.arrival); denial != service.NotDenied {
		return d.refuse(textOf(denial, v.ACL.Bypass), by)
	}
	switch {
	case garbage:
		return d.refuse(service.TextSignature, v.ID)
	case v.Foreign:
		return d.refuse(service.TextIssuer, v.ID)
	case !d.op.allowed(r.Identity):
		return d.unauthorized()
	}
	d.Status, d.page = 200, contentPage
	return d
}

// allowed tells whether the roles or access policies of a caller allow an
// operation.
func (op *operation) allowed(who world.Identity) bool {
	return who == world.Administrator || who == world.Reader && op.reader
}

// Admitted returns what a vault is asked to do; ok is false where nothing is,
// because the request was refused or concerns no vault's content.
func (d Decision) Admitted() (call Call, ok bool) { return d.call, d.page == contentPage }

// Answer puts what the vault's content says, a status and a body in JSON, into
// the decision on a request that was admitted. Without it the answer is an
// empty 200: the World knows who may ask, and not what a vault holds.
func (d Decision) Answer(status int, body string) Decision {
	if d.page == contentPage {
		d.Status, d.content = status, body
	}
	return d
}

func (d Decision) unauthorized() Decision {
	if d.Vault.RBAC {
		return d.refuse(service.TextRBAC, d.Vault.ID)
	}
	return d.refuse(service.TextPolicy, d.Vault.ID)
}

func (d Decision) refuse(t service.Text, by world.ID) Decision {
	d.Status, d.Denial, d.By, d.page, d.text = t.Status(), t.Denial(), by, textPage, t
	return d
}

// textOf picks the text of a refusal by the network.
func textOf(d service.Denial, bypass bool) service.Text {
	switch d {
	case service.DeniedFirewall:
		if bypass {
			return service.TextFirewall
		}
		return service.TextFirewallNoBypass
	case service.DeniedConnection:
		if bypass {
			return service.TextConnection
		}
		return service.TextConnectionNoBypass
	case service.DeniedPerimeter:
		return service.TextPerimeter
	}
	return service.TextTCP
}

// vaultOf finds the vault that a Host header names, with or without a port.
func vaultOf(w *world.World, host string) (*world.Vault, bool) {
	name, domain, _ := strings.Cut(hostname(host), ".")
	if svc := w.Service(); !strings.EqualFold(strings.TrimSuffix(domain, "."), svc.Suffix.Host()) {
		return nil, false
	}
	return w.VaultNamed(name)
}

// hostname is a Host header without its port.
func hostname(host string) string {
	name, _, _ := strings.Cut(host, ":") // of an address in brackets nothing useful is left
	return name
}

// networkInfo is what the service says of how a request came in.
func networkInfo(w *world.World, a Arrival) service.NetworkInfo {
	n := service.NetworkInfo{Addr: a.Source.Unmap(), Family: service.FamilyIPv6}
	switch {
	case a.Endpoint != "":
		n.Conn, n.Endpoint = service.ConnPrivateLink, string(a.Endpoint)
		if e, ok := w.Endpoint(a.Endpoint); ok {
			n.Endpoint = e.Path
		}
	case a.Subnet != "":
		n.Conn, n.Subnet = service.ConnSubnet, string(a.Subnet)
		if s, _, ok := w.Subnet(a.Subnet); ok {
			n.Subnet = s.Path
		}
	case a.Source.Unmap().Is4():
		n.Conn, n.Family = service.ConnIPv4, service.FamilyIPv4
	default:
		n.Conn = service.ConnIPv6
	}
	if w.Assume().OldNetworkInfo {
		n.Conn, n.Endpoint, n.Subnet = service.ConnUnsaid, "", ""
	}
	return n
}
