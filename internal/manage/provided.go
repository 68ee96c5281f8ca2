package manage

import (
	"slices"
	"strings"

	"pldoctor/internal/world"
)

// providers answers what a subscription has registered.
func (p *Plane) providers(r Request, scope string, parts []string) answer {
	return p.get(r, "Microsoft.Resources/subscriptions/providers/read", scope, func() answer {
		if len(parts) == 1 {
			namespace, known := namespaceOf(parts[0])
			if !known {
				return missing("InvalidResourceNamespace", "The resource namespace '%s' is invalid.", parts[0])
			}
			return ok(p.provider(scope, namespace))
		}
		var all []any
		for _, namespace := range namespaces {
			all = append(all, p.provider(scope, namespace))
		}
		return p.page(r, all, defaultPage)
	})
}

// provider describes one. What the World does not say is registered.
func (p *Plane) provider(scope, namespace string) object {
	path, state := scope+"/providers/"+namespace, "Registered"
	if res := p.now.byID[world.MakeID(path)]; res != nil {
		if told, _ := res.doc["registrationState"].(string); told != "" {
			state = told
		}
	}
	var types []any
	for _, k := range kinds {
		if kind, ok := strings.CutPrefix(k.name, namespace+"/"); ok {
			types = append(types, object{"resourceType": kind, "locations": []any{}, "apiVersions": latestFirst(k.versions), "capabilities": "None"})
		}
	}
	return object{
		"id": path, "namespace": namespace, "registrationPolicy": "RegistrationRequired", "registrationState": state, "resourceTypes": types,
	}
}

// provided answers about resources of a provider: parts are the namespace, then
// types and names in turn.
func (p *Plane) provided(r Request, scope string, parts []string) answer {
	namespace, known := namespaceOf(parts[0])
	if !known {
		return missing("InvalidResourceNamespace", "The resource namespace '%s' is invalid.", parts[0])
	}
	words := []string{namespace}
	for i := 1; i < len(parts); i += 2 {
		words = append(words, parts[i])
	}
	kind := strings.Join(words, "/")
	k, known := kindOf(kind)
	version := r.Query.Get("api-version")
	if !known {
		return missing("InvalidResourceType", "The resource type '%s' could not be found in the namespace '%s' for api version '%s'. The supported api-versions are ''.",
			strings.TrimPrefix(kind, namespace+"/"), namespace, version)
	}
	if !slices.Contains(k.versions, strings.ToLower(version)) {
		return failure(400, "NoRegisteredProviderFound", "No registered resource provider found for location '%s' and API version '%s' for type '%s'. The supported api-versions are '%s'.",
			"eastus", version, strings.TrimPrefix(k.name, namespace+"/"), strings.Join(k.versions, ", "))
	}
	path := scope + "/providers/" + strings.Join(parts, "/")
	action := k.name + "/" + verb(r.Method)
	if len(parts)%2 == 0 { // a list: the right is to what it lists from
		from := path[:strings.LastIndexByte(path, '/')]
		if len(parts) == 2 {
			from = scope
		}
		if !p.allows(r.Token, action, from) {
			return forbidden(r.Token, action, from)
		}
		return p.list(r, k, scope, from, len(parts) == 2)
	}
	if !p.allows(r.Token, action, path) {
		return forbidden(r.Token, action, path)
	}
	return p.one(k, path, version)
}

// one returns a resource.
func (p *Plane) one(k kind, path, version string) answer {
	if res := p.now.byID[world.MakeID(path)]; res != nil {
		return ok(k.shape(res.doc, version))
	}
	id := world.MakeID(path)
	if strings.EqualFold(k.name, connectionType) && p.now.byID[id.Parent()] != nil {
		return answer{status: 204} // Key Vault's own way to say that there is none
	}
	if id.Parent() != "" && p.now.byID[id.Parent()] == nil {
		return parentNotFound(k, path[:len(id.Parent())])
	}
	short := path[strings.Index(strings.ToLower(path), "/providers/")+len("/providers/"):]
	return missing("ResourceNotFound", "The Resource '%s' under resource group '%s' was not found. For more details please go to https://aka.ms/ARMResourceNotFoundFix",
		short, world.Meta{Path: path}.Group())
}

func parentNotFound(k kind, parent string) answer {
	return missing("ParentResourceNotFound", "Failed to perform 'read' on resource(s) of type '%s', because the parent resource '%s' could not be found.",
		k.name[strings.IndexByte(k.name, '/')+1:], parent)
}

// list returns the resources of a type in a subscription, a group or a parent.
func (p *Plane) list(r Request, k kind, scope, from string, top bool) answer {
	size := defaultPage
	if strings.HasPrefix(k.name, zoneType) {
		size = dnsPage
	}
	version := r.Query.Get("api-version")
	if top {
		return p.page(r, p.shaped(r.Token, k, version, p.now.byType[strings.ToLower(k.name)], func(res *resource) bool { return below(res.id, scope) }), size)
	}
	parent := p.now.byID[world.MakeID(from)]
	if parent == nil {
		return parentNotFound(k, from)
	}
	if k.name == linkResourceType {
		return ok(object{"value": []any{p.linkResource(parent)}})
	}
	return p.page(r, p.shaped(r.Token, k, version, p.now.children[parent.id], func(res *resource) bool {
		return strings.EqualFold(res.kind, k.name) || k.name == recordsType && isRecord(res.kind)
	}), size)
}

// shaped are those of some resources that are wanted and may be read.
func (p *Plane) shaped(t Token, k kind, version string, from []*resource, wanted func(*resource) bool) []any {
	var all []any
	for _, res := range from {
		if wanted(res) && p.allows(t, k.name+"/read", string(res.id)) {
			all = append(all, k.shape(res.doc, version))
		}
	}
	return all
}

// linkResource is what a private endpoint can connect to at a vault.
func (p *Plane) linkResource(vault *resource) object {
	s := p.now.service
	return object{
		"id": vault.path + "/privateLinkResources/" + s.GroupID, "name": s.GroupID, "type": linkResourceType,
		"properties": object{
			"groupId": s.GroupID, "requiredMembers": []any{"default"}, "requiredZoneNames": []any{s.Zone.Host()},
		},
	}
}

func isRecord(kind string) bool {
	return strings.HasPrefix(kind, zoneType+"/") && !strings.EqualFold(kind, zoneType+"/virtualNetworkLinks")
}
