package main

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A user runs the program: root, where the test is root, and an ordinary one.
type user struct {
	name       string
	credential *syscall.Credential
}

const nobody = 65534

func users() []user {
	if os.Geteuid() != 0 {
		return []user{{"an ordinary user", nil}}
	}
	return []user{{"root", nil}, {"an ordinary user", &syscall.Credential{Uid: nobody, Gid: nobody}}}
}

// installed is a directory with the program in it, which every user can run.
func installed(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "pldoctor-test") //nolint:usetesting // the parent of t.TempDir is closed to others
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	binary, err := os.ReadFile(self)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "pldoctor"), binary, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "article.yaml"), []byte(articleScenario), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

// in makes a command that runs the program as a user.
func (u user) in(t *testing.T, dir string, args ...string) *exec.Cmd {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	t.Cleanup(cancel)
	cmd := exec.CommandContext(ctx, filepath.Join(dir, "pldoctor"), args...)
	cmd.Dir = dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: u.credential}
	return cmd
}

// ran runs it to its end.
func ran(t *testing.T, cmd *exec.Cmd) (stdout, stderr string, status int) {
	t.Helper()
	var out, err bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &err
	if failed := cmd.Run(); failed != nil && cmd.ProcessState == nil {
		t.Fatal(failed)
	}
	return out.String(), err.String(), cmd.ProcessState.ExitCode()
}

// articleScenario is the article's estate with the network-info header that the
// article shows, which is an older one.
const articleScenario = `
title: The article's own client
assume: {oldNetworkInfo: true}
resources: [estate/vault.yaml, estate/network.yaml, estate/endpoint.yaml, estate/zone.yaml, estate/link.yaml]
hosts:
  - {name: app, in: fabrikam-vnet, address: 10.4.5.6}
  - {name: laptop, in: internet, address: 203.0.113.7}
`

const articleHeaders = `HTTP/1.1 200 OK
Cache-Control: no-cache
Pragma: no-cache
Content-Type: application/json; charset=utf-8
x-ms-request-id: ID
x-ms-keyvault-service-version: 1.2.27.0
x-ms-keyvault-network-info: addr=10.4.5.6;act_addr_fam=InterNetworkV6;
Strict-Transport-Security: max-age=31536000;includeSubDomains
Content-Length: 4

`

// transcripts are what a user of the article sees, word for word but for ids;
// of nslookup and dig, what these tools of BIND make of the same answers.
// learn.microsoft.com/azure/key-vault/general/private-link-diagnostics
var transcripts = []struct{ scenario, from, command, want string }{
	{"no-endpoint", "", "host fabrikam.vault.azure.net", `fabrikam.vault.azure.net is an alias for data-prod-eus.vaultcore.azure.net.
data-prod-eus.vaultcore.azure.net is an alias for data-prod-eus-region.vaultcore.azure.net.
data-prod-eus-region.vaultcore.azure.net has address 52.168.109.101
`},
	{"article.yaml", "laptop", "host fabrikam.vault.azure.net", `fabrikam.vault.azure.net is an alias for fabrikam.privatelink.vaultcore.azure.net.
fabrikam.privatelink.vaultcore.azure.net is an alias for data-prod-eus.vaultcore.azure.net.
data-prod-eus.vaultcore.azure.net is an alias for data-prod-eus-region.vaultcore.azure.net.
data-prod-eus-region.vaultcore.azure.net has address 52.168.109.101
`},
	{"article.yaml", "app", "host fabrikam.vault.azure.net", `fabrikam.vault.azure.net is an alias for fabrikam.privatelink.vaultcore.azure.net.
fabrikam.privatelink.vaultcore.azure.net has address 10.1.2.3
`},
	{"article.yaml", "app", "nslookup fabrikam.vault.azure.net", `Server:		168.63.129.16
Address:	168.63.129.16#53

Non-authoritative answer:
fabrikam.vault.azure.net	canonical name = fabrikam.privatelink.vaultcore.azure.net.
Name:	fabrikam.privatelink.vaultcore.azure.net
Address: 10.1.2.3

`},
	{"article.yaml", "app", "dig +short +tcp fabrikam.vault.azure.net", "fabrikam.privatelink.vaultcore.azure.net.\n10.1.2.3\n"},
	{"article.yaml", "app", "getent hosts fabrikam.vault.azure.net", "10.1.2.3        fabrikam.privatelink.vaultcore.azure.net fabrikam.vault.azure.net\n"},
	{"article.yaml", "app", "curl -s -i -o /dev/null -D - https://fabrikam.vault.azure.net/healthstatus", articleHeaders},
	{"article.yaml", "app", "curl -s -i -k -o /dev/null -D - https://10.1.2.3/healthstatus", articleHeaders},
}

var requestID = regexp.MustCompile(`(?m)^(x-ms-request-id): \S+$`)

// TestArticle runs the article's commands, with the tools that it names.
func TestArticle(t *testing.T) {
	dir := installed(t)
	for _, u := range users() {
		for _, tt := range transcripts {
			t.Run(u.name+"/"+tt.from+"/"+tt.command, func(t *testing.T) {
				args := []string{"lab", "run", tt.scenario}
				if tt.from != "" {
					args = append(args, "--from", tt.from)
				}
				args = append(append(args, "--"), strings.Fields(tt.command)...)
				out, stderr, status := ran(t, u.in(t, dir, args...))
				out = requestID.ReplaceAllString(strings.ReplaceAll(out, "\r\n", "\n"), "$1: ID")
				if out != tt.want || status != 0 {
					t.Errorf("status %d, %s\n%s\nwant\n%s", status, stderr, out, tt.want)
				}
			})
		}
	}
}

// TestFaults: what goes wrong looks as it does to curl in Azure.
func TestFaults(t *testing.T) {
	dir := installed(t)
	for _, tt := range []struct {
		scenario, command, stderr string
		status                    int
	}{
		{"connect-refused", "curl -sS https://fabrikam.vault.azure.net/", "Failed to connect to fabrikam.vault.azure.net port 443", 7},
		{"connect-timeout", "curl -sS --connect-timeout 2 https://fabrikam.vault.azure.net/", "curl: (28)", 28},
		{"path-stalls", "curl -svS -m 3 https://fabrikam.vault.azure.net/", "Connected to fabrikam.vault.azure.net (10.1.2.3) port 443", 28},
		{"tls-intercepted", "curl -sS https://fabrikam.vault.azure.net/", "certificate", 60},
		{"healthy", "host no-such-vault.vault.azure.net", "", 1},
		{"healthy", "sh -c exit\\ 7", "", 7},
		{"healthy", "no-such-program", "executable file not found", 127},
		{"healthy", "sh -c kill\\ -9\\ $$", "", 128 + 9},
	} {
		t.Run(tt.scenario+"/"+tt.command, func(t *testing.T) {
			t.Parallel()
			words := strings.Fields(strings.ReplaceAll(tt.command, `\ `, "\x00"))
			for i := range words {
				words[i] = strings.ReplaceAll(words[i], "\x00", " ")
			}
			_, stderr, status := ran(t, user{}.in(t, dir, append([]string{"lab", "run", tt.scenario, "--"}, words...)...))
			if status != tt.status || !strings.Contains(stderr, tt.stderr) {
				t.Errorf("status %d, want %d: %s", status, tt.status, stderr)
			}
		})
	}
}

// TestDevices: each kind of link carries, and each capture is one that tcpdump
// reads.
func TestDevices(t *testing.T) {
	dir := installed(t)
	devices := []string{"veth"}
	if os.Geteuid() == 0 {
		devices = append(devices, "tun")
	}
	for _, device := range devices {
		pcap := filepath.Join(t.TempDir(), device)
		out, stderr, status := ran(t, user{}.in(t, dir, "lab", "run", "healthy", "--device", device, "--pcap", pcap, "--latency", "2ms", "--",
			"dig", "+short", "fabrikam.vault.azure.net"))
		if status != 0 || !strings.HasSuffix(out, "10.1.2.3\n") {
			t.Errorf("%s: status %d: %s%s", device, status, out, stderr)
		}
		read, err := exec.CommandContext(t.Context(), "tcpdump", "-nr", pcap).Output()
		if err != nil || !strings.Contains(string(read), "10.4.5.6") || !strings.Contains(string(read), "A? fabrikam.vault.azure.net.") {
			t.Errorf("%s: tcpdump says %q, %v", device, read, err)
		}
	}
}

// TestSurroundings: the program has the host's name, files and variables, and
// none of this machine's that lead out of the lab.
func TestSurroundings(t *testing.T) {
	dir := installed(t)
	cmd := user{}.in(t, dir, "lab", "run", "proxy-in-the-way", "--", "sh", "-c", "hostname; env; cat /etc/hosts /etc/nsswitch.conf; ls /run/dbus /run/nscd 2>/dev/null | wc -l")
	cmd.Env = append(os.Environ(), "http_proxy=http://192.0.2.1", "ALL_PROXY=http://192.0.2.1", "WEBSITE_SITE_NAME=mine")
	out, stderr, _ := ran(t, cmd)
	for _, want := range []string{"app\n", "HTTPS_PROXY=http://", "SSL_CERT_FILE=/", "AZURE_CONFIG_DIR=/proc/1/fd/", "127.0.0.1 localhost", "hosts: files dns"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s%s", want, out, stderr)
		}
	}
	for _, unwanted := range []string{"192.0.2.1", "WEBSITE_SITE_NAME"} {
		if strings.Contains(out, unwanted) {
			t.Errorf("%q in\n%s", unwanted, out)
		}
	}
}

// TestForbidden: a system that makes no user namespaces gets a message that
// says what else there is.
func TestForbidden(t *testing.T) {
	dir := installed(t)
	cmd := exec.CommandContext(t.Context(), "unshare", "-r", "sh", "-c",
		"echo 0 > /proc/sys/user/max_user_namespaces && exec ./pldoctor lab run healthy -- true")
	cmd.Dir = dir
	_, stderr, status := ran(t, cmd)
	for _, want := range []string{"namespaces", "check VAULT --lab healthy", "lab serve healthy"} {
		if status != 3 || !strings.Contains(stderr, want) {
			t.Errorf("status %d, no %q in %s", status, want, stderr)
		}
	}
}
