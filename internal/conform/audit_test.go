package conform

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"pldoctor/internal/audit"
	"pldoctor/internal/diagnose"
	"pldoctor/internal/doctor"
	"pldoctor/internal/render"
	"pldoctor/internal/scenario"
	"pldoctor/internal/world"
)

// worldsToAudit are those of the scenarios that ship, as their reader sees them.
func worldsToAudit(t *testing.T) map[string]*world.World {
	t.Helper()
	worlds := make(map[string]*world.World)
	for _, name := range scenario.Names() {
		s, err := scenario.Load(name)
		if err != nil {
			t.Fatal(err)
		}
		worlds[name] = diagnose.Sight(s.World, "")
	}
	return worlds
}

// TestAuditIsPairByPair: in every scenario, the audit says of each pair what its
// evaluation by itself says.
func TestAuditIsPairByPair(t *testing.T) {
	for name, w := range worldsToAudit(t) {
		p := audit.NewPlan(w, diagnose.NewJudge(w.Service().Cloud.Name, "test"), audit.Filter{})
		for n := range p.Networks {
			row := p.Row(n)
			for v := range p.Vaults {
				got, in := p.Of(row, n, v)
				want, subnet := p.Pair(n, v)
				if fmt.Sprint(got) != fmt.Sprint(want) || in != subnet {
					t.Errorf("%s: %s from %s: %v in %s; by itself %v in %s", name, p.Vaults[v].Name(), p.Networks[n].Name, got, in, want, subnet)
				}
			}
		}
	}
}

// TestAuditsFitTheSchema validates the JSON of an audit, with suppressions and
// with and without its matrix, against the schema that ships; and that its CSV
// has a line a pair.
func TestAuditsFitTheSchema(t *testing.T) {
	schema, err := jsonschema.NewCompiler().Compile("../../docs/audit.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
	for name, w := range worldsToAudit(t) {
		waivers := audit.NewWaivers([]audit.Waiver{{Code: "PL6*", Reason: "known", Expires: now}, {Vault: "*", Reason: "old", Expires: now.AddDate(0, 0, -1)}}, now)
		r, err := doctor.Audit{World: w, Waivers: waivers, Version: "test"}.Run(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, summary := range []bool{true, false} {
			text := written(t, "json", r, render.AuditView{Summary: summary, Waivers: waivers})
			document, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
			if err != nil {
				t.Fatal(name, err)
			}
			if err := schema.Validate(document); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		lines, err := csv.NewReader(strings.NewReader(written(t, "csv", r, render.AuditView{Waivers: waivers}))).ReadAll()
		if err != nil || len(lines) != 1+r.Pairs {
			t.Errorf("%s: %d lines of CSV for %d pairs, %v", name, len(lines), r.Pairs, err)
		}
	}
}

func written(t *testing.T, format string, r *audit.Report, v render.AuditView) string {
	t.Helper()
	write, err := render.AuditByName(format)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := write(&out, r, v, render.Style{}); err != nil {
		t.Fatal(err)
	}
	return out.String()
}
