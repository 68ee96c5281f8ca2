package fact

import (
	"encoding/json"
	"net/netip"
	"reflect"
	"slices"
	"testing"

	"pldoctor/internal/service"
)

func TestClassify(t *testing.T) {
	for text, want := range map[string]AddrClass{
		"10.0.0.0": PrivateAddr, "10.255.255.255": PrivateAddr, "9.255.255.255": PublicAddr, "11.0.0.0": PublicAddr,
		"172.15.255.255": PublicAddr, "172.16.0.0": PrivateAddr, "172.31.255.255": PrivateAddr, "172.32.0.0": PublicAddr,
		"192.168.0.1": PrivateAddr, "192.167.255.255": PublicAddr, "192.169.0.0": PublicAddr,
		"100.63.255.255": PublicAddr, "100.64.0.0": PrivateAddr, "100.127.255.255": PrivateAddr, "100.128.0.0": PublicAddr,
		"fc00::1": PrivateAddr, "fdff:ffff::1": PrivateAddr, "fe00::1": PublicAddr, "2603:1030::1": PublicAddr,
		"52.168.109.101": PublicAddr, "168.63.129.16": SpecialAddr, "168.63.129.17": PublicAddr,
		"::ffff:10.1.2.3": PrivateAddr, "::ffff:52.168.109.101": PublicAddr, "::ffff:168.63.129.16": SpecialAddr, "::ffff:127.0.0.1": SpecialAddr,
		"127.0.0.1": SpecialAddr, "::1": SpecialAddr, "0.0.0.0": SpecialAddr, "0.1.2.3": SpecialAddr, "::": SpecialAddr,
		"169.254.1.1": SpecialAddr, "fe80::1": SpecialAddr, "fe80::1%eth0": SpecialAddr, "224.0.0.1": SpecialAddr, "ff02::1": SpecialAddr,
		"239.255.255.255": SpecialAddr, "240.0.0.0": SpecialAddr, "255.255.255.255": SpecialAddr, "223.255.255.255": PublicAddr,
	} {
		if got := Classify(netip.MustParseAddr(text)); got != want {
			t.Errorf("%s is %s, want %s", text, got, want)
		}
	}
	if Classify(netip.Addr{}) != NoAddr {
		t.Error("no address has a class")
	}
}

// arrives is a journey that ends at a vault: to an address, seen from another.
func arrives(conn service.ConnType, to, from string) (j Journey) {
	addr := func(s string) (a netip.Addr) {
		if s != "" {
			a = netip.MustParseAddr(s)
		}
		return a
	}
	j.Name.Outcome, j.Resolver.Outcome, j.Answer.Outcome = OK, OK, OK
	j.Connect, j.TLS.Outcome = ConnectHop{Outcome: OK, Addr: addr(to)}, OK
	j.Exchange = ExchangeHop{Outcome: OK, Status: 200, Conn: conn, Source: addr(from)}
	return j
}

// TestVerdictOfArrivals: what the vault says decides; the addresses only where
// it does not say it.
func TestVerdictOfArrivals(t *testing.T) {
	const door, front, near, far = "10.1.2.3", "52.168.109.101", "10.4.5.6", "203.0.113.7"
	for _, tt := range []struct {
		conn     service.ConnType
		to, from string
		want     Verdict
	}{
		{service.ConnPrivateLink, door, near, Private},
		{service.ConnPrivateLink, front, far, Private}, // a VNet may use any range
		{service.ConnPrivateLink, "", "", Private},     // through a proxy
		{service.ConnSubnet, front, near, ServiceEndpoint},
		{service.ConnSubnet, door, near, ServiceEndpoint},
		{service.ConnIPv4, front, far, Public},
		{service.ConnIPv4, door, near, Public},
		{service.ConnIPv6, front, "2001:db8::1", Public},

		{service.ConnUnsaid, door, near, Private},
		{service.ConnUnsaid, door, "fd00::6", Private},
		{service.ConnUnsaid, "100.64.0.9", near, Private},
		{service.ConnUnsaid, front, near, ServiceEndpoint},
		{service.ConnUnsaid, front, far, Public},
		{service.ConnUnsaid, door, far, Public}, // somebody on the way carries it over the internet
		{service.ConnUnsaid, "", far, Public},
		{service.ConnUnsaid, "", near, Undetermined}, // a proxy connects, and nobody knows where to
		{service.ConnUnsaid, door, "", Undetermined},
		{service.ConnUnsaid, "127.0.0.1", near, Undetermined},
	} {
		if got := arrives(tt.conn, tt.to, tt.from).Verdict(); got != tt.want {
			t.Errorf("%q from %s to %s: %s, want %s", tt.conn, tt.from, tt.to, got, tt.want)
		}
	}
}

// TestVerdictOfFailures: each hop that fails alone makes the vault unreachable.
func TestVerdictOfFailures(t *testing.T) {
	for name, tt := range map[string]struct {
		edit func(*Journey)
		want Verdict
	}{
		"nothing seen":     {func(*Journey) {}, Undetermined},
		"stopped half-way": {func(j *Journey) { j.Name.Outcome, j.Resolver.Outcome, j.Answer.Outcome = OK, OK, OK }, Undetermined},
		"privatelink name": {func(j *Journey) { j.Name.Outcome = PrivatelinkName }, Undetermined},
		"other cloud":      {func(j *Journey) { j.Name.Outcome = OtherCloud }, NotReached},
		"proxy":            {func(j *Journey) { j.Proxy.Outcome = ProxyAuth }, NotReached},
		"resolver":         {func(j *Journey) { j.Resolver.Outcome = Timeout }, NotReached},
		"answer":           {func(j *Journey) { j.Answer.Outcome = NXDomain }, NotReached},
		"connect":          {func(j *Journey) { j.Connect.Outcome = Refused }, NotReached},
		"tls":              {func(j *Journey) { j.TLS.Outcome = UntrustedIssuer }, NotReached},
		"exchange":         {func(j *Journey) { j.Exchange.Outcome = NotKeyVault }, NotReached},
		"no network-info":  {func(j *Journey) { j.Exchange.Outcome = NoInfo }, Undetermined},
		"proxy unusable":   {func(j *Journey) { j.Proxy.Outcome = ProxyUnusable }, Undetermined},
		"access only":      {func(j *Journey) { *j = arrives("PrivateLink", "", ""); j.Access.Outcome = RefusedNetwork }, Private},
		"a failed answer, yet an exchange": {func(j *Journey) {
			*j = arrives("PrivateLink", "10.1.2.3", "10.4.5.6")
			j.Answer.Outcome = ServFail
		}, Private},
	} {
		var j Journey
		if tt.edit(&j); j.Verdict() != tt.want {
			t.Errorf("%s: %s, want %s", name, j.Verdict(), tt.want)
		}
	}
}

func TestAccessed(t *testing.T) {
	for o, want := range map[Outcome]Access{
		Unseen: AccessUntested, OK: AccessAllowed, RefusedNetwork: AccessRefusedNetwork, RefusedIdentity: AccessRefusedIdentity, Timeout: AccessUntested,
	} {
		if got := (Journey{Access: AccessHop{Outcome: o}}).Accessed(); got != want {
			t.Errorf("%q: %s, want %s", o, got, want)
		}
	}
}

// TestObservable: every hop loses who decided and why, and nothing else. Hops
// are found by reflection, so that a new one cannot be forgotten.
func TestObservable(t *testing.T) {
	var full Journey
	v := reflect.ValueOf(&full).Elem()
	decided := 0
	for _, hop := range v.Fields() {
		hop.FieldByName("Outcome").SetString("ok")
		if by := hop.FieldByName("By"); by.IsValid() {
			decided++
			by.SetString("host:x")
			hop.FieldByName("Reason").SetString("looped")
		}
	}
	for field, hop := range reflect.ValueOf(full.Observable()).Fields() {
		if by := hop.FieldByName("By"); by.IsValid() && (by.String() != "" || hop.FieldByName("Reason").String() != "") {
			t.Errorf("%s keeps who decided or why", field.Name)
		}
		if hop.FieldByName("Outcome").String() != "ok" {
			t.Errorf("%s lost its outcome", field.Name)
		}
	}
	if decided < 7 || full.Connect.By == "" {
		t.Errorf("%d hops, and the journey itself has changed or the test tests nothing", decided)
	}
}

// TestStages: in the order of a request, and by name in JSON.
func TestStages(t *testing.T) {
	const want = `["","name","proxy","resolver","answer","connect","tls","exchange","access"]`
	all := []Stage{NoStage, StageName, StageProxy, StageResolver, StageAnswer, StageConnect, StageTLS, StageExchange, StageAccess}
	got, err := json.Marshal(all)
	if err != nil || string(got) != want {
		t.Errorf("%s, %v; want %s", got, err, want)
	}
	var back []Stage
	if err := json.Unmarshal(got, &back); err != nil || !slices.Equal(back, all) {
		t.Errorf("read again: %v, %v", back, err)
	}
	if err := json.Unmarshal([]byte(`["home"]`), &back); err == nil {
		t.Error("a stage that there is not was read")
	}
}

func TestViews(t *testing.T) {
	a, b := netip.MustParseAddr("10.1.2.3"), netip.MustParseAddr("10.1.2.4")
	o := Observation{
		Servers:   []ServerView{{Server: a, Role: RoleConfigured}, {Server: b, Role: RoleConfigured}},
		Addresses: []AddressView{{Addr: a}},
	}
	first, ok := o.ServerAs(RoleConfigured)
	_, public := o.ServerAs(RolePublic)
	_, at := o.At(a)
	_, nowhere := o.At(b)
	if !ok || first.Server != a || public || !at || nowhere {
		t.Errorf("%v %v %v %v %v", first, ok, public, at, nowhere)
	}
}
