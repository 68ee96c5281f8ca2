package probe

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"syscall"

	"pldoctor/internal/fact"
)

// A failure is an error that this package made itself and whose class it knows.
type failure struct {
	outcome fact.Outcome
	text    string
}

func (f failure) Error() string { return f.text }

// Classify puts an error into a class and says it in one sentence without
// ports, dates or durations. It is the one place where the errors of an
// operating system, of package net, of DNS and of TLS are told apart. An error
// that says nothing about the other side (cancelled, too many open files) is
// Unseen.
func Classify(err error) (fact.Outcome, string) {
	if err == nil {
		return fact.OK, ""
	}
	for _, classify := range []func(error) (fact.Outcome, string){
		ofOwn, ofCertificate, ofLookup, ofKernel, ofTimeout, ofTLS,
	} {
		if outcome, text := classify(err); text != "" {
			return outcome, text
		}
	}
	return fact.Unseen, err.Error()
}

func ofOwn(err error) (fact.Outcome, string) {
	var f failure
	switch {
	case errors.As(err, &f):
		return f.outcome, f.text
	case errors.Is(err, context.Canceled):
		return fact.Unseen, "cut short"
	}
	return fact.Unseen, ""
}

// ofCertificate reads what package x509 and the verifiers of macOS and Windows
// behind it complain of.
func ofCertificate(err error) (fact.Outcome, string) {
	var (
		hostname  x509.HostnameError
		invalid   x509.CertificateInvalidError
		authority x509.UnknownAuthorityError
		verify    *tls.CertificateVerificationError
	)
	switch {
	case errors.As(err, &hostname):
		return fact.NameMismatch, strings.TrimPrefix(hostname.Error(), "x509: ")
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return fact.CertExpired, "certificate has expired or is not yet valid"
	case errors.As(err, &invalid) && invalid.Reason == x509.IncompatibleUsage:
		return fact.TLSFailed, "certificate is not meant for a server"
	case errors.As(err, &authority), errors.As(err, &verify), errors.As(err, &invalid):
		return fact.UntrustedIssuer, "certificate signed by an authority that is not trusted"
	}
	return fact.Unseen, ""
}

// ofLookup reads the errors of resolver libraries, which hide most of what a
// server said: where package net keeps no cause, its words are all there is.
func ofLookup(err error) (fact.Outcome, string) {
	var e *net.DNSError
	switch {
	case !errors.As(err, &e):
		return fact.Unseen, ""
	case e.IsNotFound:
		return fact.NXDomain, "no such host"
	case e.IsTimeout:
		return fact.Timeout, "no answer in time"
	case strings.HasSuffix(e.Err, "connection refused"):
		return fact.Refused, "connection refused"
	case strings.HasSuffix(e.Err, "unreachable"), strings.HasSuffix(e.Err, "no route to host"):
		return fact.Unreachable, "no route to host"
	}
	return fact.ServFail, "resolver failed: " + e.Err
}

// An errno is a class of kernel errors. Windows' Sockets has numbers of its
// own (WSAECONNREFUSED and so on, learn.microsoft.com/windows/win32/winsock),
// which mean nothing elsewhere.
type errno struct {
	outcome fact.Outcome
	text    string
	codes   []syscall.Errno
}

var errnos = []errno{
	{fact.Refused, "connection refused", []syscall.Errno{syscall.ECONNREFUSED, 10061}},
	{fact.Reset, "connection cut off by the other side", []syscall.Errno{
		syscall.ECONNRESET, syscall.ECONNABORTED, syscall.EPIPE, 10054, 10053,
	}},
	{fact.Timeout, "no answer in time", []syscall.Errno{syscall.ETIMEDOUT, 10060}},
	{fact.Unreachable, "network is unreachable", []syscall.Errno{
		syscall.ENETUNREACH, syscall.ENETDOWN, syscall.EADDRNOTAVAIL, syscall.EAFNOSUPPORT, 10051, 10050, 10049, 10047,
	}},
	{fact.Unreachable, "no route to host", []syscall.Errno{syscall.EHOSTUNREACH, syscall.EHOSTDOWN, 10065, 10064}},
	{fact.Unreachable, "forbidden by this machine's own rules", []syscall.Errno{syscall.EPERM, syscall.EACCES, 10013}},
}

func ofKernel(err error) (fact.Outcome, string) {
	for _, e := range errnos {
		for _, code := range e.codes {
			if errors.Is(err, code) {
				return e.outcome, e.text
			}
		}
	}
	return fact.Unseen, ""
}

func ofTimeout(err error) (fact.Outcome, string) {
	var timed interface{ Timeout() bool }
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, os.ErrDeadlineExceeded) ||
		errors.As(err, &timed) && timed.Timeout() {
		return fact.Timeout, "no answer in time"
	}
	return fact.Unseen, ""
}

// ofTLS reads the rest of what happens to an open connection. Package tls puts
// the other side's alert into an OpError whose Op is "remote error".
func ofTLS(err error) (fact.Outcome, string) {
	var (
		record tls.RecordHeaderError
		op     *net.OpError
	)
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return fact.Reset, "connection closed by the other side"
	case errors.As(err, &record):
		return fact.TLSFailed, "the other side does not speak TLS"
	case errors.As(err, &op) && op.Op == "remote error":
		return fact.TLSFailed, "the other side ended the handshake: " + strings.TrimPrefix(op.Err.Error(), "tls: ")
	case errors.As(err, &op) && op.Op == "local error":
		return fact.TLSFailed, "handshake failed: " + strings.TrimPrefix(op.Err.Error(), "tls: ")
	case strings.HasPrefix(err.Error(), "tls: "):
		return fact.TLSFailed, "handshake failed: " + strings.TrimPrefix(err.Error(), "tls: ")
	}
	return fact.Unseen, ""
}
