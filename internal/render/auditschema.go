package render

import (
	"encoding/json"

	"pldoctor/internal/rule"
)

var number = object{"type": "integer", "minimum": 0}

// AuditSchema is the JSON Schema (2020-12) of an audit.
func AuditSchema(rules []*rule.Rule) ([]byte, error) {
	var codes []string
	for _, x := range rules {
		codes = append(codes, x.Code)
	}
	s := auditSchema(word(codes...))
	s["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	s["title"] = "pldoctor audit"
	return json.MarshalIndent(s, "", "  ")
}

func auditSchema(code object) object {
	verdict := word("private", "service-endpoint", "public", "unreachable", "undetermined")
	severity := word("error", "warning", "info")
	return closed(
		[]string{
			"schemaVersion", "tool", "cloud", "pairs", "vaults", "networks", "private", "undetermined", "groups", "openVaults",
			"emptyNetworks", "suppressions",
		},
		object{
			"schemaVersion": object{"const": "1"},
			"tool":          closed([]string{"name", "version"}, object{"name": text, "version": text}),
			"cloud":         text, "pairs": number, "vaults": number, "networks": number, "private": number,
			"undetermined":  list(closed([]string{"why", "count"}, object{"why": text, "count": number, "unknowable": object{"const": true}})),
			"groups":        list(groupSchema(code, verdict, severity)),
			"openVaults":    list(closed([]string{"vault", "id"}, object{"vault": text, "id": text, "suppressed": text})),
			"emptyNetworks": list(text),
			"suppressions": list(closed([]string{"reason", "expires", "line", "status", "count"}, object{
				"code": text, "vault": text, "network": text, "reason": text, "expires": object{"type": "string", "format": "date"},
				"line": number, "status": word("used", "unused", "expired"), "count": number,
			})),
			"matrix": list(closed([]string{"vault", "network", "verdict", "rootCauses"}, object{
				"vault": text, "network": text, "subnet": text, "verdict": verdict, "rootCauses": list(code), "severity": severity,
				"suppressed": text,
			})),
		})
}

func groupSchema(code, verdict, severity object) object {
	return closed(
		[]string{
			"code", "slug", "title", "severity", "owner", "count", "vaults", "networks", "suppressed", "examples", "docURL",
		},
		object{
			"code": code, "slug": text, "title": text, "severity": severity,
			"owner": word("vault", "network", "dns", "client", "proxy", "identity", "platform"),
			"count": number, "vaults": number, "networks": number, "suppressed": number, "docURL": text,
			"examples": list(closed([]string{"vault", "network", "verdict", "rootCauses", "why", "fix"}, object{
				"vault": text, "network": text, "subnet": text, "verdict": verdict, "rootCauses": list(code), "why": text, "fix": text,
				"suppressed": text,
			})),
		})
}
