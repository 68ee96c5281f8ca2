package diagnose

import (
	"cmp"

	"pldoctor/internal/fact"
	"pldoctor/internal/rule"
	"pldoctor/internal/world"
)

// A Brief is what a Report says first: where very many are judged, the rest is
// asked for when somebody wants to read it.
type Brief struct {
	Verdict  fact.Verdict
	Causes   []*rule.Rule  // in the order of Report.RootCauses
	Severity rule.Severity // of the first cause
	Unread   string        // why nothing could be predicted; "" where it could

	// Unknowable says that Unread is what Azure does not hold: no permission
	// helps.
	Unknowable bool
}

// Brief judges what Judge judges, and tells no more of it than that.
func (j *Judge) Brief(in Input) Brief {
	r := j.begin(in)
	defer r.leave()
	r.brief = true
	r.decide()
	b := Brief{Verdict: r.first.Journey.Verdict()}
	for _, c := range r.causes {
		b.Causes = append(b.Causes, c.rule)
	}
	if len(r.causes) > 0 {
		b.Severity = cmp.Or(r.causes[0].result.Severity, r.causes[0].rule.Severity)
	}
	if r.first.Predicted == nil {
		b.Unread, b.Unknowable = unread(&r.first)
	}
	return b
}

// unread is why nothing can be predicted of a case, and whether no permission
// would help.
func unread(c *rule.Case) (why string, unknowable bool) {
	if why := Doubt(c.World); why != "" {
		return why, false
	}
	if _, elsewhere := c.ZoneElsewhere(); elsewhere {
		said, _ := c.NotRead("microsoft.network/privatednszones")
		return said.Why, false
	}
	if place, found := Untold(c); found {
		gap := c.World.Gaps()[place]
		return Untelling(gap), gap.Unknowable
	}
	return "", false
}

// Foreseen is the world in which the journeys of a client are predicted: what
// was read, and machines whose inside nobody sees, taken to do what they should.
func Foreseen(in Input) *world.World { return (&run{in: in}).model() }
