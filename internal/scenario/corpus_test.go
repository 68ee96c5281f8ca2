package scenario

import (
	"encoding/json"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"pldoctor/internal/arm"
	"pldoctor/internal/dnsname"
	"pldoctor/internal/fact"
	"pldoctor/internal/rule"
	"pldoctor/internal/world"
)

// articleScenarios are the six problems that the article covers, and what a
// diagnosis of the first host in each must say.
var articleScenarios = map[string]Expectation{
	"public-answer":                  {Verdict: fact.Public, RootCauses: []string{"PL602"}},
	"all-requests-time-out":          {Verdict: fact.NotReached, RootCauses: []string{"PL806"}},
	"private-address-but-403":        {Verdict: fact.Public, RootCauses: []string{"PL804"}},
	"public-still-open":              {Verdict: fact.Private, RootCauses: []string{}, Advice: []string{"PL301"}},
	"two-endpoints-one-fails":        {Verdict: fact.NotReached, RootCauses: []string{"PL605"}},
	"copied-to-another-subscription": {Verdict: fact.Public, RootCauses: []string{"PL603"}},
}

func TestCorpus(t *testing.T) {
	entries, err := Corpus()
	if err != nil {
		t.Fatal(err)
	}
	titles := make(map[string]string)
	for _, e := range entries {
		t.Run(e.Name, func(t *testing.T) {
			s, err := Load(e.Name)
			if err != nil {
				t.Fatal(err)
			}
			if twin := titles[s.Title]; s.Title == "" || twin != "" || strings.HasSuffix(s.Title, ".") {
				t.Errorf("title %q, also of %q", s.Title, twin)
			}
			titles[s.Title] = s.Name
			for _, name := range s.Hosts {
				h, _ := s.World.Host(world.HostID(name))
				if _, ok := s.Expect[name]; !ok && !h.HasRole() {
					t.Errorf("nothing is expected of %s", name)
				}
			}
			h := s.DefaultHost()
			if h == nil {
				t.Fatal("no host without a role")
			}
			want, ok := articleScenarios[s.Name]
			got := s.Expect[h.Name()]
			if ok && (got.Verdict != want.Verdict || !slices.Equal(got.RootCauses, want.RootCauses) || !slices.Equal(got.Advice, want.Advice)) {
				t.Errorf("%s: got %+v, want %+v", h.Name(), got, want)
			}
			delete(articleScenarios, s.Name)
		})
	}
	if len(articleScenarios) > 0 {
		t.Errorf("missing: %v", articleScenarios)
	}
}

// TestExpectations holds what is expected together: a private path has no root
// cause unless the vault refuses what comes by it or is gone, and without configuration the
// root cause is among the candidates.
func TestExpectations(t *testing.T) {
	for _, name := range Names() {
		s, err := Load(name)
		if err != nil {
			t.Fatal(err)
		}
		for host, x := range s.Expect {
			h, _ := s.World.Host(world.HostID(host))
			refused := x.Access == fact.AccessRefusedNetwork || x.Access == fact.AccessRefusedIdentity
			v, there := s.World.VaultNamed(x.Vault)
			if x.Verdict == fact.Private && len(x.RootCauses) > 0 && !refused && (!there || !v.Deleted) {
				t.Errorf("%s, %s: private, for %v", name, host, x.RootCauses)
			}
			if x.Verdict != fact.Private && len(x.RootCauses) == 0 && h.Wants == world.WantPrivate {
				t.Errorf("%s, %s: %s for no cause", name, host, x.Verdict)
			}
			for _, code := range x.RootCauses {
				variant, _ := rule.ByCode(code)
				if !slices.Contains(x.Candidates, code) && !slices.Contains(x.Candidates, variant.Under) && len(x.Candidates) > 0 {
					t.Errorf("%s, %s: %s is no candidate", name, host, code)
				}
			}
			if !slices.IsSorted(x.Candidates) {
				t.Errorf("%s, %s: candidates %v are not ordered by code", name, host, x.Candidates)
			}
		}
	}
}

// TestArticle holds the estate to the addresses that the article shows.
func TestArticle(t *testing.T) {
	s, err := Load("healthy")
	if err != nil {
		t.Fatal(err)
	}
	v, _ := s.World.VaultNamed("fabrikam")
	for e := range s.World.EndpointsOf(v.ID) {
		if got := e.Addresses; !slices.Equal(got, []netip.Addr{netip.MustParseAddr("10.1.2.3")}) || !s.World.Effective(e) {
			t.Errorf("endpoint at %v", got)
		}
	}
	if got := s.DefaultHost().Address.String(); got != "10.4.5.6" {
		t.Errorf("client at %s", got)
	}
	if v.Region != "eus" || v.PublicAddresses[0].String() != "52.168.109.101" || !v.HasAlias() {
		t.Errorf("public side %v in %s, alias %v", v.PublicAddresses, v.Region, v.HasAlias())
	}
}

// TestRoundTrip encodes the ARM part of each scenario and decodes it again.
func TestRoundTrip(t *testing.T) {
	equal := cmp.Options{
		cmpopts.EquateComparable(netip.Addr{}, netip.Prefix{}, netip.AddrPort{}, dnsname.Name{}), cmpopts.EquateEmpty(), cmpopts.IgnoreUnexported(world.Zone{}),
		cmpopts.SortSlices(func(a, b world.Link) bool { return a.ID < b.ID }),
		cmpopts.IgnoreFields(world.Vault{}, "Alias"), // public DNS tells it, not ARM
	}
	for _, name := range Names() {
		s, err := Load(name)
		if err != nil {
			t.Fatal(err)
		}
		data, err := json.Marshal(arm.Encode(s.World))
		if err != nil {
			t.Fatal(err)
		}
		result, err := arm.Decode(data, arm.Options{})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		again, err := world.New(world.Parts{Resources: result.Resources})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		want := slices.DeleteFunc(s.World.Resources(), func(r world.Resource) bool {
			v, ok := r.(*world.Vault)
			return world.MetaOf(r).ID[0] != '/' || ok && v.Deleted // which ARM lists elsewhere
		})
		got := slices.DeleteFunc(again.Resources(), func(r world.Resource) bool { return world.MetaOf(r).ID[0] != '/' })
		if diff := cmp.Diff(want, got, equal); diff != "" {
			t.Errorf("%s: before -, after +\n%s", name, diff)
		}
	}
}

func TestOpen(t *testing.T) {
	files := fstest.MapFS{
		"dir/mine.yaml": {Data: []byte("title: mine\nresources: net.json\nhosts: [{name: a, in: v, address: 10.0.0.4}]")},
		"dir/net.json": {Data: []byte(`{"value": [{"type": "Microsoft.Network/virtualNetworks", "name": "v",
			"properties": {"addressSpace": {"addressPrefixes": ["10.0.0.0/8"]}}}]}`)},
	}
	s, err := Open("dir/mine.yaml", files)
	if err != nil || s.Title != "mine" {
		t.Errorf("%+v, %v", s, err)
	}
	if s, err := Open("healthy", files); err != nil || s.Name != "healthy" {
		t.Errorf("%+v, %v", s, err)
	}
	for name, want := range map[string]string{
		"nothing":    "nothing: is neither a scenario that ships nor a file that can be read: file does not exist",
		"../x.yaml":  "../x.yaml: is neither",
		"dir/a.yaml": "dir/a.yaml: is neither",
	} {
		if _, err := Open(name, files); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := Load("nothing"); err == nil || !strings.Contains(err.Error(), "healthy, ") {
		t.Errorf("%v", err)
	}
}
