//go:build !linux

package live

import (
	"context"
	"errors"
	"runtime"

	"pldoctor/internal/attach"
	"pldoctor/internal/edge"
)

// missing says what this system lacks.
func missing() error {
	return &attach.ForbiddenError{
		What: "sharing a lab between processes",
		Err:  errors.New("network namespaces are Linux's, and this is " + runtime.GOOS),
	}
}

// A Server is a lab that listens. There is none on this system.
type Server struct{}

// Listen fails with an attach.ForbiddenError.
func Listen(string, *Desk, edge.Conditions) (*Server, error) { return nil, missing() }

// Serve fails.
func (*Server) Serve(context.Context) error { return missing() }

// Ask fails with an attach.ForbiddenError.
func Ask(string, Request) (Reply, error) { return Reply{}, missing() }

// Stay fails with an attach.ForbiddenError.
func Stay(string, string, attach.Options) (int, error) { return 0, missing() }
