package manage

import (
	"slices"
	"strings"
	"time"

	"pldoctor/internal/gate"
	"pldoctor/internal/world"
)

// audiences are those of tokens that Resource Manager takes: the host of the
// cloud, and the one of the interface that it took the place of.
func (p *Plane) audiences() []string {
	old := "https://management.core.windows.net"
	switch p.cloud.Name {
	case "AzureUSGovernment":
		old = "https://management.core.usgovcloudapi.net"
	case "AzureChinaCloud":
		old = "https://management.core.chinacloudapi.cn"
	}
	arm := "https://" + p.cloud.ARM.Host()
	return []string{old + "/", old, arm + "/", arm}
}

// unauthenticated answers who brings no token that is any good.
func (p *Plane) unauthenticated(r Request) (a answer, refused bool) {
	t := r.Token
	switch {
	case !t.Present:
		a = failure(401, "AuthenticationFailed", "Authentication failed. The 'Authorization' header is missing.")
		return p.challenge(a, "The authentication failed because of missing 'Authorization' header."), true
	case !t.Valid:
		a = failure(401, "InvalidAuthenticationToken", "The access token is invalid.")
		return p.challenge(a, "The access token is invalid."), true
	case !slices.Contains(p.audiences(), t.Audience):
		a = failure(401, "InvalidAuthenticationTokenAudience",
			"The access token has been obtained for wrong audience or resource '%s'. It should exactly match with one of the allowed audiences '%s'.",
			t.Audience, strings.Join(p.audiences(), "','"))
		return p.challenge(a, "The access token has been obtained from wrong audience or resource."), true
	case !r.Now.Before(t.Expires):
		a = failure(401, "ExpiredAuthenticationToken", "The access token expiry UTC time '%s' is earlier than current UTC time '%s'.",
			t.Expires.UTC().Format(time.DateTime), r.Now.UTC().Format(time.DateTime))
		return p.challenge(a, "The access token has expired."), true
	}
	return answer{}, false
}

func (p *Plane) challenge(a answer, description string) answer {
	a.headers = []gate.Header{{
		Name:  "WWW-Authenticate",
		Value: `Bearer authorization_uri="https://` + p.cloud.Authority.Host() + "/" + p.tenant + `", error="invalid_token", error_description="` + description + `"`,
	}}
	return a
}

// forbidden is what a caller gets who has no right to an action.
func forbidden(t Token, action, scope string) answer {
	return failure(403, "AuthorizationFailed",
		"The client '%s' with object id '%s' does not have authorization to perform action '%s' over scope '%s' or the scope is invalid. If access was recently granted, please refresh your credentials.",
		t.App, t.Object, action, scope)
}

// allows tells whether a caller may do something to what has an id.
func (p *Plane) allows(t Token, action, id string) bool {
	id = strings.ToLower(id)
	if !t.Reader || p.hidden(world.ID(id).Segment("subscriptions")) || !strings.HasSuffix(strings.ToLower(action), "/read") {
		return false
	}
	return !slices.ContainsFunc(p.policy.Denied, func(d Denial) bool {
		within := d.Scope == "" || id == string(d.Scope) || strings.HasPrefix(id, string(d.Scope)+"/")
		return within && d.covers(action)
	})
}

func (d Denial) covers(action string) bool {
	prefix, wild := strings.CutSuffix(d.Action, "*")
	return strings.EqualFold(d.Action, action) ||
		wild && len(action) >= len(prefix) && strings.EqualFold(action[:len(prefix)], prefix)
}

func (p *Plane) hidden(subscription string) bool {
	return slices.ContainsFunc(p.policy.Hidden, func(s string) bool { return strings.EqualFold(s, subscription) })
}

// visible are the subscriptions that a caller has a role on.
func (p *Plane) visible(t Token, inv *inventory) []string {
	var all []string
	for _, s := range inv.subscriptions {
		if t.Reader && !p.hidden(s) {
			all = append(all, s)
		}
	}
	return all
}
