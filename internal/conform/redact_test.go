package conform

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"pldoctor/internal/arm"
	"pldoctor/internal/diagnose"
	"pldoctor/internal/doctor"
	"pldoctor/internal/estate"
	"pldoctor/internal/fact"
	"pldoctor/internal/lab"
	"pldoctor/internal/redact"
	"pldoctor/internal/snapshot"
	"pldoctor/internal/world"
)

// collected is what "collect --probe" gathers of a bed.
func (b bed) collected(t *testing.T) (s snapshot.Snapshot) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		l := lab.Start(b.scenario.World, lab.Options{RTT: rtt})
		defer l.Close()
		c, err := doctor.InLab(l, b.scenario, b.host, b.target, false)
		if err != nil {
			t.Fatal(err)
		}
		c.Budget, c.Authenticate = time.Minute, true
		if s, err = doctor.LabReader(l, b.host, b.target.Service, nil, false)(t.Context(), []doctor.Target{b.target}); err != nil {
			t.Fatal(err)
		}
		s = doctor.Record(t.Context(), s, []doctor.Case{c})
	})
	return s
}

// replayed judges the evidence of a snapshot with its resources.
func replayed(t *testing.T, s *snapshot.Snapshot) diagnose.Report {
	t.Helper()
	seen := &s.Evidence[0]
	target, err := doctor.ParseTarget(seen.Journey.Name.Host.Host(), s.Cloud)
	if err != nil {
		t.Fatal(err)
	}
	c := doctor.Replay(target, seen)
	if c.World, _, err = s.World(); err != nil {
		t.Fatal(err)
	}
	c = c.Placed(seen)
	return doctorOf(s.Cloud).Judge(c, seen)
}

func indented(t *testing.T, v any) string {
	t.Helper()
	data, err := json.MarshalIndent(v, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// madeUp are addresses that a model without better knowledge makes of a
// network's id, and what it takes for a region's front end.
var madeUp = regexp.MustCompile(`198\.51\.100\.\d+|192\.0\.2\.\d+|52\.168\.109\.101`)

// settled puts addresses that could be somebody's in place of RFC 5737's, which
// are nobody's secret.
func settled(t *testing.T, s snapshot.Snapshot) snapshot.Snapshot {
	t.Helper()
	data, err := snapshot.Encode(s, "test")
	if err != nil {
		t.Fatal(err)
	}
	text := strings.NewReplacer("198.51.100.", "20.51.100.", "203.0.113.", "51.4.113.", "192.0.2.", "40.7.2.").Replace(string(data))
	if s, err = snapshot.Decode([]byte(text)); err != nil {
		t.Fatal(err)
	}
	return s
}

// alike shows where the diagnosis of a masked file says something else.
func alike(t *testing.T, s snapshot.Snapshot, r *redact.Redactor, masked snapshot.Snapshot) string {
	t.Helper()
	lines := func(text string) []string {
		return strings.Split(madeUp.ReplaceAllString(strings.ToLower(text), "made up"), "\n")
	}
	want, got := replayed(t, &s), replayed(t, &masked)
	return cmp.Diff(lines(indented(t, want)), lines(r.Restore(indented(t, got))))
}

// checkMasked masks a snapshot and holds the result to what was promised.
func checkMasked(t *testing.T, s snapshot.Snapshot, w *world.World) {
	t.Helper()
	s = settled(t, s)
	r := redact.New([redact.KeySize]byte{1, 2, 3})
	masked, err := r.Snapshot(s)
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range betrayed(indented(t, s), indented(t, masked), w) {
		t.Errorf("%q stands in the masked file", secret)
	}
	if diff := alike(t, s, r, masked); diff != "" {
		t.Errorf("judged (-), judged masked (+):\n%s", diff)
	}
	again, err := redact.New([redact.KeySize]byte{9}).Snapshot(masked)
	if err != nil {
		t.Fatal(err)
	}
	if before, after := form(indented(t, masked)), form(indented(t, again)); before != after {
		t.Errorf("masked again it has another form:\n%s", cmp.Diff(before, after))
	}
}

// form is a text without its public addresses, which are others at each run.
func form(text string) string {
	return addressForm.ReplaceAllStringFunc(text, func(a string) string {
		if addr, err := netip.ParseAddr(a); err == nil && fact.Classify(addr) == fact.PublicAddr {
			return "address"
		}
		return a
	})
}

var (
	addressForm = regexp.MustCompile(`\b\d{1,3}(\.\d{1,3}){3}\b`)
	guidForm    = regexp.MustCompile(`(?i)\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b`)
	named       = regexp.MustCompile(`[^A-Za-z0-9_.-]+`)

	maskForm = regexp.MustCompile(`^[a-z]+-\d+$`) // a name of that form tells as little

	// known are Azure's and the public resolvers' addresses.
	known = regexp.MustCompile(`^(168\.63\.129\.16|8\.8\.8\.8|8\.8\.4\.4|1\.1\.1\.1)$`)
)

// harmless are names of this project's worlds that are Azure's too, or words of
// what Key Vault and networks say.
var harmless = map[string]bool{
	"": true, "default": true, "@": true, "*": true, "gatewaysubnet": true, "azurefirewallsubnet": true, "azurebastionsubnet": true,
	"client": true, "proxy": true, "access": true, "policy": true, "vault": true, "this": true, "inbound": true, "outbound": true,
	"internet": true, "00000000-0000-0000-0000-000000000000": true, "read": true, "job": true, "off": true, "ticket": true,
	"secrets": true, "cloud-shell": true, "filter": true, "microsoft.keyvault": true,
}

// betrayed are the names, GUIDs and public addresses of a text that stand in
// another one.
func betrayed(text, masked string, w *world.World) (secrets []string) {
	var words []string
	for _, value := range regexp.MustCompile(`"(?:[^"\\]|\\.)*"(:?)`).FindAllString(masked, -1) {
		if !strings.HasSuffix(value, ":") { // else it is a key
			words = append(words, strings.ToLower(value))
		}
	}
	all := " " + named.ReplaceAllString(strings.Join(words, " "), " ") + " "
	for _, secret := range secretsOf(text, w) {
		lower := strings.ToLower(secret)
		if !harmless[lower] && !maskForm.MatchString(lower) && strings.Contains(all, " "+lower+" ") {
			secrets = append(secrets, secret)
		}
	}
	return secrets
}

func secretsOf(text string, w *world.World) []string {
	secrets := guidForm.FindAllString(text, -1)
	for _, a := range addressForm.FindAllString(text, -1) {
		if addr, err := netip.ParseAddr(a); err == nil && fact.Classify(addr) == fact.PublicAddr && !known.MatchString(a) {
			secrets = append(secrets, a)
		}
	}
	for _, r := range w.Resources() {
		m := world.MetaOf(r)
		if _, zone := r.(*world.Zone); !zone {
			secrets = append(secrets, m.Name(), m.Group())
		}
		if v, ok := r.(*world.Vault); ok {
			if host, err := w.Service().Host(v.Name()); err == nil {
				secrets = append(secrets, host.Host())
			}
		}
	}
	return secrets
}

// TestRedacted: the diagnosis of a masked file is that of the file, once the
// names are put back; no secret of the file stands in the masked one.
func TestRedacted(t *testing.T) {
	for _, b := range sampled(append(beds(t), fieldBeds(t)...)) {
		t.Run(b.name, func(t *testing.T) { checkMasked(t, b.collected(t), b.scenario.World) })
	}
}

// TestRedactedEstates does the same with estates in which something is broken.
func TestRedactedEstates(t *testing.T) {
	for seed := range some(16) {
		r := rand.New(rand.NewPCG(seed, 7))
		for i, p := range patientsOf(r, estate.Generate(seed, estate.Plausible(seed)), 2) {
			t.Run(fmt.Sprintf("%d/%d", seed, i), func(t *testing.T) {
				if sick, ok := p.injured(wound(r, p)); ok {
					p = sick
				}
				s := snapshot.Snapshot{
					Cloud: p.world.Service().Cloud.Name, Resources: arm.Encode(diagnose.Sight(p.world, p.client)),
					Evidence: []fact.Observation{p.observed()},
				}
				checkMasked(t, s, p.world)
			})
		}
	}
}
