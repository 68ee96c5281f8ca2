package conform

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"pldoctor/internal/diagnose"
	"pldoctor/internal/doctor"
	"pldoctor/internal/lab"
	"pldoctor/internal/scenario"
)

// inBubble runs f in the lab of a scenario, in virtual time, and returns how
// long it took there.
func inBubble(t *testing.T, name string, f func(ctx context.Context, c doctor.Case)) time.Duration {
	t.Helper()
	b := bedOf(t, name)
	var took time.Duration
	synctest.Test(t, func(t *testing.T) {
		l := lab.Start(b.scenario.World, lab.Options{RTT: rtt})
		defer l.Close()
		c, err := doctor.InLab(l, b.scenario, b.host, b.target, true)
		if err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		f(t.Context(), c)
		took = time.Since(start)
	})
	return took
}

// bedOf is the default host of a scenario and its first vault.
func bedOf(t testing.TB, name string) bed {
	t.Helper()
	s, err := scenario.Load(name)
	if err != nil {
		t.Fatal(err)
	}
	target, err := doctor.ParseTarget(s.Vaults[0], s.World.Service().Cloud.Name)
	if err != nil {
		t.Fatal(err)
	}
	return bed{name: name, scenario: s, host: s.DefaultHost(), target: target}
}

// bareGet is what curl does: resolve the name, connect, and GET /healthstatus.
func bareGet(ctx context.Context, c doctor.Case) error {
	roots, err := c.Env.Roots()
	if err != nil {
		return err
	}
	transport := &http.Transport{
		DisableKeepAlives: true,
		TLSClientConfig:   &tls.Config{RootCAs: roots, Time: c.Env.Now},
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			host, port, err := net.SplitHostPort(address)
			if err != nil {
				return nil, err
			}
			addrs, _, err := c.Env.Lookup(ctx, host)
			if err != nil {
				return nil, err
			}
			return c.Env.Dial(ctx, network, net.JoinHostPort(addrs[0].String(), port))
		},
	}
	defer transport.CloseIdleConnections()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://"+c.Target.Host.Host()+"/healthstatus", nil)
	if err != nil {
		return err
	}
	response, err := transport.RoundTrip(request)
	if err != nil {
		return err
	}
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("status %d", response.StatusCode)
	}
	return response.Body.Close()
}

// The critical path: a request by name costs four round trips (DNS, TCP, TLS
// 1.3, HTTP), a whole check one more.
const bareTrips, checkTrips = 4, 5

func getTrips(t *testing.T) time.Duration {
	return inBubble(t, "healthy", func(ctx context.Context, c doctor.Case) {
		if err := bareGet(ctx, c); err != nil {
			t.Error(err)
		}
	}) / rtt
}

func healthyTrips(t *testing.T) time.Duration {
	return inBubble(t, "healthy", func(ctx context.Context, c doctor.Case) {
		c.Cut = true
		if r := doctor.New("AzureCloud", "test").Check(ctx, c); r.Verdict != "private" {
			t.Errorf("verdict %s", r.Verdict)
		}
	}) / rtt
}

// budget is what the command line gives a check.
const budget = 15 * time.Second

func blackholeTime(t *testing.T) time.Duration {
	return inBubble(t, "all-requests-time-out", func(ctx context.Context, c doctor.Case) {
		c.Cut, c.Budget = true, budget
		doctor.New("AzureCloud", "test").Check(ctx, c)
	})
}

func TestRoundTrips(t *testing.T) {
	if n := getTrips(t); n != bareTrips {
		t.Errorf("a bare GET takes %d round trips, want %d", n, bareTrips)
	}
	if n := healthyTrips(t); n > checkTrips {
		t.Errorf("a healthy check takes %d round trips, want at most %d", n, checkTrips)
	}
	if d := blackholeTime(t); d > budget {
		t.Errorf("a black hole takes %v, the budget is %v", d, budget)
	}
}

// measure runs a test that returns a count and reports it for a benchmark.
func measure(b *testing.B, unit string, f func(*testing.T) float64) {
	var value float64
	for b.Loop() {
		ok := testing.RunTests(func(string, string) (bool, error) { return true, nil },
			[]testing.InternalTest{{Name: b.Name(), F: func(t *testing.T) { value = f(t) }}})
		if !ok {
			b.Fatal("failed inside the bubble")
		}
	}
	b.ReportMetric(value, unit)
}

func BenchmarkBareGet(b *testing.B) {
	measure(b, "rtts/op", func(t *testing.T) float64 { return float64(getTrips(t)) })
}

func BenchmarkCheckHealthy(b *testing.B) {
	measure(b, "rtts/op", func(t *testing.T) float64 { return float64(healthyTrips(t)) })
}

func BenchmarkCheckBlackhole(b *testing.B) {
	measure(b, "virtual-s/op", func(t *testing.T) float64 { return blackholeTime(t).Seconds() })
}

// BenchmarkLabCheck builds the lab, diagnoses and tears it down, in real time.
func BenchmarkLabCheck(b *testing.B) {
	bed := bedOf(b, "healthy")
	d := doctor.New("AzureCloud", "test")
	b.ReportAllocs()
	for b.Loop() {
		l := lab.Start(bed.scenario.World, lab.Options{})
		c, err := doctor.InLab(l, bed.scenario, bed.host, bed.target, true)
		if err != nil {
			b.Fatal(err)
		}
		c.Cut = true
		r := d.Check(b.Context(), c)
		l.Close()
		if r.Verdict != "private" {
			b.Fatalf("verdict %s", r.Verdict)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "checks/s")
}

// BenchmarkDiagnose judges what was seen once, again and again.
func BenchmarkDiagnose(b *testing.B) {
	bed := bedOf(b, "zone-not-linked")
	d := doctor.New("AzureCloud", "test")
	l := lab.Start(bed.scenario.World, lab.Options{})
	defer l.Close()
	c, err := doctor.InLab(l, bed.scenario, bed.host, bed.target, true)
	if err != nil {
		b.Fatal(err)
	}
	seen := probeIn(b.Context(), b, l, bed.host, bed.target, diagnose.EndpointAddresses(c.World, c.Target.Vault), false)
	for _, mode := range []string{"configuration", "probe"} {
		b.Run(mode, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if mode == "probe" {
					c.World, c.Client = nil, ""
				}
				if r := d.Judge(c, &seen); r.Verdict != "public" {
					b.Fatalf("verdict %s", r.Verdict)
				}
			}
		})
	}
}
