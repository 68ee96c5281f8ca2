// Package keyvault is what a key vault holds, and the REST of its data plane:
// secrets, keys with real cryptography, and certificates, with their versions
// and soft delete, in memory. Who may ask for what is package gate's; a Vault
// is asked what was admitted.
//
// The operations and the shapes of requests and responses are those of
// learn.microsoft.com/rest/api/keyvault, the limits those of
// learn.microsoft.com/azure/key-vault/general/service-limits and of the pages
// "About Azure Key Vault secrets", "keys" and "certificates" beside it.
package keyvault

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"strings"
	"sync"
	"time"
)

// A Vault is the content of one key vault. It is safe for use by several
// goroutines.
type Vault struct {
	url  string // https://fabrikam.vault.azure.net
	rand io.Reader

	mu           sync.Mutex
	made         uint64 // versions, since the beginning
	secrets      *shelf[secret]
	keys         *shelf[key]
	certificates *shelf[certificate]
	pending      map[string]*operation // of certificates, by name in lower case
}

// New makes an empty vault that is reached at host. What is chance in keys and
// ciphertexts comes from rand, if the cryptography takes it from outside; the
// ids of versions count, so that transcripts are reproducible.
func New(host string, rand io.Reader) *Vault {
	return &Vault{
		url: "https://" + host, rand: rand,
		secrets:      newShelf[secret](secretKind),
		keys:         newShelf[key](keyKind),
		certificates: newShelf[certificate](certificateKind),
		pending:      make(map[string]*operation),
	}
}

// A Request is one operation on a vault.
type Request struct {
	Operation string // its name in the REST reference: "GetSecret"
	Name      string // of the object, if it concerns one
	Version   string // "" for the current one
	Query     url.Values
	Body      []byte
	Now       time.Time
}

// A reply is a status and what becomes its body; nil has none.
type reply struct {
	status int
	body   any
}

func ok(body any) (reply, error) { return reply{200, body}, nil }

// A handler does an operation.
type handler func(*Vault, Request) (reply, error)

// locked has a handler run while nobody else looks at the vault.
func locked(h handler) handler {
	return func(v *Vault, r Request) (reply, error) {
		v.mu.Lock()
		defer v.mu.Unlock()
		return h(v, r)
	}
}

// handlers are the operations, by name. Making keys takes long, so those that
// do look after the lock by themselves.
var handlers = map[string]handler{
	"GetSecrets":           locked(func(v *Vault, r Request) (reply, error) { return v.secrets.list(v, r) }),
	"GetSecretVersions":    locked(func(v *Vault, r Request) (reply, error) { return v.secrets.listVersions(v, r) }),
	"GetSecret":            locked((*Vault).getSecret),
	"SetSecret":            locked((*Vault).setSecret),
	"UpdateSecret":         locked((*Vault).updateSecret),
	"DeleteSecret":         locked(func(v *Vault, r Request) (reply, error) { return v.secrets.remove(v, r) }),
	"GetDeletedSecrets":    locked(func(v *Vault, r Request) (reply, error) { return v.secrets.listDeleted(v, r) }),
	"GetDeletedSecret":     locked(func(v *Vault, r Request) (reply, error) { return v.secrets.getDeleted(v, r) }),
	"RecoverDeletedSecret": locked(func(v *Vault, r Request) (reply, error) { return v.secrets.recover(v, r) }),
	"PurgeDeletedSecret":   locked(func(v *Vault, r Request) (reply, error) { return v.secrets.purge(r) }),

	"GetKeys":           locked(func(v *Vault, r Request) (reply, error) { return v.keys.list(v, r) }),
	"GetKeyVersions":    locked(func(v *Vault, r Request) (reply, error) { return v.keys.listVersions(v, r) }),
	"GetKey":            locked(func(v *Vault, r Request) (reply, error) { return v.keys.get(v, r) }),
	"CreateKey":         (*Vault).createKey,
	"UpdateKey":         locked((*Vault).updateKey),
	"DeleteKey":         locked(func(v *Vault, r Request) (reply, error) { return v.keys.remove(v, r) }),
	"Encrypt":           (*Vault).useKey,
	"Decrypt":           (*Vault).useKey,
	"WrapKey":           (*Vault).useKey,
	"UnwrapKey":         (*Vault).useKey,
	"Sign":              (*Vault).useKey,
	"Verify":            (*Vault).useKey,
	"GetDeletedKeys":    locked(func(v *Vault, r Request) (reply, error) { return v.keys.listDeleted(v, r) }),
	"GetDeletedKey":     locked(func(v *Vault, r Request) (reply, error) { return v.keys.getDeleted(v, r) }),
	"RecoverDeletedKey": locked(func(v *Vault, r Request) (reply, error) { return v.keys.recover(v, r) }),
	"PurgeDeletedKey":   locked(func(v *Vault, r Request) (reply, error) { return v.keys.purge(r) }),

	"GetCertificates":            locked(func(v *Vault, r Request) (reply, error) { return v.certificates.list(v, r) }),
	"GetCertificateVersions":     locked(func(v *Vault, r Request) (reply, error) { return v.certificates.listVersions(v, r) }),
	"GetCertificate":             locked(func(v *Vault, r Request) (reply, error) { return v.certificates.get(v, r) }),
	"GetCertificatePolicy":       locked((*Vault).getPolicy),
	"UpdateCertificatePolicy":    locked((*Vault).updatePolicy),
	"GetCertificateOperation":    locked((*Vault).getOperation),
	"UpdateCertificateOperation": locked((*Vault).updateOperation),
	"DeleteCertificateOperation": locked((*Vault).deleteOperation),
	"CreateCertificate":          (*Vault).createCertificate,
	"ImportCertificate":          locked((*Vault).importCertificate),
	"UpdateCertificate":          locked((*Vault).updateCertificate),
	"DeleteCertificate":          locked((*Vault).deleteCertificate),
	"GetDeletedCertificates":     locked(func(v *Vault, r Request) (reply, error) { return v.certificates.listDeleted(v, r) }),
	"GetDeletedCertificate":      locked(func(v *Vault, r Request) (reply, error) { return v.certificates.getDeleted(v, r) }),
	"RecoverDeletedCertificate":  locked((*Vault).recoverCertificate),
	"PurgeDeletedCertificate":    locked((*Vault).purgeCertificate),
}

// Answer does what is asked. The body is JSON, or empty.
func (v *Vault) Answer(r Request) (status int, body string) {
	a, err := v.answer(r)
	if err != nil {
		return refusal(err)
	}
	if a.body == nil {
		return a.status, ""
	}
	return a.status, encode(a.body)
}

func (v *Vault) answer(r Request) (reply, error) {
	h, known := handlers[r.Operation]
	if !known {
		return reply{}, badParameter("The operation %s is not served here.", r.Operation)
	}
	if err := r.check(); err != nil {
		return reply{}, err
	}
	v.expire(r.Now)
	return h(v, r)
}

// expire purges what has been deleted for as long as it can be recovered.
func (v *Vault) expire(now time.Time) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.secrets.expire(now)
	v.keys.expire(now)
	v.certificates.expire(now)
}

// maxVersions is how many versions of objects a vault here holds. Azure has no
// such limit; the memory of this process has.
const maxVersions = 4096

// nextVersion makes the id of a new version, 32 hexadecimal digits.
func (v *Vault) nextVersion(name string) (string, error) {
	if v.secrets.size()+v.keys.size()+v.certificates.size() >= maxVersions {
		return "", &fault{429, "Throttled", "", fmt.Sprintf("This vault holds %d versions of objects and takes no more.", maxVersions)}
	}
	v.made++
	sum := sha256.Sum256(fmt.Appendf(nil, "%s/%s/%d", v.url, strings.ToLower(name), v.made))
	return hex.EncodeToString(sum[:16]), nil
}

// encode writes JSON as the service does: with angle brackets and ampersands
// as they are.
func encode(body any) string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(body); err != nil {
		panic(err) // this package's own structures
	}
	return strings.TrimSuffix(b.String(), "\n")
}
