package gate_test

import (
	"testing"

	"pldoctor/internal/gate"
	"pldoctor/internal/world"
)

func with(method string, r gate.Request) gate.Request {
	r.Method = method
	return r
}

// TestCalls are requests as clients write them: with and without a version,
// with an empty one, and in any case.
func TestCalls(t *testing.T) {
	w := estate(t, fabrikam(nil))
	for request, want := range map[[2]string]gate.Call{
		{"GET", "/secrets"}:                          {Operation: "GetSecrets"},
		{"GET", "/secrets/"}:                         {Operation: "GetSecrets"},
		{"GET", "/Secrets/db"}:                       {Operation: "GetSecret", Name: "db"},
		{"GET", "/secrets/db/"}:                      {Operation: "GetSecret", Name: "db"},
		{"GET", "/secrets/db/0123"}:                  {Operation: "GetSecret", Name: "db", Version: "0123"},
		{"GET", "/secrets/db/versions"}:              {Operation: "GetSecretVersions", Name: "db"},
		{"PATCH", "/secrets/db/"}:                    {Operation: "UpdateSecret", Name: "db"},
		{"DELETE", "/secrets/db"}:                    {Operation: "DeleteSecret", Name: "db"},
		{"DELETE", "/deletedsecrets/db"}:             {Operation: "PurgeDeletedSecret", Name: "db"},
		{"POST", "/deletedkeys/k/recover"}:           {Operation: "RecoverDeletedKey", Name: "k"},
		{"POST", "/keys/k/create"}:                   {Operation: "CreateKey", Name: "k"},
		{"POST", "/keys/k//sign"}:                    {Operation: "Sign", Name: "k"},
		{"POST", "/keys/k/sign"}:                     {Operation: "Sign", Name: "k"},
		{"POST", "/keys/k/01/wrapKey"}:               {Operation: "WrapKey", Name: "k", Version: "01"},
		{"GET", "/certificates/c/policy"}:            {Operation: "GetCertificatePolicy", Name: "c"},
		{"GET", "/certificates/c/pending"}:           {Operation: "GetCertificateOperation", Name: "c"},
		{"GET", "/certificates/c/0123456789abcdef/"}: {Operation: "GetCertificate", Name: "c", Version: "0123456789abcdef"},
	} {
		r := at(request[1], with(request[0], read(world.Administrator)))
		got, admitted := gate.Decide(w, overEndpoint, r).Admitted()
		if !admitted || got != want {
			t.Errorf("%s %s: %+v, %t, want %+v", request[0], request[1], got, admitted, want)
		}
	}
	for _, path := range []string{"/secrets/a/b/c", "/deletedsecrets//recover", "/secrets//x", "/certificates/c/pending/x", "/storage"} {
		d := gate.Decide(w, overEndpoint, at(path, read(world.Administrator)))
		if call, admitted := d.Admitted(); admitted || d.Status != 404 {
			t.Errorf("%s: %+v, %d", path, call, d.Status)
		}
	}
}

// TestAnswerOfTheAdmitted: only of what was admitted does the vault's content
// become the answer.
func TestAnswerOfTheAdmitted(t *testing.T) {
	w := estate(t, fabrikam(nil))
	for who, want := range map[world.Identity]int{world.Reader: 409, world.NoRole: 403, world.NoIdentity: 401} {
		res := gate.Decide(w, overEndpoint, read(who)).Answer(409, "x").Write(requestID, date)
		if res.Status != want || (res.Body == "x") != (want == 409) {
			t.Errorf("%s: %d %s", who, res.Status, res.Body)
		}
	}
}
