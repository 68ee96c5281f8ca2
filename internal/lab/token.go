package lab

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"pldoctor/internal/service"
	"pldoctor/internal/world"
)

// tokenLife is how long a token of Microsoft Entra ID for Key Vault is good.
const tokenLife = time.Hour

// claims are those of a token that matter here, by their names in a JWT (RFC
// 7519 and learn.microsoft.com/entra/identity-platform/access-token-claims-reference).
type claims struct {
	Audience string `json:"aud"`
	Issuer   string `json:"iss"`
	Tenant   string `json:"tid"`
	Issued   int64  `json:"iat"`
	Expires  int64  `json:"exp"`
	App      string `json:"appid"`
	Object   string `json:"oid"`
	Subject  string `json:"sub"` // the host's id: what the token is worth is in the world
}

var jwt = base64.RawURLEncoding

// tokens returns a host's way to get tokens, nil when it has no identity. A
// token is an unsigned JWT: nothing in a lab is secret.
func (l *Lab) tokens(h *world.Host) func(context.Context, string) (string, error) {
	if h.Identity == "" || h.Identity == world.NoIdentity {
		return nil
	}
	return func(ctx context.Context, audience string) (string, error) {
		return l.issue(h.ID, audience), ctx.Err()
	}
}

// issue makes a token of a host.
func (l *Lab) issue(host world.ID, audience string) string {
	issued := now()
	body, err := json.Marshal(claims{
		Audience: audience, Issuer: service.Issuer(l.tenant()), Tenant: l.tenant(),
		Issued: issued.Unix(), Expires: issued.Add(tokenLife).Unix(),
		App: guid("app", host), Object: guid("object", host), Subject: string(host),
	})
	if err != nil {
		panic(err) // strings and numbers
	}
	return jwt.EncodeToString([]byte(`{"typ":"JWT","alg":"none"}`)) + "." + jwt.EncodeToString(body) + "."
}

// presented reads an Authorization header: whether it holds a token, what that
// is worth, and whose it says it is.
func (l *Lab) presented(header string) (token bool, worth world.Identity, who service.Caller) {
	text, present := bearer(header)
	if !present {
		return false, world.NoIdentity, who
	}
	c, ok := parseClaims(text)
	h, known := l.principal(world.ID(c.Subject))
	good := ok && known && c.Audience == l.World().Service().Audience && now().Unix() < c.Expires
	if !good {
		return true, world.InvalidIdentity, who
	}
	return true, h.Identity, service.Caller{App: c.App, Object: c.Object, Issuer: c.Issuer}
}

// bearer returns the token of an Authorization header.
func bearer(header string) (token string, present bool) {
	scheme, text, _ := strings.Cut(header, " ")
	return text, strings.EqualFold(scheme, "Bearer") && text != ""
}

// principal is the host that a token stands for.
func (l *Lab) principal(id world.ID) (*world.Host, bool) {
	if id == operator.ID {
		return operator, true
	}
	return l.World().Host(id)
}

func parseClaims(token string) (c claims, ok bool) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return c, false
	}
	body, err := jwt.DecodeString(parts[1])
	return c, err == nil && json.Unmarshal(body, &c) == nil
}

// tenant is the tenant of the world's own vaults.
func (l *Lab) tenant() string {
	// As package gate has it of a vault whose tenant is not known.
	const unknown = "00000000-0000-0000-0000-000000000000"
	for v := range l.World().Vaults() {
		if !v.Foreign && v.Tenant != "" {
			return v.Tenant
		}
	}
	return unknown
}

// guid makes a GUID of an id, the same one each time.
func guid(what string, id world.ID) string {
	s := sha256.Sum256([]byte(what + ":" + string(id)))
	s[6], s[8] = s[6]&0x0f|0x50, s[8]&0x3f|0x80 // RFC 9562: version 5, its variant
	return fmt.Sprintf("%x-%x-%x-%x-%x", s[:4], s[4:6], s[6:8], s[8:10], s[10:16])
}
