package attach

import (
	"slices"
	"testing"
)

// TestEnviron: what tells of the caller's machine goes, and the host's own
// variables come in its place.
func TestEnviron(t *testing.T) {
	got := environ(
		[]string{"PATH=/bin", "HTTPS_PROXY=http://mine", "no_proxy=*", "KUBERNETES_SERVICE_HOST=10.0.0.1", "CITY=here", "SSL_CERT_FILE=/mine"},
		map[string]string{"CITY": "there"}, "/bundle")
	slices.Sort(got)
	want := []string{"CITY=there", "CURL_CA_BUNDLE=/bundle", "NODE_EXTRA_CA_CERTS=/bundle", "PATH=/bin", "REQUESTS_CA_BUNDLE=/bundle", "SSL_CERT_FILE=/bundle"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
