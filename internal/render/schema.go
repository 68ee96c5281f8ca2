package render

import (
	"encoding/json"

	"pldoctor/internal/rule"
)

// object, list and word write parts of a JSON Schema.
type object = map[string]any

func list(items object) object { return object{"type": "array", "items": items} }

func word(values ...string) object { return object{"type": "string", "enum": values} }

func closed(required []string, properties object) object {
	return object{"type": "object", "required": required, "properties": properties, "additionalProperties": false}
}

var text = object{"type": "string"}

// Schema is the JSON Schema (2020-12) of a report. The codes in it are those of
// the rules.
func Schema(rules []*rule.Rule) ([]byte, error) {
	var codes []string
	for _, x := range rules {
		codes = append(codes, x.Code)
	}
	code := word(codes...)
	s := reportSchema(code)
	s["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	s["title"] = "pldoctor report"
	return json.MarshalIndent(s, "", "  ")
}

func reportSchema(code object) object {
	return closed(
		[]string{
			"schemaVersion", "tool", "target", "started", "client", "sources", "verdict", "access", "path",
			"rootCauses", "candidates", "findings", "checks", "facts", "trace",
		},
		object{
			"schemaVersion": object{"const": "1"},
			"tool":          closed([]string{"name", "version"}, object{"name": text, "version": text}),
			"target":        closed([]string{"vault", "hostname", "cloud"}, object{"vault": text, "hostname": text, "cloud": text}),
			"started":       object{"type": "string", "format": "date-time"},
			"client":        closed([]string{"host", "runs"}, object{"host": text, "network": text, "address": text, "runs": text, "placed": text}),
			"sources":       list(word("probe", "configuration")),
			"verdict":       word("private", "service-endpoint", "public", "unreachable", "undetermined"),
			"access":        word("allowed", "refused-network", "refused-identity", "untested"),
			"path":          pathSchema(),
			"rootCauses":    list(code),
			"candidates":    list(code),
			"findings":      list(findingSchema(code)),
			"checks":        list(checkSchema(code)),
			"facts": object{"type": "object", "required": []string{"journey", "firstBad", "endpoints"}, "properties": object{
				"unread": list(closed([]string{"why"}, object{"type": text, "near": text, "why": text})),
			}},
			"trace": list(object{"type": "object", "required": []string{"stage", "kind"}, "properties": object{
				"stage": text, "kind": text, "who": text, "subject": text, "to": text,
			}}),
		})
}

func pathSchema() object {
	return closed([]string{"endpoint", "via", "requestIds"}, object{
		"resolver": text, "destination": text, "sourceSeen": text,
		"endpoint": object{"type": []string{"string", "null"}}, "via": list(text), "requestIds": list(text),
	})
}

func findingSchema(code object) object {
	evidence := closed([]string{"source", "what"}, object{"source": word("probe", "configuration"), "where": text, "what": text})
	loss := closed([]string{"hostname", "network"}, object{"hostname": text, "network": text})
	fix := closed([]string{"title", "az", "verify"}, object{
		"title": text, "az": list(text), "verify": list(text),
		"locksOut": list(text), "interrupts": list(text), "unasked": object{"type": "integer", "minimum": 1}, "hides": list(loss),
	})
	return closed(
		[]string{"code", "slug", "title", "severity", "role", "certainty", "owner", "why", "evidence", "fixes", "docURL"},
		object{
			"code": code, "slug": text, "title": text, "severity": word("error", "warning", "info"),
			"role":      word("cause", "consequence", "candidate", "advice"),
			"certainty": word("certain", "likely", "possible"),
			"owner":     word("vault", "network", "dns", "client", "proxy", "identity", "platform"),
			"why":       text, "ask": text, "also": list(text), "evidence": list(evidence), "fixes": list(fix), "docURL": text,
		})
}

func checkSchema(code object) object {
	return closed([]string{"code", "status"}, object{
		"code": code, "status": word("pass", "fail", "unknown", "masked", "notApplicable"), "why": text, "maskedBy": list(code),
	})
}
