package probe

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"unicode"

	"pldoctor/internal/dnsname"
	"pldoctor/internal/fact"
)

// Bounds on what an HTTP server may send.
const (
	maxHead    = 64 << 10 // status line and headers, informational responses included
	maxBody    = 64 << 10
	keptBody   = 4 << 10 // as evidence
	maxInterim = 5       // informational responses before the final one
	maxValue   = 200     // characters of a header value that is only shown
)

// userAgent names the program in the vault's audit log.
const userAgent = "pldoctor"

// An inlet reads from a connection, so much and no more, and remembers how that
// failed: package http tells a broken connection from a broken message in some
// places and not in others.
type inlet struct {
	conn net.Conn
	left int
	read bool // since left was set
	err  error
}

func (i *inlet) Read(b []byte) (int, error) {
	if i.left <= 0 {
		return 0, io.EOF
	}
	n, err := i.conn.Read(b[:min(len(b), i.left)])
	i.left, i.read, i.err = i.left-n, i.read || n > 0, err
	return n, err
}

func (i *inlet) allow(n int) { i.left, i.read = n, false }

// A channel speaks HTTP/1.1 over one open connection, one exchange at a time.
type channel struct {
	conn   net.Conn
	in     *inlet
	reader *bufio.Reader
	over   bool // the server will not answer again on this connection
}

func newChannel(conn net.Conn) *channel {
	in := &inlet{conn: conn}
	return &channel{conn: conn, in: in, reader: bufio.NewReader(in)}
}

// A response is what came back, the body read as far as it is looked at.
type response struct {
	status int
	header http.Header
	body   []byte
}

// get asks for a path. Redirects are the caller's to see, not to follow. The
// response may be filled in beside an error: its headers had come.
func (c *channel) get(ctx context.Context, host, path, token string) (response, error) {
	u, err := url.ParseRequestURI(path)
	if err != nil {
		return response{}, failure{fact.Unseen, "a path that no URL can have"}
	}
	if !ValidHost(host) { // package http would leave it out
		return response{}, failure{fact.Unseen, "a Host header that no request can have"}
	}
	r := &http.Request{Method: http.MethodGet, URL: u, Host: host, Header: http.Header{
		"User-Agent": {userAgent}, "Accept": {"application/json"},
	}}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	return c.exchange(ctx, r)
}

// ValidHost tells whether text can stand in a Host header: a name or an
// address, with a port or without (RFC 9110, section 7.2). No other is sent.
func ValidHost(text string) bool {
	host := text
	if i := strings.LastIndexByte(text, ':'); i >= 0 && !strings.HasSuffix(text, "]") {
		if n, err := strconv.ParseUint(text[i+1:], 10, 16); err != nil || n == 0 {
			return false
		}
		host = text[:i]
	}
	if inside, ok := strings.CutPrefix(host, "["); ok {
		inside, closed := strings.CutSuffix(inside, "]")
		addr, err := netip.ParseAddr(inside)
		return closed && err == nil && addr.Is6() && addr.Zone() == ""
	}
	_, err := dnsname.Parse(host)
	return err == nil
}

// connect asks a proxy for a tunnel to host:port. What follows the head of a
// positive answer belongs to the tunnel (RFC 9110, section 9.3.6).
func (c *channel) connect(ctx context.Context, authority string) (status int, err error) {
	r := &http.Request{
		Method: http.MethodConnect, URL: &url.URL{Opaque: authority}, Host: authority,
		Header: http.Header{"User-Agent": {userAgent}},
	}
	defer bound(ctx, c.conn)()
	if err := r.Write(c.conn); err != nil {
		return 0, err
	}
	head, err := c.head(r)
	if err != nil {
		return 0, err
	}
	return head.StatusCode, nil
}

func (c *channel) exchange(ctx context.Context, r *http.Request) (response, error) {
	defer bound(ctx, c.conn)()
	if err := r.Write(c.conn); err != nil {
		c.over = true
		return response{}, err
	}
	head, err := c.head(r)
	if err != nil {
		c.over = true
		return response{}, err
	}
	c.in.allow(maxBody + 1)
	body, err := io.ReadAll(io.LimitReader(head.Body, maxBody+1))
	if len(body) > maxBody {
		body, err = body[:maxBody], failure{fact.Malformed, "a body far larger than a vault's"}
	}
	c.over = head.Close || err != nil
	return response{head.StatusCode, head.Header, body}, c.why(err, "a body that is not as announced")
}

// head reads the head of the final response.
func (c *channel) head(r *http.Request) (*http.Response, error) {
	c.in.allow(maxHead)
	for range maxInterim + 1 {
		head, err := http.ReadResponse(c.reader, r)
		switch {
		case err != nil && closed(c.in.err) && !c.in.read:
			return nil, failure{fact.Reset, "connection closed without an answer"}
		case err != nil:
			return nil, c.why(err, "an answer that is no HTTP")
		case head.StatusCode >= 200:
			return head, nil
		case head.StatusCode == http.StatusSwitchingProtocols:
			return nil, failure{fact.Malformed, "a protocol that nobody asked for"}
		}
	}
	return nil, failure{fact.Malformed, "informational answers without end"}
}

// why is the error of the network where there is one; all else that package
// http complains of is malformed.
func (c *channel) why(err error, text string) error {
	var known failure
	switch {
	case err == nil, errors.As(err, &known):
		return err
	case c.in.left <= 0:
		return failure{fact.Malformed, "an answer without end"}
	case c.in.err != nil && !closed(c.in.err):
		return c.in.err
	}
	return failure{fact.Malformed, text}
}

func closed(err error) bool { return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) }

// shown cuts a header's value down to what may be shown to a person.
func shown(value string) string {
	value = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, value)
	if runes := []rune(value); len(runes) > maxValue {
		return string(runes[:maxValue])
	}
	return value
}
