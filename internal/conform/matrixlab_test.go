package conform

import (
	"math/rand/v2"
	"testing"

	"pldoctor/internal/change"
)

// TestMatrixInTheLab holds prediction against the shipped probes in the lab: for
// every fault in every healthy world, for a part of the pairs, and for the world
// rebuilt as the report's repair leaves it. A failure names the faults.
func TestMatrixInTheLab(t *testing.T) {
	for _, p := range residents(t, true) {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			r := rand.New(rand.NewPCG(11, uint64(len(p.name))))
			all := p.injuries()
			for _, f := range all {
				if raced && r.IntN(10) > 0 {
					continue
				}
				faults := []injury{f}
				if r.IntN(8) == 0 {
					faults = append(faults, all[r.IntN(len(all))])
				}
				p.rebuilt(t, faults)
			}
		})
	}
}

// rebuilt plays a patient through in the lab: injured, then mended as the report
// says.
func (p patient) rebuilt(t *testing.T, faults []injury) {
	t.Helper()
	sick, ok := p.injured(faults)
	if !ok {
		return
	}
	target, _ := sick.target()
	if diff := difference(t, sick.world, sick.host(), target); diff != "" {
		t.Errorf("%v: %s", faults, diff)
	}
	repair := sick.diagnosed(both, sick.observed()).Repair()
	mended := patient{change.Apply(sick.world, repair...), sick.client, sick.vault}
	if mended.world == sick.world {
		return
	}
	if diff := difference(t, mended.world, mended.host(), target); diff != "" {
		t.Errorf("%v, mended: %s", faults, diff)
	}
}
