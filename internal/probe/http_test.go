package probe

import (
	"bytes"
	"context"
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"pldoctor/internal/fact"
)

// talk asks a server that says something, whatever it is asked.
func talk(t *testing.T, serve func(net.Conn)) (response, *channel, error) {
	t.Helper()
	near, far := wire()
	go serving(far, serve)
	defer func() { _ = near.Close() }()
	ctx, cancel := context.WithTimeout(t.Context(), httpTime)
	defer cancel()
	c := newChannel(near)
	got, err := c.get(ctx, "fabrikam.vault.azure.net", "/healthstatus", "")
	return got, c, err
}

// says answers the first thing it hears, and closes.
func says(text string) func(net.Conn) {
	return func(c net.Conn) {
		_, _ = c.Read(make([]byte, 4096))
		_, _ = io.WriteString(c, text)
	}
}

// endless repeats a text until the other side has enough.
func endless(start, text string) func(net.Conn) {
	return func(c net.Conn) {
		_, err := io.WriteString(c, start)
		for err == nil {
			_, err = io.WriteString(c, text)
		}
	}
}

func TestHostileServers(t *testing.T) {
	for _, tt := range []struct {
		name  string
		serve func(net.Conn)
		want  fact.Outcome
	}{
		{"well behaved", says("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ntrue"), fact.OK},
		{"chunked", says("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\ntrue\r\n0\r\n\r\n"), fact.OK},
		{"until the end", says("HTTP/1.0 200 OK\r\n\r\ntrue"), fact.OK},
		{"early hints", says("HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"), fact.OK},
		{"redirect", says("HTTP/1.1 302 Found\r\nLocation: https://evil.example/\r\nContent-Length: 0\r\n\r\n"), fact.OK},
		{"no answer", says(""), fact.Reset},
		{"half a head", says("HTTP/1.1 200 OK\r\nContent-Le"), fact.Malformed},
		{"garbage", says("\x00\x01SSH-2.0-OpenSSH_9.2\r\n\r\n"), fact.Malformed},
		{"another protocol", says("220 mail.example ESMTP\r\n"), fact.Malformed},
		{"a protocol nobody asked for", says("HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n"), fact.Malformed},
		{"two lengths", says("HTTP/1.1 200 OK\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\ntrue!"), fact.Malformed},
		{"a length that is none", says("HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n"), fact.Malformed},
		{"a body shorter than announced", says("HTTP/1.1 200 OK\r\nContent-Length: 40\r\n\r\ntrue"), fact.Malformed},
		{"bad chunks", says("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"), fact.Malformed},
		{"endless status line", endless("HTTP/1.1 200 ", "O"), fact.Malformed},
		{"endless headers", endless("HTTP/1.1 200 OK\r\n", "X-A: b\r\n"), fact.Malformed},
		{"endless informational answers", endless("", "HTTP/1.1 100 Continue\r\n\r\n"), fact.Malformed},
		{"endless body", endless("HTTP/1.1 200 OK\r\n\r\n", strings.Repeat("A", 4096)), fact.Malformed},
		{"huge body", says("HTTP/1.1 200 OK\r\nContent-Length: 9000000\r\n\r\n" + strings.Repeat("A", 200<<10)), fact.Malformed},
		{"silence", silentAfter(""), fact.Timeout},
		{"silence in the head", silentAfter("HTTP/1.1 200 OK\r\n"), fact.Timeout},
		{"silence in the body", silentAfter("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ntr"), fact.Timeout},
		{"a byte a second", drip("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ntrue"), fact.Timeout},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				started := time.Now()
				got, c, err := talk(t, tt.serve)
				if outcome, text := Classify(err); outcome != tt.want {
					t.Errorf("got %q (%s), want %q", outcome, text, tt.want)
				}
				if took := time.Since(started); took > httpTime {
					t.Errorf("took %v", took)
				}
				time.Sleep(2 * time.Second) // for the server to notice
				if len(got.body) > maxBody {
					t.Errorf("kept %d bytes", len(got.body))
				}
				if err != nil && !c.over {
					t.Error("the connection would be used again")
				}
			})
		})
	}
}

func silentAfter(text string) func(net.Conn) {
	return func(c net.Conn) {
		_, _ = io.WriteString(c, text)
		silent(c)
	}
}

func drip(text string) func(net.Conn) {
	return func(c net.Conn) {
		for i := range len(text) {
			if _, err := io.WriteString(c, text[i:i+1]); err != nil {
				return
			}
			time.Sleep(time.Second)
		}
	}
}

// TestSecondExchange: what the first response leaves does not spoil the next.
func TestSecondExchange(t *testing.T) {
	near, far := wire()
	go new(vault).serve(far)
	defer func() { _ = near.Close() }()
	c := newChannel(near)
	for _, path := range []string{"/healthstatus", "/secrets?api-version=7.4", "/healthstatus"} {
		if got, err := c.get(t.Context(), "fabrikam.vault.azure.net", path, ""); err != nil || c.over || got.status == 0 {
			t.Fatalf("%s: %+v, %v", path, got, err)
		}
	}
}

func TestShown(t *testing.T) {
	if got := shown("\x1b[31mred\x00\r\n" + strings.Repeat("é", 300)); got != "[31mred"+strings.Repeat("é", maxValue-7) {
		t.Errorf("got %q", got)
	}
}

// A script is a connection on which one side has said all it will ever say.
type script struct {
	net.Conn
	r *bytes.Reader
}

func (s script) Read(b []byte) (int, error) { return s.r.Read(b) }
func (script) Write(b []byte) (int, error)  { return len(b), nil }
func (script) SetDeadline(time.Time) error  { return nil }

// FuzzResponse holds the reader of responses to this: it never panics, keeps no
// more than it may, and has a class for every failure.
func FuzzResponse(f *testing.F) {
	for _, text := range []string{
		"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ntrueHTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\ntrue\r\n0\r\n\r\n",
		"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.0 204 No Content\r\n\r\n",
		"HTTP/1.1 200 OK\r\nx-ms-keyvault-network-info: conn_type=PrivateLink;addr=10.4.5.6;\r\n\r\n",
		"HTTP/1.1 101 Switching Protocols\r\n\r\n", "HTTP/9.9 -01 x\r\n\r\n", "",
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		c := newChannel(script{r: bytes.NewReader(data)})
		for _, path := range []string{"/healthstatus", "/secrets"} {
			got, err := c.get(t.Context(), "fabrikam.vault.azure.net", path, "")
			if outcome, text := Classify(err); outcome == fact.Unseen {
				t.Fatalf("no class for %v (%s)", err, text)
			}
			if len(got.body) > maxBody || err == nil && (got.status < 200 || got.status > 999) {
				t.Fatalf("accepted %+v", got)
			}
		}
	})
}
