package change

import (
	"fmt"
	"net/netip"

	"pldoctor/internal/dnsname"
	"pldoctor/internal/world"
)

// SetHostHeader makes the programs on a host send another Host header than the
// vault's hostname, or, with the zero Name, the right one.
type SetHostHeader struct {
	Host   world.ID
	Header dnsname.Name
}

// Apply sets the header.
func (c SetHostHeader) Apply(w *world.World) *world.World {
	return edit(w, c.Host, func(h *world.Host) { h.HostHeader = c.Header.Host() })
}

// Title says what is done.
func (c SetHostHeader) Title(w *world.World) string {
	if c.Header.IsZero() {
		return "Let the program on " + nameOf(w, c.Host) + " send the vault's own hostname in the Host header, and no proxy rewrite it"
	}
	return fmt.Sprintf("Let the program on %s send the Host header %s", nameOf(w, c.Host), c.Header.Host())
}

// Commands are none: it is a matter of the program.
func (SetHostHeader) Commands(*world.World) []string { return nil }

// Verify shows what a request with the right header gets.
func (SetHostHeader) Verify(w *world.World) []string {
	return []string{"curl -i https://<vault>." + w.Service().Suffix.Host() + "/healthstatus"}
}

// KeepOpen makes the programs on a host keep connections to addresses open;
// none stands for programs that were started again.
type KeepOpen struct {
	Host  world.ID
	Addrs []netip.Addr
}

// Apply sets the connections.
func (c KeepOpen) Apply(w *world.World) *world.World {
	return edit(w, c.Host, func(h *world.Host) { h.Open = c.Addrs })
}

// Title says what is done.
func (c KeepOpen) Title(w *world.World) string {
	if len(c.Addrs) == 0 {
		return "Restart the program on " + nameOf(w, c.Host) + ", so that it opens its connections anew"
	}
	return fmt.Sprintf("Keep connections of %s to %s open", nameOf(w, c.Host), join(c.Addrs))
}

// Commands are none: it is a matter of the program.
func (KeepOpen) Commands(*world.World) []string { return nil }

// Verify lists the connections that are open.
func (KeepOpen) Verify(*world.World) []string {
	return []string{"ss --numeric --tcp state established '( dport = :443 )'"}
}
