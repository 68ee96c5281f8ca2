package manage

import (
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"pldoctor/internal/gate"
	"pldoctor/internal/service"
	"pldoctor/internal/world"
)

// instanceVersions are those of the instance metadata service.
var instanceVersions = strings.Fields(`2017-04-02 2017-08-01 2017-12-01 2018-02-01 2018-04-02 2018-10-01 2019-02-01 2019-03-11 2019-04-30
	2019-06-01 2019-06-04 2019-08-01 2019-08-15 2019-11-01 2020-06-01 2020-07-15 2020-09-01 2020-10-01 2020-12-01 2021-01-01 2021-02-01
	2021-03-01 2021-05-01 2021-10-01 2021-11-01 2021-11-15 2021-12-13 2023-07-01 2023-11-15 2025-04-07`)

// environments are the names of clouds in instance metadata.
var environments = map[string]string{
	"AzureCloud": "AzurePublicCloud", "AzureUSGovernment": "AzureUSGovernmentCloud", "AzureChinaCloud": "AzureChinaCloud",
}

// Instance answers below /metadata/instance about a virtual machine. Its
// resource group is taken to be that of its VNet, since a World holds none.
func Instance(w *world.World, h *world.Host, id, path string, query url.Values) Response {
	version := query.Get("api-version")
	if !slices.Contains(instanceVersions, version) {
		what := "Bad request. api-version is invalid or was not specified in the request. For more information refer to aka.ms/azureimds"
		return instanceResponse(400, object{"error": what, "newest-versions": latestFirst(instanceVersions)[:3]})
	}
	var v any = object{"compute": compute(w, h, id), "network": network(w, h)}
	for part := range strings.SplitSeq(strings.Trim(strings.TrimPrefix(path, "/metadata/instance"), "/"), "/") {
		if part != "" {
			v = step(v, part)
		}
	}
	switch leaf, isLeaf := v.(string); {
	case v == nil:
		return instanceResponse(404, object{"error": "Not found"})
	case isLeaf && query.Get("format") != "text":
		return instanceResponse(400, object{"error": "Bad request. Requesting a leaf node requires format=text"})
	case isLeaf:
		return Response{200, []gate.Header{{Name: "Content-Type", Value: "text/plain; charset=utf-8"}}, leaf}
	}
	return instanceResponse(200, v)
}

func step(v any, part string) any {
	switch v := v.(type) {
	case object:
		return v[part]
	case []any:
		if i, err := strconv.Atoi(part); err == nil && i >= 0 && i < len(v) {
			return v[i]
		}
	}
	return nil
}

// BadInstance refuses a request for instance metadata or for a token.
func BadInstance(description string) Response {
	return instanceResponse(400, object{"error": "invalid_request", "error_description": description})
}

func instanceResponse(status int, body any) Response {
	return Response{status, []gate.Header{
		{Name: "Content-Type", Value: "application/json; charset=utf-8"}, {Name: "Server", Value: "IMDS/150.870.65.1854"},
	}, text(body)}
}

func compute(w *world.World, h *world.Host, id string) object {
	vnet, _ := w.VNet(h.Network)
	var m world.Meta
	location := ""
	if vnet != nil {
		m, location = vnet.Meta, vnet.Location
	}
	return object{
		"azEnvironment": environments[w.Service().Cloud.Name], "location": location, "name": h.Name(), "osType": "Linux",
		"resourceGroupName": m.Group(), "resourceId": machineOf(m, h), "subscriptionId": m.Subscription(), "vmId": id,
		"tags": "", "tagsList": []any{}, "zone": "", "vmScaleSetName": "", "provider": "Microsoft.Compute",
	}
}

func network(w *world.World, h *world.Host) object {
	v4, v6, subnets := []any{}, []any{}, []any{}
	for _, a := range append([]netip.Addr{h.Address}, h.Addresses...) {
		switch {
		case a.Is4():
			v4 = append(v4, object{"privateIpAddress": a.String(), "publicIpAddress": ""})
		case a.Is6():
			v6 = append(v6, object{"privateIpAddress": a.String()})
		}
	}
	if vnet, ok := w.VNet(h.Network); ok {
		if s, ok := vnet.SubnetOf(h.Address); ok {
			for _, p := range s.Prefixes {
				if p.Addr().Is4() {
					subnets = append(subnets, object{"address": p.Addr().String(), "prefix": strconv.Itoa(p.Bits())})
				}
			}
		}
	}
	return object{"interface": []any{object{
		"ipv4": object{"ipAddress": v4, "subnet": subnets}, "ipv6": object{"ipAddress": v6}, "macAddress": "000D3A000001",
	}}}
}

// Discovery answers a question of a client library about the authority: which
// hosts are one, or where a tenant's endpoints are. ok is false for other paths.
func Discovery(c service.Cloud, tenant, path string) (r Response, ok bool) {
	host := c.Authority.Host()
	base := "https://" + host + "/" + tenant
	switch {
	case path == "/common/discovery/instance":
		return jsonResponse(200, object{
			"tenant_discovery_endpoint": base + "/v2.0/.well-known/openid-configuration", "api-version": "1.1",
			"metadata": []any{object{"preferred_network": host, "preferred_cache": host, "aliases": []any{host}}},
		}), true
	case strings.HasSuffix(path, "/v2.0/.well-known/openid-configuration"):
		return jsonResponse(200, endpoints(base, "/v2.0", base+"/v2.0")), true
	case strings.HasSuffix(path, "/.well-known/openid-configuration"):
		return jsonResponse(200, endpoints(base, "", service.Issuer(tenant))), true
	}
	return Response{}, false
}

func endpoints(base, version, issuer string) object {
	return object{
		"token_endpoint": base + "/oauth2" + version + "/token", "authorization_endpoint": base + "/oauth2" + version + "/authorize",
		"device_authorization_endpoint": base + "/oauth2" + version + "/devicecode", "jwks_uri": base + "/discovery" + version + "/keys",
		"issuer": issuer, "response_types_supported": []any{"code", "id_token", "code id_token", "token id_token", "token"},
		"token_endpoint_auth_methods_supported": []any{"client_secret_post", "private_key_jwt", "client_secret_basic"},
		"subject_types_supported":               []any{"pairwise"}, "scopes_supported": []any{"openid"}, "tenant_region_scope": nil,
	}
}

func jsonResponse(status int, body any) Response {
	return Response{status, []gate.Header{
		{Name: "Cache-Control", Value: "no-store, no-cache"},
		{Name: "Pragma", Value: "no-cache"},
		{Name: "Content-Type", Value: "application/json; charset=utf-8"},
	}, text(body)}
}

// Granted is the answer of the authority, or of the metadata service, that
// holds a token. The metadata service writes its numbers as texts.
func Granted(token, resource, client string, issued, expires int64, metadata bool) Response {
	if metadata {
		return instanceResponse(200, object{
			"access_token": token, "client_id": client, "resource": resource, "token_type": "Bearer",
			"expires_in": strconv.FormatInt(expires-issued, 10), "ext_expires_in": strconv.FormatInt(expires-issued, 10),
			"expires_on": strconv.FormatInt(expires, 10), "not_before": strconv.FormatInt(issued, 10),
		})
	}
	return jsonResponse(200, object{"access_token": token, "token_type": "Bearer", "expires_in": expires - issued, "ext_expires_in": expires - issued})
}

// Refused is an error of the authority (RFC 6749, section 5.2), with Microsoft
// Entra ID's number of it
// (learn.microsoft.com/entra/identity-platform/reference-error-codes).
func Refused(status int, code string, number int, description, id string) Response {
	return jsonResponse(status, object{
		"error": code, "error_description": "AADSTS" + strconv.Itoa(number) + ": " + description, "error_codes": []any{number},
		"trace_id": id, "correlation_id": id,
		"error_uri": "https://login.microsoftonline.com/error?code=" + strconv.Itoa(number),
	})
}
