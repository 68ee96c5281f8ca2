package service_test

import (
	"net/netip"
	"strings"
	"testing"

	"pldoctor/internal/service"
)

const tenant = "72f988bf-86f1-41af-91ab-2d7cd011db47"

var (
	fields = service.Fields{
		Client: netip.MustParseAddr("1.2.3.4"), Caller: service.Caller{App: "a1", Object: "o1", Issuer: service.Issuer(tenant)},
		Vault: "myvault", Location: "westeurope", Host: "myvault.vault.azure.net",
		Action:     "Microsoft.KeyVault/vaults/secrets/getSecret/action",
		Resource:   "/subscriptions/s/resourcegroups/g/providers/microsoft.keyvault/vaults/myvault/secrets/db",
		Permission: "secrets list", Issuer: service.Issuer("other"), JWTHeader: "e30", Name: "db",
	}
	subnet = withNoSubnet(fields)
)

func withNoSubnet(f service.Fields) service.Fields {
	f.NoSubnet = true
	return f
}

const (
	caller = `appid=a1;oid=o1;iss=https://sts.windows.net/` + tenant + `/`
	who    = `\r\nCaller: ` + caller + `\r\nVault: myvault;location=westeurope`
)

// bodies are Key Vault's error bodies, written here by hand from the public
// reports that texts names.
var bodies = []struct {
	text   service.Text
	fields service.Fields
	status int
	denial service.Denial
	body   string
}{
	{
		service.TextFirewall, fields, 403, service.DeniedFirewall,
		`{"error":{"code":"Forbidden","message":"Client address is not authorized and caller is not a trusted service.\r\nClient address: 1.2.3.4` + who + `","innererror":{"code":"ForbiddenByFirewall"}}}`,
	},
	{
		service.TextFirewall, subnet, 403, service.DeniedFirewall,
		`{"error":{"code":"Forbidden","message":"Client address is not authorized and caller is not a trusted service.\r\nClient address: 1.2.3.4 from unknown subnet` + who + `","innererror":{"code":"ForbiddenByFirewall"}}}`,
	},
	{
		service.TextFirewallNoBypass, fields, 403, service.DeniedFirewall,
		`{"error":{"code":"Forbidden","message":"Client address is not authorized and caller was ignored because bypass is set to None\r\nClient address: 1.2.3.4` + who + `","innererror":{"code":"ForbiddenByFirewall"}}}`,
	},
	{
		service.TextFirewallPerimeter, fields, 403, service.DeniedFirewall,
		`{"error":{"code":"Forbidden","message":"Request was not allowed by NSP rules and the client address is not authorized and caller was ignored because bypass is set to None\r\nClient address: 1.2.3.4` + who + `","innererror":{"code":"ForbiddenByFirewall"}}}`,
	},
	{
		service.TextConnection, fields, 403, service.DeniedConnection,
		`{"error":{"code":"Forbidden","message":"Public network access is disabled and request is not from a trusted service nor via an approved private link.` + who + `","innererror":{"code":"ForbiddenByConnection"}}}`,
	},
	{
		service.TextConnectionNoBypass, fields, 403, service.DeniedConnection,
		`{"error":{"code":"Forbidden","message":"Connection is not an approved private link and caller was ignored because bypass is not set to 'AzureServices' and PublicNetworkAccess is set to 'Disabled'.` + who + `","innererror":{"code":"ForbiddenByConnection"}}}`,
	},
	{
		service.TextPerimeter, fields, 403, service.DeniedPerimeter,
		`{"error":{"code":"Forbidden","message":"The request was forbidden by NSP policy.` + who + `","innererror":{"code":"ForbiddenByNsp"}}}`,
	},
	{
		service.TextTCP, fields, 403, service.DeniedTCP,
		`{"error":{"code":"Forbidden","message":"This TCP connection does not allow access to myvault.vault.azure.net.","innererror":{"code":"ForbiddenByConnection"}}}`,
	},
	{
		service.TextPolicy, fields, 403, service.DeniedPolicy,
		`{"error":{"code":"Forbidden","message":"The user, group or application '` + caller + `' does not have secrets list permission on key vault 'myvault;location=westeurope'. For help resolving this issue, please see https://go.microsoft.com/fwlink/?linkid=2125287","innererror":{"code":"AccessDenied"}}}`,
	},
	{
		service.TextRBAC, fields, 403, service.DeniedRBAC,
		`{"error":{"code":"Forbidden","message":"Caller is not authorized to perform action on resource.\r\nIf role assignments, deny assignments or role definitions were changed recently, please observe propagation time.\r\nCaller: ` + caller + `\r\nAction: 'Microsoft.KeyVault/vaults/secrets/getSecret/action'\r\nResource: '/subscriptions/s/resourcegroups/g/providers/microsoft.keyvault/vaults/myvault/secrets/db'\r\nAssignment: (not found)\r\nDenyAssignmentId: null\r\nDecisionReason: 'DeniedWithNoValidRBAC' \r\nVault: myvault;location=westeurope\r\n","innererror":{"code":"ForbiddenByRbac"}}}`,
	},
	{
		service.TextOBO, fields, 403, service.DeniedOBO,
		`{"error":{"code":"Forbidden","message":"The policy requires the caller '` + caller + `' to use on-behalf-of (OBO) flow. For more information on OBO, please see https://go.microsoft.com/fwlink/?linkid=2152310","innererror":{"code":"ForbiddenByPolicy"}}}`,
	},
	{
		service.TextNoToken, fields, 401, service.DeniedNoToken,
		`{"error":{"code":"Unauthorized","message":"AKV10000: Request is missing a Bearer or PoP token."}}`,
	},
	{
		service.TextIssuer, fields, 401, service.DeniedToken,
		`{"error":{"code":"Unauthorized","message":"AKV10032: Invalid issuer. Expected one of https://sts.windows.net/other/, found https://sts.windows.net/` + tenant + `/."}}`,
	},
	{
		service.TextSignature, fields, 401, service.DeniedToken,
		`{"error":{"code":"Unauthorized","message":"AKV10046: Unable to resolve the key used for signature validation. EncodedJwtHeader: 'e30'"}}`,
	},
	{
		service.TextNoVault, fields, 404, service.DeniedNoVault,
		`{"error":{"code":"VaultNotFound","message":"The vault myvault;location=westeurope was not found."}}`,
	},
	{
		service.TextNoSecret, fields, 404, service.NotDenied,
		`{"error":{"code":"SecretNotFound","message":"A secret with (name/id) db was not found in this key vault. If you recently deleted this secret you may be able to recover it using the correct recovery command. For help resolving this issue, please see https://go.microsoft.com/fwlink/?linkid=2125182"}}`,
	},
}

func TestTextsBothWays(t *testing.T) {
	for _, c := range bodies {
		body := c.text.Body(c.fields)
		if got := body.JSON(); got != c.body {
			t.Errorf("wrote\n%s, want\n%s", got, c.body)
		}
		if got := c.text.Status(); got != c.status {
			t.Errorf("%s: status %d, want %d", c.body, got, c.status)
		}
		if got, ok := service.ParseError([]byte(c.body)); !ok || got != body {
			t.Errorf("%s: read %+v, %t", c.body, got, ok)
		}
		if got := service.ClassifyDenial(c.status, []byte(c.body), challenge); got != c.denial {
			t.Errorf("%s: classified %q, want %q", c.body, got, c.denial)
		}
	}
}

// TestEveryTextIsKnownByEachOfItsMarks leaves one mark of each body: the code,
// the text in JSON, the text as tools print it without its status.
func TestEveryTextIsKnownByEachOfItsMarks(t *testing.T) {
	for _, c := range bodies {
		e := c.text.Body(c.fields)
		if e.Inner != "" && c.text != service.TextTCP {
			code := service.ErrorBody{Code: "Forbidden", Message: "a text of the future", Inner: e.Inner}
			if got := service.ClassifyDenial(403, []byte(code.JSON()), ""); got != c.denial {
				t.Errorf("%s alone: %q, want %q", e.Inner, got, c.denial)
			}
		}
		if c.status == 404 { // known by the code alone
			continue
		}
		text := service.ErrorBody{Code: e.Code, Message: e.Message}
		if got := service.ClassifyDenial(c.status, []byte(text.JSON()), ""); got != c.denial {
			t.Errorf("%s alone: %q, want %q", text.JSON(), got, c.denial)
		}
		if got := service.ClassifyDenial(0, []byte("Message: "+e.Message), ""); got != c.denial {
			t.Errorf("%q as text: %q, want %q", e.Message, got, c.denial)
		}
	}
}

func TestOlderAndShorterForms(t *testing.T) {
	for _, c := range []struct {
		status int
		body   string
		want   service.Denial
	}{
		{403, `{"error":{"code":"Forbidden","message":"Client address (00.00.00.00) is not authorized and caller is not a trusted service"}}`, service.DeniedFirewall},
		{403, `{"error":{"code":"Forbidden","message":"Client address isn't authorized and caller isn't a trusted service."}}`, service.DeniedFirewall},
		{403, `Firewall is turned on and your client IP address is not authorized to access this key vault.`, service.DeniedFirewall},
		{403, `Public access is disabled and the request was not made from a trusted service or via an approved private link`, service.DeniedConnection},
		{403, `{"error":{"code":"Forbidden","message":"Access denied"}}`, service.DeniedPolicy},
		{403, `{"error":{"code":"AccessDenied","message":"?"}}`, service.DeniedPolicy},
		{403, `{"error":{"code":"ForbiddenByNsp","message":"?"}}`, service.DeniedPerimeter},
		{403, `{"error":{"code":"Forbidden","message":"This TCP connection does not allow access to kv.vault.azure.net.","innererror":{"code":"ForbiddenByFirewall"}}}`, service.DeniedTCP},
		{403, `{"error":{"code":"Forbidden","message":"new","innererror":{"code":"ForbiddenByMoon"}}}`, service.DeniedUnknown},
		{403, "\xef\xbb\xbf" + `{"error":{"code":7,"innerError":{"code":"ForbiddenByRbac"},"message":"?"}}`, service.DeniedRBAC},
		{0, `Status=403 Code="Forbidden" Message="?" InnerError={"code":"ForbiddenByConnection"}`, service.DeniedConnection},
		{0, "(Forbidden) ...\nInner error: {\n  \"code\": \"ForbiddenByRbac\"\n}", service.DeniedRBAC},
		{403, `<html><h1>Access Denied</h1></html>`, service.DeniedUnknown}, // of some proxy
		{403, `<Error><Code>AccessDenied</Code></Error>`, service.DeniedUnknown},
		{403, ``, service.DeniedUnknown},
		{401, `{"error":{"code":"Unauthorized","message":"Request is missing a Bearer or PoP token."}}`, service.DeniedNoToken},
		{401, ``, service.DeniedNoToken},
		{401, `{"error":{"code":"Unauthorized","message":"AKV10022: Invalid audience."}}`, service.DeniedToken},
		{401, `{"error":{"code":"Unauthorized","message":"Error validating token: IDX10223"}}`, service.DeniedToken},
		{404, `{"error":{"code":"KeyNotFound","message":"A key with (name/id) x was not found in this key vault."}}`, service.NotDenied},
		{409, `{"error":{"code":"Conflict","innererror":{"code":"ObjectIsDeletedButRecoverable"}}}`, service.NotDenied},
		{200, `This TCP connection does not allow access to x`, service.NotDenied},
		{0, `nothing of interest`, service.NotDenied},
	} {
		if got := service.ClassifyDenial(c.status, []byte(c.body), challenge); got != c.want {
			t.Errorf("%d %s: %q, want %q", c.status, c.body, got, c.want)
		}
	}
}

func TestA401OfSomebodyElse(t *testing.T) {
	for www, want := range map[string]service.Denial{
		"":                    service.DeniedUnknown,
		`Basic realm="proxy"`: service.DeniedUnknown,
		challenge:             service.DeniedNoToken,
		`Bearer authorization="https://login.windows.net/t", error="invalid_token"`: service.DeniedToken,
	} {
		if got := service.ClassifyDenial(401, nil, www); got != want {
			t.Errorf("%s: %q, want %q", www, got, want)
		}
	}
}

// TestLengths holds the lengths that recordings of the challenge have.
func TestLengths(t *testing.T) {
	body := service.TextNoToken.Body(fields).JSON()
	if len(body) != 97 || len(strings.Replace(body, "AKV10000: ", "", 1)) != 87 {
		t.Errorf("%d bytes: %s", len(body), body)
	}
}

func TestHostileBodies(t *testing.T) {
	inner := `{"error":{"code":"Forbidden","innererror":{"code":"ForbiddenByRbac"}}}`
	for name, body := range map[string]string{
		"deep":     strings.Repeat(`{"error":`, 60000),
		"deeper":   strings.Repeat(`[`, 60000),
		"huge":     strings.Repeat(" ", 16<<20) + inner,
		"not JSON": "\xff\xfe\x00",
		"null":     `{"error":null}`,
		"list":     `[` + inner + `]x`,
	} {
		if got := service.ClassifyDenial(403, []byte(body), strings.Repeat("Bearer ", 1<<16)); got.IsNetwork() {
			t.Errorf("%s: %q", name, got)
		}
	}
}

func TestIsNetwork(t *testing.T) {
	for _, c := range bodies {
		want := strings.HasPrefix(c.text.Body(c.fields).Inner, "ForbiddenBy") &&
			c.denial != service.DeniedRBAC && c.denial != service.DeniedOBO
		if c.denial.IsNetwork() != want {
			t.Errorf("%q: %t", c.denial, !want)
		}
	}
}

func FuzzClassifyDenial(f *testing.F) {
	for _, c := range bodies {
		f.Add(c.status, []byte(c.body), challenge)
	}
	f.Add(403, []byte(`{"error":{"code":"AccessDenied"}`), "Basic")
	f.Add(0, []byte("Client address \xff is not authorized"), "")
	f.Fuzz(func(t *testing.T, status int, body []byte, www string) {
		d := service.ClassifyDenial(status, body, www)
		if status == 403 && d == service.NotDenied {
			t.Fatal("a 403 is no denial")
		}
		e, ok := service.ParseError(body)
		if !ok {
			return
		}
		again, ok := service.ParseError([]byte(e.JSON()))
		if !ok || again != e {
			t.Fatalf("%+v is written as %s and read as %+v", e, e.JSON(), again)
		}
		if with := service.ClassifyDenial(status, []byte(e.JSON()), www); with != d {
			t.Fatalf("%q as it came, %q as it is written", d, with)
		}
	})
}
