// Package suppress reads the file in which people write down the findings that
// they have decided to live with: what, why, and until when.
package suppress

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"pldoctor/internal/audit"
)

// File is the name under which it is looked for in the working directory.
const File = ".pldoctor.yaml"

// document is the file.
type document struct {
	Suppressions []yaml.Node `yaml:"suppressions"`
}

// entry is one suppression as it is written.
type entry struct {
	Code    string `yaml:"code"`
	Vault   string `yaml:"vault"`
	Network string `yaml:"network"`
	Reason  string `yaml:"reason"`
	Expires string `yaml:"expires"`
}

// keys are those of an entry.
const keys = "code, vault, network, reason, expires"

// Parse reads a file; name is what errors call it. The error joins one for each
// fault, with its line.
func Parse(name string, data []byte) ([]audit.Waiver, error) {
	var d document
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	decoder.KnownFields(true)
	if err := decoder.Decode(&d); err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	var list []audit.Waiver
	var faults []error
	for i := range d.Suppressions {
		w, err := waiver(&d.Suppressions[i])
		if err != nil {
			faults = append(faults, fmt.Errorf("%s:%d: %w", name, d.Suppressions[i].Line, err))
			continue
		}
		list = append(list, w)
	}
	return list, errors.Join(faults...)
}

func waiver(n *yaml.Node) (audit.Waiver, error) {
	var e entry
	if err := fields(n); err != nil {
		return audit.Waiver{}, err
	}
	if err := n.Decode(&e); err != nil {
		return audit.Waiver{}, err
	}
	w := audit.Waiver{Code: e.Code, Vault: e.Vault, Network: e.Network, Reason: strings.TrimSpace(e.Reason), Line: n.Line}
	if w.Code+w.Vault+w.Network == "" {
		return w, errors.New("says neither code nor vault nor network: it would suppress everything")
	}
	for _, glob := range []string{w.Code, w.Vault, w.Network} {
		if _, err := path.Match(glob, ""); err != nil {
			return w, fmt.Errorf("%q is no pattern", glob)
		}
	}
	if w.Reason == "" {
		return w, errors.New("reason is missing: say why this is to be lived with")
	}
	var err error
	if w.Expires, err = time.Parse(time.DateOnly, e.Expires); err != nil {
		return w, fmt.Errorf("expires has to be a date such as 2027-01-31, not %q", e.Expires)
	}
	return w, nil
}

// fields checks an entry's keys: decoding a node by itself knows no strictness.
func fields(n *yaml.Node) error {
	if n.Kind != yaml.MappingNode {
		return errors.New("is no entry with " + keys)
	}
	for i := 0; i < len(n.Content); i += 2 {
		if key := n.Content[i].Value; !strings.Contains(", "+keys+", ", ", "+key+", ") {
			return fmt.Errorf("unknown key %q; there are %s", key, keys)
		}
	}
	return nil
}
