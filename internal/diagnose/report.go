// Package diagnose is the judge: from what was seen and what the configuration
// predicts it makes a Report.
package diagnose

import (
	"time"

	"pldoctor/internal/change"
	"pldoctor/internal/fact"
	"pldoctor/internal/rule"
	"pldoctor/internal/world"
)

// SchemaVersion is the version of the report's shape.
const SchemaVersion = "1"

// A Report is the outcome of a diagnosis; every output format is made of it.
type Report struct {
	SchemaVersion string       `json:"schemaVersion"`
	Tool          Tool         `json:"tool"`
	Target        Target       `json:"target"`
	Started       time.Time    `json:"started"`
	Client        Client       `json:"client"`
	Sources       []string     `json:"sources"` // "probe", "configuration"
	Verdict       fact.Verdict `json:"verdict"`
	Access        fact.Access  `json:"access"`
	Path          Path         `json:"path"`
	RootCauses    []string     `json:"rootCauses"`
	Candidates    []string     `json:"candidates"`
	Findings      []Finding    `json:"findings"`
	Checks        []Check      `json:"checks"`
	Facts         Facts        `json:"facts"`
	Trace         []fact.Event `json:"trace"`

	repair []change.Change
}

// Repair returns the changes that the fixes of the causes stand for, in their
// order; none where nobody can mend it from a command line.
func (r Report) Repair() []change.Change { return r.repair }

// Tool says which program made the report.
type Tool struct {
	Name    string `json:"name"`
	Version string `json:"version"`
}

// Target is what was diagnosed.
type Target struct {
	Vault    string `json:"vault"`
	Hostname string `json:"hostname"`
	Cloud    string `json:"cloud"`
}

// Client is where it was diagnosed from.
type Client struct {
	Host    string `json:"host"`
	Network string `json:"network,omitempty"`
	Address string `json:"address,omitempty"`
	Runs    string `json:"runs"`
	// Placed says how the client was found in a configuration that Azure told,
	// or why it was not.
	Placed string `json:"placed,omitempty"`
}

// Path is the way that a request takes today.
type Path struct {
	Resolver    string   `json:"resolver,omitempty"`
	Destination string   `json:"destination,omitempty"`
	Endpoint    *string  `json:"endpoint"`
	Via         []string `json:"via"`
	SourceSeen  string   `json:"sourceSeen,omitempty"`
	RequestIDs  []string `json:"requestIds"`
}

// A Role says what a finding is in the whole.
type Role string

// Roles of findings.
const (
	RoleCause       Role = "cause"
	RoleConsequence Role = "consequence"
	RoleCandidate   Role = "candidate"
	RoleAdvice      Role = "advice"
)

// A Finding is something that is the matter.
type Finding struct {
	Code      string        `json:"code"`
	Slug      string        `json:"slug"`
	Title     string        `json:"title"`
	Severity  rule.Severity `json:"severity"`
	Role      Role          `json:"role"`
	Certainty string        `json:"certainty"` // certain, likely, possible
	Owner     rule.Owner    `json:"owner"`
	Why       string        `json:"why"`
	// Also are codes of variants of a candidate that look the same.
	Also []string `json:"also,omitempty"`
	// Ask is the cheapest observation that tells a candidate from the others.
	Ask      string          `json:"ask,omitempty"`
	Evidence []rule.Evidence `json:"evidence"`
	Fixes    []Fix           `json:"fixes"`
	DocURL   string          `json:"docURL"`
}

// A Fix is one step of the repair.
type Fix struct {
	Title  string   `json:"title"`
	Az     []string `json:"az"`
	Verify []string `json:"verify"`
	// LocksOut names the clients of the World from which this step takes the
	// path by which they reach the vault today.
	LocksOut []string `json:"locksOut,omitempty"`
	// Interrupts names those that have it back once the later steps are done.
	Interrupts []string `json:"interrupts,omitempty"`
	// Unasked is how many more clients there are for which nobody has worked
	// that out, since they are so many.
	Unasked int `json:"unasked,omitempty"`
	// Hides are other vaults that this step takes from the clients of a network,
	// as far as that was worked out: where there are very many, of the first.
	Hides []Loss `json:"hides,omitempty"`
}

// A Check is what one rule said.
type Check struct {
	Code     string      `json:"code"`
	Status   rule.Status `json:"status"`
	Why      string      `json:"why,omitempty"`
	*Masking             // of a check that is masked; nil else, as most are
}

// Masking says what keeps a check from counting by itself.
type Masking struct {
	MaskedBy []string `json:"maskedBy,omitempty"` // codes of causes or candidates
}

// Facts are what the report rests on.
type Facts struct {
	// Journey is what happens, hop by hop, with the reasons where they are known.
	Journey fact.Journey `json:"journey"`
	// FirstBad is the hop at which the journey leaves the private path; empty
	// when it does not.
	FirstBad  fact.Stage        `json:"firstBad"`
	Wants     world.Wants       `json:"wants"` // which path counts as right
	Endpoints []Endpoint        `json:"endpoints"`
	Seen      *fact.Observation `json:"seen,omitempty"`
	Predicted *fact.Journey     `json:"predicted,omitempty"`
	// Unread is what of the configuration could not be read.
	Unread []Unread `json:"unread,omitempty"`
}

// Unread is a part of the configuration that could not be read.
type Unread struct {
	Type string `json:"type,omitempty"` // a resource type; empty: all
	Near string `json:"near,omitempty"` // at or below this id; empty: everywhere
	Why  string `json:"why"`
}

// Complete tells whether the path was followed to its end and every configured
// DNS server was heard, or silent for as long as a program waits.
func (f Facts) Complete() bool {
	if f.Seen == nil || f.Seen.Complete {
		return true
	}
	for _, v := range f.Seen.Servers {
		if v.Role == fact.RoleConfigured && v.Reached == fact.Unseen {
			return false
		}
	}
	return f.Journey.Verdict() != fact.Undetermined
}

// An Endpoint is a private endpoint of the vault, as the configuration has it.
type Endpoint struct {
	ID        string       `json:"id"`
	Network   string       `json:"network"`
	Address   string       `json:"address"`
	Status    string       `json:"status"`
	Effective bool         `json:"effective"`
	Reached   fact.Outcome `json:"reached,omitempty"` // from the client
}
