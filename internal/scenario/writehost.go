package scenario

import (
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"time"

	"pldoctor/internal/dnsname"
	"pldoctor/internal/world"
)

type writtenSite struct {
	Name          string   `yaml:"name"`
	Prefixes      []string `yaml:"prefixes,flow,omitempty"`
	ConnectedTo   []string `yaml:"connectedTo,flow,omitempty"`
	Nameservers   []string `yaml:"nameservers,flow,omitempty"`
	PublicAddress string   `yaml:"publicAddress,omitempty"`
}

type writtenHost struct {
	Name          string                   `yaml:"name"`
	In            string                   `yaml:"in,omitempty"`
	Subnet        string                   `yaml:"subnet,omitempty"`
	Behind        string                   `yaml:"behind,omitempty"`
	Address       string                   `yaml:"address,omitempty"`
	Addresses     []string                 `yaml:"addresses,flow,omitempty"`
	PublicAddress string                   `yaml:"publicAddress,omitempty"`
	Runs          string                   `yaml:"runs,omitempty"`
	Integrated    *bool                    `yaml:"integrated,omitempty"`
	RouteAll      bool                     `yaml:"routeAll,omitempty"`
	Wants         string                   `yaml:"wants,omitempty"`
	Identity      string                   `yaml:"identity,omitempty"`
	Nameservers   []string                 `yaml:"nameservers,flow,omitempty"`
	Split         map[string][]string      `yaml:"nameserversFor,flow,omitempty"`
	Search        []string                 `yaml:"search,flow,omitempty"`
	Ndots         int                      `yaml:"ndots,omitempty"`
	HostsFile     string                   `yaml:"hostsFile,omitempty"`
	Environ       map[string]string        `yaml:"env,flow,omitempty"`
	HostHeader    string                   `yaml:"hostHeader,omitempty"`
	Open          []string                 `yaml:"openConnections,flow,omitempty"`
	Cached        map[string]writtenAnswer `yaml:"cache,flow,omitempty"`
	DNS           *writtenDNS              `yaml:"dns,omitempty"`
	Proxy         *writtenProxy            `yaml:"proxy,omitempty"`
	Forward       *writtenForward          `yaml:"forwards,omitempty"`
	Exec          *writtenExec             `yaml:"exec,omitempty"`
}

type writtenAnswer struct {
	Address string `yaml:"address"`
	TTL     int    `yaml:"ttl"`
}

type writtenDNS struct {
	Forward         map[string][]string `yaml:"forward,flow,omitempty"`
	Records         map[string][]string `yaml:"records,flow,omitempty"`
	FilterPrivate   bool                `yaml:"filterPrivate,omitempty"`
	FilterWhole     bool                `yaml:"filterWhole,omitempty"`
	Validate        bool                `yaml:"validate,omitempty"`
	Delay           string              `yaml:"delay,omitempty"`
	UpstreamTimeout string              `yaml:"upstreamTimeout,omitempty"`
	Fallback        bool                `yaml:"fallback,omitempty"`
	Cache           string              `yaml:"cache,omitempty"`
	Chases          bool                `yaml:"chases,omitempty"`
	Truncates       bool                `yaml:"truncates,omitempty"`
	TCP             *bool               `yaml:"tcp,omitempty"`
}

type writtenProxy struct {
	Port         uint16 `yaml:"port"`
	InterceptTLS bool   `yaml:"interceptTLS,omitempty"`
	Issuer       string `yaml:"issuer,omitempty"`
	Trusted      bool   `yaml:"trusted,omitempty"`
	Answers      string `yaml:"answers,omitempty"`
	RewriteHost  string `yaml:"rewriteHost,omitempty"`
	BlockPage    bool   `yaml:"blockPage,omitempty"`
}

type writtenForward struct {
	SNAT         bool     `yaml:"snat,omitempty"`
	Blocks       []string `yaml:"blocks,flow,omitempty"`
	InterceptTLS bool     `yaml:"interceptTLS,omitempty"`
	Issuer       string   `yaml:"issuer,omitempty"`
	Stalls       bool     `yaml:"stalls,omitempty"`
}

func (names networks) site(s *world.Site) writtenSite {
	site := writtenSite{
		Name: s.Name(), Prefixes: texts(s.Prefixes), Nameservers: texts(s.Nameservers), PublicAddress: text(s.PublicAddress),
	}
	for _, id := range s.ConnectedTo {
		site.ConnectedTo = append(site.ConnectedTo, names[id])
	}
	return site
}

func (names networks) host(h *world.Host) (writtenHost, error) {
	if h.DNSUnread || h.ProxyUnread {
		return writtenHost{}, errors.New("what it does inside is not known, which a scenario file cannot tell")
	}
	w := writtenHost{
		Name: h.Name(), In: names[h.Network], Address: text(h.Address), Addresses: texts(h.Addresses), PublicAddress: text(h.PublicAddress),
		RouteAll: h.RouteAll, Nameservers: texts(h.Nameservers), Search: h.Search, Ndots: h.Ndots, HostsFile: h.HostsFile, Environ: h.Environ,
		HostHeader: h.HostHeader, Open: texts(h.Open), Cached: answers(h.Cached), Proxy: proxyOf(h.Proxy), Forward: forwarderOf(h.Forward),
	}
	w.unlessDefault(h)
	if h.Subnet != "" {
		w.Subnet = h.Subnet.Name()
	}
	if h.Behind != "" {
		w.Behind = h.Behind.Name()
	}
	var err error
	if w.Split, err = forwarded(h.Split); err != nil {
		return w, err
	}
	w.DNS, err = serverOf(h.DNS)
	return w, err
}

// unlessDefault writes the words that do not go without saying.
func (w *writtenHost) unlessDefault(h *world.Host) {
	machine := world.OnVM
	if h.Behind != "" {
		machine = world.OnAKS
	}
	if h.Runs != machine {
		w.Runs = string(h.Runs)
	}
	if h.Wants != world.WantPrivate {
		w.Wants = string(h.Wants)
	}
	if h.Identity != world.Reader {
		w.Identity = string(h.Identity)
	}
	if h.Integrated != world.Unknown {
		yes := h.Integrated == world.Yes
		w.Integrated = &yes
	}
}

func text(a netip.Addr) string {
	if !a.IsValid() {
		return ""
	}
	return a.String()
}

func duration(d time.Duration) string {
	if d == 0 {
		return ""
	}
	return d.String()
}

// forwarded writes which servers are asked below which domains. The order that
// Parse makes is the one that the engines want; a domain that stands twice has
// no place in it.
func forwarded(all []world.Forward) (map[string][]string, error) {
	list := make(map[string][]string, len(all))
	for _, f := range all {
		domain := f.Domain.String()
		if _, twice := list[domain]; twice {
			return nil, fmt.Errorf("two lists of servers for %s, which a scenario file cannot tell", domain)
		}
		list[domain] = append([]string{}, texts(f.To)...)
	}
	return list, nil
}

func answers(all map[dnsname.Name]world.CachedAnswer) map[string]writtenAnswer {
	list := make(map[string]writtenAnswer, len(all))
	for name, a := range all {
		list[name.String()] = writtenAnswer{text(a.Addr), int(a.TTL / time.Second)}
	}
	return list
}

func serverOf(role *world.DNSRole) (*writtenDNS, error) {
	if role == nil {
		return nil, nil //nolint:nilnil // a host need not be a server
	}
	forward, err := forwarded(role.Forward)
	w := &writtenDNS{
		Forward: forward, Records: make(map[string][]string), FilterPrivate: role.FilterPrivate, FilterWhole: role.FilterWhole, Validate: role.Validate,
		Delay: duration(role.Delay), UpstreamTimeout: duration(role.UpstreamTimeout), Fallback: role.Fallback,
		Cache: duration(role.Cache), Chases: role.Chases, Truncates: role.Truncates,
	}
	for name, addrs := range role.Records {
		w.Records[name.String()] = append([]string{}, texts(addrs)...)
	}
	if role.NoTCP {
		w.TCP = new(bool)
	}
	return w, err
}

func proxyOf(role *world.ProxyRole) *writtenProxy {
	if role == nil {
		return nil
	}
	w := &writtenProxy{
		Port: role.Port, InterceptTLS: role.InterceptTLS, Issuer: role.Issuer, Trusted: role.Trusted, RewriteHost: role.RewriteHost,
		BlockPage: role.BlockPage,
	}
	if role.Answers != 200 {
		w.Answers = strconv.Itoa(role.Answers)
	}
	return w
}

func forwarderOf(role *world.ForwardRole) *writtenForward {
	if role == nil {
		return nil
	}
	return &writtenForward{role.SNAT, texts(role.Blocks), role.InterceptTLS, role.Issuer, role.Stalls}
}
