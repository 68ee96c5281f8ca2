package redact

import (
	"cmp"
	"net/url"
	"strings"
	"sync"

	"pldoctor/internal/rule"
	"pldoctor/internal/service"
)

// token finds what in a text may have to be masked: escapes of JSON, which are
// passed over; ids; URLs; e-mail addresses; and words, with what joins them.
var token = compiled(`\\u[0-9a-fA-F]{4}|\\.` +
	`|/(?i:subscriptions|providers)/[^\s"'<>()\[\]{},;\\]+` +
	`|[A-Za-z][A-Za-z0-9+.-]*://[^\s"'<>\\]+` +
	`|[^\s"'<>()\[\]{},;:=\\@]+@[^\s"'<>()\[\]{},;:=\\@]+` +
	`|[0-9]{1,3}(?:\.[0-9]{1,3}){3}(?::[0-9]{1,5}\b|/[0-9]{1,2}\b|-[0-9]{1,3}(?:\.[0-9]{1,3}){3})?` +
	`|[0-9A-Fa-f]*:[0-9A-Fa-f]*:[0-9A-Fa-f:.]*(?:%[A-Za-z0-9]+)?(?:/[0-9]+)?` +
	`|[\pL\pN_*](?:[\pL\pN_.*-]*[\pL\pN_*])?(?:/[0-9]{1,3}\b)?`)

// vocabulary are the words of free text that say nothing of whose it is: those
// of Key Vault's error bodies, of network failures, and of certificates.
var vocabulary = sync.OnceValue(func() map[string]bool {
	set := words(`a aaaa aborted access actively after allowed an and answer answered answers api api-version appid are as at attempt
		attempting authority authority's authorization azure bad baltimore be because been block blocked body bogus broken but
		by bytes c ca can canceled cancelled cannot caused certificate certificate's chain client close closed cn cname code
		connect connectex connection connections context corp corporation created cut cybertrust dc deadline denied details dial
		did digicert dns dnssec doctype does done during ecc ended endpoint eof error errors established exceeded expired failed
		fails failure false file filter first for forbidden found from g1 g2 g3 gateway get getaddrinfo getaddrinfow getsecret
		global guid h1 had handshake has have head header headers healthstatus hello host host's hostname hosts html http https
		i i/o in inc innererror input internal interrupted into invalid io is iss issuer issuing it its job key known l lacks
		length line link listen llc location lookup loop ltd machine machine's made malformed match matches may meant message
		method microsoft misbehaving missing modern name names needs network no nodata nodename none nor not null nxdomain o of
		off oid ok on only open operation or other ou output own p packet page party path peer period permission permissions
		pipe pldoctor policy port post private properly proxy rcode read read-only received record records refused refuses
		remote request reset resolve resolver resource respond responded response role root route rsa rules scope secret secrets
		seen send sent server server's servername servfail service sha2 sha256 sha384 short shut side sides signature signed
		silent size soa socket software speak st stale stopped subnet such suitable support supported syscall target tcp
		temporarily temporary that the there this ticket time timed timeout title tls to too true truncated truncation trust
		trusted tunnel tunneling txt udp unable unauthorized unexpected unknown unreachable unsupported until up url us use used
		valid validate value vault vaults verified verify version was web were what when which while who wire with within
		without write writes wrong wsaenetunreach wsarecv wsasend x-ms-keyvault-network-info x509 yes`)
	for _, message := range service.Messages() {
		for _, w := range token().FindAllString(braces().ReplaceAllString(message, " "), -1) {
			set[strings.ToLower(w)] = true
		}
	}
	return set
})

var braces = compiled(`\{[a-z]+\}`)

// number is one that says how many, or which version of TLS or HTTP; more parts
// may begin an address.
var number = compiled(`^(0x)?[0-9]{1,6}(\.[0-9]{1,5})?(ms|s|m|h|us|µs|ns)?$`)

func (r *Redactor) text(text string) string {
	return token().ReplaceAllStringFunc(text, r.token)
}

func (r *Redactor) token(t string) string {
	if plain := strings.TrimRight(t, ":."); plain != t && plain != "" {
		return r.token(plain) + t[len(plain):]
	}
	lower := strings.ToLower(t)
	if masked, ok := r.address(t); ok {
		return masked
	}
	switch {
	case t[0] == '\\', vocabulary()[lower], strings.Trim(t, "*:.") == "":
		return t
	case t[0] == '/':
		return r.id(t)
	case strings.Contains(t, "://"):
		return r.url(t)
	case guidForm().MatchString(t), r.names.has(t):
		return r.names.of("word", t)
	case number().MatchString(t):
		return t
	case strings.Contains(t, "@"), strings.Contains(t, "/"):
		return r.names.of("word", t)
	case strings.Contains(t, ".") && !strings.Contains(t, ".."):
		return r.domain(t)
	case isRegion(lower):
		return t
	}
	return r.names.of("word", t)
}

// url masks the host and the path of a URL; who logs in, the query and the
// fragment are left out.
func (r *Redactor) url(text string) string {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" {
		return r.names.of("word", text)
	}
	path := strings.Split(u.Path, "/")
	for i := range path {
		path[i] = r.text(path[i])
	}
	scheme := strings.ToLower(u.Scheme)
	if !schemes[scheme] {
		scheme = r.names.of("word", scheme)
	}
	return scheme + "://" + r.host(u.Host) + strings.Join(path, "/")
}

// schemes are those of vaults, proxies and what certificates name.
var schemes = words(`http https ldap ldaps socks4 socks4a socks5 socks5h tcp udp`)

// host masks a host, with a port or without.
func (r *Redactor) host(text string) string {
	if masked, ok := r.address(text); ok {
		return masked
	}
	if strings.Contains(text, "://") { // a proxy's setting that cannot be followed
		return r.url(text)
	}
	if inner := strings.Trim(text, "[]"); inner != text {
		if masked, ok := r.address(inner); ok {
			return "[" + masked + "]"
		}
	}
	name, port, found := strings.Cut(text, ":")
	if found && number().MatchString(port) {
		port = ":" + port
	} else if found {
		port = ""
	}
	if strings.Contains(name, ".") {
		return r.domain(name) + port
	}
	return r.name("host", name) + port
}

// issuer masks who signed a certificate. What tells the product that did it
// stays.
func (r *Redactor) issuer(text string) string {
	masked := token().ReplaceAllStringFunc(text, func(t string) string {
		if markWords[strings.ToLower(t)] {
			return t
		}
		return r.token(t)
	})
	for _, mark := range rule.InterceptorMarks() {
		if told := strings.Contains(strings.ToLower(text), mark); told && !strings.Contains(strings.ToLower(masked), mark) {
			masked += ",OU=" + mark // it stood inside of a word
		}
	}
	return masked
}

// markWords are the words of InterceptorMarks.
var markWords = words(strings.Join(rule.InterceptorMarks(), " "))

// creator masks what a DNS zone group writes beside its records.
func (r *Redactor) creator(text string) string {
	name, guid, ok := rule.WrittenBy(text)
	if !ok {
		return r.text(text)
	}
	return rule.Creator(r.names.of("endpoint", name), r.names.of(guids, guid))
}

// version keeps what looks like a version and not like an address.
func (r *Redactor) version(text string) string {
	if masked, ok := r.address(text); ok || !versionForm().MatchString(text) {
		return cmp.Or(masked, r.text(text))
	}
	return text
}

var versionForm = compiled(`^[0-9](\.[0-9]{1,6}){1,4}$`)

// hostsPath keeps the places that hosts files have by themselves.
func (r *Redactor) hostsPath(text string) string {
	if strings.EqualFold(text, `C:\Windows\System32\drivers\etc\hosts`) || text == "/etc/hosts" || text == "" {
		return text
	}
	return "hosts"
}
