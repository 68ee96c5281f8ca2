package fact

// An Event is one step of a trace: who did or decided what. Only a renderer
// makes a sentence of it.
type Event struct {
	Stage   Stage  `json:"stage"`
	Kind    Kind   `json:"kind"`
	Who     Ref    `json:"who,omitempty"`     // who acted
	Subject string `json:"subject,omitempty"` // on what: a name, an address, a zone
	To      string `json:"to,omitempty"`      // with what result or towards whom
}

// A Kind is the kind of an event.
type Kind string

// Kinds of events.
const (
	Asked     Kind = "asked"     // Who asked To for Subject
	Forwarded Kind = "forwarded" // Who passed Subject on to To
	Answered  Kind = "answered"  // Who answered Subject with To
	Silent    Kind = "silent"    // Who gave no answer for Subject
	Routed    Kind = "routed"    // a packet to Subject took the next hop To because of Who
	Passed    Kind = "passed"    // Who let Subject through
	Stopped   Kind = "stopped"   // Who stopped Subject for the reason To
	Replied   Kind = "replied"   // the vault answered Subject with To
)
