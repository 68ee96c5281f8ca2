package cli

import (
	"context"
	"flag"
	"fmt"
	"net/netip"
	"os"

	"pldoctor/internal/lab"
	"pldoctor/internal/serve"
	"pldoctor/internal/world"
)

var labServeCommand = Command{
	Name:  "lab serve",
	Usage: "SCENARIO [FLAGS]",
	Short: "answer DNS and HTTPS for a host of a scenario on loopback",
	Long: `Lab serve answers on loopback ports of this machine as the lab answers one of
its hosts: DNS as the host's DNS server does, and TLS as what the host reaches
under the name that the client asks for. It works on every system and changes
nothing on this one; so a program has to be told the ports, as the commands do
that it prints. It ends with an interrupt.

What the lab drops or refuses shows as silence or a reset after the connection
has opened; "lab run" shows what a machine sees.
`,
	Run: runLabServe,
}

func runLabServe(ctx context.Context, app *App, args []string) error {
	var from, authority string
	var at serve.Addresses
	loopback := netip.AddrFrom4([4]byte{127, 0, 0, 1})
	fs := newFlags()
	fs.StringVar(&from, "from", "", "the `HOST` of the scenario to answer (its first client)")
	fs.StringVar(&authority, "ca", "", "write the authorities that the host trusts to `FILE`")
	listenFlag(fs, "dns", &at.DNS, netip.AddrPortFrom(loopback, 0), "a loopback `ADDRESS:PORT` for DNS")
	listenFlag(fs, "https", &at.HTTPS, netip.AddrPortFrom(loopback, 0), "a loopback `ADDRESS:PORT` for HTTPS")
	operands, err := parse(fs, args)
	if err != nil {
		return err
	}
	if err := expect(operands, "SCENARIO"); err != nil {
		return err
	}
	s, host, err := openHost(operands[0], from)
	if err != nil {
		return err
	}
	app.predicts(s)
	l := lab.Start(s.World, lab.Options{})
	defer l.Close()
	if err := writeAuthority(l, authority); err != nil {
		return err
	}
	e, err := l.Env(host.ID)
	if err != nil {
		return err
	}
	server, err := serve.Start(e, at)
	if err != nil {
		return &failure{statusInput, err}
	}
	defer server.Close()
	if err := write(app.Out, serving(s.World, host, server.Addresses(), authority)); err != nil {
		return err
	}
	<-ctx.Done()
	return nil
}

func listenFlag(fs *flag.FlagSet, name string, to *netip.AddrPort, by netip.AddrPort, usage string) {
	*to = by
	fs.Func(name, usage+" (default "+by.String()+",\n      0 being any free port)", func(value string) error {
		a, err := netip.ParseAddrPort(value)
		if err != nil {
			return err
		}
		if !a.Addr().IsLoopback() {
			return fmt.Errorf("%s is no loopback address", a.Addr())
		}
		*to = a
		return nil
	})
}

func writeAuthority(l *lab.Lab, path string) error {
	if path == "" {
		return nil
	}
	text, err := l.RootsPEM()
	if err != nil {
		return err
	}
	if err := os.WriteFile(path, text, 0o644); err != nil {
		return &failure{statusInput, err}
	}
	return nil
}

// serving says how to ask.
func serving(w *world.World, host *world.Host, at serve.Addresses, authority string) string {
	trust := "--insecure"
	if authority != "" {
		trust = "--cacert " + authority
	}
	name := "NAME"
	for v := range w.Vaults() {
		if host, err := w.Service().Host(v.Name()); err == nil {
			name = host.Host()
			break
		}
	}
	return fmt.Sprintf(`%s answers:
  dig -p %d @%s %s
  curl -i %s --connect-to ::%s https://%s/healthstatus
`, host.Name(), at.DNS.Port(), at.DNS.Addr(), name, trust, at.HTTPS, name)
}
