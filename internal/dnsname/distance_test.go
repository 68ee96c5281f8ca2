package dnsname

import "testing"

func TestDistance(t *testing.T) {
	for _, tt := range []struct {
		a, b string
		want int
	}{
		{"", "", 0}, {"", "abc", 3}, {"vault", "vault", 0}, {"vault", "valut", 2}, {"privatelink", "privatlink", 1}, {"kitten", "sitting", 3},
	} {
		if got, back := Distance(tt.a, tt.b), Distance(tt.b, tt.a); got != tt.want || back != tt.want {
			t.Errorf("Distance(%q, %q) = %d, and back %d, want %d", tt.a, tt.b, got, back, tt.want)
		}
	}
}
