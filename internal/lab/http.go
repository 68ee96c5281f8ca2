package lab

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"pldoctor/internal/gate"
)

// Bounds on what a client may send, and on how long it may take.
const (
	maxHeader   = 64 << 10
	maxBody     = 1 << 20
	requestTime = 2 * time.Minute // from one response to the end of the next; http.sys waits as long
)

// An answer is an HTTP response whose headers keep their order and their case,
// which net/http's server does not do.
type answer struct {
	status  int
	headers []gate.Header
	body    string
	last    bool // the connection closes behind it
}

// serveHTTP answers the requests of a connection, one after the other, until
// the client or an error ends it.
func serveHTTP(c net.Conn, respond func(*http.Request) answer) {
	limit := &io.LimitedReader{R: c}
	r := bufio.NewReader(limit)
	for {
		limit.N = maxHeader
		if c.SetDeadline(now().Add(requestTime)) != nil {
			return
		}
		req, err := http.ReadRequest(r)
		if err != nil {
			refuse(c, limit, err)
			return
		}
		a := answerTo(c, req, limit, respond)
		a.last = a.last || req.Close
		if a.write(c, req.Method) != nil || a.last {
			return
		}
	}
}

// answerTo reads the rest of a request and has it answered, unless it is one
// that no server would look at.
func answerTo(c net.Conn, req *http.Request, limit *io.LimitedReader, respond func(*http.Request) answer) answer {
	if req.ProtoMajor != 1 {
		return answer{status: http.StatusHTTPVersionNotSupported, last: true}
	}
	if req.Host == "" && req.ProtoAtLeast(1, 1) {
		return answer{status: http.StatusBadRequest, last: true}
	}
	if strings.EqualFold(req.Header.Get("Expect"), "100-continue") {
		if _, err := io.WriteString(c, "HTTP/1.1 100 Continue\r\n\r\n"); err != nil {
			return answer{status: http.StatusBadRequest, last: true}
		}
	}
	limit.N = maxBody
	body, err := io.ReadAll(req.Body)
	if err != nil || limit.N <= 0 {
		return answer{status: http.StatusRequestEntityTooLarge, last: true}
	}
	req.Body = io.NopCloser(bytes.NewReader(body))
	return respond(req)
}

// refuse answers what is no request, if anything came and somebody listens.
func refuse(c net.Conn, limit *io.LimitedReader, err error) {
	a := answer{status: http.StatusBadRequest, last: true}
	var network net.Error
	switch {
	case limit.N <= 0:
		a.status = http.StatusRequestHeaderFieldsTooLarge
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.As(err, &network):
		return
	}
	_ = a.write(c, "")
}

// write sends the answer in one piece.
func (a answer) write(w io.Writer, method string) error {
	var b bytes.Buffer
	fmt.Fprintf(&b, "HTTP/1.1 %d %s\r\n", a.status, http.StatusText(a.status))
	length := false
	for _, h := range a.headers {
		fmt.Fprintf(&b, "%s: %s\r\n", h.Name, h.Value)
		length = length || strings.EqualFold(h.Name, "Content-Length")
	}
	if !length {
		fmt.Fprintf(&b, "Content-Length: %d\r\n", len(a.body))
	}
	if a.last {
		b.WriteString("Connection: close\r\n")
	}
	b.WriteString("\r\n")
	if method != http.MethodHead {
		b.WriteString(a.body)
	}
	_, err := w.Write(b.Bytes())
	return err
}
