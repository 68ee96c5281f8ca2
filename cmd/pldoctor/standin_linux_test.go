package main

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestRealServers runs each scenario with real programs in it, as root and as an
// ordinary user, who may not be anybody else.
func TestRealServers(t *testing.T) {
	dir := installed(t)
	for _, u := range users() {
		for _, tt := range []struct{ scenario, from, command, want string }{
			{"rebinding-protection", "desk", "dig fabrikam.vault.azure.net", "status: NOERROR"},
			{"rebinding-protection", "desk", "dig +short chaos txt version.bind", `"dnsmasq-2`},
			{"dnssec-validation", "app", "dig fabrikam.vault.azure.net", "status: SERVFAIL"},
			{"dnssec-validation", "app", "dig data-prod-eus.vaultcore.azure.net", "flags: qr rd ra ad;"},
			{"forwarder-for-vault-only", "laptop", "dig +short fabrikam.vault.azure.net", "52.168.109.101"},
			{"forwarder-for-vaultcore-only", "desk", "dig +short fabrikam.vault.azure.net", "10.1.2.3"},
			{"proxy-in-the-way", "app", "curl -si https://fabrikam.vault.azure.net/healthstatus", "addr=203.0.113.20"},
			{"proxy-refuses", "browser-host", "curl -sv https://fabrikam.vault.azure.net/ 2>&1", "X-Squid-Error: ERR_ACCESS_DENIED"},
			{"proxy-has-an-old-address", "app", "curl -sv https://fabrikam.vault.azure.net/ 2>&1", "< HTTP/1.1 503 Service Unavailable"},
		} {
			t.Run(u.name+"/"+tt.scenario+"/"+tt.command, func(t *testing.T) {
				t.Parallel()
				out, stderr, _ := ran(t, u.in(t, dir, "lab", "run", tt.scenario, "--from", tt.from, "--", "sh", "-c", tt.command))
				if !strings.Contains(out, tt.want) {
					t.Errorf("no %q in:\n%s\n%s", tt.want, out, stderr)
				}
			})
		}
	}
}

// TestNoServersAreLeft: real servers end with their lab, however it ends, and
// leave nothing where they write to.
func TestNoServersAreLeft(t *testing.T) {
	dir := installed(t)
	places := []string{dir, "/tmp", "/var/spool", "/var/log", "/var/cache", "/dev/shm", "/run"}
	before := traces(t, places...)
	for _, u := range users() {
		for signal, servers := range map[syscall.Signal]string{syscall.SIGKILL: "proxy-refuses", syscall.SIGTERM: "forwarder-for-vaultcore-only"} {
			mark := fmt.Sprintf("LAB_TEST_MARK=%d-%d", os.Getpid(), time.Now().UnixNano())
			cmd := u.in(t, dir, "lab", "run", servers, "--", "sleep", "300")
			cmd.Env = append(os.Environ(), mark)
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			running := func(pid int) bool { return words(pid) == "sleep 300" }
			if !eventually(func() bool { return slices.ContainsFunc(marked(mark), running) }) {
				t.Fatalf("%s: the command does not run, but %v", servers, marked(mark))
			}
			if n := len(marked(mark)); n < 6 { // three times a first process and what it runs
				t.Errorf("%s: %d processes; no server is among them", servers, n)
			}
			_ = syscall.Kill(cmd.Process.Pid, signal)
			_ = cmd.Wait()
			if !eventually(func() bool { return len(marked(mark)) == 0 }) {
				t.Errorf("%s: processes are left: %v", servers, marked(mark))
			}
		}
	}
	for _, left := range traces(t, places...) {
		if !slices.Contains(before, left) && strings.Contains(left, "squid") {
			t.Errorf("left: %s", left)
		}
	}
}

// TestAServersHostIsTaken: what stands in for a host is alone there.
func TestAServersHostIsTaken(t *testing.T) {
	dir := installed(t)
	_, stderr, status := ran(t, users()[0].in(t, dir, "lab", "run", "rebinding-protection", "--from", "router", "--", "true"))
	if want := "on router runs dnsmasq and nothing else; --from takes another host"; status != 2 || !strings.Contains(stderr, want) {
		t.Errorf("status %d: %s", status, stderr)
	}
}

// TestCheckSaysWhatIsPredicted: check inside the process uses the models, and says
// so in one line.
func TestCheckSaysWhatIsPredicted(t *testing.T) {
	dir := installed(t)
	out, stderr, status := ran(t, users()[0].in(t, dir, "check", "fabrikam", "--lab", "rebinding-protection"))
	want := "pldoctor: dnsmasq on router: predicted, not run; \"lab run\" runs what is real\n"
	if status != 1 || stderr != want || !strings.Contains(out, "PL506") {
		t.Errorf("status %d, %q\n%s", status, stderr, out)
	}
}
