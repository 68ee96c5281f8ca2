package lab

import (
	"io"
	"testing"

	"github.com/miekg/dns"

	"pldoctor/internal/world"
)

// BenchmarkLabStartGet is one whole life of a lab: start, resolve, TLS, GET,
// close.
func BenchmarkLabStartGet(b *testing.B) {
	w, err := world.New(world.Parts{Resources: healthy()})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		l := Start(w, Options{})
		e := on(b, l, "app")
		if _, _, err := e.Lookup(b.Context(), vaultHost); err != nil {
			b.Fatal(err)
		}
		if res, err := get(e, privateIP, "/healthstatus", nil); err != nil || res.StatusCode != 200 {
			b.Fatal(err)
		}
		l.Close()
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "labs/s")
}

func BenchmarkQuestion(b *testing.B) {
	l := start(b, Options{})
	defer l.Close()
	e := on(b, l, "app")
	b.ReportAllocs()
	for b.Loop() {
		if m, err := dig(e, "udp", "168.63.129.16", vaultHost, dns.TypeA); err != nil || len(m.Answer) != 2 {
			b.Fatal(err)
		}
	}
}

func BenchmarkPipe(b *testing.B) {
	near, far := ends("tcp", 0, false)
	go func() { _, _ = io.Copy(io.Discard, far) }()
	data := make([]byte, 16<<10)
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		if _, err := near.Write(data); err != nil {
			b.Fatal(err)
		}
	}
	_ = near.Close()
}
