package arch

import (
	"go/ast"
	"go/parser"
	"go/token"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// machine is the one package that may use the host's own dialer, resolver,
// programs and clock. All others are handed an Env, so that what runs in the
// lab stays in the lab.
const machine = "machine"

// let are, per package, the import paths whose doors it may use besides: the
// first runs a user's program inside a lab, the second has processes of one user
// meet at a socket of the kernel's, the third listens on loopback, and the tests
// of the program run it and knock at that socket.
var let = map[string][]string{
	"attach":       {"os/exec"},
	"live":         {"net"},
	"serve":        {"net"},
	"cmd/pldoctor": {"os/exec", "net"},
}

// doors are, per import path, the names that lead to this machine's network or
// to its programs.
var doors = map[string]*regexp.Regexp{
	"net":                  regexp.MustCompile(`^(Dial.*|Listen|Listen[A-Z].*|Lookup.*|Resolve.*|DefaultResolver)$`),
	"net/http":             regexp.MustCompile(`^(DefaultClient|DefaultTransport|Get|Head|Post|PostForm|ListenAndServe.*)$`),
	"crypto/tls":           regexp.MustCompile(`^(Dial.*|Listen)$`),
	"os/exec":              regexp.MustCompile(`^Command`),
	"github.com/miekg/dns": regexp.MustCompile(`^(Dial.*|Exchange|ExchangeContext|ListenAndServe.*)$`),
}

// methods are, per import path, the names of methods that do the same. They
// are looked for by name alone in the files that import the package.
var methods = map[string]*regexp.Regexp{
	"net/http":             regexp.MustCompile(`^ListenAndServe(TLS)?$`),
	"github.com/miekg/dns": regexp.MustCompile(`^(Exchange|ExchangeContext|ListenAndServe)$`),
}

// fields are, per type, the fields of which a literal must set one, since
// without it the type falls back to the host's own dialer.
var fields = map[string][]string{
	"net/http.Client":    {"Transport"},
	"net/http.Transport": {"DialContext", "DialTLSContext"},
}

// clock are the names that read the time or wait. Pure packages are told it.
var clock = regexp.MustCompile(`^(Now|Since|Until|Sleep|After|AfterFunc|Tick|NewTicker|NewTimer)$`)

func TestOneDoor(t *testing.T) {
	for _, s := range sources(t) {
		if s.pkg() == machine {
			continue
		}
		for _, u := range openDoors(s.file) {
			if slices.Contains(let[s.pkg()], u.path) {
				continue
			}
			t.Errorf("%s: %s outside internal/%s: take an env.Env", s.at(u.node), u.what, machine)
		}
	}
}

func TestPureHasNoClock(t *testing.T) {
	table := layers(t)
	for _, s := range sources(t) {
		if s.isTest() || !table[s.pkg()].pure {
			continue
		}
		names := importNames(s.file)
		ast.Inspect(s.file, func(n ast.Node) bool {
			if path, name := names.of(n); path == "time" && clock.MatchString(name) {
				t.Errorf("%s: time.%s in the pure package %s: take the time as an argument", s.at(n), name, s.pkg())
			}
			return true
		})
	}
}

// TestOpenDoors shows that the finder finds: text that must and must not be
// complained of.
func TestOpenDoors(t *testing.T) {
	for _, tt := range []struct{ imports, body, want string }{
		{`"net"`, `net.Dial("tcp", a)`, "net.Dial"},
		{`"net"`, `(&net.Dialer{}).DialContext(ctx, n, a)`, "net.Dialer"},
		{`"net"`, `net.LookupHost(a)`, "net.LookupHost"},
		{`wire "net"`, `wire.DefaultResolver.LookupHost(ctx, a)`, "net.DefaultResolver"},
		{`"net"`, `net.ListenPacket("udp", a)`, "net.ListenPacket"},
		{`"net"`, `var l net.Listener; var c net.Conn; net.Pipe()`, ""},
		{`"net/http"`, `http.Get(a)`, "net/http.Get"},
		{`"net/http"`, `c := http.Client{}`, "net/http.Client without Transport"},
		{`"net/http"`, `c := &http.Client{Transport: rt}`, ""},
		{`"net/http"`, `c := &http.Transport{}`, "net/http.Transport without DialContext"},
		{`"net/http"`, `c := new(http.Transport)`, "net/http.Transport without DialContext"},
		{`"net/http"`, `c := &http.Transport{DialTLSContext: dial}`, ""},
		{`"crypto/tls"`, `tls.Dial("tcp", a, nil)`, "crypto/tls.Dial"},
		{`"os/exec"`, `exec.CommandContext(ctx, a)`, "os/exec.CommandContext"},
		{`"github.com/miekg/dns"`, `dns.Exchange(m, a)`, "github.com/miekg/dns.Exchange"},
		{`"github.com/miekg/dns"`, `new(dns.Client).Exchange(m, a)`, "Exchange of github.com/miekg/dns"},
		{`"github.com/miekg/dns"`, `new(dns.Client).ExchangeWithConn(m, &dns.Conn{Conn: conn})`, ""},
		{`"net/http"`, `server.ListenAndServe()`, "ListenAndServe of net/http"},
	} {
		t.Run(tt.body, func(t *testing.T) {
			text := "package p\nimport " + tt.imports + "\nfunc f() { " + tt.body + " }"
			file, err := parser.ParseFile(token.NewFileSet(), "p.go", text, 0)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, u := range openDoors(file) {
				got = append(got, u.what)
			}
			if strings.Join(got, "; ") != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}
