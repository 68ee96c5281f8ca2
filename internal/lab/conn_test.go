package lab

import (
	"bytes"
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

func ends(network string, delay time.Duration, narrow bool) (near, far *conn) {
	a, b := netip.MustParseAddrPort("10.1.0.10:40000"), netip.MustParseAddrPort("10.1.2.3:443")
	return newPair(network, a, b, a, delay, narrow)
}

func write(t *testing.T, c net.Conn, b []byte) {
	t.Helper()
	if n, err := c.Write(b); n != len(b) || err != nil {
		t.Fatalf("Write: %d, %v", n, err)
	}
}

func TestHalfClose(t *testing.T) {
	near, far := ends("tcp", 0, false)
	write(t, near, []byte("question"))
	_ = near.CloseWrite()
	if b, err := io.ReadAll(far); string(b) != "question" || err != nil {
		t.Fatalf("far read %q, %v", b, err)
	}
	write(t, far, []byte("answer"))
	_ = far.Close()
	if b, err := io.ReadAll(near); string(b) != "answer" || err != nil {
		t.Fatalf("near read %q, %v", b, err)
	}
	if _, err := near.Write([]byte("x")); !errors.Is(err, net.ErrClosed) {
		t.Errorf("Write after CloseWrite: %v", err)
	}
	_ = near.Close()
	if err := near.Close(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("second Close: %v", err)
	}
}

func TestErrorsOfAnOpenConnection(t *testing.T) {
	for name, c := range map[string]struct {
		do    func(near, far *conn) error
		is    error
		text  string
		after func(near *conn)
	}{
		"reset": {
			do: func(near, far *conn) error { far.abort(); _, err := near.Read(make([]byte, 1)); return err },
			is: syscall.ECONNRESET, text: "read tcp 10.1.0.10:40000->10.1.2.3:443: read: connection reset by peer",
		},
		"write to a closed one": {
			do: func(near, far *conn) error { _ = far.Close(); _, err := near.Write([]byte("x")); return err },
			is: syscall.EPIPE, text: "write tcp 10.1.0.10:40000->10.1.2.3:443: write: broken pipe",
		},
		"read past the deadline": {
			do: func(near, _ *conn) error {
				_ = near.SetDeadline(time.Now().Add(time.Second))
				_, err := near.Read(make([]byte, 1))
				return err
			},
			is: os.ErrDeadlineExceeded, text: "read tcp 10.1.0.10:40000->10.1.2.3:443: i/o timeout",
		},
		"deadline moved during a read": {
			do: func(near, _ *conn) error {
				_ = near.SetReadDeadline(time.Now().Add(time.Hour))
				time.AfterFunc(time.Second, func() { _ = near.SetReadDeadline(time.Unix(1, 0)) })
				_, err := near.Read(make([]byte, 1))
				return err
			},
			is: os.ErrDeadlineExceeded,
		},
		"writer that nobody reads from": {
			do: func(near, _ *conn) error {
				_ = near.SetWriteDeadline(time.Now().Add(time.Second))
				_, err := near.Write(make([]byte, window+1))
				return err
			},
			is: os.ErrDeadlineExceeded,
		},
		"closed during a read": {
			do: func(near, _ *conn) error {
				time.AfterFunc(time.Second, func() { _ = near.Close() })
				_, err := near.Read(make([]byte, 1))
				return err
			},
			is: net.ErrClosed, text: "read tcp 10.1.0.10:40000->10.1.2.3:443: use of closed network connection",
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				near, far := ends("tcp", 0, false)
				err := c.do(near, far)
				if !errors.Is(err, c.is) || c.text != "" && err.Error() != c.text {
					t.Errorf("got %v, want %v", err, c.is)
				}
				var network net.Error
				if errors.As(err, &network) && network.Timeout() != errors.Is(c.is, os.ErrDeadlineExceeded) {
					t.Errorf("%v: Timeout is %v", err, network.Timeout())
				}
			})
		})
	}
}

// TestWindow: a writer waits for its reader, and nothing is lost or reordered.
func TestWindow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		near, far := ends("tcp", time.Millisecond, false)
		sent := make([]byte, 3*window)
		for i := range sent {
			sent[i] = byte(i * 7)
		}
		go func() { _, _ = near.Write(sent); _ = near.Close() }()
		if got, err := io.ReadAll(far); err != nil || !bytes.Equal(got, sent) {
			t.Errorf("read %d bytes, %v", len(got), err)
		}
	})
}

func TestDatagramsKeepTheirBounds(t *testing.T) {
	near, far := ends("udp", 0, false)
	var sender net.PacketConn = packetConn{near} // what tells a socket of packets from a stream
	for _, text := range []string{"first", "second"} {
		if _, err := sender.WriteTo([]byte(text), near.RemoteAddr()); err != nil {
			t.Fatal(err)
		}
	}
	b := make([]byte, 3)
	for _, want := range []string{"fir", "sec"} {
		n, from, err := packetConn{far}.ReadFrom(b)
		if string(b[:n]) != want || err != nil || from.String() != near.LocalAddr().String() {
			t.Errorf("read %q from %v, %v, want %q", b[:n], from, err, want)
		}
	}
}

// TestNarrowPath: what fits passes, what does not vanishes, and so does what
// comes behind it on a stream, but not what comes behind a datagram.
func TestNarrowPath(t *testing.T) {
	for network, behind := range map[string]bool{"tcp": false, "udp": true} {
		near, far := ends(network, 0, true)
		write(t, near, []byte("small"))
		write(t, near, make([]byte, narrowLimit+1))
		write(t, near, []byte("after"))
		b := make([]byte, 100)
		if n, err := far.Read(b); string(b[:n]) != "small" || err != nil {
			t.Fatalf("%s: read %q, %v", network, b[:n], err)
		}
		_ = far.SetReadDeadline(time.Now().Add(10 * time.Millisecond))
		n, err := far.Read(b)
		if got := string(b[:n]) == "after" && err == nil; got != behind {
			t.Errorf("%s: read %q, %v", network, b[:n], err)
		}
	}
}
