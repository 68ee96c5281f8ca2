package doctor

import (
	"testing"
	"time"

	"pldoctor/internal/dnsname"
	"pldoctor/internal/fact"
	"pldoctor/internal/world"
)

// TestWitness: which evidence is meant, and what is said where that is not clear.
func TestWitness(t *testing.T) {
	saw := func(client, name string, second int) fact.Observation {
		o := fact.Observation{Client: fact.Client{Host: client}, Started: time.Unix(int64(second), 0)}
		o.Journey.Name.Host = dnsname.MustParse(name)
		return o
	}
	all := []fact.Observation{
		saw("app", "fabrikam.vault.azure.net", 1), saw("app", "fabrikam.vault.azure.net", 3), saw("app", "fabrikam.vault.azure.net", 2),
		saw("Job", "contoso.privatelink.vaultcore.azure.net", 1), saw("app", "tailspin.vault.azure.net", 1), saw("job", "tailspin.vault.azure.net", 1),
		saw("app", "elsewhere.example", 1),
	}
	for _, tt := range []struct {
		vault, client, want, problem string
		second                       int64
	}{
		{vault: "fabrikam", want: "app", second: 3},
		{vault: "FABRIKAM.vault.azure.net", client: "APP", want: "app", second: 3},
		{vault: "contoso", want: "Job", second: 1},
		{vault: "tailspin", client: "job", want: "job", second: 1},
		{vault: "tailspin", problem: "holds evidence from app, job: say with --client which is meant"},
		{vault: "fabrikam", client: "job", problem: `holds no evidence from a client "job"; there is some from app`},
		{vault: "nobody", problem: "holds no evidence about nobody; there is some about contoso.privatelink.vaultcore.azure.net, elsewhere.example, fabrikam.vault.azure.net, tailspin.vault.azure.net"},
	} {
		target, err := ParseTarget(tt.vault, "")
		if err != nil {
			t.Fatal(err)
		}
		o, err := Witness(all, target, tt.client)
		switch {
		case tt.problem != "" && (err == nil || err.Error() != tt.problem):
			t.Errorf("%s: %v, want %s", tt.vault, err, tt.problem)
		case tt.problem == "" && (err != nil || o.Client.Host != tt.want || o.Started.Unix() != tt.second):
			t.Errorf("%s: %+v, %v", tt.vault, o, err)
		}
	}
	if _, err := Witness(nil, Target{}, ""); err == nil {
		t.Error("no evidence, and no error")
	}
}

// TestReplay: the name is the one that was asked for.
func TestReplay(t *testing.T) {
	target, err := ParseTarget("contoso", "AzureUSGovernment")
	if err != nil {
		t.Fatal(err)
	}
	o := fact.Observation{Client: fact.Client{Host: "app"}}
	o.Journey.Name.Host = dnsname.MustParse("contoso.vault.azure.net")
	c := Replay(target, &o)
	if c.Target.Host != o.Journey.Name.Host || c.Target.Vault != "contoso" || c.Name != "app" || c.Wants != world.WantPrivate || c.Env.Dial != nil {
		t.Errorf("%+v", c.Target)
	}
}
