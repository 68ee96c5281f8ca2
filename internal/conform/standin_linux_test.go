package conform

import (
	"bytes"
	"cmp"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"pldoctor/internal/attach"
	"pldoctor/internal/doctor"
	"pldoctor/internal/edge"
	"pldoctor/internal/lab"
	"pldoctor/internal/scenario"
	"pldoctor/internal/standin"
	"pldoctor/internal/world"
)

// withExec are the scenarios that ship with real programs in them.
func withExec(t *testing.T) (list []*scenario.Scenario) {
	t.Helper()
	for _, name := range scenario.Names() {
		s, err := scenario.Load(name)
		if err != nil {
			t.Fatal(err)
		}
		if len(s.Exec) > 0 {
			list = append(list, s)
		}
	}
	return list
}

// withPrograms is a lab in which the scenario's programs serve.
func withPrograms(t *testing.T, s *scenario.Scenario) *lab.Lab {
	t.Helper()
	l := lab.Start(s.World, lab.Options{})
	t.Cleanup(l.Close)
	crew, err := standin.Start(t.Context(), l, s, standin.Options{Init: []string{asInit}, Environ: os.Environ(), Within: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(crew.Close)
	return l
}

// TestRealProgramsShip: each of the four programs stands in for a host somewhere.
func TestRealProgramsShip(t *testing.T) {
	found := make(map[string]bool)
	for _, s := range withExec(t) {
		for _, e := range s.Exec {
			found[e.Command[0]] = true
		}
	}
	for _, program := range []string{"dnsmasq", "unbound", "named", "squid"} {
		if !found[program] {
			t.Errorf("no scenario runs %s", program)
		}
	}
}

// TestRealDiagnosis: with the real programs, the diagnosis is what the scenario
// expects, and the probe sees what it sees of our models of them.
func TestRealDiagnosis(t *testing.T) {
	d := doctor.New("AzureCloud", "test")
	for _, s := range withExec(t) {
		t.Run(s.Name, func(t *testing.T) {
			t.Parallel() // they wait most of the time
			l := withPrograms(t, s)
			for _, b := range bedsOf(t, s) {
				t.Run(b.host.Name(), func(t *testing.T) { b.really(t, l, d) })
			}
		})
	}
}

func (b bed) really(t *testing.T, l *lab.Lab, d *doctor.Doctor) {
	t.Helper()
	for _, mode := range []string{"both", "probe alone"} {
		c, err := doctor.InLab(l, b.scenario, b.host, b.target, mode == "both")
		if err != nil {
			t.Fatal(err)
		}
		c.Budget, c.Cut = onTheMachine, true
		b.judge(t, mode, d.Check(t.Context(), c))
	}
	seen := pretty(t, observable(probeIn(t.Context(), t, l, b.host, b.target, b.candidates(), false), false))
	if diff := gocmp.Diff(strings.Split(b.inProcess(t), "\n"), strings.Split(seen, "\n")); diff != "" {
		t.Errorf("by our models (-) and by real programs (+):\n%s", diff)
	}
}

// questions are what each DNS server is asked, after the name that they are for.
var questions = []string{
	"fabrikam.vault.azure.net A", "fabrikam.vault.azure.net AAAA", "fabrikam.vault.azure.net A +cdflag",
	"fabrikam.privatelink.vaultcore.azure.net A", "fabrikam.privatelink.vaultcore.azure.net AAAA",
	"data-prod-eus.vaultcore.azure.net A", "data-prod-eus.vaultcore.azure.net AAAA",
	"nobody.vault.azure.net A", "FABRIKAM.vault.azure.net A", "fabrikam.vault.azure.net A +tcp",
	"fabrikam.vault.azure.net A +noedns", "unknown.example A",
}

// TestRealAnswers: dig, on a client's machine, is answered by the real DNS servers
// what it is answered by our models of them.
func TestRealAnswers(t *testing.T) {
	for _, s := range withExec(t) {
		var servers []*world.Host
		for _, name := range s.Hosts {
			if h, _ := s.World.Host(world.HostID(name)); s.Exec[name].Command != nil && h.DNS != nil {
				servers = append(servers, h)
			}
		}
		if len(servers) == 0 {
			continue
		}
		t.Run(s.Name, func(t *testing.T) {
			t.Parallel()
			model := lab.Start(s.World, lab.Options{})
			defer model.Close()
			programs := withPrograms(t, s)
			for _, server := range servers {
				client := clientOf(t, s, server)
				want, got := dig(t, model, client, server.Address), dig(t, programs, client, server.Address)
				if diff := gocmp.Diff(want, got); diff != "" {
					t.Errorf("%s, by our model (-) and by %s (+):\n%s", server.Name(), s.Exec[server.Name()].Command[0], diff)
				}
			}
		})
	}
}

// clientOf is a host that asks a server.
func clientOf(t *testing.T, s *scenario.Scenario, server *world.Host) *world.Host {
	t.Helper()
	for h := range s.World.Hosts() {
		if !h.HasRole() && slices.Contains(s.World.Nameservers(h), server.Address) {
			return h
		}
	}
	t.Fatalf("nobody asks %s", server.Name())
	return nil
}

// dig asks a server all questions, and returns what it answers, as lines that two
// servers can be compared by.
func dig(t *testing.T, l *lab.Lab, client *world.Host, server netip.Addr) []string {
	t.Helper()
	var script strings.Builder
	for _, q := range questions {
		fmt.Fprintf(&script, "echo '? %s'; dig @%s +noall +comments +answer +authority +tries=1 %s\n", q, server, q)
	}
	out := onHost(t, l, client, "sh", "-c", script.String())
	var lines []string
	for line := range strings.Lines(out) {
		if line = essential(strings.TrimSpace(line)); line != "" {
			lines = append(lines, line)
		}
	}
	return lines
}

var (
	header = regexp.MustCompile(`^;; ->>HEADER<<- opcode: QUERY, status: (\w+), id: \d+$`)
	flags  = regexp.MustCompile(`^;; flags: ([a-z ]*); QUERY: 1, ANSWER: (\d+),`)
	record = regexp.MustCompile(`^(\S+)\s+(\d+)\s+IN\s+(\S+)\s+(.*)$`)
)

// essential leaves of a line of dig's what a server is asked for: the status, the
// flags, the records and whether they live for seconds, minutes or longer. Of a
// denial it leaves that there is one, and whose.
func essential(line string) string {
	if m := header.FindStringSubmatch(line); m != nil {
		return m[1]
	}
	if m := flags.FindStringSubmatch(line); m != nil {
		return "flags " + m[1] + ", records " + m[2]
	}
	m := record.FindStringSubmatch(line)
	switch {
	case m == nil && strings.HasPrefix(line, "?"):
		return line
	case m == nil:
		return ""
	case m[3] == "SOA":
		return "denied by " + strings.Fields(m[4])[0]
	}
	// BIND gives a name in the letters in which it first heard it.
	return fmt.Sprintf("%s %s %s %s", strings.ToLower(m[1]), life(m[2]), m[3], m[4])
}

// life is a time to live without the seconds that it has been kept.
func life(ttl string) string {
	switch seconds, _ := time.ParseDuration(ttl + "s"); {
	case seconds > 5*time.Minute:
		return "long"
	case seconds > 10*time.Second:
		return "minutes"
	}
	return "seconds"
}

// onHost runs a command on a machine that stands in for a host, and returns what
// it prints.
func onHost(t *testing.T, l *lab.Lab, host *world.Host, command ...string) string {
	t.Helper()
	guise, err := l.Guise(host.ID)
	if err != nil {
		t.Fatal(err)
	}
	door, err := l.Door(host.ID)
	if err != nil {
		t.Fatal(err)
	}
	var out, stderr bytes.Buffer
	m, err := attach.Start(attach.Options{Guise: guise, Command: command, Environ: os.Environ(), Init: []string{asInit}, Out: &out, Err: &stderr})
	if err != nil {
		t.Fatal(err)
	}
	e, err := edge.New(door, m.Link(), edge.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	if _, err := m.Wait(); err != nil {
		t.Fatalf("%v: %s", err, stderr.String())
	}
	return out.String()
}

// TestRealProxies: curl, on a client's machine, is told by squid what our model of
// it tells, in the class that a client goes by.
func TestRealProxies(t *testing.T) {
	if _, err := exec.LookPath("curl"); err != nil {
		t.Fatal(err)
	}
	for _, s := range withExec(t) {
		for _, h := range s.Hosts {
			client, _ := s.World.Host(world.HostID(h))
			if client.Environ["HTTPS_PROXY"] == "" || client.Environ["NO_PROXY"] != "" || h == "orphan" {
				continue
			}
			t.Run(s.Name+"/"+h, func(t *testing.T) {
				t.Parallel()
				model := lab.Start(s.World, lab.Options{})
				defer model.Close()
				programs := withPrograms(t, s)
				want, got := curl(t, model, client), curl(t, programs, client)
				if want != got {
					t.Errorf("by our model %q, by squid %q", want, got)
				}
			})
		}
	}
}

func curl(t *testing.T, l *lab.Lab, client *world.Host) string {
	t.Helper()
	out := onHost(t, l, client, "curl", "-s", "-o", "/dev/null", "-m", "20",
		"-w", "%{http_connect} %{http_code}", "https://fabrikam.vault.azure.net/healthstatus")
	connect, code, _ := strings.Cut(out, " ")
	if strings.HasPrefix(connect, "5") { // squid's words for a way that fails are 500 and 503, others' 502
		connect = "5xx"
	}
	return cmp.Or(connect, "none") + " " + code
}
