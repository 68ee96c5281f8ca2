package standin

import (
	"os"
	"strings"
	"testing"
	"time"

	"pldoctor/internal/attach"
	"pldoctor/internal/lab"
	"pldoctor/internal/scenario"
)

// asInit is the word with which the test binary is run anew as the first process
// of a machine.
const asInit = "first-process-of-a-machine"

func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == asInit {
		os.Exit(attach.Init())
	}
	os.Exit(m.Run())
}

const server = `
resources:
  - type: Microsoft.Network/virtualNetworks
    name: v
    properties: {addressSpace: {addressPrefixes: [10.0.0.0/16]}, subnets: [{name: default, properties: {addressPrefix: 10.0.0.0/24}}]}
hosts:
  - {name: dc, in: v, address: 10.0.0.4, dns: {}, exec: EXEC}
`

// TestFailures: a program that does not come to serve is an error which says what
// a person can do about it.
func TestFailures(t *testing.T) {
	for _, tt := range []struct {
		what, exec string
		want       []string
	}{
		{"not installed", `{command: [no-such-server], package: no-such-package}`, []string{
			"host dc: no-such-server is not installed; Debian's package is no-such-package",
		}},
		{"no package named", `{command: [no-such-server]}`, []string{"Debian's package is no-such-server"}},
		{"ends early", `{command: [sh, start], files: {start: "for i in 1 2 3 4 5 6 7 8 9 10; do echo line $i; done; exit 7"}}`, []string{
			"host dc: sh ended with status 7 before it served; it said last:\nline 3\n", "line 10",
		}},
		{"refuses its arguments", `{command: [dnsmasq, --no-such-option]}`, []string{"host dc: dnsmasq ended with status 1", "bad command line options"}},
		{"serves something else", `{command: [sh, -c, "echo waiting; sleep 60"]}`, []string{
			"host dc: sh does not serve: UDP port 53:", "it said last:\nwaiting",
		}},
	} {
		t.Run(tt.what, func(t *testing.T) {
			t.Parallel()
			s, err := scenario.Parse("test.yaml", []byte(strings.Replace(server, "EXEC", tt.exec, 1)), nil)
			if err != nil {
				t.Fatal(err)
			}
			l := lab.Start(s.World, lab.Options{})
			defer l.Close()
			crew, err := Start(t.Context(), l, s, Options{Init: []string{asInit}, Environ: os.Environ(), Within: 2 * time.Second})
			if err == nil {
				crew.Close()
				t.Fatal("it started")
			}
			for _, want := range tt.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q is not in:\n%v", want, err)
				}
			}
		})
	}
}

// TestRoom: a server is nobody, may listen everywhere, and writes into memory.
func TestRoom(t *testing.T) {
	const script = `{command: [sh, start], files: {start: "id -u; pwd; touch here /var/there /dev/shm/too && echo written; cat trust-anchors.key | wc -c; exit 3"}}`
	s, err := scenario.Parse("test.yaml", []byte(strings.Replace(server, "EXEC", script, 1)), nil)
	if err != nil {
		t.Fatal(err)
	}
	l := lab.Start(s.World, lab.Options{})
	defer l.Close()
	_, err = Start(t.Context(), l, s, Options{Init: []string{asInit}, Environ: os.Environ()})
	if want := "it said last:\n65534\n/tmp\nwritten\n0"; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("%v", err)
	}
}
