// Package live is a lab that several processes share: one serves it, others
// enter its hosts, bring faults about, mend them and ask how things are. They
// speak over a socket of Linux's that is no file and that only their user may
// use, so that whatever is killed, nothing is left.
package live

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"

	"pldoctor/internal/drill"
	"pldoctor/internal/lab"
	"pldoctor/internal/scenario"
	"pldoctor/internal/world"
)

// A Verb is what a process asks of the one that serves the lab.
type Verb string

// The verbs.
const (
	Enter    Verb = "enter"    // a host
	Break    Verb = "break"    // bring a fault about, or list those that fit
	Mend     Verb = "mend"     // take a fault back, or repair it
	Status   Verb = "status"   // who is there, and what is broken
	Exercise Verb = "exercise" // take one, or list them
	Solved   Verb = "solved"   // tell whether it is
	Down     Verb = "down"     // end the lab
)

// A Request is what a process asks.
type Request struct {
	Verb    Verb
	Host    string // "" for the first client, or the exercise's
	Vault   string // "" for the first one, or the exercise's
	Code    string // of a fault
	Number  int    // of an exercise
	Repair  bool   // do what is documented, where taking back would do
	Spoil   bool   // name what an exercise hides
	Command string // that is run on a host
}

// A Reply is the answer.
type Reply struct {
	Text   string // for people, in lines
	Failed bool   // what was asked for was not done: Text says why
	No     bool   // the answer is no
	// Of Enter, and again whenever the host's settings change.
	Guise *lab.Guise
}

// A Desk is where a running lab is broken, mended and asked about.
type Desk struct {
	scenario *scenario.Scenario
	lab      *lab.Lab
	flag     string // that says which lab is meant, for texts

	mu     sync.Mutex
	drill  drill.Drill
	guests []*Guest
}

// A Guest is a machine that stands in for a host.
type Guest struct {
	Host    world.ID
	Command string
	Process int
	Tell    func(Reply) // what its host looks like now

	guise lab.Guise
}

// NewDesk serves a lab that was started with the scenario's World. Flag is what
// users add to their commands to say that they mean this lab, "" for nothing.
func NewDesk(s *scenario.Scenario, l *lab.Lab, flag string) *Desk {
	return &Desk{scenario: s, lab: l, flag: flag, drill: drill.New(s.World)}
}

// Do answers a request; Enter and Down are the server's.
func (d *Desk) Do(r Request) Reply {
	d.mu.Lock()
	defer d.mu.Unlock()
	do, known := map[Verb]func(Request) (string, error){
		Break: d.doBreak, Mend: d.mend, Status: d.status, Exercise: d.exercise,
	}[r.Verb]
	switch {
	case r.Verb == Solved:
		return d.solved(r)
	case !known:
		return Reply{Failed: true, Text: fmt.Sprintf("%q is nothing that a lab does", r.Verb)}
	}
	text, err := do(r)
	if err != nil {
		return Reply{Failed: true, Text: err.Error()}
	}
	return Reply{Text: text}
}

// Come has a guest stand in for the host of a name.
func (d *Desk) Come(name string, g *Guest) (lab.Guise, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	p, err := d.place(Request{Host: name})
	if err != nil {
		return lab.Guise{}, err
	}
	if e, ok := d.scenario.Exec[p.Host.Name()]; ok {
		return lab.Guise{}, fmt.Errorf("on %s runs %s and nothing else", p.Host.Name(), e.Command[0])
	}
	if g.guise, err = d.lab.Guise(p.Host); err != nil {
		return lab.Guise{}, err
	}
	g.Host = p.Host
	d.guests = append(d.guests, g)
	return g.guise, nil
}

// Leave ends what Come began.
func (d *Desk) Leave(g *Guest) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.guests = slices.DeleteFunc(d.guests, func(x *Guest) bool { return x == g })
}

// place is where a request is about.
func (d *Desk) place(r Request) (p drill.Place, err error) {
	_, p, taken := d.drill.Underway()
	if client := d.scenario.DefaultHost(); !taken && client != nil {
		p.Host = client.ID
	}
	if !taken && len(d.scenario.Vaults) > 0 {
		p.Vault = d.scenario.Vaults[0]
	}
	if r.Host != "" {
		p.Host = world.HostID(r.Host)
	}
	if r.Vault != "" {
		p.Vault = strings.ToLower(r.Vault)
	}
	if _, ok := d.drill.World().Host(p.Host); !ok {
		return p, fmt.Errorf("the scenario %s has no host %q; there are %s", d.scenario.Name, r.Host, strings.Join(d.scenario.Hosts, ", "))
	}
	if !slices.Contains(d.scenario.Vaults, p.Vault) {
		return p, fmt.Errorf("the scenario %s has no vault %q; there are %s", d.scenario.Name, r.Vault, strings.Join(d.scenario.Vaults, ", "))
	}
	return p, nil
}

// turn makes the lab's World that of the drill, and says what guests have to do
// to see all of it.
func (d *Desk) turn(to drill.Drill) (caveat string) {
	d.drill = to
	d.lab.Change(to.World())
	var again []string
	for _, g := range d.guests {
		guise, err := d.lab.Guise(g.Host)
		if err != nil || reflect.DeepEqual(guise, g.guise) {
			continue
		}
		if !reflect.DeepEqual(guise.Addresses, g.guise.Addresses) || !reflect.DeepEqual(guise.Environ, g.guise.Environ) {
			again = append(again, g.Host.Name())
		}
		g.guise = guise
		g.Tell(Reply{Guise: &guise})
	}
	if len(again) == 0 {
		return ""
	}
	slices.Sort(again)
	return "the address or the variables of a host have changed: enter it anew to have them: " + strings.Join(slices.Compact(again), ", ") + "\n"
}
