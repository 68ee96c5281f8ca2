package scenario

import (
	"bytes"
	"errors"
	"io"
	"net/netip"
	"regexp"
	"strconv"

	"go.yaml.in/yaml/v3"

	"pldoctor/internal/fact"
	"pldoctor/internal/world"
)

// A file is what a scenario file says, names not yet looked up.
type file struct {
	title, cloud string
	cases        []string
	resources    []given
	foreign      []*world.Vault
	sites        []site
	hosts        []host
	facts        []facts
	breaks       []code
	assume       world.Assumptions
	expect       []expectation
}

// given is a resource, or the name of a file of them.
type given struct {
	value any
	file  string
	node  node
}

type site struct {
	world.Site
	connectedTo []string
	node        node
}

// facts are what ARM does not tell of a vault.
type facts struct {
	vault     string
	addresses []netip.Addr
	region    string
	alias     world.Tri
	deleted   bool
	node      node
}

type code struct {
	code string
	node node
}

type expectation struct {
	Expectation
	host string
	node node
}

var errLine = regexp.MustCompile(`^yaml: (?:line (\d+): )?(?s:(.*))$`)

// parse reads the YAML. It returns nil where there is none to go on with.
func (r *reader) parse(data []byte) *file {
	if len(data) > maxSize {
		r.fail(0, "", "", "is larger than %d MiB", maxSize>>20)
		return nil
	}
	root := r.yaml(data)
	if root == nil {
		return nil
	}
	f := &file{}
	n := node{root, "", "", r}
	n.object(keys{
		"title":         into(&f.title, node.text),
		"cloud":         into(&f.cloud, node.text),
		"cases":         into(&f.cases, cases),
		"resources":     into(&f.resources, resources),
		"foreignVaults": into(&f.foreign, foreignVaults),
		"sites":         into(&f.sites, sites),
		"hosts":         into(&f.hosts, hosts),
		"vaults":        into(&f.facts, vaults),
		"breaks":        into(&f.breaks, codes),
		"assume":        into(&f.assume, assumptions),
		"expect":        into(&f.expect, expectations),
	})
	return f
}

// yaml parses one document, and sees that there is no second one.
func (r *reader) yaml(data []byte) *yaml.Node {
	d := yaml.NewDecoder(bytes.NewReader(data))
	var doc, second yaml.Node
	if err := d.Decode(&doc); err != nil && !errors.Is(err, io.EOF) {
		m := errLine.FindStringSubmatch(err.Error())
		if m == nil {
			m = []string{"", "", err.Error()}
		}
		line, _ := strconv.Atoi(m[1]) // 0 where there is none
		r.fail(line, "", "", "is not YAML: %s", m[2])
		return nil
	}
	if len(doc.Content) == 0 {
		r.fail(0, "", "", "is empty")
		return nil
	}
	if d.Decode(&second) == nil {
		r.fail(second.Line, "", "", "holds a second document")
		return nil
	}
	return doc.Content[0]
}

func resources(n node) []given {
	var all []given
	for _, e := range n.oneOrMany() {
		if e = e.follow(); e.y != nil && e.y.Kind == yaml.ScalarNode {
			all = append(all, given{file: e.text(), node: e})
			continue
		}
		all = append(all, given{value: e.value(0), node: e})
	}
	return all
}

// foreignVaults reads the vaults of other tenants: their public side.
func foreignVaults(n node) []*world.Vault {
	var all []*world.Vault
	for _, e := range n.list() {
		v := &world.Vault{
			Foreign: true, Location: "eastus", RBAC: true, PublicAccess: world.AccessEnabled, Alias: world.No,
			ACL: world.NetworkACL{Bypass: true}, Provisioning: world.Succeeded,
		}
		var name string
		var endpoint bool
		e.object(keys{
			"name":                into(&name, node.text),
			"privateEndpoint":     into(&endpoint, node.flag),
			"publicNetworkAccess": into(&v.PublicAccess, word(world.AccessEnabled, world.AccessDisabled, world.AccessPerimeter)),
			"location":            into(&v.Location, node.text),
			"publicAddress":       into(&v.PublicAddresses, node.addrs),
			"region":              into(&v.Region, node.text),
		})
		if endpoint {
			v.Alias = world.Yes
		}
		if name == "" {
			e.fail("has no name")
		}
		v.Meta = world.Meta{ID: world.ForeignID(name), Path: name}
		complete(v)
		all = append(all, v)
	}
	return all
}

// complete fills what is public of a vault and was not given.
func complete(v *world.Vault) {
	v.Region = v.ShortRegion()
	if len(v.PublicAddresses) == 0 {
		v.PublicAddresses = []netip.Addr{v.DefaultFrontEnd()}
	}
}

func sites(n node) []site {
	var all []site
	for _, e := range n.list() {
		e.owner = named("site", e)
		s := site{node: e}
		var name string
		e.object(keys{
			"name":          into(&name, node.text),
			"prefixes":      into(&s.Prefixes, node.prefixes),
			"connectedTo":   into(&s.connectedTo, node.texts),
			"nameservers":   into(&s.Nameservers, node.addrs),
			"publicAddress": into(&s.PublicAddress, node.addr),
		})
		if name == "" {
			e.fail("has no name")
		}
		s.Meta = world.Meta{ID: world.SiteID(name), Path: name}
		all = append(all, s)
	}
	return all
}

// named is how errors call an entry: "host app".
func named(kind string, n node) string {
	if name := n.get("name"); name.y != nil {
		return kind + " " + name.follow().text()
	}
	return kind
}

func vaults(n node) []facts {
	var all []facts
	for key, value := range n.entries() {
		f := facts{vault: key.y.Value, node: value}
		var deleted string
		value.object(keys{
			"publicAddress": into(&f.addresses, node.addrs),
			"region":        into(&f.region, node.text),
			"alias":         into(&f.alias, tri),
			"deleted":       into(&deleted, word("soft")),
		})
		f.deleted = deleted == "soft"
		all = append(all, f)
	}
	return all
}

func tri(n node) world.Tri {
	if n.flag() {
		return world.Yes
	}
	return world.No
}

var codeForm = regexp.MustCompile(`^PL[0-9]{3}$`)

func findingCode(n node) string {
	s := n.text()
	if !codeForm.MatchString(s) {
		n.fail("is %.40q, which is no finding code such as PL603", s)
	}
	return s
}

func findingCodes(n node) []string {
	all := each(n, findingCode)
	if all == nil {
		all = []string{} // given, and empty
	}
	return all
}

func codes(n node) []code {
	return each(n, func(e node) code { return code{findingCode(e), e} })
}

// casePattern is the number of a published case: a report from the field, with
// the letter of its variant, or a row of the comparison with other tools.
var casePattern = regexp.MustCompile(`^(field-(?:[1-9]|1[0-5])[a-d]?|peers-(?:[1-9]|[12][0-9]|3[0-5]))$`)

func cases(n node) []string {
	return each(n, func(e node) string {
		number := e.text()
		if !casePattern.MatchString(number) {
			e.fail("is %q, not field-1 to field-15, with a letter where the case has variants, nor peers-1 to peers-35", number)
		}
		return number
	})
}

func assumptions(n node) (a world.Assumptions) {
	n.object(keys{
		"oldNetworkInfo":      into(&a.OldNetworkInfo, node.flag),
		"tcpDenialInner":      into(&a.TCPDenialInner, node.text),
		"deadEndpointAnswers": into(&a.DeadEndpointAnswers, node.flag),
		"denyGarbageToken":    into(&a.DenyGarbageToken, node.flag),
	})
	return a
}

func expectations(n node) []expectation {
	var all []expectation
	for key, value := range n.entries() {
		x := expectation{host: key.y.Value, node: value}
		value.object(keys{
			"vault": into(&x.Vault, node.text),
			"verdict": into(&x.Verdict, word(
				fact.Private, fact.ServiceEndpoint, fact.Public, fact.NotReached, fact.Undetermined)),
			"access": into(&x.Access, word(
				fact.AccessAllowed, fact.AccessRefusedNetwork, fact.AccessRefusedIdentity, fact.AccessUntested)),
			"rootCauses": into(&x.RootCauses, findingCodes),
			"candidates": into(&x.Candidates, findingCodes),
			"advice":     into(&x.Advice, findingCodes),
			"masked":     into(&x.Masked, findingCodes),

			"consequences": into(&x.Consequences, findingCodes),
		})
		if x.Verdict == "" {
			value.fail("has no verdict")
		}
		all = append(all, x)
	}
	return all
}
