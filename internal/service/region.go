package service

import (
	"strings"

	"pldoctor/internal/dnsname"
)

// FrontEnd is the name behind which the service's public front ends of a region
// stand, as learn.microsoft.com/azure/key-vault/general/private-link-diagnostics
// shows it: data-prod-eus-region.vaultcore.azure.net. All vaults of the region
// share them.
func (s Service) FrontEnd(location string) (dnsname.Name, error) {
	return s.Core.Child("data-prod-" + ShortRegion(location) + "-region")
}

// regionWords are the parts that names of regions are made of. Directions go
// to the front of the short name.
var regionWords = []struct {
	word, short string
	direction   bool
}{
	{"north", "n", true},
	{"south", "s", true},
	{"east", "e", true},
	{"west", "w", true},
	{"central", "c", true},
	{"australia", "au", false},
	{"brazil", "br", false},
	{"canada", "ca", false},
	{"china", "cn", false},
	{"europe", "eu", false},
	{"france", "fr", false},
	{"germany", "de", false},
	{"india", "in", false},
	{"japan", "jp", false},
	{"korea", "kr", false},
	{"asia", "as", false},
}

// ShortRegion is how Key Vault's own host names write a region of Azure: "eus"
// for eastus. Public transcripts show eus, weu and cca; the rest follows their
// pattern. What it does not know stays as it is; what no DNS label can hold is
// left out.
func ShortRegion(location string) string {
	location = strings.ToLower(location)
	var direction, place []byte
next:
	for location != "" {
		for _, w := range regionWords {
			if rest, ok := strings.CutPrefix(location, w.word); ok {
				location = rest
				if w.direction {
					direction = append(direction, w.short...)
				} else {
					place = append(place, w.short...)
				}
				continue next
			}
		}
		if c := location[0]; 'a' <= c && c <= 'z' || '0' <= c && c <= '9' {
			place = append(place, c)
		}
		location = location[1:]
	}
	return string(append(direction, place...))
}
