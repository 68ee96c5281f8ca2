package audit

import (
	"time"
)

// A Waiver is a finding that somebody has decided to live with, for a time. Of
// Code, Vault and Network, globs, at least one is set; empty ones hold for all.
type Waiver struct {
	Code, Vault, Network string
	Reason               string
	Expires              time.Time // the last day
	Line                 int       // in its file
}

// Waivers are those that an audit takes account of. Nil and the zero value are
// none. They are not for several goroutines at once.
type Waivers struct {
	list    []Waiver
	now     time.Time
	codes   map[string][]int // those that hold for a code, by place
	vaults  [][]bool         // by waiver
	nets    [][]bool
	applied []int
}

// NewWaivers returns the waivers as they hold at a time.
func NewWaivers(list []Waiver, now time.Time) *Waivers { return &Waivers{list: list, now: now} }

// expired tells whether the last day of a waiver is over.
func (w *Waivers) expired(i int) bool { return !w.now.Before(w.list[i].Expires.AddDate(0, 0, 1)) }

// anyNetwork stands for all networks: of what is said of a vault by itself.
const anyNetwork = -1

// prepare finds for each waiver the vaults and networks that it is about.
func (w *Waivers) prepare(p *Plan) {
	if w == nil {
		return
	}
	w.codes, w.applied = make(map[string][]int), make([]int, len(w.list))
	w.vaults, w.nets = make([][]bool, len(w.list)), make([][]bool, len(w.list))
	for i, x := range w.list {
		for _, v := range p.Vaults {
			w.vaults[i] = append(w.vaults[i], globbed(x.Vault, v.Name(), v.ID))
		}
		for _, n := range p.Networks {
			w.nets[i] = append(w.nets[i], globbed(x.Network, n.Name, n.ID))
		}
	}
}

// of is the reason for which a finding of a pair is suppressed, "" where it is
// not.
func (w *Waivers) of(code string, network, vault int) string {
	if w == nil || len(w.list) == 0 {
		return ""
	}
	for _, i := range w.about(code) {
		inNetwork := network == anyNetwork && w.list[i].Network == "" || network != anyNetwork && w.nets[i][network]
		if inNetwork && w.vaults[i][vault] {
			w.applied[i]++
			return w.list[i].Reason
		}
	}
	return ""
}

// about are the waivers for a code that have not expired.
func (w *Waivers) about(code string) []int {
	places, known := w.codes[code]
	if !known {
		for i, x := range w.list {
			if globbed(x.Code, code, "") && !w.expired(i) {
				places = append(places, i)
			}
		}
		w.codes[code] = places
	}
	return places
}

// Used says what became of a waiver.
type Used struct {
	Code    string `json:"code,omitempty"`
	Vault   string `json:"vault,omitempty"`
	Network string `json:"network,omitempty"`
	Reason  string `json:"reason"`
	Expires string `json:"expires"` // the last day, as in 2026-12-31
	Line    int    `json:"line"`
	Status  string `json:"status"` // used, unused, expired
	Count   int    `json:"count"`  // findings that it suppresses
}

// What becomes of a waiver.
const (
	StatusUsed    = "used"
	StatusUnused  = "unused"
	StatusExpired = "expired"
)

func (w *Waivers) used() []Used {
	list := []Used{}
	if w == nil {
		return list
	}
	for i, x := range w.list {
		u := Used{x.Code, x.Vault, x.Network, x.Reason, x.Expires.Format(time.DateOnly), x.Line, StatusUsed, w.applied[i]}
		switch {
		case w.expired(i):
			u.Status = StatusExpired
		case u.Count == 0:
			u.Status = StatusUnused
		}
		list = append(list, u)
	}
	return list
}
