package predict

import (
	"testing"

	"pldoctor/internal/fact"
)

// TestProxyUnusable: a setting that cannot be followed makes the path unknown,
// and leaves the one past it as it is.
func TestProxyUnusable(t *testing.T) {
	w := estate(t, 1, 1)
	h, ok := w.Host("host:host0")
	if !ok {
		t.Fatal("no host")
	}
	app := *h
	app.Environ = map[string]string{"ALL_PROXY": "socks5://me:secret@10.1.0.9:1080"}
	target, err := NewTarget(w.Service(), "vault0")
	if err != nil {
		t.Fatal(err)
	}
	o := Observe(w, &app, target, Options{})
	want := fact.ProxyHop{Outcome: fact.ProxyUnusable, Server: "socks5://10.1.0.9:1080", By: fact.Ref(app.ID)}
	if o.Journey.Proxy != want || o.Journey.Verdict() != fact.Undetermined || o.Direct.Verdict() != fact.Private {
		t.Errorf("%+v, past it %s", o.Journey, o.Direct.Verdict())
	}
	if c := o.Client; c.ProxySource != "ALL_PROXY" || c.ProxyFault != "socks5 is not supported" {
		t.Errorf("%+v", c)
	}
}
