package probe

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"
	"testing"

	"pldoctor/internal/fact"
)

func dialError(err error) error { return &net.OpError{Op: "dial", Net: "tcp", Err: err} }

func kernel(call string, code syscall.Errno) error { return dialError(os.NewSyscallError(call, code)) }

func TestClassify(t *testing.T) {
	other := &x509.Certificate{DNSNames: []string{"vault.azure.net", "*.vault.azure.net"}}
	unverified := func(err error) error { return &tls.CertificateVerificationError{Err: err} }
	for _, tt := range []struct {
		name string
		err  error
		want fact.Outcome
		text string
	}{
		{"nothing", nil, fact.OK, ""},

		{"connect refused", kernel("connect", syscall.ECONNREFUSED), fact.Refused, "connection refused"},
		{"ICMP port unreachable", kernel("read", syscall.ECONNREFUSED), fact.Refused, "connection refused"},
		{"connect refused on Windows", kernel("connectex", 10061), fact.Refused, "connection refused"},
		{"reset", kernel("read", syscall.ECONNRESET), fact.Reset, "connection cut off by the other side"},
		{"broken pipe", kernel("write", syscall.EPIPE), fact.Reset, "connection cut off by the other side"},
		{"reset on Windows", kernel("wsarecv", 10054), fact.Reset, "connection cut off by the other side"},
		{"no route", kernel("connect", syscall.EHOSTUNREACH), fact.Unreachable, "no route to host"},
		{"no network", kernel("connect", syscall.ENETUNREACH), fact.Unreachable, "network is unreachable"},
		{"no IPv6", kernel("connect", syscall.EADDRNOTAVAIL), fact.Unreachable, "network is unreachable"},
		{"local firewall", kernel("connect", syscall.EPERM), fact.Unreachable, "forbidden by this machine's own rules"},
		{"the kernel gave up", kernel("connect", syscall.ETIMEDOUT), fact.Timeout, "no answer in time"},
		{"the kernel gave up on Windows", kernel("connectex", 10060), fact.Timeout, "no answer in time"},

		{"deadline of the context", dialError(context.DeadlineExceeded), fact.Timeout, "no answer in time"},
		{"deadline of the connection", dialError(os.ErrDeadlineExceeded), fact.Timeout, "no answer in time"},
		{"cancelled", dialError(context.Canceled), fact.Unseen, "cut short"},

		{"no such host", &net.DNSError{Err: "no such host", IsNotFound: true}, fact.NXDomain, "no such host"},
		{"resolver times out", &net.DNSError{Err: "i/o timeout", IsTimeout: true}, fact.Timeout, "no answer in time"},
		{"resolver refused", &net.DNSError{Err: "read udp 10.0.0.1:1->10.0.0.53:53: read: connection refused"}, fact.Refused, "connection refused"},
		{"no way to the resolver", &net.DNSError{Err: "dial udp 10.0.0.53:53: connect: network is unreachable"}, fact.Unreachable, "no route to host"},
		{"resolver fails", &net.DNSError{Err: "server misbehaving", IsTemporary: true}, fact.ServFail, "resolver failed: server misbehaving"},
		{"NXDOMAIN", failure{fact.NXDomain, "NXDOMAIN"}, fact.NXDomain, "NXDOMAIN"},
		{"REFUSED, wrapped", fmt.Errorf("asking: %w", failure{fact.DNSRefuse, "REFUSED"}), fact.DNSRefuse, "REFUSED"},

		{"untrusted", unverified(x509.UnknownAuthorityError{}), fact.UntrustedIssuer, "certificate signed by an authority that is not trusted"},
		{"untrusted, in the platform's words", unverified(errors.New("x509: policy")), fact.UntrustedIssuer, "certificate signed by an authority that is not trusted"},
		{
			"another name", unverified(x509.HostnameError{Certificate: other, Host: "fabrikam.privatelink.vaultcore.azure.net"}), fact.NameMismatch,
			"certificate is valid for vault.azure.net, *.vault.azure.net, not fabrikam.privatelink.vaultcore.azure.net",
		},
		{"expired", unverified(x509.CertificateInvalidError{Reason: x509.Expired, Detail: "at 12:00"}), fact.CertExpired, "certificate has expired or is not yet valid"},
		{"a client's certificate", unverified(x509.CertificateInvalidError{Reason: x509.IncompatibleUsage}), fact.TLSFailed, "certificate is not meant for a server"},
		{"signed by no authority", unverified(x509.CertificateInvalidError{Reason: x509.NotAuthorizedToSign}), fact.UntrustedIssuer, "certificate signed by an authority that is not trusted"},

		{"closed in the handshake", io.EOF, fact.Reset, "connection closed by the other side"},
		{"closed within a record", io.ErrUnexpectedEOF, fact.Reset, "connection closed by the other side"},
		{"alert", &net.OpError{Op: "remote error", Err: tls.AlertError(40)}, fact.TLSFailed, "the other side ended the handshake: handshake failure"},
		{"our alert", &net.OpError{Op: "local error", Err: tls.AlertError(70)}, fact.TLSFailed, "handshake failed: protocol version not supported"},
		{"plain HTTP", tls.RecordHeaderError{Msg: "first record does not look like a TLS handshake"}, fact.TLSFailed, "the other side does not speak TLS"},
		{"no common version", errors.New("tls: server selected unsupported protocol version 301"), fact.TLSFailed, "handshake failed: server selected unsupported protocol version 301"},

		{"nothing of the network's", errors.New("too many open files"), fact.Unseen, "too many open files"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got, text := Classify(tt.err); got != tt.want || text != tt.text {
				t.Errorf("Classify(%v) = %q, %q; want %q, %q", tt.err, got, text, tt.want, tt.text)
			}
		})
	}
}
