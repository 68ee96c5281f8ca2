package service_test

import (
	"testing"

	"pldoctor/internal/service"
)

const challenge = `Bearer authorization="https://login.microsoftonline.com/72f988bf-86f1-41af-91ab-2d7cd011db47", resource="https://vault.azure.net"`

func TestChallengeBothWays(t *testing.T) {
	svc, _ := service.KeyVault("AzureCloud")
	c := svc.ChallengeFor("72f988bf-86f1-41af-91ab-2d7cd011db47")
	if got := c.String(); got != challenge {
		t.Errorf("wrote %s", got)
	}
	if got, ok := service.ParseChallenge(challenge); !ok || got != c {
		t.Errorf("read %+v, %t", got, ok)
	}
	if got := c.Tenant(); got != "72f988bf-86f1-41af-91ab-2d7cd011db47" {
		t.Errorf("tenant %q", got)
	}
}

func TestParseChallengeIsLenient(t *testing.T) {
	const login = "https://login.windows.net/t"
	for value, want := range map[string]service.Challenge{
		`bearer authorization=` + login + `,resource=https://vault.azure.net`: {Authority: login, Resource: "https://vault.azure.net"},
		`Bearer scope="https://vault.azure.net/.default" Authorization="` + login + `"`: {
			Authority: login, Resource: "https://vault.azure.net",
		},
		`Bearer realm="", authorization_uri="` + login + `", error="insufficient_claims", claims="e30="`: {
			Authority: login, Error: "insufficient_claims",
		},
		`Bearer authorization="` + login: {Authority: login},
	} {
		if got, ok := service.ParseChallenge(value); !ok || got != want {
			t.Errorf("%s: read %+v, %t", value, got, ok)
		}
	}
	for _, value := range []string{"", "Bearer", "Bearer ", "Basic realm=x", `Bearer resource="https://vault.azure.net"`, "Bearer ====", "Bearer authorization=\"\x00\""} {
		if got, ok := service.ParseChallenge(value); ok {
			t.Errorf("%q: read %+v", value, got)
		}
	}
}

func FuzzParseChallenge(f *testing.F) {
	f.Add(challenge)
	f.Add(`Bearer realm="", authorization_uri="x", error="insufficient_claims"`)
	f.Add(`bearer a=b"c, authorization=d"e,=`)
	f.Fuzz(func(t *testing.T, value string) {
		c, ok := service.ParseChallenge(value)
		_ = c.Tenant()
		if !ok {
			return
		}
		if again, ok := service.ParseChallenge(c.String()); !ok || again != c {
			t.Fatalf("%+v is written as %s and read as %+v", c, c, again)
		}
	})
}
