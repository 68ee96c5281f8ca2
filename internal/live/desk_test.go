package live_test

import (
	"context"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"pldoctor/internal/lab"
	"pldoctor/internal/live"
	"pldoctor/internal/scenario"
	"pldoctor/internal/world"
)

// open serves a scenario to one process.
func open(t *testing.T, name string) (*live.Desk, *lab.Lab) {
	t.Helper()
	s, err := scenario.Load(name)
	if err != nil {
		t.Fatal(err)
	}
	l := lab.Start(s.World, lab.Options{Caching: true})
	return live.NewDesk(s, l, ""), l
}

// does asks and expects each of the words in the answer.
func does(t *testing.T, d *live.Desk, r live.Request, words ...string) live.Reply {
	t.Helper()
	answer := d.Do(r)
	for _, w := range words {
		if !strings.Contains(answer.Text, w) {
			t.Errorf("%+v: no %q in:\n%s", r, w, answer.Text)
		}
	}
	return answer
}

// TestWatch: a person breaks, watches the old answer run out, repairs, and
// watches the denial run out.
func TestWatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, l := open(t, "healthy")
		defer l.Close()
		e, err := l.Env(world.HostID("app"))
		if err != nil {
			t.Fatal(err)
		}
		private := func() bool {
			addrs, _, err := e.Lookup(context.Background(), "fabrikam.vault.azure.net")
			return err == nil && len(addrs) == 1 && addrs[0] == netip.MustParseAddr("10.1.2.3")
		}
		watch := func(what string, want ...bool) {
			t.Helper()
			for i, w := range want {
				if got := private(); got != w {
					t.Errorf("%s, after %d s: private is %t", what, 5*i, got)
				}
				time.Sleep(5 * time.Second)
			}
		}
		if !private() {
			t.Fatal("it is not private at the start")
		}
		does(t, d, live.Request{Verb: live.Break, Code: "record-missing"}, "PL604 record-missing is there, from app to fabrikam: the path is one that ends before the vault")
		watch("broken", true, true, false)
		does(t, d, live.Request{Verb: live.Solved}, "from app to fabrikam, the path is one that ends")
		does(t, d, live.Request{Verb: live.Mend, Code: "PL604", Repair: true}, "Let the DNS zone group", "now the path is private")
		watch("repaired", false, true)
	})
}

// TestExercise: what is broken is told to who wants to know, and not before.
func TestExercise(t *testing.T) {
	d, l := open(t, "healthy-two-regions")
	defer l.Close()
	does(t, d, live.Request{Verb: live.Exercise}, "  1  the vault's name", "  6  ")
	taken := does(t, d, live.Request{Verb: live.Exercise, Number: 2}, "exercise 2: every request", `"pldoctor lab enter api-neu"`)
	status := does(t, d, live.Request{Verb: live.Status}, "exercise 2, from api-neu", "--spoil")
	if strings.Contains(taken.Text+status.Text, "PL8") {
		t.Errorf("the cause is told:\n%s\n%s", taken.Text, status.Text)
	}
	does(t, d, live.Request{Verb: live.Status, Spoil: true}, "broken: PL806 nsg-denies, from api-neu to kv-payments")
	if r := does(t, d, live.Request{Verb: live.Mend, Code: "PL604"}, "is not what is wrong", "nothing was changed"); !r.Failed {
		t.Error("a wrong guess did something")
	}
	if r := does(t, d, live.Request{Verb: live.Solved}, "exercise 2 is not solved yet"); !r.No {
		t.Error("it is solved before it is mended")
	}
	does(t, d, live.Request{Verb: live.Mend, Code: "nsg-denies"}, "Allow TCP 443", "now the path is private")
	if r := does(t, d, live.Request{Verb: live.Solved}, "exercise 2 is solved"); r.No {
		t.Error("it is not solved")
	}
	does(t, d, live.Request{Verb: live.Mend}, "everything is as it was", "exercise 2 is given up")
	if r := does(t, d, live.Request{Verb: live.Exercise, Number: 4}); r.Failed {
		t.Error(r.Text)
	}
	does(t, d, live.Request{Verb: live.Solved}, "from api-neu to kv-payments the path is private, and what the exercise is about is still so")
}

// TestRefusals: what cannot be is said in words that help.
func TestRefusals(t *testing.T) {
	d, l := open(t, "healthy")
	defer l.Close()
	for _, tt := range []struct {
		r    live.Request
		want string
	}{
		{live.Request{Verb: live.Break, Code: "PL604", Host: "nobody"}, `the scenario healthy has no host "nobody"; there are app`},
		{live.Request{Verb: live.Break, Vault: "contoso"}, `the scenario healthy has no vault "contoso"; there are fabrikam`},
		{live.Request{Verb: live.Break, Code: "PL808"}, "cannot happen"},
		{live.Request{Verb: live.Exercise, Number: 5}, "lab up two-endpoints-one-fails"},
		{live.Request{Verb: "dance"}, `"dance" is nothing that a lab does`},
	} {
		if answer := does(t, d, tt.r, tt.want); !answer.Failed {
			t.Errorf("%+v was done", tt.r)
		}
	}
	does(t, d, live.Request{Verb: live.Break}, "PL604  record-missing", "PL806  nsg-denies")
}

// TestGuests: a guest is told what its host looks like when that changes, and
// only then; what cannot be told to a running program is said to who breaks it.
func TestGuests(t *testing.T) {
	d, l := open(t, "healthy")
	defer l.Close()
	var told []live.Reply
	g := &live.Guest{Command: "sh", Process: 7, Tell: func(r live.Reply) { told = append(told, r) }}
	guise, err := d.Come("app", g)
	if err != nil || guise.Hostname != "app" {
		t.Fatalf("%+v, %v", guise, err)
	}
	does(t, d, live.Request{Verb: live.Status}, "on app: sh (process 7)")
	does(t, d, live.Request{Verb: live.Break, Code: "record-missing"})
	if len(told) != 0 {
		t.Errorf("told of what is no setting of the host's: %+v", told)
	}
	does(t, d, live.Request{Verb: live.Break, Code: "hosts-file-override"})
	if len(told) != 1 || !strings.Contains(told[0].Guise.HostsFile, "fabrikam.vault.azure.net") {
		t.Errorf("told %+v", told)
	}
	does(t, d, live.Request{Verb: live.Break, Code: "proxy-carries-request"}, "enter it anew to have them: app")
	d.Leave(g)
	does(t, d, live.Request{Verb: live.Status}, "nobody is on a host")
	if _, err := d.Come("nobody", g); err == nil {
		t.Error("a host that is not there was entered")
	}
}
