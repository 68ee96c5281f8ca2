package snapshot

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode"

	"pldoctor/internal/arm"
	"pldoctor/internal/fact"
	"pldoctor/internal/service"
	"pldoctor/internal/world"
)

// SchemaVersion is the version of the file's shape.
const SchemaVersion = "1"

// A file is a snapshot as it is written.
type file struct {
	SchemaVersion string            `json:"schemaVersion"`
	Tool          tool              `json:"tool"`
	Cloud         string            `json:"cloud,omitempty"`
	Taken         time.Time         `json:"taken,omitzero"`
	Resources     []json.RawMessage `json:"resources"`
	Unread        []Unread          `json:"unread"`
	Evidence      []json.RawMessage `json:"evidence"`
}

type tool struct {
	Name    string `json:"name"`
	Version string `json:"version"`
}

// Encode writes a snapshot's file. Version is the program's. The error is that
// of a resource that is no JSON.
func Encode(s Snapshot, version string) ([]byte, error) {
	f := file{
		SchemaVersion: SchemaVersion, Tool: tool{"pldoctor", version}, Cloud: s.Cloud, Taken: s.Taken,
		Resources: append([]json.RawMessage{}, s.Resources...), Unread: append([]Unread{}, s.Unread...), Evidence: []json.RawMessage{},
	}
	for i := range s.Evidence {
		raw, err := json.Marshal(&s.Evidence[i])
		if err != nil {
			return nil, fmt.Errorf("evidence %d: %w", i+1, err)
		}
		f.Evidence = append(f.Evidence, raw)
	}
	data, err := json.MarshalIndent(f, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("writing the snapshot: %w", err)
	}
	return append(data, '\n'), nil
}

// Decode reads snapshots' files and what other tools print of resources: "az
// graph query", "az resource show", pages of ARM and of Resource Graph. Several
// may stand one after the other; they make one snapshot.
func Decode(data []byte) (Snapshot, error) {
	documents, err := arm.Documents(data)
	if err != nil {
		return Snapshot{}, err
	}
	var s Snapshot
	for _, raw := range documents {
		if err := s.add(raw); err != nil {
			return Snapshot{}, err
		}
	}
	if len(documents) == 0 {
		return Snapshot{}, errors.New("is empty")
	}
	return s, nil
}

// add reads one document. Its resources, of which there may be very many, are
// left as they stand.
func (s *Snapshot) add(raw json.RawMessage) error {
	var members map[string]json.RawMessage
	if raw[0] == '{' {
		members = arm.Members(raw)
	}
	switch {
	case members["schemaversion"] == nil || members["id"] != nil || members["type"] != nil:
		found, err := arm.Unwrap(raw)
		s.Resources = append(s.Resources, found...)
		return err
	case members["verdict"] != nil:
		return errors.New("holds a report, not what it rests on: collect writes that")
	}
	var version string
	if json.Unmarshal(members["schemaversion"], &version) != nil || version != SchemaVersion {
		return fmt.Errorf("has the schemaVersion %.40s; this program reads %q", members["schemaversion"], SchemaVersion)
	}
	resources, ok := arm.Elements(members["resources"])
	if list := members["resources"]; !ok && list != nil && string(list) != "null" {
		return errors.New("is no snapshot: resources is no list")
	}
	delete(members, "resources")
	rest, err := json.Marshal(members)
	if err != nil {
		return fmt.Errorf("is no snapshot: %w", err)
	}
	f := file{Resources: resources}
	if err := json.Unmarshal(rest, &f); err != nil {
		return fmt.Errorf("is no snapshot: %w", err)
	}
	return s.merge(f)
}

func (s *Snapshot) merge(f file) error {
	if err := s.from(f); err != nil {
		return err
	}
	for i, raw := range f.Resources {
		found, err := arm.Unwrap(raw)
		if err != nil {
			return fmt.Errorf("resource %d: %w", i+1, err)
		}
		s.Resources = append(s.Resources, found...)
	}
	for i, u := range f.Unread {
		if u.Why == "" || unprintable(u.Type+string(u.Near)+u.Why+u.Permission) {
			return fmt.Errorf("unread %d: says not why, or holds control characters", i+1)
		}
		u.Type, u.Near = strings.ToLower(u.Type), world.MakeID(string(u.Near))
		s.Unread = append(s.Unread, u)
	}
	for i, raw := range f.Evidence {
		o, err := observation(raw)
		if err != nil {
			return fmt.Errorf("evidence %d: %w", i+1, err)
		}
		s.Evidence = append(s.Evidence, o)
	}
	return nil
}

// from reads where and when a file was made.
func (s *Snapshot) from(f file) error {
	if f.Cloud != "" {
		svc, known := service.KeyVault(f.Cloud)
		switch {
		case !known:
			return fmt.Errorf("is of the cloud %.40q; there are %s", f.Cloud, strings.Join(service.Clouds(), ", "))
		case s.Cloud != "" && s.Cloud != svc.Cloud.Name:
			return fmt.Errorf("is of two clouds, %s and %s", s.Cloud, svc.Cloud.Name)
		}
		s.Cloud = svc.Cloud.Name
	}
	if s.Taken.IsZero() {
		s.Taken = f.Taken
	}
	return nil
}

// maxViews bounds the lists of an observation: a probe's stay far below.
const maxViews = 1000

func observation(raw json.RawMessage) (o fact.Observation, err error) {
	if err := json.Unmarshal(raw, &o); err != nil {
		return o, fmt.Errorf("is nothing that a probe saw: %w", err)
	}
	for _, n := range []int{
		len(o.Servers), len(o.Addresses), len(o.Lookups), len(o.Requests), len(o.Client.Addresses), len(o.Client.Resolvers),
		len(o.Client.Search), len(o.Client.Uplinks), len(o.Client.Split), len(o.Client.Scoped), len(o.Client.HostsFile), len(o.Client.Open),
	} {
		if n > maxViews {
			return o, fmt.Errorf("holds a list of %d, more than %d", n, maxViews)
		}
	}
	if o.Journey.Name.Host.IsZero() {
		return o, errors.New("journey.name.host is missing: it tells which vault was asked for")
	}
	var v any
	if json.Unmarshal(raw, &v) != nil || controls(v) {
		return o, errors.New("holds control characters")
	}
	return o, nil
}

// controls tells whether a string in v could drive a terminal.
func controls(v any) bool {
	switch v := v.(type) {
	case string:
		return unprintable(v)
	case []any:
		return slices.ContainsFunc(v, controls)
	case map[string]any:
		return slices.ContainsFunc(slices.Collect(maps.Values(v)), controls)
	}
	return false
}

// unprintable tells whether s holds control characters other than those of text
// with lines, as error bodies have them.
func unprintable(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\r' && r != '\t' })
}
