package keyvault

import (
	"errors"
	"fmt"

	"pldoctor/internal/service"
)

// A fault is an error of the data plane. The texts are those that recordings
// of Azure/azure-sdk-for-js show (sdk/keyvault), where they do.
type fault struct {
	status  int
	code    string
	inner   string // "" where there is no inner code
	message string
}

func (f *fault) Error() string { return f.message }

// refusal is the response that says so.
func refusal(err error) (status int, body string) {
	var f *fault
	if !errors.As(err, &f) {
		f = &fault{500, "InternalServerError", "", err.Error()}
	}
	return f.status, service.ErrorBody{Code: f.code, Message: f.message, Inner: f.inner}.JSON()
}

func badParameter(format string, args ...any) error {
	return &fault{400, "BadParameter", "", fmt.Sprintf(format, args...)}
}

func forbidden(inner, format string, args ...any) error {
	return &fault{403, "Forbidden", inner, fmt.Sprintf(format, args...)}
}

// A kind is a kind of object, and what it is called in paths, codes and texts.
type kind struct {
	path   string // "secrets"
	title  string // "Secret"
	noun   string // "secret"
	member string // of what names it in JSON: keys are known by their kid
}

var (
	secretKind      = kind{"secrets", "Secret", "secret", "id"}
	keyKind         = kind{"keys", "Key", "key", "kid"}
	certificateKind = kind{"certificates", "Certificate", "certificate", "id"}
)

// notFound is what is said of an object, or a version, that is not there.
func (k kind) notFound(name string) error {
	if k == secretKind {
		b := service.TextNoSecret.Body(service.Fields{Name: name})
		return &fault{404, b.Code, b.Inner, b.Message}
	}
	return &fault{404, k.title + "NotFound", "", fmt.Sprintf("A %s with (name/id) %s was not found in this key vault. "+
		"If you recently deleted this %s you may be able to recover it using the correct recovery command. "+
		"For help resolving this issue, please see https://go.microsoft.com/fwlink/?linkid=2125182", k.noun, name, k.noun)}
}

func (k kind) noDeleted(name string) error {
	return &fault{404, k.title + "NotFound", "", fmt.Sprintf("Deleted %s not found: %s", k.title, name)}
}

func (k kind) recoverable(name string) error {
	return &fault{409, "Conflict", "ObjectIsDeletedButRecoverable", fmt.Sprintf("%s %s is currently in a deleted but recoverable state, "+
		"and its name cannot be reused; in this state, the %s can only be recovered or purged.", k.title, name, k.noun)}
}

func (k kind) taken(name string) error {
	return &fault{409, "Conflict", "", fmt.Sprintf("The name %s is in use by a %s.", name, k.noun)}
}

func (k kind) managed(operation string) error {
	return forbidden("", "Operation %s is not allowed on this %s, since it is associated with a certificate.", operation, k.noun)
}

func (k kind) disabled(operation string) error {
	return forbidden(k.title+"Disabled", "Operation %s is not allowed on a disabled %s.", operation, k.noun)
}

func noOperation(name string) error {
	return &fault{404, "PendingCertificateNotFound", "", "Pending certificate not found: " + name}
}
