package snapshot

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"pldoctor/internal/arm"
	"pldoctor/internal/dnsname"
	"pldoctor/internal/world"
)

// HasConfiguration tells whether the snapshot says anything of the
// configuration, be it that it could not be read.
func (s *Snapshot) HasConfiguration() bool { return len(s.Resources)+len(s.Unread) > 0 }

// World makes a World of the resources. What was not read is a gap of it, and
// so is what an export shows to be left out: the properties of a resource, as
// "az resource list" does; the parent of a child; the children that a private
// DNS zone counts, as a query of Resource Graph's table "resources" does. The
// error joins an *arm.Error or *world.Problem for each fault found.
func (s *Snapshot) World() (*world.World, arm.Result, error) {
	var gaps []world.Gap
	for _, u := range s.Unread {
		gaps = append(gaps, u.gap())
	}
	outlines := s.outlines()
	var whole [][]byte
	for i, o := range outlines {
		if why, partly := o.partly(); partly {
			gaps = append(gaps, world.Gap{Type: strings.ToLower(o.Type), Near: world.MakeID(o.ID), Why: why})
			continue
		}
		whole = append(whole, s.Resources[i])
	}
	result, err := arm.Decode(bytes.Join(whole, []byte("\n")), arm.Options{})
	if err != nil {
		return nil, result, err
	}
	for _, orphan := range result.Orphans {
		parent := world.MakeID(orphan).Parent()
		gaps = append(gaps, world.Gap{Type: parent.Type(), Near: parent, Why: fmt.Sprintf("%s stands there without it", orphan)})
	}
	w, err := world.New(world.Parts{Cloud: s.Cloud, Resources: result.Resources, Gaps: gaps})
	if err != nil {
		return nil, result, err
	}
	return w.WithGaps(uncounted(w, outlines)...), result, nil
}

func (u Unread) gap() world.Gap {
	why := u.Why
	if u.Permission != "" {
		why += ": lacks " + u.Permission
	}
	return world.Gap{Type: u.Type, Near: u.Near, Why: why}
}

// An outline is what tells whether all of a resource is there.
type outline struct {
	ID         string
	Type       string
	Properties *struct {
		NumberOfRecordSets, NumberOfVirtualNetworkLinks json.Number
	}
	RegistrationState string
}

func (s *Snapshot) outlines() []outline {
	all := make([]outline, len(s.Resources))
	for i, raw := range s.Resources {
		var o outline
		if json.Unmarshal(raw, &o) != nil { // package arm says what is wrong with it
			continue
		}
		if o.Type == "" {
			o.Type = world.MakeID(o.ID).Type()
		}
		all[i] = o
	}
	return all
}

// partly tells whether a resource came without its properties. A provider has
// none.
func (o outline) partly() (why string, partly bool) {
	if o.Properties != nil || o.RegistrationState != "" || o.ID == "" || o.Type == "" {
		return "", false
	}
	return "the file holds no properties of it, as those that az resource list makes", true
}

// uncounted are the gaps of zones that count more children than there are. Of
// record sets an empty zone has one, its SOA record. Only zones that a vault's
// name can be in matter.
func uncounted(w *world.World, outlines []outline) (gaps []world.Gap) {
	for _, o := range outlines {
		z, ok := w.Zone(world.MakeID(o.ID))
		if !ok || o.Properties == nil || !concerns(w, z.Domain) {
			continue
		}
		if why, short := o.short(z); short {
			gaps = append(gaps, world.Gap{Type: z.ID.Type(), Near: z.ID, Why: why})
		}
	}
	return gaps
}

// short tells whether a zone counts children that are not there.
func (o outline) short(z *world.Zone) (why string, short bool) {
	links, _ := o.Properties.NumberOfVirtualNetworkLinks.Int64()
	records, _ := o.Properties.NumberOfRecordSets.Int64()
	switch {
	case links > int64(len(z.Links)):
		return fmt.Sprintf("it counts %d links to VNets, and %d are there", links, len(z.Links)), true
	case records > 1 && len(z.Records) == 0:
		return fmt.Sprintf("it counts %d record sets, and none is there", records), true
	}
	return "", false
}

func concerns(w *world.World, domain dnsname.Name) bool {
	svc := w.Service()
	for _, own := range []dnsname.Name{svc.Suffix, svc.Core} {
		if own.Under(domain) || domain.Under(own) {
			return true
		}
	}
	return false
}
