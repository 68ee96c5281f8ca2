// Package rule holds the finding codes: one file a code, with its
// documentation, how it is seen (Eval), what brings it about (Breaks) and what
// cures it (Mends). Rules read journeys and look resources up; walking zones,
// peerings or forwarders is the engines' work.
package rule

import (
	"net/netip"

	"pldoctor/internal/change"
	"pldoctor/internal/dnsname"
	"pldoctor/internal/fact"
	"pldoctor/internal/service"
	"pldoctor/internal/world"
)

// A Rule is one finding code.
type Rule struct {
	Code     string // "PL603"; never reused
	Slug     string // "zone-not-linked"
	Title    string // one clause, no full stop
	Severity Severity
	Owner    Owner
	Stage    fact.Stage // the hop that it spoils
	// Weight orders candidates that explain what was seen equally well: how
	// many of 108 public reports of broken private endpoints had this cause.
	Weight int
	// Symptom says that this is what is seen rather than why: it becomes a
	// cause only where no other code explains what was seen.
	Symptom bool
	// Under is the code of a likelier fault of which this one is a variant that
	// no client can tell from it: where both fit what was seen and there is no
	// configuration, that one is named and this one beside it.
	Under string
	// Aside says that the finding is worth a word and never why a request goes
	// wrong.
	Aside bool
	Doc   Doc

	// Eval says whether the rule holds for a case. It never guesses: what was
	// not looked at is StatusUnknown.
	Eval func(*Case) Result
	// Breaks returns the ways to bring the fault about at a site where all is
	// well; none where it cannot happen. Nil: the code follows from others.
	Breaks func(Site) []Break
	// Mends returns the changes that cure a failing case, most upstream first;
	// none where nobody can mend it from a command line.
	Mends func(*Case) []change.Change
}

// Doc is a rule's documentation. Its parts are plain paragraphs; `code` stands
// in backquotes.
type Doc struct {
	Symptom string   // what the user sees
	Cause   string   // what is really the matter
	Apart   string   // how it is told from its neighbours
	Fix     string   // what to do, and who
	Verify  []string // commands that show it by hand
	Article string   // the section of the article that covers it
	Errata  string   // where the article misleads
	Sources []string // public sources of the facts
}

// A Severity is the most that a finding can be.
type Severity string

// Severities.
const (
	Error   Severity = "error"
	Warning Severity = "warning"
	Info    Severity = "info"
)

// An Owner is who has to act.
type Owner string

// Owners.
const (
	OwnerVault    Owner = "vault"
	OwnerNetwork  Owner = "network"
	OwnerDNS      Owner = "dns"
	OwnerClient   Owner = "client"
	OwnerProxy    Owner = "proxy"
	OwnerIdentity Owner = "identity"
	OwnerPlatform Owner = "platform"
)

// A Status is what a rule says of a case.
type Status string

// Statuses. A rule's Eval never returns StatusMasked: the judge does.
const (
	StatusPass          Status = "pass"
	StatusFail          Status = "fail"
	StatusUnknown       Status = "unknown"
	StatusMasked        Status = "masked"
	StatusNotApplicable Status = "notApplicable"
)

// A Result is a status with its reason.
type Result struct {
	Status   Status
	Why      string // for people: what the status rests on
	Evidence []Evidence
	Severity Severity // of a failure that is less grave than the rule's; "" for the rule's
	Open     bool     // what was seen has another explanation, which nothing rules out
	Fix      string   // what to do in this case, where that is not what the rule's Doc says; "" else
}

// Evidence is one thing that was seen or read.
type Evidence struct {
	Source string `json:"source"` // "probe" or "configuration"
	Where  string `json:"where,omitempty"`
	What   string `json:"what"`
}

// Pass is the Result of a fault that was looked for and is not there.
func Pass(why string) Result { return Result{Status: StatusPass, Why: why} }

// Fail is the Result of a fault that is there.
func Fail(why string, ev ...Evidence) Result {
	return Result{Status: StatusFail, Why: why, Evidence: ev}
}

// Unknown is the Result of a fault for which nobody could look.
func Unknown(why string) Result { return Result{Status: StatusUnknown, Why: why} }

// NotApplicable is the Result of a fault that this case cannot have.
func NotApplicable(why string) Result { return Result{Status: StatusNotApplicable, Why: why} }

// A Case is what a rule judges. It remembers what rules work out of it again and
// again, and so is not for several goroutines at once.
type Case struct {
	Service  service.Service
	Vault    string       // the vault's name
	Host     dnsname.Name // its hostname
	World    *world.World // the configuration as far as it was read; nil without
	Client   *world.Host  // the client in World; nil where it is not known
	Resource *world.Vault // the vault in World; nil where it is not known

	// Predicted is what the configuration says would happen; nil without one.
	Predicted *fact.Observation
	// Imagined says that World is not what was read, but what a repair or a fault
	// would make of it: what nobody saw there must not rest on what was not read.
	Imagined bool
	// Seen is what the client saw; nil without a probe.
	Seen *fact.Observation
	// Journey is the one to judge: what was seen where it was seen, else what
	// is predicted. Reasons are the prediction's, where the two agree.
	Journey fact.Journey
	Wants   world.Wants

	doors struct { // that Doors found last
		of   outlook
		list []Door
	}
	tied struct { // that ties found last
		of   outlook
		list []tie
	}
	near struct { // what around found last
		of  outlook
		ids []world.ID
	}
	elsewhere struct { // that ZoneElsewhere found last
		of   outlook
		zone world.ID
	}
	passed struct { // what passing said last
		by  netip.Addr
		why string
	}
}

// A Site is where a fault can be brought about.
type Site struct {
	World  *world.World
	Client *world.Host
	Vault  *world.Vault
	// Got is the address that the client got for the vault's name, where that is
	// known: a fault that puts a wrong address in its way puts this one.
	Got netip.Addr
}

// A Break brings a fault about.
type Break []change.Change

// Perhaps returns a failure that what was seen does not prove.
func (r Result) Perhaps() Result {
	r.Open = true
	return r
}

// Do returns a failure with its own words of what to do.
func (r Result) Do(fix string) Result {
	r.Fix = fix
	return r
}

// As returns a failure that is less grave than the rule's.
func (r Result) As(s Severity) Result {
	r.Severity = s
	return r
}
