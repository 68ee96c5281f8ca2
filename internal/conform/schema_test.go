package conform

import (
	"bytes"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"pldoctor/internal/doctor"
	"pldoctor/internal/render"
)

// TestReportsFitTheSchema validates what -o json writes, in every scenario and
// mode, against the schema that ships.
func TestReportsFitTheSchema(t *testing.T) {
	schema, err := jsonschema.NewCompiler().Compile("../../docs/report.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	d := doctor.New("AzureCloud", "test")
	for _, b := range sampled(beds(t)) {
		for _, configuration := range []bool{true, false} {
			var out bytes.Buffer
			if err := render.JSON(&out, b.check(t, d, configuration, false), render.Style{}); err != nil {
				t.Fatal(err)
			}
			document, err := jsonschema.UnmarshalJSON(&out)
			if err != nil {
				t.Fatal(err)
			}
			if err := schema.Validate(document); err != nil {
				t.Errorf("%s, configuration %v: %v", b.name, configuration, err)
			}
		}
	}
}
