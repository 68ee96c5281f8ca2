// Package attach runs a command as if on a host of a lab: in namespaces of its
// own for users, the network, mounts, processes and the host's name, whose only
// way out is a link that the caller serves. No privilege is needed, and nothing
// is left when it ends, however it ends: all files are in memory, and the
// kernel ends the namespaces with their first process.
package attach

import (
	"errors"
	"io"
	"maps"
	"strings"

	"pldoctor/internal/lab"
)

// Options are what to run.
type Options struct {
	Guise   lab.Guise // whom the machine stands in for
	Command []string  // the program and its arguments; found along PATH
	Environ []string  // of the caller; the host's own variables take the place of its
	// Init are the arguments with which this program, run anew as the first
	// process of the namespaces, calls Init.
	Init     []string
	In       io.Reader // of the command. A file is handed on as it is
	Out, Err io.Writer
	// Server says that the command serves in the background. It hears no signals
	// of the terminal's nor of this process's. It is the user nobody, whom all
	// ports are open to, and what servers write to is in memory.
	Server bool
	// Files are put into the directory that a server starts in: contents by name.
	Files map[string]string
	// Device is the kind of the link, one of those of Devices; "" is the first
	// that works.
	Device string
}

// A ForbiddenError says that this system does not let the caller make what it
// takes.
type ForbiddenError struct {
	What string // that was tried
	Err  error
}

func (e *ForbiddenError) Error() string { return e.What + ": " + e.Err.Error() }

func (e *ForbiddenError) Unwrap() error { return e.Err }

// A CommandError says that the command cannot be run. Status is the exit status
// with which a shell says so: 127 where it is not found, 126 else.
type CommandError struct {
	Status int
	Err    error
}

func (e *CommandError) Error() string { return e.Err.Error() }

func (e *CommandError) Unwrap() error { return e.Err }

// ExitCode is the exit status.
func (e *CommandError) ExitCode() int { return e.Status }

// errNoCommand is what Start returns for an empty command.
var errNoCommand = errors.New("there is no command")

// foreign are the beginnings of variables that tell of the caller's machine
// what does not hold for the host: on what it runs, and who gives it tokens.
var foreign = []string{"KUBERNETES_", "WEBSITE_", "FUNCTIONS_", "ACC_", "AZUREPS_HOST_", "IDENTITY_", "MSI_"}

// environ is the command's environment: the caller's, without proxies and what
// tells of its machine; then the host's, and where its authorities are.
func environ(caller []string, host map[string]string, bundle string) []string {
	own := maps.Clone(host)
	if own == nil {
		own = make(map[string]string)
	}
	for _, key := range []string{"SSL_CERT_FILE", "CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS"} {
		own[key] = bundle
	}
	var all []string
	for _, entry := range caller {
		key, _, _ := strings.Cut(entry, "=")
		if _, replaced := own[key]; !replaced && !isForeign(key) {
			all = append(all, entry)
		}
	}
	for key, value := range own {
		all = append(all, key+"="+value)
	}
	return all
}

func isForeign(key string) bool {
	if strings.HasSuffix(strings.ToLower(key), "_proxy") {
		return true
	}
	for _, prefix := range foreign {
		if strings.HasPrefix(key, prefix) {
			return true
		}
	}
	return false
}
