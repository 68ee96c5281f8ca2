package scenario

import "testing"

func TestX(t *testing.T) {
	for _, n := range Names() {
		s, err := Load(n)
		if err != nil {
			t.Error(err)
			continue
		}
		t.Log(s.Name, s.Title, s.Hosts, s.Vaults)
	}
}
