package conform

import (
	"bytes"
	"os"
	"regexp"
	"strings"
	"testing"

	"pldoctor/internal/doctor"
	"pldoctor/internal/lab"
	"pldoctor/internal/render"
)

// times are what differs from run to run.
var times = regexp.MustCompile(`,? (in )?(under 1 ms|\d+ ms)`)

// TestReadme holds the output that README.md shows against the program's.
func TestReadme(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(readme), "The first prints:\n\n```\n")
	shown, _, ok := strings.Cut(rest, "```\n")
	if !ok {
		t.Fatal("README.md shows no output")
	}
	b := bedOf(t, "zone-not-linked")
	l := lab.Start(b.scenario.World, lab.Options{})
	defer l.Close()
	c, err := doctor.InLab(l, b.scenario, b.host, b.target, true)
	if err != nil {
		t.Fatal(err)
	}
	c.Cut = true
	var out bytes.Buffer
	if err := render.Text(&out, doctor.New("AzureCloud", "test").Check(t.Context(), c), render.Style{}); err != nil {
		t.Fatal(err)
	}
	want, got := times.ReplaceAllString(out.String(), ""), times.ReplaceAllString(shown, "")
	if got != want {
		t.Errorf("README.md shows\n%s\nand the program prints\n%s", got, want)
	}
}
