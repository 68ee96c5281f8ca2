package lab

import (
	"bufio"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"sync"
	"time"
)

// handshakeTime bounds what a machine in the middle waits for a client's
// handshake; lingerTime is how long it keeps one direction open when the other
// has ended.
const (
	handshakeTime = time.Minute
	lingerTime    = 2 * time.Minute
)

// A stream can end in one direction: a conn and a tls.Conn are streams.
type stream interface {
	net.Conn
	CloseWrite() error
}

// tunnel carries bytes between two streams until both have ended. Requests, if
// not nil, carries those from down to up.
func (l *Lab) tunnel(down, up stream, requests func(io.Writer, io.Reader) error) {
	if requests == nil {
		requests = relay
	}
	var both sync.WaitGroup
	both.Go(func() { pass(up, down, requests) })
	both.Go(func() { pass(down, up, relay) })
	both.Wait()
	_, _ = down.Close(), up.Close()
}

// pass carries one direction and tells its end on. An error ends the other
// direction as well.
func pass(to, from stream, carry func(io.Writer, io.Reader) error) {
	if err := carry(to, from); err != nil {
		_, _ = to.Close(), from.Close()
		return
	}
	_ = to.CloseWrite()
	_ = to.SetReadDeadline(now().Add(lingerTime))
}

func relay(to io.Writer, from io.Reader) error {
	_, err := io.Copy(to, from)
	return err
}

// rewrite returns a carrier of HTTP requests that puts host into each of them.
func rewrite(host string) func(io.Writer, io.Reader) error {
	return func(to io.Writer, from io.Reader) error {
		r := bufio.NewReader(from)
		for {
			req, err := http.ReadRequest(r)
			if errors.Is(err, io.EOF) {
				return nil
			}
			if err != nil {
				return err
			}
			if req.Host = host; req.Header.Get("User-Agent") == "" {
				req.Header["User-Agent"] = nil // Write would add its own
			}
			if err := req.Write(to); err != nil {
				return err
			}
		}
	}
}

// resign ends the client's TLS in the name of the authority called dn and
// carries what is inside to up, over TLS of its own. Name is the server's, for
// a client that does not say which one it wants; host goes into the Host header
// of the requests unless it is "".
func (l *Lab) resign(down, up stream, dn, name, host string) {
	defer func() { _ = up.Close() }()
	config, err := l.auth.resigner(dn, name)
	if err != nil {
		return
	}
	client := tls.Server(down, config)
	if !shaken(client) {
		return
	}
	if sni := client.ConnectionState().ServerName; sni != "" {
		name = sni
	}
	settings := serverConfig()
	settings.ServerName, settings.InsecureSkipVerify = name, true // as many of them do; behind it is the lab
	server := tls.Client(up, settings)
	if !shaken(server) {
		return
	}
	var requests func(io.Writer, io.Reader) error
	if host != "" {
		requests = rewrite(host)
	}
	l.tunnel(client, server, requests)
}

// shaken finishes a handshake before anything is carried: two goroutines that
// came upon it at once would wait for each other's lock, and under a virtual
// clock that is no waiting that lets time pass.
func shaken(c *tls.Conn) bool {
	_ = c.SetDeadline(now().Add(handshakeTime))
	err := c.Handshake()
	_ = c.SetDeadline(time.Time{})
	return err == nil
}
