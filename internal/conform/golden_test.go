package conform

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pldoctor/internal/doctor"
	"pldoctor/internal/render"
)

// TestText holds what people read, in virtual time, against the files in
// testdata/text. They are written with -update and read by eye.
func TestText(t *testing.T) {
	d := doctor.New("AzureCloud", "test")
	for _, b := range sampled(beds(t)) {
		for mode, configuration := range map[string]bool{"": true, ".never": false} {
			file := filepath.Join("testdata", "text", strings.ReplaceAll(b.name, "/", ".")+mode+".txt")
			var out bytes.Buffer
			if err := render.Text(&out, b.check(t, d, configuration, false), render.Style{}); err != nil {
				t.Fatal(err)
			}
			if *update {
				if err := os.WriteFile(file, out.Bytes(), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			stands, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(stands, out.Bytes()) {
				t.Errorf("%s is stale or wrong; it would be:\n%s", file, out.Bytes())
			}
		}
	}
}
