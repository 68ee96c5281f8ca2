package redact

import "strings"

// id masks an ARM id, or the id of a machine or site, part by part. Types stay.
func (r *Redactor) id(text string) string {
	if !strings.HasPrefix(text, "/") {
		return r.reference(text)
	}
	parts := strings.Split(text, "/")
	names, namespace := false, false
	for i := 1; i < len(parts); i++ {
		switch before := strings.ToLower(parts[i-1]); {
		case namespace: // behind "providers"
			parts[i], namespace, names = r.namespace(parts[i]), false, false
		case names:
			parts[i], names = r.segment(before, parts[i]), false
		default:
			namespace = strings.EqualFold(parts[i], "providers")
			names = !namespace
			parts[i] = r.typeName(parts[i])
		}
	}
	return strings.Join(parts, "/")
}

// segment masks a name by the last part of its type, in lower case.
func (r *Redactor) segment(of, name string) string {
	switch of {
	case "privatednszones", "dnszones":
		return r.domain(name)
	case "a", "aaaa", "cname", "txt", "srv", "mx", "ptr", "soa":
		return r.labels(name)
	}
	k := kindOf[of]
	if k == "" {
		k = "name"
	}
	return r.names.of(k, name)
}

// reference masks what names something that is no ARM resource: "host:NAME",
// "site:NAME", a service tag, "vnet/subnet".
func (r *Redactor) reference(text string) string {
	if what, name, ok := strings.Cut(text, ":"); ok && (what == "host" || what == "site" || what == "foreign") {
		k := kind(what)
		if what == "foreign" {
			k = "vault"
		}
		return what + ":" + r.name(k, name)
	}
	parts := strings.Split(text, "/")
	for i := range parts {
		parts[i] = r.name("name", parts[i])
	}
	return strings.Join(parts, "/")
}

// name masks a name that may be an address.
func (r *Redactor) name(k kind, name string) string {
	if masked, ok := r.address(name); ok {
		return masked
	}
	return r.names.of(k, name)
}
