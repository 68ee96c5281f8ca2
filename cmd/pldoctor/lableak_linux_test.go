package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// marked are the processes that have a variable in their environment, those of
// a lab's host included.
func marked(mark string) (pids []int) {
	files, _ := filepath.Glob("/proc/[0-9]*/environ")
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err == nil && bytes.Contains(text, []byte(mark)) {
			if pid, err := strconv.Atoi(filepath.Base(filepath.Dir(file))); err == nil {
				pids = append(pids, pid)
			}
		}
	}
	return pids
}

// words is the command line of a process.
func words(pid int) string {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	return strings.TrimSpace(strings.ReplaceAll(string(text), "\x00", " "))
}

// inNetwork are the processes in a network namespace.
func inNetwork(namespace string) (pids []string) {
	links, _ := filepath.Glob("/proc/[0-9]*/ns/net")
	for _, link := range links {
		if to, err := os.Readlink(link); err == nil && to == namespace {
			pids = append(pids, link)
		}
	}
	return pids
}

// traces are what a lab could leave on this machine: mounts, and files where
// programs put them.
func traces(t *testing.T, dirs ...string) []string {
	t.Helper()
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		t.Fatal(err)
	}
	all := strings.Split(string(mounts), "\n")
	for _, dir := range dirs {
		entries, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			all = append(all, filepath.Join(dir, e.Name()))
		}
	}
	return all
}

// eventually waits until a condition holds, for as long as a loaded machine may
// take to end some processes.
func eventually(condition func() bool) bool {
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		if condition() {
			return true
		}
	}
	return false
}

// TestNothingIsLeft: whichever process of a lab is killed, in whatever state,
// nothing of the lab is left: no process, namespace, mount or file.
func TestNothingIsLeft(t *testing.T) {
	dir := installed(t)
	for _, u := range users() {
		for _, victim := range []string{"lab run", "lab init", "sleep 301", "stopped lab init"} {
			t.Run(u.name+"/"+victim, func(t *testing.T) {
				scratch := filepath.Join(t.TempDir())
				if err := os.Chmod(scratch, 0o777); err != nil {
					t.Fatal(err)
				}
				before := traces(t, scratch, dir, "/run")
				mark := fmt.Sprintf("LAB_TEST_MARK=%d-%d", os.Getpid(), time.Now().UnixNano())
				cmd := u.in(t, dir, "lab", "run", "healthy", "--", "sh", "-c", "sleep 300 & (trap '' HUP TERM; setsid sleep 302 & ); exec sleep 301")
				cmd.Env = append(os.Environ(), mark, "TMPDIR="+scratch)
				if err := cmd.Start(); err != nil {
					t.Fatal(err)
				}
				kill(t, mark, victim)
				_ = cmd.Wait()
				if !eventually(func() bool { return len(marked(mark)) == 0 }) {
					t.Errorf("processes are left: %v", marked(mark))
				}
				if after := traces(t, scratch, dir, "/run"); !slices.Equal(before, after) {
					t.Errorf("before:\n%s\nafter:\n%s", strings.Join(before, "\n"), strings.Join(after, "\n"))
				}
			})
		}
	}
}

// kill kills a process of a lab once all are there, and checks that the lab's
// network ends with it. If the lab's parent is killed while the first process
// is stopped, that process cannot see to it itself.
func kill(t *testing.T, mark, victim string) {
	t.Helper()
	find := func(name string) (pid int) {
		for _, p := range marked(mark) {
			if line := words(p); line == name || strings.HasPrefix(name, "lab ") && strings.Contains(line, "pldoctor "+name) {
				return p
			}
		}
		return 0
	}
	if !eventually(func() bool { return find("sleep 300") > 0 && find("sleep 301") > 0 && find("sleep 302") > 0 }) {
		t.Fatalf("the lab did not start: %v", marked(mark))
	}
	network, err := os.Readlink(fmt.Sprintf("/proc/%d/ns/net", find("lab init")))
	if err != nil {
		t.Fatal(err)
	}
	if ours, _ := os.Readlink("/proc/self/ns/net"); network == ours || len(inNetwork(network)) < 4 {
		t.Fatalf("the lab's host is not in a network of its own: %s", network)
	}
	if name, stop := strings.CutPrefix(victim, "stopped "); stop {
		_ = syscall.Kill(find(name), syscall.SIGSTOP)
		victim = "lab run"
	}
	if err := syscall.Kill(find(victim), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if !eventually(func() bool { return len(inNetwork(network)) == 0 }) {
		t.Errorf("its network is left, with %v", inNetwork(network))
	}
}

// leavesNothing runs inside a network namespace with a way out, whose packets
// are captured: first what proves that the capture works, then a lab. Its output
// is what crossed.
const leavesNothing = `set -e
ip link set lo up
ip link add out0 type veth peer name out1
ip addr add 192.0.2.1/24 dev out0
ip link set out0 up
ip link set out1 up
ip route add default dev out0
tcpdump -i any -nn -U -Z root -w capture.pcap 2>tcpdump.log &
capture=$!
for i in $(seq 200); do grep -q listening tcpdump.log && break; sleep 0.05; done
[ "$1" = control ] && host -W 1 control.example 192.0.2.53 || true
./pldoctor lab run article.yaml -- sh -c 'curl -s https://fabrikam.vault.azure.net/healthstatus; host fabrikam.vault.azure.net; getent hosts www.example.com; true' >&2
sleep 1
kill $capture; wait $capture || true
tcpdump -nn -r capture.pcap 2>/dev/null | grep -v 'IP6 .*ICMP6\|igmp'
`

// apart are the arguments of unshare(1) for a network of one's own. tcpdump
// wants a root that can become somebody else, or none.
func (u user) apart() []string {
	common := []string{"--net", "--pid", "--fork", "--kill-child", "--mount-proc"}
	if u.credential == nil && os.Geteuid() == 0 {
		return common
	}
	return append(common, "--map-current-user", "--keep-caps")
}

// TestNothingLeavesTheLab: no packet of a lab's host crosses this machine's
// network.
func TestNothingLeavesTheLab(t *testing.T) {
	for _, u := range users() {
		for _, control := range []string{"", "control"} {
			t.Run(u.name+"/"+control, func(t *testing.T) {
				dir := installed(t)
				if err := os.Chmod(dir, 0o777); err != nil {
					t.Fatal(err)
				}
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				cmd := exec.CommandContext(ctx, "unshare", append(u.apart(), "sh", "-c", leavesNothing, "sh", control)...)
				cmd.Dir, cmd.SysProcAttr = dir, &syscall.SysProcAttr{Credential: u.credential}
				out, stderr, _ := ran(t, cmd)
				if !strings.Contains(stderr, "has address 10.1.2.3") {
					t.Fatalf("the lab did not run: %s", stderr)
				}
				if crossed := strings.TrimSpace(out); (crossed == "") != (control == "") {
					t.Errorf("crossed: %q\n%s", crossed, stderr)
				}
			})
		}
	}
}
