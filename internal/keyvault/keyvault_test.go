package keyvault_test

import (
	"crypto/rand"
	"encoding/json"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"pldoctor/internal/gate"
	"pldoctor/internal/keyvault"
	"pldoctor/internal/service"
)

var began = time.Date(2026, 2, 7, 11, 7, 18, 0, time.UTC)

func empty() *keyvault.Vault { return keyvault.New("fabrikam.vault.azure.net", rand.Reader) }

// ask is a request as a client of today writes it. The operation may be
// followed by a name and a version: "GetSecret db/0123".
func ask(what, body string) keyvault.Request {
	operation, object, _ := strings.Cut(what, " ")
	name, version, _ := strings.Cut(object, "/")
	return keyvault.Request{
		Operation: operation, Name: name, Version: version, Query: url.Values{"api-version": {"7.4"}}, Body: []byte(body), Now: began,
	}
}

// do has a vault answer with a status.
func do(t *testing.T, v *keyvault.Vault, r keyvault.Request, want int) string {
	t.Helper()
	status, body := v.Answer(r)
	if status != want {
		t.Fatalf("%s %s: %d %s, want %d", r.Operation, r.Name, status, body, want)
	}
	return body
}

// TestEveryOperation: what the gate admits is served.
func TestEveryOperation(t *testing.T) {
	v := empty()
	for _, op := range gate.Operations() {
		r := ask(string(op)+" x", "{}")
		if _, body := v.Answer(r); strings.Contains(body, "is not served here") && strings.Contains(body, string(op)) {
			t.Errorf("%s: %s", op, body)
		}
	}
	do(t, v, ask("BackupSecret x", ""), 400)
}

// TestSecretOnTheWire holds the shapes of
// learn.microsoft.com/rest/api/keyvault/secrets, byte for byte.
func TestSecretOnTheWire(t *testing.T) {
	v := empty()
	set := do(t, v, ask("SetSecret Db", `{"value":"<&>","contentType":"text/plain","attributes":{"exp":2000000000},"tags":{"a":"b"}}`), 200)
	id := member(t, set, "id")
	const attributes = `"attributes":{"enabled":true,"exp":2000000000,"created":1770462438,"updated":1770462438,"recoveryLevel":"Recoverable+Purgeable","recoverableDays":90}`
	const common = `,"contentType":"text/plain"`
	for what, want := range map[string]string{
		"GetSecret db":         `{"value":"<&>"` + common + `,"id":"` + id + `",` + attributes + `,"tags":{"a":"b"}}`,
		"GetSecrets":           `{"value":[{"contentType":"text/plain","id":"https://fabrikam.vault.azure.net/secrets/Db",` + attributes + `,"tags":{"a":"b"}}],"nextLink":null}`,
		"GetSecretVersions db": `{"value":[{"contentType":"text/plain","id":"` + id + `",` + attributes + `,"tags":{"a":"b"}}],"nextLink":null}`,
		"GetDeletedSecrets":    `{"value":[],"nextLink":null}`,
		"GetSecretVersions x":  `{"value":[],"nextLink":null}`,
	} {
		if got := do(t, v, ask(what, ""), 200); got != want {
			t.Errorf("%s:\n%s, want\n%s", what, got, want)
		}
	}
	got := do(t, v, ask("DeleteSecret db", ""), 200)
	want := `{"recoveryId":"https://fabrikam.vault.azure.net/deletedsecrets/Db","deletedDate":1770462438,"scheduledPurgeDate":1778238438` +
		common + `,"id":"` + id + `",` + attributes + `,"tags":{"a":"b"}}`
	if got != want {
		t.Errorf("deleted\n%s, want\n%s", got, want)
	}
	if got := do(t, v, ask("PurgeDeletedSecret db", ""), 204); got != "" {
		t.Errorf("purged %q", got)
	}
}

// member is a text of a JSON object.
func member(t *testing.T, body, name string) string {
	t.Helper()
	var all map[string]any
	if err := json.Unmarshal([]byte(body), &all); err != nil {
		t.Fatal(err)
	}
	s, _ := all[name].(string)
	return s
}

// TestRefusals are requests that no vault does, with status, code and inner
// code.
func TestRefusals(t *testing.T) {
	v := empty()
	do(t, v, ask("SetSecret gone", `{"value":"x"}`), 200)
	do(t, v, ask("DeleteSecret gone", ""), 200)
	do(t, v, ask("SetSecret off", `{"value":"x","attributes":{"enabled":false}}`), 200)
	do(t, v, ask("CreateKey ec", `{"kty":"EC"}`), 200)
	do(t, v, ask("CreateKey later", `{"kty":"EC-HSM","attributes":{"nbf":2000000000}}`), 200)
	do(t, v, ask("CreateKey off", `{"kty":"EC","attributes":{"enabled":false}}`), 200)
	do(t, v, ask("CreateCertificate web", `{"policy":{"key_props":{"kty":"EC"},"x509_props":{"subject":"CN=x"}}}`), 202)
	digest := `{"alg":"ES256","value":"` + strings.Repeat("A", 43) + `"}`
	for _, c := range []struct {
		what, body  string
		status      int
		code, inner string
	}{
		{"GetSecret x", "", 404, "SecretNotFound", ""},
		{"GetDeletedSecret x", "", 404, "SecretNotFound", ""},
		{"GetKey x", "", 404, "KeyNotFound", ""},
		{"GetCertificate x", "", 404, "CertificateNotFound", ""},
		{"GetCertificateOperation x", "", 404, "PendingCertificateNotFound", ""},
		{"GetSecret off", "", 403, "Forbidden", "SecretDisabled"},
		{"SetSecret gone", `{"value":"x"}`, 409, "Conflict", "ObjectIsDeletedButRecoverable"},
		{"SetSecret a_b", `{"value":"x"}`, 400, "BadParameter", ""},
		{"SetSecret " + strings.Repeat("a", 128), `{"value":"x"}`, 400, "BadParameter", ""},
		{"SetSecret a", ``, 400, "BadParameter", ""},
		{"SetSecret a", `[]`, 400, "BadParameter", ""},
		{"SetSecret a", `{"value":7}`, 400, "BadParameter", ""},
		{"SetSecret a", `{"contentType":"x"}`, 400, "BadParameter", ""},
		{"SetSecret a", `{"value":"x","attributes":{"nbf":2,"exp":1}}`, 400, "BadParameter", ""},
		{"SetSecret a", `{"value":"` + strings.Repeat("x", 25<<10+1) + `"}`, 400, "BadParameter", ""},
		{"SetSecret a", `{"value":"` + strings.Repeat("x", 64<<10) + `"}`, 413, "RequestEntityTooLarge", ""},
		{"SetSecret a", `{"value":"x","tags":{"t":"` + strings.Repeat("x", 513) + `"}}`, 400, "BadParameter", ""},
		{"SetSecret a", `{"value":"x","tags":{"1":"","2":"","3":"","4":"","5":"","6":"","7":"","8":"","9":"","a":"","b":"","c":"","d":"","e":"","f":"","g":""}}`, 400, "BadParameter", ""},
		{"CreateKey k", `{}`, 400, "BadParameter", ""},
		{"CreateKey k", `{"kty":"oct"}`, 400, "BadParameter", ""},
		{"CreateKey k", `{"kty":"RSA","key_size":1024}`, 400, "BadParameter", ""},
		{"CreateKey k", `{"kty":"EC","key_ops":["encrypt"]}`, 400, "BadParameter", ""},
		{"Sign later", digest, 403, "Forbidden", ""},
		{"Sign off", digest, 403, "Forbidden", "KeyDisabled"},
		{"Encrypt ec", `{"alg":"RSA-OAEP","value":""}`, 403, "Forbidden", "KeyOperationForbidden"},
		{"Sign ec", `{"alg":"ES256","value":"AA"}`, 400, "BadParameter", ""},
		{"Sign ec", `{"alg":"ES256","value":"*"}`, 400, "BadParameter", ""},
		{"Sign ec", `{"alg":"RS256","value":"` + strings.Repeat("A", 43) + `"}`, 400, "BadParameter", ""},
		{"Verify ec", digest, 400, "BadParameter", ""},
		{"DeleteKey web", "", 403, "Forbidden", ""},
		{"SetSecret web", `{"value":"x"}`, 403, "Forbidden", ""},
		{"CreateCertificate ec", `{"policy":{"key_props":{"kty":"EC"},"x509_props":{"subject":"CN=x"}}}`, 409, "Conflict", ""},
		{"CreateCertificate c", `{}`, 400, "BadParameter", ""},
		{"CreateCertificate c", `{"policy":{}}`, 400, "BadParameter", ""},
		{"CreateCertificate c", `{"policy":{"x509_props":{"subject":"x"}}}`, 400, "BadParameter", ""},
		{"CreateCertificate c", `{"policy":{"issuer":{"name":"CA"},"key_props":{"kty":"EC"},"x509_props":{"subject":"CN=x"}}}`, 400, "BadParameter", ""},
		{"CreateCertificate c", `{"policy":{"x509_props":{"subject":"CN=x","ekus":["1.999999999999999999999"]}}}`, 400, "BadParameter", ""},
		{"ImportCertificate c", `{"value":"MIIK"}`, 400, "BadParameter", ""},
	} {
		status, body := v.Answer(ask(c.what, c.body))
		e, _ := service.ParseError([]byte(body))
		if status != c.status || e.Code != c.code || e.Inner != c.inner || e.Message == "" {
			t.Errorf("%.40s %.60s: %d %s, want %d %s %s", c.what, c.body, status, body, c.status, c.code, c.inner)
		}
	}
}

// TestAPIVersions: clients of today and of years ago are served, others told.
func TestAPIVersions(t *testing.T) {
	v := empty()
	for version, want := range map[string]int{"2016-10-01": 200, "7.0": 200, "7.3": 200, "7.6": 200, "2025-07-01": 200, "": 400, "7.99": 400} {
		r := ask("GetSecrets", "")
		r.Query = url.Values{"api-version": {version}}
		do(t, v, r, want)
	}
}

// TestPaging walks a list whose items come and go meanwhile.
func TestPaging(t *testing.T) {
	v := empty()
	for name := range strings.FieldsSeq("a b c d e") {
		do(t, v, ask("SetSecret "+name, `{"value":"x"}`), 200)
	}
	r := ask("GetSecrets", "")
	r.Query.Set("maxresults", "2")
	var seen []string
	for more := true; more; {
		var page struct {
			Value []struct{ ID string }
			Next  string `json:"nextLink"`
		}
		if err := json.Unmarshal([]byte(do(t, v, r, 200)), &page); err != nil || len(page.Value) > 2 {
			t.Fatalf("%d items, %v", len(page.Value), err)
		}
		for _, item := range page.Value {
			seen = append(seen, item.ID[strings.LastIndex(item.ID, "/")+1:])
		}
		if len(seen) == 2 { // what the next page starts behind is gone, and something comes before it
			do(t, v, ask("DeleteSecret b", ""), 200)
			do(t, v, ask("SetSecret aa", `{"value":"x"}`), 200)
		}
		next, err := url.Parse(page.Next)
		if err != nil {
			t.Fatal(err)
		}
		r.Query, more = next.Query(), page.Next != ""
	}
	if got := strings.Join(seen, ""); got != "abcde" {
		t.Errorf("saw %s", got)
	}
	for key, value := range map[string]string{"maxresults": "26", "$skiptoken": "*"} {
		r := ask("GetSecrets", "")
		r.Query.Set(key, value)
		do(t, v, r, 400)
	}
}

// TestRetention: what is deleted is gone after ninety days.
func TestRetention(t *testing.T) {
	v := empty()
	do(t, v, ask("SetSecret a", `{"value":"x"}`), 200)
	do(t, v, ask("DeleteSecret a", ""), 200)
	r := ask("GetDeletedSecret a", "")
	r.Now = began.AddDate(0, 0, 90).Add(-time.Second)
	do(t, v, r, 200)
	r.Now = began.AddDate(0, 0, 90)
	do(t, v, r, 404)
}

// TestFull: a vault here does not grow without end, and purging makes room.
func TestFull(t *testing.T) {
	v := empty()
	for range 4096 {
		do(t, v, ask("SetSecret a", `{"value":"x"}`), 200)
	}
	do(t, v, ask("SetSecret b", `{"value":"x"}`), 429)
	do(t, v, ask("DeleteSecret a", ""), 200)
	do(t, v, ask("PurgeDeletedSecret a", ""), 204)
	do(t, v, ask("SetSecret b", `{"value":"x"}`), 200)
}

// TestTogether is for the race detector.
func TestTogether(*testing.T) {
	v := empty()
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for what := range strings.FieldsSeq("SetSecret GetSecret UpdateSecret GetSecrets DeleteSecret RecoverDeletedSecret GetSecretVersions") {
				v.Answer(ask(what+" a", `{"value":"x","tags":{"a":"b"}}`))
			}
			for what := range strings.FieldsSeq("CreateKey Sign GetKey UpdateKey GetKeys DeleteKey RecoverDeletedKey") {
				v.Answer(ask(what+" k", `{"kty":"EC","alg":"ES256","value":"`+strings.Repeat("A", 43)+`"}`))
			}
			for what := range strings.FieldsSeq("CreateCertificate GetCertificate UpdateCertificatePolicy GetCertificateOperation UpdateCertificate DeleteCertificate RecoverDeletedCertificate") {
				v.Answer(ask(what+" c", `{"policy":{"key_props":{"kty":"EC"},"x509_props":{"subject":"CN=x"}}}`))
			}
		})
	}
	all.Wait()
}

// FuzzAnswer: whatever a client sends, the vault answers in JSON, or with
// nothing, and does not fail by itself.
func FuzzAnswer(f *testing.F) {
	for i, body := range []string{
		`{"value":"x","attributes":{"enabled":false,"exp":1},"tags":{"a":null}}`, `{"kty":"EC","crv":"P-256","key_ops":["sign"]}`,
		`{"alg":"ES256","value":"AA","digest":"AA"}`, `{"policy":{"key_props":{"kty":"EC"},"x509_props":{"subject":"CN=x,O=y","sans":{"dns_names":["x"]},"ekus":["1.2"]}}}`,
		`{"cancellation_requested":true}`, "", "null", "\xff",
	} {
		f.Add(uint(i*7), "x", "", "7.4", "", "", body)
	}
	f.Add(uint(0), "x", "0", "7.4", "1", "YQ", "")
	operations := gate.Operations()
	f.Fuzz(func(t *testing.T, op uint, name, version, api, most, token, body string) {
		slow := strings.Contains(body, "policy") && !strings.Contains(body, `"EC"`) || strings.Contains(body, "RSA")
		if slow { // to make a key of RSA takes too long
			return
		}
		v := empty()
		for _, r := range []keyvault.Request{
			ask("SetSecret x", `{"value":"x"}`), ask("CreateKey k", `{"kty":"EC"}`),
			ask("CreateCertificate c", `{"policy":{"key_props":{"kty":"EC"},"x509_props":{"subject":"CN=x"}}}`),
		} {
			v.Answer(r)
		}
		r := ask(string(operations[op%uint(len(operations))]), body)
		r.Name, r.Version = name, version
		r.Query = url.Values{"api-version": {api}, "maxresults": {most}, "$skiptoken": {token}}
		status, answer := v.Answer(r)
		if status < 200 || status > 499 || answer != "" && !json.Valid([]byte(answer)) || answer == "" && status != 204 {
			t.Errorf("%d %s", status, answer)
		}
	})
}
