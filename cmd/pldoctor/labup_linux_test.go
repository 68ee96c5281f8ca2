package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A served is a lab that is up, as a user sees it.
type served struct {
	user
	dir, name string
	up        *exec.Cmd
	welcome   string
}

// serve serves a scenario, and returns once it can be entered. Its environment
// and that of all who enter it hold the mark.
func (u user) serve(t *testing.T, scenario, mark string) *served {
	t.Helper()
	s := &served{user: u, dir: installed(t), name: fmt.Sprintf("t%d-%d", os.Getpid(), time.Now().UnixNano())}
	s.up = s.command(t, mark, "lab", "up", scenario)
	out, err := s.up.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.up.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(out)
	for !strings.HasPrefix(s.welcome[strings.LastIndex("\n"+strings.TrimSuffix(s.welcome, "\n"), "\n"):], "the end:") {
		line, err := lines.ReadString('\n')
		if s.welcome += line; err != nil {
			t.Fatalf("%v after %q", err, s.welcome)
		}
	}
	go func() { _, _ = io.Copy(io.Discard, lines) }()
	t.Cleanup(func() { _, _ = s.up.Process.Kill(), s.up.Wait() })
	return s
}

// command makes a command that means this lab.
func (s *served) command(t *testing.T, mark string, args ...string) *exec.Cmd {
	t.Helper()
	args = slices.Insert(slices.Clone(args), 2, "--name", s.name)
	cmd := s.in(t, s.dir, args...)
	cmd.Env = append(os.Environ(), mark)
	return cmd
}

// does runs a command to its end, and expects its status and each of the words.
func (s *served) does(t *testing.T, status int, command string, words ...string) string {
	t.Helper()
	out, stderr, got := ran(t, s.command(t, "", strings.Fields(command)...))
	if got != status {
		t.Errorf("%s: status %d, want %d\n%s%s", command, got, status, out, stderr)
	}
	for _, w := range words {
		if !strings.Contains(out+stderr, w) {
			t.Errorf("%s: no %q in\n%s%s", command, w, out, stderr)
		}
	}
	return out
}

// TestUp: one breaks, two on different hosts watch with real tools, one repairs.
func TestUp(t *testing.T) {
	const lookup, health = "lab enter %s -- host kv-payments.vault.azure.net", "lab enter %s -- curl -s -m 3 -o /dev/null -w %%{remote_ip}:%%{http_code} https://kv-payments.vault.azure.net/healthstatus"
	for _, u := range users() {
		t.Run(u.name, func(t *testing.T) {
			t.Parallel() // it waits for TTLs
			s := u.serve(t, "healthy-two-regions", "")
			for _, w := range []string{"pldoctor lab enter --name " + s.name + " api-weu", "10.40.1.4, in vnet-weu", "  6  "} {
				if !strings.Contains(s.welcome, w) {
					t.Errorf("no %q in\n%s", w, s.welcome)
				}
			}
			weu, neu := fmt.Sprintf(lookup, "api-weu"), fmt.Sprintf(lookup, "api-neu")
			s.does(t, 0, weu, "has address 10.40.9.10")
			s.does(t, 0, neu, "has address 10.41.9.10")
			s.does(t, 0, "lab break record-missing --from api-weu", "PL604 record-missing is there")
			s.does(t, 0, fmt.Sprintf(lookup, "worker-weu"), "has address 10.40.9.10") // the VNet's DNS has it still
			if !eventually(func() bool { _, _, status := ran(t, s.command(t, "", strings.Fields(weu)...)); return status == 1 }) {
				t.Error("the answer does not run out")
			}
			s.does(t, 1, weu, "not found: 3(NXDOMAIN)")
			s.does(t, 0, neu, "has address 10.41.9.10")
			s.does(t, 0, "lab status --spoil", "broken: PL604", "nobody is on a host")
			s.does(t, 5, "lab mend PL806 --from api-weu", "nothing was changed")
			s.does(t, 0, "lab mend PL604 --from api-weu", "as if PL604 had never been", "the path is private")
			if !eventually(func() bool { _, _, status := ran(t, s.command(t, "", strings.Fields(weu)...)); return status == 0 }) {
				t.Error("the denial does not run out")
			}
			s.does(t, 0, "lab exercise 2", "api-neu")
			s.does(t, 28, fmt.Sprintf(health, "api-neu"))
			s.does(t, 1, "lab solved", "not solved yet")
			s.does(t, 0, "lab mend PL806", "now the path is private")
			s.does(t, 0, "lab solved", "exercise 2 is solved")
			s.does(t, 0, fmt.Sprintf(health, "api-neu"), "10.41.9.10:200")
			s.does(t, 7, "lab enter api-neu -- sh -c exit${IFS}7")
		})
	}
}

// TestUpNotices: a program that runs on a host sees its settings change.
func TestUpNotices(t *testing.T) {
	before, err := os.ReadFile("/etc/hosts")
	if err != nil {
		t.Fatal(err)
	}
	for _, u := range users() {
		t.Run(u.name, func(t *testing.T) {
			s := u.serve(t, "healthy", "")
			guest := s.command(t, "", "lab", "enter", "app", "--", "sh", "-c",
				"echo here; for i in $(seq 200); do getent hosts fabrikam.vault.azure.net | grep 52.168.109.101 && exit; sleep 0.1; done; exit 1")
			out, err := guest.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := guest.Start(); err != nil {
				t.Fatal(err)
			}
			lines := bufio.NewReader(out)
			if line, err := lines.ReadString('\n'); err != nil || line != "here\n" {
				t.Fatalf("%q, %v", line, err)
			}
			s.does(t, 0, "lab status", "on app: sh -c echo here")
			s.does(t, 0, "lab break hosts-file-override", "the path is public")
			rest, _ := io.ReadAll(lines)
			if err := guest.Wait(); err != nil || !strings.Contains(string(rest), "52.168.109.101  fabrikam.vault.azure.net") {
				t.Errorf("%q, %v", rest, err)
			}
		})
	}
	if after, err := os.ReadFile("/etc/hosts"); err != nil || string(after) != string(before) {
		t.Errorf("this machine's own hosts file has changed: %v", err)
	}
}

// TestUpRefuses: what cannot be is said, and only its own user reaches a lab.
func TestUpRefuses(t *testing.T) {
	for _, u := range users() {
		t.Run(u.name, func(t *testing.T) {
			s := u.serve(t, "healthy", "")
			s.does(t, 5, "lab up healthy", "runs already")
			s.does(t, 5, "lab enter nobody", `has no host "nobody"; there are app`)
			s.does(t, 127, "lab enter app -- no-such-program")
			if u.credential != nil {
				s.strangers(t, int(u.credential.Uid))
			}
			s.does(t, 0, "lab down", "the lab has ended")
			if err := s.up.Wait(); err != nil {
				t.Errorf("lab up: %v", err)
			}
			s.does(t, 5, "lab status", "no lab called")
			s.does(t, 5, "lab enter app", "no lab called")
		})
	}
}

// strangers are this test, which is root, where the lab is another user's.
func (s *served) strangers(t *testing.T, uid int) {
	t.Helper()
	at := func(name string) *net.UnixAddr {
		return &net.UnixAddr{Net: "unixpacket", Name: fmt.Sprintf("@pldoctor-lab-%d-%s", uid, name)}
	}
	c, err := net.DialUnix("unixpacket", nil, at(s.name))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	_, _ = c.Write([]byte(`{"Verb":"status"}`))
	_ = c.SetReadDeadline(time.Now().Add(20 * time.Second))
	if n, err := c.Read(make([]byte, 100)); n > 0 {
		t.Errorf("a stranger gets an answer (%v)", err)
	}
	trap, err := net.ListenUnix("unixpacket", at(s.name+"-trap"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = trap.Close() }()
	trapped := *s
	trapped.name += "-trap"
	trapped.does(t, 3, "lab enter app -- true", "the lab is that of another user (0)")
}

// TestUpLeavesNothing: whoever is killed, in whatever state, what was entered
// ends with it and nothing of that is left; the rest goes on.
func TestUpLeavesNothing(t *testing.T) {
	for _, u := range users() {
		for _, victim := range []string{"lab up", "lab enter", "lab init", "stopped lab up", "stopped lab enter"} {
			t.Run(u.name+"/"+victim, func(t *testing.T) {
				scratch := t.TempDir()
				if err := os.Chmod(scratch, 0o777); err != nil {
					t.Fatal(err)
				}
				upMark := fmt.Sprintf("LAB_UP_MARK=%d-%d", os.Getpid(), time.Now().UnixNano())
				mark := fmt.Sprintf("LAB_ENTER_MARK=%d-%d", os.Getpid(), time.Now().UnixNano())
				s := u.serve(t, "healthy", upMark)
				before := traces(t, scratch, s.dir, "/run")
				guest := s.command(t, mark, "lab", "enter", "app", "--", "sh", "-c", "sleep 300 & (trap '' HUP TERM; setsid sleep 302 & ); exec sleep 301")
				guest.Env = append(guest.Env, "TMPDIR="+scratch)
				if err := guest.Start(); err != nil {
					t.Fatal(err)
				}
				s.kill(t, mark, victim)
				_ = guest.Wait()
				if !eventually(func() bool { return len(marked(mark)) == 0 }) {
					t.Errorf("processes are left: %v", marked(mark))
				}
				if after := traces(t, scratch, s.dir, "/run"); !slices.Equal(before, after) {
					t.Errorf("before:\n%s\nafter:\n%s", strings.Join(before, "\n"), strings.Join(after, "\n"))
				}
				if strings.HasSuffix(victim, "lab up") { // its name is free
					_ = s.up.Wait()
					s.does(t, 5, "lab status", "no lab called")
				} else if !eventually(func() bool { return strings.Contains(s.does(t, 0, "lab status"), "nobody") }) {
					t.Error("the lab takes who was killed for a guest")
				}
			})
		}
	}
}

// kill kills a process of the lab or of its guest once all are there, and checks
// that the guest's network ends with it. One that is stopped first cannot see to
// that itself.
func (s *served) kill(t *testing.T, mark, victim string) {
	t.Helper()
	find := func(name string) int {
		for _, p := range marked(mark) {
			if line := words(p); line == name || strings.HasPrefix(name, "lab ") && strings.Contains(line, "pldoctor "+name) {
				return p
			}
		}
		return 0
	}
	if !eventually(func() bool { return find("sleep 300") > 0 && find("sleep 301") > 0 && find("sleep 302") > 0 }) {
		t.Fatalf("the guest did not start: %v", marked(mark))
	}
	network, err := os.Readlink(fmt.Sprintf("/proc/%d/ns/net", find("lab init")))
	if err != nil {
		t.Fatal(err)
	}
	name, stop := strings.CutPrefix(victim, "stopped ")
	pid := s.up.Process.Pid
	if name != "lab up" {
		pid = find(name)
	}
	if stop {
		_ = syscall.Kill(pid, syscall.SIGSTOP)
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if !eventually(func() bool { return len(inNetwork(network)) == 0 }) {
		t.Errorf("its network is left, with %v", inNetwork(network))
	}
}
