package attach

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"syscall"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// Kinds of links.
const (
	tun  = "tun"
	veth = "veth"
)

// Devices are the kinds of links that there are: "tun", which hands over IP
// packets, where /dev/net/tun can be opened; and "veth" with a packet socket at
// its far end, which needs no device file.
func Devices() []string { return []string{tun, veth} }

const (
	device = "eth0"
	peer   = "lab0"
)

// A link is a network interface's far end.
type link struct {
	kind string
	fd   int
	mac  net.HardwareAddr // of the near end, for frames
}

// makers make an interface named device, and return its far end.
var makers = map[string]func() (link, error){tun: makeTUN, veth: makeVeth}

// makeLink makes the host's network: loopback, and one interface that leads
// everywhere.
func makeLink(p plan) (link, error) {
	guise := p.Options.Guise
	if !sixth(guise.Addresses) { // else the kernel looks for routers
		_ = os.WriteFile("/proc/sys/net/ipv6/conf/default/disable_ipv6", []byte("1"), 0)
	}
	var made link
	var err error
	for _, kind := range p.Devices {
		do, known := makers[kind]
		if !known {
			return made, fmt.Errorf("%q is no kind of link", kind)
		}
		if made, err = do(); err == nil {
			break
		}
	}
	if err != nil {
		return made, &step{"making a network interface", err}
	}
	if err := configure(guise.Addresses); err != nil {
		return made, &step{"configuring a network interface", err}
	}
	return made, nil
}

func sixth(addrs []netip.Addr) bool {
	for _, a := range addrs {
		if a.Is6() {
			return true
		}
	}
	return false
}

// makeTUN makes a device whose file takes and gives IP packets. It outlives the
// file, so that who closes that need not wait for the kernel to take the device
// down: it goes with its network namespace, behind everybody's back.
func makeTUN() (link, error) {
	fd, err := unix.Open("/dev/net/tun", unix.O_RDWR|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return link{}, fmt.Errorf("/dev/net/tun: %w", err)
	}
	request, err := unix.NewIfreq(device)
	if err == nil {
		request.SetUint16(unix.IFF_TUN | unix.IFF_NO_PI)
		err = unix.IoctlIfreq(fd, unix.TUNSETIFF, request)
	}
	if err == nil {
		err = unix.IoctlSetInt(fd, unix.TUNSETPERSIST, 1)
	}
	if err != nil {
		_ = unix.Close(fd)
		return link{}, fmt.Errorf("configuring /dev/net/tun: %w", err)
	}
	return link{kind: tun, fd: fd}, nil
}

// makeVeth makes a pair of interfaces, and a socket that has the frames of the
// far one.
func makeVeth() (link, error) {
	attrs := netlink.NewLinkAttrs()
	attrs.Name = device
	if err := netlink.LinkAdd(&netlink.Veth{LinkAttrs: attrs, PeerName: peer}); err != nil {
		return link{}, fmt.Errorf("veth: %w", err)
	}
	near, err := netlink.LinkByName(device)
	if err != nil {
		return link{}, err
	}
	far, err := netlink.LinkByName(peer)
	if err != nil {
		return link{}, err
	}
	for _, do := range []func() error{
		func() error { return netlink.LinkSetARPOff(near) },
		func() error { return netlink.LinkSetARPOff(far) },
		func() error { return netlink.LinkSetUp(far) },
	} {
		if err := do(); err != nil {
			return link{}, fmt.Errorf("veth: %w", err)
		}
	}
	all := networkOrder(unix.ETH_P_ALL)
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, int(all))
	if err == nil {
		err = unix.Bind(fd, &unix.SockaddrLinklayer{Protocol: all, Ifindex: far.Attrs().Index})
	}
	if err != nil {
		return link{}, fmt.Errorf("packet socket: %w", err)
	}
	return link{kind: veth, fd: fd, mac: near.Attrs().HardwareAddr}, nil
}

func networkOrder(n uint16) uint16 { return n<<8 | n>>8 }

// configure gives the interface its addresses and makes it the way to
// everywhere.
func configure(addrs []netip.Addr) error {
	for _, name := range []string{"lo", device} {
		l, err := netlink.LinkByName(name)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if err := netlink.LinkSetUp(l); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	l, err := netlink.LinkByName(device)
	if err != nil {
		return err
	}
	routed := make(map[bool]bool)
	for _, a := range addrs {
		at := &net.IPNet{IP: a.AsSlice(), Mask: net.CIDRMask(a.BitLen(), a.BitLen())}
		address := &netlink.Addr{IPNet: at}
		if a.Is6() {
			address.Flags = unix.IFA_F_NODAD
		}
		if err := netlink.AddrAdd(l, address); err != nil {
			return fmt.Errorf("%s: %w", a, err)
		}
		if routed[a.Is6()] {
			continue
		}
		routed[a.Is6()] = true
		everywhere := &net.IPNet{IP: make(net.IP, len(at.IP)), Mask: net.CIDRMask(0, a.BitLen())}
		route := &netlink.Route{LinkIndex: l.Attrs().Index, Dst: everywhere, Src: at.IP, Scope: netlink.SCOPE_LINK}
		if err := netlink.RouteAdd(route); err != nil {
			return fmt.Errorf("route from %s: %w", a, err)
		}
	}
	return nil
}

// ethernet is the length of a frame's header.
const ethernet = 14

// frames makes of a packet socket's frames IP packets.
type frames struct {
	*os.File

	mac net.HardwareAddr // of the host
}

// Read takes a packet; what is none of IP is passed over.
func (f *frames) Read(b []byte) (int, error) {
	frame := make([]byte, ethernet+len(b))
	for {
		n, err := f.File.Read(frame)
		if errors.Is(err, syscall.ENETDOWN) && n <= 0 { // told once, when the host is gone
			return 0, err
		}
		if err != nil {
			return 0, err
		}
		if n > ethernet && (etherType(frame) == unix.ETH_P_IP || etherType(frame) == unix.ETH_P_IPV6) {
			return copy(b, frame[ethernet:n]), nil
		}
	}
}

func etherType(frame []byte) uint16 { return uint16(frame[12])<<8 | uint16(frame[13]) }

// Write sends a packet.
func (f *frames) Write(b []byte) (int, error) {
	frame := make([]byte, 0, ethernet+len(b))
	frame = append(frame, f.mac...)
	frame = append(frame, 2, 0, 0, 0, 0, 1) // an address that somebody made up (IEEE 802)
	kind := uint16(unix.ETH_P_IP)
	if len(b) > 0 && b[0]>>4 == 6 {
		kind = unix.ETH_P_IPV6
	}
	frame = append(frame, byte(kind>>8), byte(kind))
	if _, err := f.File.Write(append(frame, b...)); err != nil {
		return 0, err
	}
	return len(b), nil
}
