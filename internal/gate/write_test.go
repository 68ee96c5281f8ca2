package gate_test

import (
	"strconv"
	"strings"
	"testing"

	"pldoctor/internal/gate"
	"pldoctor/internal/service"
	"pldoctor/internal/world"
)

const (
	requestID = "6c090c46-0a1c-48ab-b740-3442ce17e75e"
	date      = "Sat, 07 Feb 2026 11:07:18 GMT"
)

// raw is a response as a raw writer would send it, with "\n" for line ends.
func raw(res gate.Response) string {
	var b strings.Builder
	for _, h := range res.Headers {
		b.WriteString(h.Name + ": " + h.Value + "\n")
	}
	return b.String()
}

// TestHealthOfTheArticle compares with the output of curl in
// learn.microsoft.com/azure/key-vault/general/private-link-diagnostics.
func TestHealthOfTheArticle(t *testing.T) {
	const want = `Cache-Control: no-cache
Pragma: no-cache
Content-Type: application/json; charset=utf-8
x-ms-request-id: 6c090c46-0a1c-48ab-b740-3442ce17e75e
x-ms-keyvault-service-version: 1.2.27.0
x-ms-keyvault-network-info: addr=10.2.0.4;act_addr_fam=InterNetworkV6;
Strict-Transport-Security: max-age=31536000;includeSubDomains
Content-Length: 4
`
	w := estate(t, fabrikam(nil)).WithAssumptions(world.Assumptions{OldNetworkInfo: true})
	res := respond(w, overEndpoint, at("/healthstatus", read(world.NoIdentity)), requestID, date)
	if got := raw(res); res.Status != 200 || got != want || res.Body != "true" {
		t.Errorf("%d\n%s\n%s, want\n%s", res.Status, got, res.Body, want)
	}
}

// TestTranscriptOf2026 compares with the headers that curl printed of a
// request over private link in February 2026.
func TestTranscriptOf2026(t *testing.T) {
	const want = `Cache-Control: no-cache
Pragma: no-cache
Content-Type: application/json; charset=utf-8
Expires: -1
x-ms-keyvault-region: westeurope
x-ms-request-id: 6c090c46-0a1c-48ab-b740-3442ce17e75e
x-ms-keyvault-service-version: 1.9.3019.1
x-ms-keyvault-network-info: conn_type=PrivateLink;private_endpoint=` + endpoint + `;addr=10.2.0.4;act_addr_fam=InterNetworkV6;
X-Content-Type-Options: nosniff
Strict-Transport-Security: max-age=31536000;includeSubDomains
Date: Sat, 07 Feb 2026 11:07:18 GMT
Content-Length: 28
`
	d := gate.Decide(estate(t, fabrikam(nil)), overEndpoint, at("/secrets", read(world.Reader)))
	res := d.Answer(200, `{"value":[],"nextLink":null}`).Write(requestID, date)
	if got := raw(res); got != want || res.Region != "westeurope" || res.Vault != "Fabrikam" {
		t.Errorf("%s %s\n%s, want\n%s", res.Vault, res.Region, got, want)
	}
}

func TestChallenge(t *testing.T) {
	res := respond(estate(t, fabrikam(nil)), overInternet, read(world.NoIdentity), requestID, date)
	const want = `WWW-Authenticate: Bearer authorization="https://login.microsoftonline.com/` + tenant + `", resource="https://vault.azure.net"` + "\n"
	if got := raw(res); !strings.Contains(got, want) || !strings.Contains(got, service.HeaderNetworkInfo) || !strings.Contains(got, "Content-Length: 97\n") {
		t.Errorf("got\n%s", got)
	}
}

// TestTexts holds what each refusal says, in the order of the public reports
// that package service names.
func TestTexts(t *testing.T) {
	const (
		caller = "appid=a1;oid=o1;iss=https://sts.windows.net/" + tenant + "/"
		tail   = `\r\nCaller: ` + caller + `\r\nVault: Fabrikam;location=westeurope`
		vault  = "/subscriptions/00000000-0000-0000-0000-000000000001/resourcegroups/prod/providers/microsoft.keyvault/vaults/fabrikam"
	)
	closedNoBypass := func(v *world.Vault) { closed(v); noBypass(v) }
	policiesOpen := func(v *world.Vault) { open(v); policies(v) }
	for _, c := range []struct {
		vault   func(*world.Vault)
		arrival gate.Arrival
		request gate.Request
		want    string
	}{
		{nil, overInternet, read(world.Reader), `{"error":{"code":"Forbidden","message":"Client address is not authorized and caller is not a trusted service.\r\nClient address: 203.0.113.9` + tail + `","innererror":{"code":"ForbiddenByFirewall"}}}`},
		{nil, overOtherSubnet, read(world.Reader), `{"error":{"code":"Forbidden","message":"Client address is not authorized and caller is not a trusted service.\r\nClient address: 10.2.1.9 from unknown subnet` + tail + `","innererror":{"code":"ForbiddenByFirewall"}}}`},
		{noBypass, overInternet, read(world.Reader), `{"error":{"code":"Forbidden","message":"Client address is not authorized and caller was ignored because bypass is set to None\r\nClient address: 203.0.113.9` + tail + `","innererror":{"code":"ForbiddenByFirewall"}}}`},
		{closed, overInternet, read(world.Reader), `{"error":{"code":"Forbidden","message":"Public network access is disabled and request is not from a trusted service nor via an approved private link.` + tail + `","innererror":{"code":"ForbiddenByConnection"}}}`},
		{closedNoBypass, overInternet, read(world.Reader), `{"error":{"code":"Forbidden","message":"Connection is not an approved private link and caller was ignored because bypass is not set to 'AzureServices' and PublicNetworkAccess is set to 'Disabled'.` + tail + `","innererror":{"code":"ForbiddenByConnection"}}}`},
		{nil, overOtherEndpoint, read(world.Reader), `{"error":{"code":"Forbidden","message":"This TCP connection does not allow access to fabrikam.vault.azure.net.","innererror":{"code":"ForbiddenByConnection"}}}`},
		{policiesOpen, overInternet, read(world.NoRole), `{"error":{"code":"Forbidden","message":"The user, group or application '` + caller + `' does not have secrets get permission on key vault 'Fabrikam;location=westeurope'. For help resolving this issue, please see https://go.microsoft.com/fwlink/?linkid=2125287","innererror":{"code":"AccessDenied"}}}`},
		{nil, overEndpoint, read(world.NoRole), `{"error":{"code":"Forbidden","message":"Caller is not authorized to perform action on resource.\r\nIf role assignments, deny assignments or role definitions were changed recently, please observe propagation time.\r\nCaller: ` + caller + `\r\nAction: 'Microsoft.KeyVault/vaults/secrets/getSecret/action'\r\nResource: '` + vault + `/secrets/db'\r\nAssignment: (not found)\r\nDenyAssignmentId: null\r\nDecisionReason: 'DeniedWithNoValidRBAC' \r\nVault: Fabrikam;location=westeurope\r\n","innererror":{"code":"ForbiddenByRbac"}}}`},
		{bySecured, overInternet, read(world.Reader), `{"error":{"code":"Forbidden","message":"The request was forbidden by NSP policy.` + tail + `","innererror":{"code":"ForbiddenByNsp"}}}`},
		{nil, overEndpoint, read(world.InvalidIdentity), `{"error":{"code":"Unauthorized","message":"AKV10046: Unable to resolve the key used for signature validation. EncodedJwtHeader: 'e30'"}}`},
		{nil, overInternet, to("initech.vault.azure.net", read(world.Reader)), `{"error":{"code":"Unauthorized","message":"AKV10032: Invalid issuer. Expected one of https://sts.windows.net/ffffffff-ffff-ffff-ffff-ffffffffffff/, found https://sts.windows.net/` + tenant + `/."}}`},
	} {
		c.request.Caller = service.Caller{App: "a1", Object: "o1", Issuer: service.Issuer(tenant)}
		if got := respond(estate(t, fabrikam(c.vault)), c.arrival, c.request, requestID, date); got.Body != c.want {
			t.Errorf("got\n%s, want\n%s", got.Body, c.want)
		}
	}
}

// TestWhatIsSaidIsWhatIsRead has the service's reader look at every response
// of every identity on every way in.
func TestWhatIsSaidIsWhatIsRead(t *testing.T) {
	for _, change := range []func(*world.Vault){nil, closed, noBypass, pending, deleted, bySecured, open, policies, noConnection} {
		w := estate(t, fabrikam(change))
		for _, a := range []gate.Arrival{overEndpoint, overOtherEndpoint, overSubnet, overOtherSubnet, overListed, overInternet} {
			for _, who := range []world.Identity{world.NoIdentity, world.InvalidIdentity, world.NoRole, world.Reader} {
				for _, host := range []string{"fabrikam", "contoso", "initech", "nobody"} {
					for _, path := range []string{"/", "/healthstatus", "/secrets", "/secrets/db", "/keys/k", "/x"} {
						readBack(t, respond(w, a, at(path, to(host+".vault.azure.net", read(who))), requestID, date))
					}
				}
			}
		}
	}
}

func readBack(t *testing.T, res gate.Response) {
	t.Helper()
	headers := map[string]string{}
	for _, h := range res.Headers {
		if _, twice := headers[h.Name]; twice {
			t.Errorf("%s stands twice", h.Name)
		}
		headers[h.Name] = h.Value
	}
	if got := service.ClassifyDenial(res.Status, []byte(res.Body), headers[service.HeaderWWWAuthenticate]); got != res.Denial {
		t.Errorf("%d %s: read as %q, said %q", res.Status, res.Body, got, res.Denial)
	}
	if info, _ := service.ParseNetworkInfo(headers[service.HeaderNetworkInfo]); info != res.Info {
		t.Errorf("%+v read as %+v", res.Info, info)
	}
	if headers["Content-Length"] != strconv.Itoa(len(res.Body)) {
		t.Errorf("Content-Length %s of %d bytes", headers["Content-Length"], len(res.Body))
	}
	if headers[service.HeaderRegion] != res.Region {
		t.Errorf("region %q, header %q", res.Region, headers[service.HeaderRegion])
	}
}

func TestTCPDenialInner(t *testing.T) {
	w := estate(t, fabrikam(nil)).WithAssumptions(world.Assumptions{TCPDenialInner: "ForbiddenByFirewall"})
	res := respond(w, overOtherEndpoint, read(world.Reader), requestID, date)
	e, _ := service.ParseError([]byte(res.Body))
	if e.Inner != "ForbiddenByFirewall" {
		t.Errorf("inner code %q", e.Inner)
	}
	readBack(t, res)
}

func TestHead(t *testing.T) {
	r := at("/healthstatus", read(world.NoIdentity))
	r.Method = "HEAD"
	res := respond(estate(t, fabrikam(nil)), overEndpoint, r, requestID, date)
	if res.Body != "" || !strings.Contains(raw(res), "Content-Length: 4\n") {
		t.Errorf("%q\n%s", res.Body, raw(res))
	}
}

func BenchmarkDecide(b *testing.B) {
	w := estate(b, fabrikam(nil))
	for name, a := range map[string]gate.Arrival{"private": overEndpoint, "subnet": overSubnet, "public": overInternet} {
		b.Run(name, func(b *testing.B) {
			r := read(world.Reader)
			b.ReportAllocs()
			for b.Loop() {
				gate.Decide(w, a, r)
			}
		})
	}
}

func BenchmarkAdmits(b *testing.B) {
	v := fabrikam(nil)
	w := estate(b, v)
	b.ReportAllocs()
	for b.Loop() {
		gate.Admits(w, v, overEndpoint)
	}
}

func BenchmarkRespond(b *testing.B) {
	w := estate(b, fabrikam(nil))
	r := read(world.NoRole)
	b.ReportAllocs()
	for b.Loop() {
		respond(w, overEndpoint, r, requestID, date)
	}
}

func FuzzRespond(f *testing.F) {
	f.Add("GET", "fabrikam.vault.azure.net:443", "/secrets/db", true)
	f.Add("PUT", "[::1]:443", "//secrets//", false)
	f.Add("HEAD", "FABRIKAM.vault.azure.net.", "/healthstatus/", true)
	f.Add("GET", "fabrikam.vault.azure.net", "/secrets/{host}\xff\r\n<b>&", true)
	w := estate(f, fabrikam(nil))
	f.Fuzz(func(t *testing.T, method, host, path string, token bool) {
		r := gate.Request{Method: method, Host: host, Path: path, Token: token, Identity: world.Reader}
		if method == "HEAD" { // has no body to be read back
			respond(w, overEndpoint, r, requestID, date)
			return
		}
		readBack(t, respond(w, overEndpoint, r, requestID, date))
		readBack(t, respond(w, overInternet, r, requestID, date))
	})
}
