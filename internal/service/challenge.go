package service

import "strings"

// A Challenge is what WWW-Authenticate says beside a 401 of Key Vault: where to
// get a token and for what. See "Authentication, requests and responses" on
// learn.microsoft.com/azure/key-vault/general.
type Challenge struct {
	Authority string // https://login.microsoftonline.com/TENANT
	Resource  string // https://vault.azure.net
	Error     string // RFC 6750, section 3: what is wrong with the token that came
}

// ChallengeFor is the challenge of a vault of that tenant.
func (s Service) ChallengeFor(tenant string) Challenge {
	return Challenge{Authority: "https://" + s.Cloud.Authority.Host() + "/" + tenant, Resource: s.Audience}
}

// Tenant is the tenant that issues tokens for the vault.
func (c Challenge) Tenant() string {
	parts := strings.SplitN(c.Authority, "/", 5) // "https:", "", host, tenant
	if len(parts) < 4 {
		return ""
	}
	return parts[3]
}

// String returns the header's value as the service writes it.
func (c Challenge) String() string {
	s := `Bearer authorization="` + c.Authority + `", resource="` + c.Resource + `"`
	if c.Error != "" {
		s += `, error="` + c.Error + `"`
	}
	return s
}

// ParseChallenge reads the header's value. Quotes may be absent, the order and
// further parameters do not matter. ok is false when it is no Bearer challenge
// that names an authority.
func ParseChallenge(s string) (c Challenge, ok bool) {
	const scheme = "Bearer "
	if len(s) < len(scheme) || len(s) > maxHeader || !strings.EqualFold(s[:len(scheme)], scheme) {
		return Challenge{}, false
	}
	for rest := s[len(scheme):]; rest != ""; {
		var key, value string
		key, value, rest = nextParameter(rest)
		switch key {
		case "authorization", "authorization_uri":
			first(&c.Authority, value)
		case "resource":
			first(&c.Resource, value)
		case "scope": // of the newer token endpoint: the resource and what is wanted of it
			first(&c.Resource, strings.TrimSuffix(value, "/.default"))
		case "error":
			first(&c.Error, value)
		}
	}
	return c, c.Authority != ""
}

// nextParameter cuts key=value or key="value" off a list; the key comes in
// lower case. A value that cannot be written back is none.
func nextParameter(list string) (key, value, rest string) {
	key, rest, _ = strings.Cut(strings.TrimLeft(list, ", \t"), "=")
	key = strings.ToLower(strings.TrimSpace(key))
	if quoted, found := strings.CutPrefix(rest, `"`); found {
		value, rest, _ = strings.Cut(quoted, `"`)
		return key, clean(value), rest
	}
	end := strings.IndexAny(rest, ", \t")
	if end < 0 {
		end = len(rest)
	}
	if value = clean(rest[:end]); strings.Contains(value, `"`) {
		value = ""
	}
	return key, value, rest[end:]
}
