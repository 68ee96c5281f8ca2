package settings

import (
	"net/netip"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"pldoctor/internal/dnsname"
)

// A Proxy says which explicit proxy takes the requests to one host.
type Proxy struct {
	Host     string // name or address; "" when the request goes out directly
	Port     string
	TLS      bool   // the proxy itself is spoken to over TLS
	Variable string // the environment variable that said so, or that exempted the host

	// Fault says why the setting cannot be followed here: "socks5 is not
	// supported", "is no URL". A program fails by such a setting, or goes by a
	// proxy of another kind. Setting is then its text without credentials, and
	// Host and Port are empty.
	Fault   string
	Setting string
}

// Direct tells whether no proxy takes the request. One that cannot be followed
// is one all the same.
func (p Proxy) Direct() bool { return p.Host == "" && p.Fault == "" }

// ProxyFor reads the variables that curl, Go, Python and the Azure SDKs honour
// for an https request to host: HTTPS_PROXY, then ALL_PROXY, unless NO_PROXY
// exempts the host; lower-case names count as well, and first. A value that is
// not the URL of an HTTP proxy has a Fault.
func ProxyFor(host dnsname.Name, getenv func(string) string) Proxy {
	value, variable := first(getenv, "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY")
	if value == "" {
		return Proxy{}
	}
	if exempt, by := first(getenv, "no_proxy", "NO_PROXY"); Exempt(host, exempt) {
		return Proxy{Variable: by}
	}
	u, fault := parseProxy(value)
	if fault != "" {
		return Proxy{Variable: variable, Fault: fault, Setting: withoutCredentials(value)}
	}
	p := Proxy{Host: u.Hostname(), Port: u.Port(), TLS: u.Scheme == "https", Variable: variable}
	if p.Port == "" {
		p.Port = map[bool]string{false: "80", true: "443"}[p.TLS]
	}
	return p
}

// parseProxy reads the URL of an HTTP proxy; without a scheme, it is http.
func parseProxy(value string) (u *url.URL, fault string) {
	if !strings.Contains(value, "://") {
		value = "http://" + value
	}
	u, err := url.Parse(value)
	switch {
	case err != nil, u.Opaque != "":
		return nil, "is no URL"
	case u.Scheme != "http" && u.Scheme != "https":
		return nil, u.Scheme + " is not supported"
	case u.Hostname() == "":
		return nil, "names no host"
	}
	if n, err := strconv.ParseUint(u.Port(), 10, 16); u.Port() != "" && (err != nil || n == 0) {
		return nil, "names no port"
	}
	return u, ""
}

// withoutCredentials leaves out what stands before the last "@": in text that
// is no URL nobody knows where a password ends.
func withoutCredentials(value string) string {
	at := strings.LastIndexByte(value, '@')
	if at < 0 {
		return value
	}
	return scheme.FindString(value[:at]) + value[at+1:]
}

var scheme = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9+.-]*://`) // RFC 3986, section 3.1

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

// Server is the proxy as host:port, an IPv6 address in brackets; the setting
// where that has a fault; "" when the request goes out directly. It never holds
// credentials.
func (p Proxy) Server() string {
	switch {
	case p.Fault != "":
		return p.Setting
	case p.Direct():
		return ""
	case strings.Contains(p.Host, ":"):
		return "[" + p.Host + "]:" + p.Port
	}
	return p.Host + ":" + p.Port
}
