package world

import (
	"cmp"
	"hash/fnv"
	"net/netip"
	"strings"

	"pldoctor/internal/dnsname"
	"pldoctor/internal/service"
)

// eastUS is a front end of Key Vault in eastus: the one that "Diagnose private
// links configuration issues on Azure Key Vault" on learn.microsoft.com shows.
var eastUS = netip.AddrFrom4([4]byte{52, 168, 109, 101})

// DefaultFrontEnd is the public address of a vault whose own is not known: one
// for each region, since front ends are shared; but for that of eastus in
// 192.0.2.0/24, which RFC 5737 keeps for examples. Whoever makes a Vault fills
// PublicAddresses, with this where nothing better is known.
func (v *Vault) DefaultFrontEnd() netip.Addr {
	if v.ShortRegion() == "eus" {
		return eastUS
	}
	f := fnv.New32a()
	_, _ = f.Write([]byte(v.ShortRegion())) // never fails
	return netip.AddrFrom4([4]byte{192, 0, 2, byte(1 + f.Sum32()%254)})
}

// ShortRegion is how the service's own host names write the vault's region:
// "eus" for eastus. Public transcripts show eus, weu and cca; the rest follows
// their pattern.
func (v *Vault) ShortRegion() string {
	if v.Region != "" {
		return strings.ToLower(v.Region)
	}
	return cmp.Or(service.ShortRegion(v.Location), "eus")
}

// Public addresses of Azure Resource Manager and of Microsoft Entra ID in every
// World: the two of RFC 5737's 192.0.2.0/24 that DefaultFrontEnd leaves.
var (
	ManagementAddress = netip.AddrFrom4([4]byte{192, 0, 2, 255})
	AuthorityAddress  = netip.AddrFrom4([4]byte{192, 0, 2, 0})
)

// PlaneNamed returns the public address of the cloud's Resource Manager or
// authority, if name is that of one.
func (w *World) PlaneNamed(name dnsname.Name) (netip.Addr, bool) {
	switch name {
	case w.service.Cloud.ARM:
		return ManagementAddress, true
	case w.service.Cloud.Authority:
		return AuthorityAddress, true
	}
	return netip.Addr{}, false
}
