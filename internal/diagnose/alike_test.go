package diagnose

import (
	"regexp"
	"slices"
	"testing"

	"pldoctor/internal/change"
	"pldoctor/internal/rule"
	"pldoctor/internal/stock"
)

var (
	anyCode = regexp.MustCompile(`\bPL\d{3}\b`)
	seeCode = regexp.MustCompile(`\bsee (PL\d{3})\b`)
)

// neighbours are the codes that a rule's documentation tells it apart from: by
// itself, or by sending the reader to a page that does.
func neighbours(x *rule.Rule) []string {
	codes := anyCode.FindAllString(x.Doc.Apart, -1)
	for _, m := range seeCode.FindAllStringSubmatch(x.Doc.Apart, -1) {
		if hub, ok := rule.ByCode(m[1]); ok {
			codes = append(codes, anyCode.FindAllString(hub.Doc.Apart, -1)...)
		}
	}
	return codes
}

// TestLookalikesAreTold breaks every shape in every way and asks the judge what
// else would have looked the same from the client, without configuration: the
// documentation of a fault names each of those, and those name it.
func TestLookalikesAreTold(t *testing.T) {
	judge := NewJudge("AzureCloud", "test")
	alike := map[*rule.Rule]codes{}
	for _, shape := range stock.Shapes("AzureCloud") {
		for _, x := range rule.All() {
			alike[x] = append(alike[x], judge.lookalikes(t, shape, x)...)
		}
	}
	told := 0
	for x, others := range alike {
		slices.Sort(others)
		for _, code := range slices.Compact(others) {
			y, _ := rule.ByCode(code)
			told++
			if !slices.Contains(neighbours(x), code) {
				t.Errorf("%s looks like %s to a client, and does not say how to tell it apart", x.Code, code)
			}
			if !slices.Contains(neighbours(y), x.Code) {
				t.Errorf("%s looks like %s to a client, which does not say how to tell it apart", x.Code, code)
			}
		}
	}
	if told < 100 {
		t.Errorf("only %d pairs look alike: the shapes cannot bring the faults about", told)
	}
}

// lookalikes are the other codes that fit what the client of a shape sees of a
// fault.
func (j *Judge) lookalikes(t *testing.T, shape stock.Shape, x *rule.Rule) (list codes) {
	if x.Breaks == nil {
		return nil
	}
	client, _ := shape.World.Host(shape.Client)
	vault, _ := shape.World.VaultNamed(shape.Vault)
	for _, b := range x.Breaks(rule.Site{World: shape.World, Client: client, Vault: vault}) {
		broken := change.Apply(shape.World, b...)
		in := without(inputOf(t, shape, broken), "configuration")
		seen := observe(in, shape, broken, nil)
		in.Seen = &seen
		for _, f := range j.Judge(in).Findings {
			if f.Role == RoleCandidate {
				list = append(append(list, f.Code), f.Also...)
			}
		}
	}
	list = slices.DeleteFunc(list, func(code string) bool { return code == x.Code })
	return list
}
