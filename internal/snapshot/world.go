package snapshot

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"pldoctor/internal/arm"
	"pldoctor/internal/dnsname"
	"pldoctor/internal/service"
	"pldoctor/internal/world"
)

// HasConfiguration tells whether the snapshot says anything of the
// configuration, be it that it could not be read.
func (s *Snapshot) HasConfiguration() bool { return len(s.Resources)+len(s.Unread) > 0 }

// World makes a World of the resources. Of which cloud it is, where nobody said,
// tell the zones for key vaults. What was not read is a gap of it, and
// so is what an export shows to be left out: the properties of a resource, as
// "az resource list" does; the parent of a child; the children that a private
// DNS zone counts, as a query of Resource Graph's table "resources" does. The
// error joins an *arm.Error or *world.Problem for each fault found.
func (s *Snapshot) World() (*world.World, arm.Result, error) {
	var gaps []world.Gap
	for _, u := range s.Unread {
		gaps = append(gaps, u.gap())
	}
	var whole []any
	var outlines []outline
	values, err := arm.ParseAll(s.Resources)
	if err != nil {
		return nil, arm.Result{}, err
	}
	for _, v := range values {
		o := outlineOf(v)
		if why, partly := o.partly(); partly {
			gaps = append(gaps, world.Gap{Type: o.id.Type(), Near: o.id, Why: why})
			continue
		}
		whole, outlines = append(whole, v), append(outlines, o)
	}
	result, err := arm.DecodeValues(whole, arm.Options{})
	if err != nil {
		return nil, result, err
	}
	for _, orphan := range result.Orphans {
		parent := world.MakeID(orphan).Parent()
		gaps = append(gaps, world.Gap{Type: parent.Type(), Near: parent, Why: fmt.Sprintf("%s stands there without it", orphan)})
	}
	for _, r := range result.Resources {
		if s, ok := r.(*world.Site); ok {
			gaps = append(gaps, world.Gap{
				Type: "microsoft.network/connections", Near: s.ID, Why: "Azure does not tell which DNS servers are asked there, nor what they do",
				Unknowable: true,
			})
		}
	}
	w, err := world.New(world.Parts{Cloud: cmp.Or(s.Cloud, cloudOf(result.Resources)), Resources: result.Resources, Gaps: gaps, Horizon: subscriptions(result.Resources)})
	if err != nil {
		return nil, result, err
	}
	return w.WithGaps(uncounted(w, outlines)...), result, nil
}

// cloudOf is the cloud whose zone for key vaults is among resources; "" where
// there is none.
func cloudOf(resources []world.Resource) string {
	for _, r := range resources {
		z, ok := r.(*world.Zone)
		for _, s := range service.KeyVaults() {
			if ok && z.Domain == s.Zone {
				return s.Cloud.Name
			}
		}
	}
	return ""
}

// subscriptions are those that resources are in.
func subscriptions(resources []world.Resource) []string {
	found := make(map[string]bool)
	for _, r := range resources {
		if s := world.MetaOf(r).Subscription(); s != "" {
			found[strings.ToLower(s)] = true
		}
	}
	return slices.Sorted(maps.Keys(found))
}

func (u Unread) gap() world.Gap {
	why := u.Why
	if u.Permission != "" && !strings.Contains(why, u.Permission) {
		why += ": lacks " + u.Permission
	}
	return world.Gap{Type: u.Type, Near: u.Near, Why: why}
}

// An outline is what tells whether all of a resource is there.
type outline struct {
	id         world.ID
	properties map[string]any
	bare       bool // without properties that it should have
}

func outlineOf(resource any) outline {
	o, _ := resource.(map[string]any) // package arm says what is wrong with others
	id, _ := member(o, "id").(string)
	properties, _ := member(o, "properties").(map[string]any)
	bare := member(o, "properties") == nil && member(o, "registrationState") == nil // a provider has none
	return outline{world.MakeID(id), properties, bare}
}

// member finds a member as ARM does, whatever the case of its key.
func member(o map[string]any, key string) any {
	if v, ok := o[key]; ok {
		return v
	}
	for k, v := range o {
		if strings.EqualFold(k, key) {
			return v
		}
	}
	return nil
}

// partly tells whether a resource came without its properties.
func (o outline) partly() (why string, partly bool) {
	return "the file holds no properties of it, as those that az resource list makes", o.bare && o.id.Type() != ""
}

func (o outline) count(key string) int64 {
	number, _ := member(o.properties, key).(json.Number)
	n, err := number.Int64()
	if err != nil {
		return 0
	}
	return n
}

// uncounted are the gaps of zones that count more children than there are. Of
// record sets an empty zone has one, its SOA record. Only zones that a vault's
// name can be in matter.
func uncounted(w *world.World, outlines []outline) (gaps []world.Gap) {
	for _, o := range outlines {
		z, ok := w.Zone(o.id)
		if !ok || !concerns(w, z.Domain) {
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
	links, records := o.count("numberOfVirtualNetworkLinks"), o.count("numberOfRecordSets")
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
