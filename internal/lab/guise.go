package lab

import (
	"encoding/pem"
	"fmt"
	"net/netip"
	"strings"

	"pldoctor/internal/world"
)

// A Guise is what a real machine has to be told to stand in for a host of the
// lab.
type Guise struct {
	Hostname   string
	Addresses  []netip.Addr // its own; the first is the one that its packets leave with
	HostsFile  string
	ResolvConf string
	Environ    map[string]string // its own, and that of the platform
	Roots      []byte            // the authorities that it trusts, in PEM
}

// homeless is the address of a host that has none that anybody sees, such as an
// app without VNet integration: one of the range that App Service's sandboxes
// have for themselves.
var homeless = netip.AddrFrom4([4]byte{169, 254, 129, 2})

// loopbackNames is what every hosts file begins with.
const loopbackNames = "127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n"

// Guise returns what a machine has to be told to stand in for a host.
func (l *Lab) Guise(host world.ID) (Guise, error) {
	h, ok := l.World().Host(host)
	if !ok {
		return Guise{}, fmt.Errorf("the lab has no host %q", host.Name())
	}
	roots, err := l.RootsPEM()
	if err != nil {
		return Guise{}, err
	}
	g := Guise{
		Hostname: h.Name(), Addresses: addresses(h), HostsFile: loopbackNames + strings.TrimSuffix(h.HostsFile, "\n") + "\n", // squid, for one, loses a last line that has no end

		ResolvConf: l.resolvConf(h), Environ: environ(h), Roots: roots,
	}
	if len(g.Addresses) == 0 {
		g.Addresses = []netip.Addr{homeless}
	}
	for key, value := range l.credentials(h) {
		if g.Environ[key] == "" {
			g.Environ[key] = value
		}
	}
	return g, nil
}

// credentials are the variables by which a program signs in as the host's
// identity where no instance metadata gives it tokens: those of a service
// principal, as the Azure SDKs' EnvironmentCredential reads them. Any secret is
// the right one.
func (l *Lab) credentials(h *world.Host) map[string]string {
	_, inside := l.World().VNet(h.Network)
	served := inside && (h.Runs == world.OnVM || h.Runs == world.OnAKS)
	if served || h.Identity == "" || h.Identity == world.NoIdentity {
		return nil
	}
	return map[string]string{"AZURE_TENANT_ID": l.tenant(), "AZURE_CLIENT_ID": guid("app", h.ID), "AZURE_CLIENT_SECRET": "any"}
}

// resolvConf is the text of resolv.conf(5), which has no word for split DNS.
func (l *Lab) resolvConf(h *world.Host) string {
	var b strings.Builder
	for _, s := range l.World().Nameservers(h) {
		fmt.Fprintf(&b, "nameserver %s\n", s)
	}
	if len(h.Search) > 0 {
		fmt.Fprintf(&b, "search %s\n", strings.Join(h.Search, " "))
	}
	if h.Ndots > 0 {
		fmt.Fprintf(&b, "options ndots:%d\n", h.Ndots)
	}
	return b.String()
}

// RootsPEM are the authorities that the lab's clients trust, in PEM.
func (l *Lab) RootsPEM() ([]byte, error) {
	certs, err := l.auth.certificates(l.trusted())
	if err != nil {
		return nil, err
	}
	var text []byte
	for _, c := range certs {
		text = append(text, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})...)
	}
	return text, nil
}
