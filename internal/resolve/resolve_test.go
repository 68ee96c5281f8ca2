package resolve

import (
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pldoctor/internal/dnsname"
	"pldoctor/internal/fact"
	"pldoctor/internal/route"
	"pldoctor/internal/world"
)

// TestWorlds reads worlds and questions from testdata/*.txt: a paragraph that
// begins with "world NAME" builds a World, on top of one named after "like" if
// there is one; each "ask" or "get" line is followed by the line expected.
func TestWorlds(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no test data", err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		worlds := map[string][]string{}
		for _, block := range blocks(string(text)) {
			words := strings.Fields(block[0])
			if words[0] != "world" {
				t.Fatalf("%s: paragraph begins with %q", file, block[0])
			}
			lines := block[1:]
			if len(words) > 3 && words[2] == "like" {
				base, ok := worlds[words[3]]
				if !ok {
					t.Fatalf("%s: no world %s", file, words[3])
				}
				lines = append(slices.Clip(base), lines...)
			}
			var built []string
			for _, line := range lines {
				if !hasAny(line, "ask", "get", "\t", " ") {
					built = append(built, line)
				}
			}
			worlds[words[1]] = built
			t.Run(strings.TrimSuffix(filepath.Base(file), ".txt")+"/"+words[1], func(t *testing.T) {
				play(t, built, block[1:])
			})
		}
	}
}

func play(t *testing.T, built, lines []string) {
	s := newSketch(t)
	for _, line := range built {
		s.line(long.Replace(line))
	}
	w := s.world()
	asked := 0
	for i, line := range lines {
		if !hasAny(line, "ask", "get") {
			continue
		}
		asked++
		if i+1 == len(lines) || !hasAny(lines[i+1], "\t", " ") {
			t.Fatalf("nothing is expected of %q", line)
		}
		want := strings.Join(strings.Fields(lines[i+1]), " ")
		if got := short.Replace(answer(t, w, strings.Fields(long.Replace(line)))); got != want {
			t.Errorf("%s\n  got  %s\n  want %s", line, got, want)
		}
	}
	if asked == 0 && len(lines) > 0 && testing.Verbose() {
		t.Log("a world for others to build on")
	}
}

// answer plays "ask HOST SERVER NAME [TYPE]" or "get HOST NAME".
func answer(t *testing.T, w *world.World, words []string) string {
	h, ok := w.Host(world.HostID(words[1]))
	if !ok {
		t.Fatalf("no host %s", words[1])
	}
	ask := InMind(w, route.FromHost(w, h))
	if words[0] == "ask" {
		q := Question{Name: dnsname.MustParse(words[3]), Type: world.TypeA}
		if len(words) > 4 {
			q.Type = world.RecordType(words[4])
		}
		return show(ask(netip.MustParseAddr(words[2]), q, ClientTimeout))
	}
	f := Program(w, h, dnsname.MustParse(words[2]), ask)
	from := string(f.Via)
	if f.Via == fact.ViaDNS {
		from = f.Server.String()
	}
	text := fmt.Sprintf("%s %s: %s", from, f.Name.Host(), show(f.A))
	if f.AAAA.Outcome == fact.OK {
		text += " AAAA " + show(f.AAAA)
	}
	if f.After > 0 {
		text += " total " + f.After.String()
	}
	return text
}
