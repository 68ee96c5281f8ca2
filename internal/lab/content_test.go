package lab

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"pldoctor/internal/world"
)

// exchange has a host send one request with its token to the vault, on a
// connection of its own. It returns the status and the body.
func exchange(t *testing.T, l *Lab, host, request, body string) string {
	t.Helper()
	e := on(t, l, host)
	token, err := e.Token(t.Context(), "https://vault.azure.net")
	if err != nil {
		t.Fatal(err)
	}
	c := dialTLS(t, e, privateIP)
	defer func() { _ = c.Close() }()
	_, _ = fmt.Fprintf(c, "%s HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\nContent-Length: %d\r\n\r\n%s", request, vaultHost, token, len(body), body)
	res, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%d %s", res.StatusCode, text)
}

// TestContent: what one host puts into a vault another one reads, for as long
// as the lab lives; and two labs of the same time give the same ids.
func TestContent(t *testing.T) {
	var said [2]string
	for i := range said {
		synctest.Test(t, func(t *testing.T) {
			app, admin := vm("app", "10.1.0.10"), vm("admin", "10.1.0.11")
			admin.Identity = world.Administrator
			l := start(t, Options{RTT: rtt}, app, admin)
			defer l.Close()
			const set, read = "PUT /secrets/db?api-version=7.4", "GET /secrets/db?api-version=7.4"
			if got := exchange(t, l, "app", set, `{"value":"x"}`); !strings.Contains(got, `"innererror":{"code":"ForbiddenByRbac"}`) {
				t.Errorf("the reader sets: %s", got)
			}
			if got := exchange(t, l, "app", read, ""); !strings.HasPrefix(got, `404 {"error":{"code":"SecretNotFound"`) {
				t.Errorf("before: %s", got)
			}
			said[i] = exchange(t, l, "admin", set, `{"value":"x"}`) + exchange(t, l, "app", read, "")
			if !strings.HasPrefix(said[i], `200 {"value":"x","id":"https://`+vaultHost+`/secrets/db/`) {
				t.Errorf("set and read: %s", said[i])
			}
		})
	}
	if said[0] != said[1] {
		t.Errorf("the first lab says\n%s\nthe second\n%s", said[0], said[1])
	}
}
