package gate

import "strings"

// An operation is one that a vault here knows. There is nothing in the vaults:
// what an operation finds is never there.
type operation struct {
	method, collection string
	one                bool   // names one object, not all of them
	action             string // what a role has to allow, below Microsoft.KeyVault/vaults/
	permission         string // what an access policy has to allow
	reader             bool   // world.Reader may do it
}

// operations are those of the REST reference, learn.microsoft.com/rest/api/keyvault,
// that clients try a connection with.
var operations = [...]operation{
	{"GET", "secrets", true, "secrets/getSecret/action", "secrets get", true},
	{"GET", "secrets", false, "secrets/readMetadata/action", "secrets list", true},
	{"PUT", "secrets", true, "secrets/setSecret/action", "secrets set", false},
	{"DELETE", "secrets", true, "secrets/delete", "secrets delete", false},
	{"GET", "keys", true, "keys/read", "keys get", false},
	{"GET", "keys", false, "keys/read", "keys list", false},
	{"GET", "certificates", true, "certificates/read", "certificates get", false},
	{"GET", "certificates", false, "certificates/read", "certificates list", false},
}

// operationOf finds the operation and the name of its object.
func operationOf(method, path string) (op *operation, name string, ok bool) {
	collection, rest, _ := strings.Cut(strings.Trim(path, "/"), "/")
	name, _, _ = strings.Cut(rest, "/")
	for i := range operations {
		op := &operations[i]
		if op.method == method && op.one == (name != "") && strings.EqualFold(op.collection, collection) {
			return op, name, true
		}
	}
	return nil, "", false
}
