package probe

import (
	"context"

	"pldoctor/internal/env"
)

// A token is an access token under way.
type token struct {
	done   chan struct{}
	bearer string
	err    error
}

// fetchToken begins to get a token, so that nobody has to wait for it later.
func fetchToken(ctx context.Context, e env.Env, audience string) *token {
	t := &token{done: make(chan struct{})}
	if e.Token == nil {
		t.err = failure{text: "this host has no way to get one"}
		close(t.done)
		return t
	}
	go func() {
		defer close(t.done)
		t.bearer, t.err = e.Token(ctx, audience)
		if t.err == nil && t.bearer == "" {
			t.err = failure{text: "it is empty"}
		}
	}()
	return t
}

// get waits for the token.
func (t *token) get(ctx context.Context) (string, error) {
	select {
	case <-t.done:
		return t.bearer, t.err
	case <-ctx.Done():
		return "", ctx.Err()
	}
}
