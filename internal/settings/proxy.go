package settings

import (
	"net/netip"
	"net/url"
	"strings"

	"pldoctor/internal/dnsname"
)

// A Proxy says which explicit proxy takes the requests to one host.
type Proxy struct {
	Host     string // name or address; "" when the request goes out directly
	Port     string
	TLS      bool   // the proxy itself is spoken to over TLS
	Variable string // the environment variable that said so, or that exempted the host
}

// Direct tells whether no proxy takes the request.
func (p Proxy) Direct() bool { return p.Host == "" }

// ProxyFor reads the variables that curl, Go, Python and the Azure SDKs honour
// for an https request to host: HTTPS_PROXY, then ALL_PROXY, unless NO_PROXY
// exempts the host; lower-case names count as well, and first. A value that is
// no proxy URL counts as none.
func ProxyFor(host dnsname.Name, getenv func(string) string) Proxy {
	value, variable := first(getenv, "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY")
	if value == "" {
		return Proxy{}
	}
	if exempt, by := first(getenv, "no_proxy", "NO_PROXY"); Exempt(host, exempt) {
		return Proxy{Variable: by}
	}
	if !strings.Contains(value, "://") {
		value = "http://" + value
	}
	u, err := url.Parse(value)
	if err != nil || u.Hostname() == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return Proxy{}
	}
	p := Proxy{Host: u.Hostname(), Port: u.Port(), TLS: u.Scheme == "https", Variable: variable}
	if p.Port == "" {
		p.Port = map[bool]string{false: "80", true: "443"}[p.TLS]
	}
	return p
}

func first(getenv func(string) string, keys ...string) (value, key string) {
	for _, key := range keys {
		if value := getenv(key); value != "" {
			return value, key
		}
	}
	return "", ""
}

// Exempt tells whether a NO_PROXY list names host: "*", the host itself, or a
// domain above it with or without a leading dot. An address or a prefix in the
// list says nothing about a name.
func Exempt(host dnsname.Name, list string) bool {
	for entry := range strings.SplitSeq(list, ",") {
		entry = strings.TrimSpace(entry)
		if entry == "*" {
			return true
		}
		if _, err := netip.ParseAddr(entry); err == nil {
			continue
		}
		entry, _, _ = strings.Cut(entry, ":")
		domain, err := dnsname.Parse(strings.TrimPrefix(strings.TrimPrefix(entry, "*"), "."))
		if err == nil && host.Under(domain) {
			return true
		}
	}
	return false
}

// Server is the proxy as host:port, an IPv6 address in brackets; "" when the
// request goes out directly. It never holds credentials.
func (p Proxy) Server() string {
	switch {
	case p.Direct():
		return ""
	case strings.Contains(p.Host, ":"):
		return "[" + p.Host + "]:" + p.Port
	}
	return p.Host + ":" + p.Port
}
