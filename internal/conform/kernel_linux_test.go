package conform

import (
	"bytes"
	"context"
	"encoding/json"
	"net/netip"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"pldoctor/internal/attach"
	"pldoctor/internal/diagnose"
	"pldoctor/internal/doctor"
	"pldoctor/internal/edge"
	"pldoctor/internal/lab"
	"pldoctor/internal/machine"
	"pldoctor/internal/probe"
)

// Words with which the test binary is run anew: as the first process of a
// machine, and as a probe on it.
const (
	asInit  = "first-process-of-a-machine"
	asProbe = "probe-on-a-machine"
)

func TestMain(m *testing.M) {
	switch {
	case len(os.Args) > 1 && os.Args[1] == asInit:
		os.Exit(attach.Init())
	case len(os.Args) > 1 && os.Args[1] == asProbe:
		os.Exit(probeHere(os.Args[2]))
	}
	os.Exit(m.Run())
}

// An errand is what a probe on a machine is told.
type errand struct {
	Vault, Cloud, HostHeader string
	Candidates               []netip.Addr
}

// onTheMachine bounds a probe by a real clock.
const onTheMachine = 40 * time.Second

// probeHere probes from the machine that this process runs on.
func probeHere(text string) int {
	var e errand
	if json.Unmarshal([]byte(text), &e) != nil {
		return 1
	}
	target, err := doctor.ParseTarget(e.Vault, e.Cloud)
	if err != nil {
		return 1
	}
	seen := probe.Run(context.Background(), machine.Env(),
		probe.Target{Service: target.Service, Vault: target.Vault, Host: target.Host},
		probe.Options{Candidates: e.Candidates, HostHeader: e.HostHeader, Budget: onTheMachine})
	if json.NewEncoder(os.Stdout).Encode(observable(seen, false)) != nil {
		return 1
	}
	return 0
}

// exceptions are hosts with settings that no kernel has and that no file tells
// to programs.
func (b bed) exception() bool {
	return len(b.host.Split) > 0 || len(b.host.Cached) > 0
}

// TestKernelAgrees holds what a probe sees through a real kernel against what
// the same probe sees inside the process.
func TestKernelAgrees(t *testing.T) {
	list := append(beds(t), fieldBeds(t)...)
	list = slices.DeleteFunc(list, bed.exception)
	if !*full {
		list = everyEighth(list)
	}
	slots := make(chan struct{}, 8*runtime.NumCPU()) // most of them wait
	var all sync.WaitGroup
	results := make([]string, len(list))
	for i, b := range list {
		all.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			results[i] = b.onMachine(t)
		})
	}
	all.Wait()
	for i, b := range list {
		t.Run(b.name, func(t *testing.T) {
			if diff := cmp.Diff(strings.Split(b.inProcess(t), "\n"), strings.Split(results[i], "\n")); diff != "" {
				t.Errorf("in the process (-) and through a kernel (+):\n%s", diff)
			}
		})
	}
}

func everyEighth(list []bed) (few []bed) {
	for i := 0; i < len(list); i += 8 {
		few = append(few, list[i])
	}
	return few
}

func (b bed) candidates() []netip.Addr {
	return diagnose.EndpointAddresses(b.scenario.World, b.target.Vault)
}

func (b bed) inProcess(t *testing.T) string {
	t.Helper()
	var text string
	synctest.Test(t, func(t *testing.T) {
		l := lab.Start(b.scenario.World, lab.Options{})
		defer l.Close()
		text = pretty(t, observable(probeIn(t.Context(), t, l, b.host, b.target, b.candidates(), false), false))
	})
	return text
}

func pretty(t *testing.T, v any) string {
	t.Helper()
	text, err := json.MarshalIndent(v, "", " ")
	if err != nil {
		t.Error(err)
	}
	return string(text)
}

// onMachine is what a probe sees on a machine that stands in for the host.
func (b bed) onMachine(t *testing.T) string {
	l := lab.Start(b.scenario.World, lab.Options{})
	defer l.Close()
	guise, err := l.Guise(b.host.ID)
	if err != nil {
		t.Error(err)
		return ""
	}
	self, err := os.Executable()
	if err != nil {
		t.Error(err)
		return ""
	}
	what, err := json.Marshal(errand{b.expect.Vault, b.scenario.World.Service().Cloud.Name, b.host.HostHeader, b.candidates()})
	if err != nil {
		t.Error(err)
		return ""
	}
	var out, stderr bytes.Buffer
	m, err := attach.Start(attach.Options{
		Guise: guise, Command: []string{self, asProbe, string(what)}, Environ: os.Environ(), Init: []string{asInit},
		Out: &out, Err: &stderr,
	})
	if err != nil {
		t.Error(err)
		return ""
	}
	door, err := l.Door(b.host.ID)
	if err != nil {
		t.Error(err)
		return ""
	}
	e, err := edge.New(door, m.Link(), edge.Options{})
	if err != nil {
		t.Error(err)
		return ""
	}
	defer e.Close()
	if status, err := m.Wait(); status != 0 || err != nil {
		t.Errorf("%s: status %d, %v: %s", b.name, status, err, stderr.String())
		return ""
	}
	var text bytes.Buffer
	if err := json.Indent(&text, bytes.TrimSpace(out.Bytes()), "", " "); err != nil {
		t.Errorf("%s: %v", b.name, err)
	}
	return text.String()
}
