package manage

import (
	"encoding/base64"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"pldoctor/internal/gate"
	"pldoctor/internal/world"
)

// Actions on what is no resource of a provider.
const (
	readSubscription = "Microsoft.Resources/subscriptions/read"
	readGroup        = "Microsoft.Resources/subscriptions/resourceGroups/read"
	readAll          = "Microsoft.Resources/subscriptions/resources/read"
)

// subscriptionScope answers below /subscriptions.
func (p *Plane) subscriptionScope(r Request, parts []string) answer {
	if len(parts) == 0 {
		return p.listSubscriptions(r)
	}
	scope := "/subscriptions/" + parts[0]
	if !slices.ContainsFunc(p.now.subscriptions, func(s string) bool { return strings.EqualFold(s, parts[0]) }) {
		return missing("SubscriptionNotFound", "The subscription '%s' could not be found.", parts[0])
	}
	a := p.inSubscription(r, scope, parts)
	a.headers = append(a.headers, gate.Header{Name: "x-ms-ratelimit-remaining-subscription-reads", Value: "11999"})
	return a
}

func (p *Plane) inSubscription(r Request, scope string, parts []string) answer {
	switch rest := parts[1:]; {
	case len(rest) == 0:
		return p.get(r, readSubscription, scope, func() answer { return ok(p.subscription(parts[0])) })
	case strings.EqualFold(rest[0], "resources") && len(rest) == 1:
		return p.listResources(r, scope)
	case strings.EqualFold(rest[0], "resourceGroups"):
		return p.groupScope(r, scope, rest[1:])
	case strings.EqualFold(rest[0], "providers") && len(rest) <= 2:
		return p.providers(r, scope, rest[1:])
	case strings.EqualFold(rest[0], "providers"):
		return p.provided(r, scope, rest[1:])
	}
	return missing("NotFound", "The requested path '%s' was not found.", r.Path)
}

// get checks the version and the right before it answers from Resource
// Manager's own store.
func (p *Plane) get(r Request, action, scope string, found func() answer) answer {
	if a, bad := badVersion(resourcesVersions, r.Query.Get("api-version")); bad {
		return a
	}
	if r.Method != "GET" && r.Method != "HEAD" {
		action = strings.TrimSuffix(action, "read") + verb(r.Method)
	}
	if !p.allows(r.Token, action, scope) {
		return forbidden(r.Token, action, scope)
	}
	return found()
}

// verb is the end of the action that a method stands for.
func verb(method string) string {
	switch method {
	case "PUT", "PATCH":
		return "write"
	case "DELETE":
		return "delete"
	case "POST":
		return "action"
	}
	return "read"
}

func (p *Plane) subscription(id string) object {
	return object{
		"id": "/subscriptions/" + id, "subscriptionId": id, "tenantId": p.tenant, "displayName": displayName(id),
		"state": "Enabled", "authorizationSource": "RoleBased",
		"subscriptionPolicies": object{"locationPlacementId": "Public_2014-09-01", "quotaId": "EnterpriseAgreement_2014-09-01", "spendingLimit": "Off"},
	}
}

// displayName is made up: a World has no names of subscriptions.
func displayName(id string) string { return "Subscription " + id }

func (p *Plane) listSubscriptions(r Request) answer {
	if a, bad := badVersion(resourcesVersions, r.Query.Get("api-version")); bad {
		return a
	}
	var all []any
	for _, s := range p.visible(r.Token, p.now) {
		if p.allows(r.Token, readSubscription, "/subscriptions/"+s) {
			all = append(all, p.subscription(s))
		}
	}
	return p.page(r, all, defaultPage)
}

func (p *Plane) groupScope(r Request, scope string, parts []string) answer {
	if len(parts) == 0 {
		return p.get(r, readGroup, scope, func() answer { return p.listGroups(r, scope) })
	}
	at := slices.IndexFunc(p.now.groups, func(g group) bool { return strings.EqualFold(g.path(), scope+"/resourceGroups/"+parts[0]) })
	if at < 0 {
		if !p.allows(r.Token, readGroup, scope) {
			return forbidden(r.Token, readGroup, scope+"/resourceGroups/"+parts[0])
		}
		return missing("ResourceGroupNotFound", "Resource group '%s' could not be found.", parts[0])
	}
	g := p.now.groups[at]
	switch rest := parts[1:]; {
	case len(rest) == 0:
		return p.get(r, readGroup, g.path(), func() answer { return ok(g.doc()) })
	case strings.EqualFold(rest[0], "resources") && len(rest) == 1:
		return p.listResources(r, g.path())
	case strings.EqualFold(rest[0], "providers") && len(rest) > 2:
		return p.provided(r, g.path(), rest[1:])
	}
	return missing("NotFound", "The requested path '%s' was not found.", r.Path)
}

func (p *Plane) listGroups(r Request, scope string) answer {
	var all []any
	for _, g := range p.now.groups {
		if strings.EqualFold("/subscriptions/"+g.subscription, scope) {
			all = append(all, g.doc())
		}
	}
	return p.page(r, all, defaultPage)
}

// listResources lists the tracked resources, without their properties.
func (p *Plane) listResources(r Request, scope string) answer {
	return p.get(r, readAll, scope, func() answer {
		kind, filtered := resourceTypeFilter(r.Query.Get("$filter"))
		var all []any
		for _, res := range p.now.all {
			if res.id.Parent() != "" || res.group() == "" || filtered && !strings.EqualFold(res.kind, kind) || !below(res.id, scope) {
				continue
			}
			if p.allows(r.Token, res.kind+"/read", string(res.id)) {
				all = append(all, object{"id": res.path, "name": res.name(), "type": res.kind, "location": res.doc["location"], "tags": object{}})
			}
		}
		return p.page(r, all, defaultPage)
	})
}

// resourceTypeFilter reads "resourceType eq 'Microsoft.KeyVault/vaults'".
func resourceTypeFilter(filter string) (kind string, ok bool) {
	words := strings.Fields(filter)
	if len(words) != 3 || !strings.EqualFold(words[0], "resourceType") || !strings.EqualFold(words[1], "eq") {
		return "", false
	}
	return strings.Trim(words[2], "'"), true
}

func below(id world.ID, scope string) bool {
	return strings.HasPrefix(string(id), strings.ToLower(scope)+"/")
}

// Page sizes where the request does not say.
const (
	defaultPage = 1000
	dnsPage     = 100 // learn.microsoft.com/rest/api/dns/privatednszones: "returns up to 100"
)

// page returns a part of a list, and where the next one is.
func (p *Plane) page(r Request, all []any, size int) answer {
	if p.policy.PageSize > 0 {
		size = min(size, p.policy.PageSize)
	}
	if top, err := strconv.Atoi(r.Query.Get("$top")); err == nil && top > 0 {
		size = min(size, top)
	}
	from, valid := offset(skipToken(r.Query))
	if !valid {
		return failure(400, "InvalidSkipToken", "The provided skip token is invalid.")
	}
	from = min(from, len(all))
	to := min(from+size, len(all))
	body := object{"value": append([]any{}, all[from:to]...)}
	if to < len(all) {
		next := url.Values{}
		for key, values := range r.Query {
			if !strings.EqualFold(key, "$skiptoken") {
				next[key] = values
			}
		}
		next.Set("$skiptoken", token(to))
		body["nextLink"] = "https://" + p.cloud.ARM.Host() + (&url.URL{Path: r.Path}).EscapedPath() + "?" + next.Encode()
	}
	return ok(body)
}

func skipToken(query url.Values) string {
	for key, values := range query {
		if strings.EqualFold(key, "$skiptoken") && len(values) > 0 {
			return values[0]
		}
	}
	return ""
}

// token makes an opaque text of an offset, and offset reads it.
func token(at int) string {
	return base64.URLEncoding.EncodeToString([]byte("at:" + strconv.Itoa(at)))
}

func offset(token string) (at int, valid bool) {
	if token == "" {
		return 0, true
	}
	raw, err := base64.URLEncoding.DecodeString(token)
	digits, prefixed := strings.CutPrefix(string(raw), "at:")
	at, bad := strconv.Atoi(digits)
	return at, err == nil && prefixed && bad == nil && at >= 0
}
