package gate

import "strings"

// An Operation is an operation of the REST reference, by the name that it has
// there: learn.microsoft.com/rest/api/keyvault.
type Operation string

// A Call is an operation upon an object.
type Call struct {
	Operation Operation
	Name      string // of the object, as it stands in the path; "" where all are meant
	Version   string // "" for the current one
}

// An operation is how a request names one, and who may have it done.
type operation struct {
	name       Operation
	method     string
	path       string // {version} may be empty or left out
	action     string // what a role has to allow, below Microsoft.KeyVault/vaults/
	permission string // what an access policy has to allow
	reader     bool   // world.Reader may do it
}

// operations are in the order in which paths are looked for. Actions are those
// of learn.microsoft.com/azure/role-based-access-control/permissions/security,
// permissions those of learn.microsoft.com/azure/key-vault/general/assign-access-policy.
var operations = [...]operation{
	{"GetSecrets", "GET", "secrets", "secrets/readMetadata/action", "secrets list", true},
	{"GetSecretVersions", "GET", "secrets/{name}/versions", "secrets/readMetadata/action", "secrets list", true},
	{"GetSecret", "GET", "secrets/{name}/{version}", "secrets/getSecret/action", "secrets get", true},
	{"SetSecret", "PUT", "secrets/{name}", "secrets/setSecret/action", "secrets set", false},
	{"UpdateSecret", "PATCH", "secrets/{name}/{version}", "secrets/update/action", "secrets set", false},
	{"DeleteSecret", "DELETE", "secrets/{name}", "secrets/delete", "secrets delete", false},
	{"GetDeletedSecrets", "GET", "deletedsecrets", "secrets/readMetadata/action", "secrets list", true},
	{"GetDeletedSecret", "GET", "deletedsecrets/{name}", "secrets/readMetadata/action", "secrets get", true},
	{"RecoverDeletedSecret", "POST", "deletedsecrets/{name}/recover", "secrets/recover/action", "secrets recover", false},
	{"PurgeDeletedSecret", "DELETE", "deletedsecrets/{name}", "secrets/purge/action", "secrets purge", false},

	{"GetKeys", "GET", "keys", "keys/read", "keys list", false},
	{"GetKeyVersions", "GET", "keys/{name}/versions", "keys/read", "keys list", false},
	{"GetKey", "GET", "keys/{name}/{version}", "keys/read", "keys get", false},
	{"CreateKey", "POST", "keys/{name}/create", "keys/create/action", "keys create", false},
	{"UpdateKey", "PATCH", "keys/{name}/{version}", "keys/update/action", "keys update", false},
	{"DeleteKey", "DELETE", "keys/{name}", "keys/delete", "keys delete", false},
	{"Encrypt", "POST", "keys/{name}/{version}/encrypt", "keys/encrypt/action", "keys encrypt", false},
	{"Decrypt", "POST", "keys/{name}/{version}/decrypt", "keys/decrypt/action", "keys decrypt", false},
	{"WrapKey", "POST", "keys/{name}/{version}/wrapkey", "keys/wrap/action", "keys wrapKey", false},
	{"UnwrapKey", "POST", "keys/{name}/{version}/unwrapkey", "keys/unwrap/action", "keys unwrapKey", false},
	{"Sign", "POST", "keys/{name}/{version}/sign", "keys/sign/action", "keys sign", false},
	{"Verify", "POST", "keys/{name}/{version}/verify", "keys/verify/action", "keys verify", false},
	{"GetDeletedKeys", "GET", "deletedkeys", "keys/read", "keys list", false},
	{"GetDeletedKey", "GET", "deletedkeys/{name}", "keys/read", "keys get", false},
	{"RecoverDeletedKey", "POST", "deletedkeys/{name}/recover", "keys/recover/action", "keys recover", false},
	{"PurgeDeletedKey", "DELETE", "deletedkeys/{name}", "keys/purge/action", "keys purge", false},

	{"GetCertificates", "GET", "certificates", "certificates/read", "certificates list", false},
	{"GetCertificateVersions", "GET", "certificates/{name}/versions", "certificates/read", "certificates list", false},
	{"GetCertificatePolicy", "GET", "certificates/{name}/policy", "certificates/read", "certificates get", false},
	{"UpdateCertificatePolicy", "PATCH", "certificates/{name}/policy", "certificates/update/action", "certificates update", false},
	{"GetCertificateOperation", "GET", "certificates/{name}/pending", "certificates/read", "certificates get", false},
	{"UpdateCertificateOperation", "PATCH", "certificates/{name}/pending", "certificates/update/action", "certificates update", false},
	{"DeleteCertificateOperation", "DELETE", "certificates/{name}/pending", "certificates/delete", "certificates update", false},
	{"GetCertificate", "GET", "certificates/{name}/{version}", "certificates/read", "certificates get", false},
	{"CreateCertificate", "POST", "certificates/{name}/create", "certificates/create/action", "certificates create", false},
	{"ImportCertificate", "POST", "certificates/{name}/import", "certificates/import/action", "certificates import", false},
	{"UpdateCertificate", "PATCH", "certificates/{name}/{version}", "certificates/update/action", "certificates update", false},
	{"DeleteCertificate", "DELETE", "certificates/{name}", "certificates/delete", "certificates delete", false},
	{"GetDeletedCertificates", "GET", "deletedcertificates", "certificates/read", "certificates list", false},
	{"GetDeletedCertificate", "GET", "deletedcertificates/{name}", "certificates/read", "certificates get", false},
	{"RecoverDeletedCertificate", "POST", "deletedcertificates/{name}/recover", "certificates/recover/action", "certificates recover", false},
	{"PurgeDeletedCertificate", "DELETE", "deletedcertificates/{name}", "certificates/purge/action", "certificates purge", false},
}

// Operations returns every operation that a vault here knows.
func Operations() []Operation {
	all := make([]Operation, 0, len(operations))
	for i := range operations {
		all = append(all, operations[i].name)
	}
	return all
}

// operationOf finds the operation of a request.
func operationOf(method, path string) (op *operation, call Call, ok bool) {
	path = strings.Trim(path, "/")
	for i := range operations {
		op := &operations[i]
		if op.method != method {
			continue
		}
		call, ok := matchPath(op.path, path)
		if !ok {
			call, ok = matchPath(strings.Replace(op.path, "/{version}/", "/", 1), path)
		}
		if ok {
			call.Operation = op.name
			return op, call, true
		}
	}
	return nil, Call{}, false
}

// matchPath compares a path with a pattern, fixed words without case.
func matchPath(pattern, path string) (call Call, ok bool) {
	for more := true; more; {
		var want, got string
		want, pattern, more = strings.Cut(pattern, "/")
		got, path, _ = strings.Cut(path, "/")
		switch {
		case want == "{name}" && got != "":
			call.Name = got
		case want == "{version}":
			call.Version = got
		case !strings.EqualFold(want, got):
			return Call{}, false
		}
	}
	return call, path == ""
}

// collection is the first part of the paths of an operation's objects: a
// deleted secret is a secret.
func (op *operation) collection() string {
	first, _, _ := strings.Cut(op.path, "/")
	return strings.TrimPrefix(first, "deleted")
}
