package scenario

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"

	"pldoctor/internal/arm"
	"pldoctor/internal/world"
)

// A Heading is what a file says beside its World.
type Heading struct {
	Comment string // in front of all, without the marks
	Title   string
	First   world.ID // the host that stands first, and so is diagnosed where nobody names one
	Expect  map[string]Expectation
	Exec    map[string]Exec // what can stand in for a host, by its name
}

// Write makes a scenario file of a World, which Parse reads back to an equal
// one. The same World makes the same bytes. The error says what of the World no
// file can tell: parts that were not read, machines whose inside is not known.
func Write(w *world.World, h Heading) ([]byte, error) {
	if len(w.Gaps()) > 0 {
		return nil, errors.New("parts of the world were not read, which a scenario file cannot tell")
	}
	f := written{Title: h.Title, Resources: resourcesOf(w), Expect: expected(h.Expect), Assume: assumed(w.Assume())}
	if cloud := w.Service().Cloud.Name; cloud != "AzureCloud" {
		f.Cloud = cloud
	}
	if err := f.vaultsOf(w); err != nil {
		return nil, err
	}
	places := namesIn(w)
	for s := range w.Sites() {
		f.Sites = append(f.Sites, places.site(s))
	}
	for host := range w.Hosts() {
		entry, err := places.host(host)
		entry.Exec = execWritten(h.Exec[host.Name()])
		if node, ok := w.Host(host.Behind); ok && node.Network == host.Network {
			entry.In = "" // a pod is where its node is
		}
		if err != nil {
			return nil, fmt.Errorf("host %s: %w", host.Name(), err)
		}
		if f.Hosts = append(f.Hosts, entry); host.ID == h.First {
			copy(f.Hosts[1:], f.Hosts)
			f.Hosts[0] = entry
		}
	}
	return f.marshal(h.Comment)
}

// written is a scenario file in the order in which people write one.
type written struct {
	Title     string                  `yaml:"title,omitempty"`
	Cloud     string                  `yaml:"cloud,omitempty"`
	Resources []*yaml.Node            `yaml:"resources,omitempty"`
	Foreign   []writtenForeign        `yaml:"foreignVaults,omitempty"`
	Sites     []writtenSite           `yaml:"sites,omitempty"`
	Hosts     []writtenHost           `yaml:"hosts,omitempty"`
	Vaults    map[string]writtenFacts `yaml:"vaults,omitempty"`
	Assume    writtenAssumptions      `yaml:"assume,omitempty"`
	Expect    map[string]writtenWant  `yaml:"expect,omitempty"`
}

type writtenForeign struct {
	Name            string   `yaml:"name"`
	PrivateEndpoint bool     `yaml:"privateEndpoint,omitempty"`
	PublicAccess    string   `yaml:"publicNetworkAccess,omitempty"`
	Location        string   `yaml:"location,omitempty"`
	PublicAddress   []string `yaml:"publicAddress,flow,omitempty"`
	Region          string   `yaml:"region,omitempty"`
}

type writtenFacts struct {
	PublicAddress []string `yaml:"publicAddress,flow,omitempty"`
	Region        string   `yaml:"region,omitempty"`
	Alias         *bool    `yaml:"alias,omitempty"`
	Deleted       string   `yaml:"deleted,omitempty"`
}

type writtenAssumptions struct {
	OldNetworkInfo      bool   `yaml:"oldNetworkInfo,omitempty"`
	TCPDenialInner      string `yaml:"tcpDenialInner,omitempty"`
	DeadEndpointAnswers bool   `yaml:"deadEndpointAnswers,omitempty"`
	DenyGarbageToken    bool   `yaml:"denyGarbageToken,omitempty"`
}

type writtenWant struct {
	Vault        string   `yaml:"vault,omitempty"`
	Verdict      string   `yaml:"verdict"`
	Access       string   `yaml:"access,omitempty"`
	RootCauses   []string `yaml:"rootCauses,flow"`
	Candidates   []string `yaml:"candidates,flow,omitempty"`
	Advice       []string `yaml:"advice,flow,omitempty"`
	Masked       []string `yaml:"masked,flow,omitempty"`
	Consequences []string `yaml:"consequences,flow,omitempty"`
}

func (f written) marshal(comment string) ([]byte, error) {
	var out bytes.Buffer
	for line := range strings.Lines(comment) {
		out.WriteString(strings.TrimRight("# "+strings.TrimRight(line, "\n"), " ") + "\n")
	}
	e := yaml.NewEncoder(&out)
	e.SetIndent(2)
	if err := e.Encode(f); err != nil {
		return nil, fmt.Errorf("cannot be written as YAML: %w", err)
	}
	return out.Bytes(), nil
}

// resourcesOf are the ARM resources as a person would write them. A vault that
// is soft-deleted stands among them; the facts say that it is.
func resourcesOf(w *world.World) []*yaml.Node {
	for v := range w.Vaults() {
		if v.Deleted && !v.Foreign {
			there := *v
			there.Deleted = false
			w = w.With(world.Put(&there))
		}
	}
	for s := range w.Sites() { // which the file tells itself
		w = w.With(world.Remove(s.ID))
	}
	var nodes []*yaml.Node
	for _, raw := range arm.Encode(w) {
		var doc yaml.Node
		if err := yaml.Unmarshal(raw, &doc); err != nil {
			panic(err) // JSON is YAML
		}
		plain(doc.Content[0])
		nodes = append(nodes, doc.Content[0])
	}
	return nodes
}

// plain takes the marks of JSON off, and of a resource what its id says already.
func plain(n *yaml.Node) {
	n.Style = 0
	if n.Kind == yaml.MappingNode && valueOf(n, "id") != nil && valueOf(n, "properties") != nil {
		n.Content = without(n.Content, "name", "type")
	}
	leaves := true
	for _, c := range n.Content {
		plain(c)
		leaves = leaves && (c.Kind == yaml.ScalarNode || len(c.Content) == 0)
	}
	if len(n.Content) == 0 || leaves && n.Kind == yaml.SequenceNode {
		if n.Kind != yaml.ScalarNode {
			n.Style = yaml.FlowStyle
		}
	}
}

func valueOf(n *yaml.Node, key string) *yaml.Node {
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return n.Content[i+1]
		}
	}
	return nil
}

// without leaves keys out of the content of a mapping.
func without(content []*yaml.Node, keys ...string) []*yaml.Node {
	var rest []*yaml.Node
next:
	for i := 0; i+1 < len(content); i += 2 {
		for _, key := range keys {
			if content[i].Value == key {
				continue next
			}
		}
		rest = append(rest, content[i], content[i+1])
	}
	return rest
}

// vaultsOf writes what ARM does not tell of vaults, where it does not follow.
func (f *written) vaultsOf(w *world.World) error {
	for v := range w.Vaults() {
		if v.Foreign {
			if v.ACL.Deny || v.Deleted {
				return fmt.Errorf("the vault %s of another tenant has a firewall or is deleted, which a scenario file cannot tell", v.Name())
			}
			f.Foreign = append(f.Foreign, foreignVault(v))
			continue
		}
		bare := world.Vault{Location: v.Location}
		complete(&bare)
		var facts writtenFacts
		if v.Region != bare.Region {
			facts.Region = v.Region
		}
		if addresses := texts(v.PublicAddresses); strings.Join(addresses, " ") != bare.DefaultFrontEnd().String() {
			facts.PublicAddress = addresses
		}
		if v.Alias != world.Unknown {
			yes := v.Alias == world.Yes
			facts.Alias = &yes
		}
		if v.Deleted {
			facts.Deleted = "soft"
		}
		if facts.Region == "" && facts.PublicAddress == nil && facts.Alias == nil && facts.Deleted == "" {
			continue
		}
		if f.Vaults == nil {
			f.Vaults = make(map[string]writtenFacts)
		}
		f.Vaults[v.Name()] = facts
	}
	return nil
}

func foreignVault(v *world.Vault) writtenForeign {
	return writtenForeign{
		Name: v.Name(), PrivateEndpoint: v.HasAlias(), PublicAccess: string(v.PublicAccess), Location: v.Location,
		PublicAddress: texts(v.PublicAddresses), Region: v.Region,
	}
}

func assumed(a world.Assumptions) writtenAssumptions {
	return writtenAssumptions{a.OldNetworkInfo, a.TCPDenialInner, a.DeadEndpointAnswers, a.DenyGarbageToken}
}

func expected(all map[string]Expectation) map[string]writtenWant {
	list := make(map[string]writtenWant)
	for host, x := range all {
		list[host] = writtenWant{
			x.Vault, string(x.Verdict), string(x.Access), append([]string{}, x.RootCauses...), x.Candidates, x.Advice, x.Masked, x.Consequences,
		}
	}
	return list
}

// texts writes addresses or prefixes; nil where there are none.
func texts[T fmt.Stringer](all []T) []string {
	var list []string
	for _, v := range all {
		list = append(list, v.String())
	}
	return list
}

// networks are how the file calls VNets, gateways, hubs and sites: by name, or
// by id where two have one name.
type networks map[world.ID]string

func namesIn(w *world.World) networks {
	count := make(map[string]int)
	names := make(networks)
	for _, r := range w.Resources() {
		switch r.(type) {
		case *world.VNet, *world.Gateway, *world.Hub, *world.Site:
			m := world.MetaOf(r)
			count[strings.ToLower(m.Name())]++
			names[m.ID] = m.Name()
		}
	}
	for id, name := range names {
		if count[strings.ToLower(name)] > 1 && strings.HasPrefix(string(id), "/") {
			names[id] = cmp.Or(world.MetaOf(w.Lookup(id)).Path, string(id))
		}
	}
	names[world.Internet] = string(world.Internet)
	return names
}
