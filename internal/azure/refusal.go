package azure

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
)

// A Refusal is an answer of Azure Resource Manager that is not the one wanted
// (learn.microsoft.com/azure/azure-resource-manager/troubleshooting).
type Refusal struct {
	Status int
	Code   string // "AuthorizationFailed"; "" where the answer names none
	Action string // the one that is lacking, such as "Microsoft.Network/privateDnsZones/read"
}

func (r *Refusal) Error() string {
	text := fmt.Sprint(r.Status)
	if r.Code != "" {
		text += " " + r.Code
	}
	switch {
	case r.Action != "":
		text += r.lack()
	case r.Status == http.StatusUnauthorized:
		text += ": the token is not accepted"
	case r.Status == http.StatusTooManyRequests:
		text += ": Azure is asked too often"
	case r.Status >= 300 && r.Status < 400:
		text += ": a redirection, which is not followed"
	}
	return text
}

// lack is the end of the text of a Refusal that names an action, else "".
func (r *Refusal) lack() string {
	if r.Action == "" {
		return ""
	}
	return ": lacks " + r.Action
}

// Forbidden tells whether a permission is lacking.
func (r *Refusal) Forbidden() bool { return r.Status == http.StatusForbidden }

// lacking reads the action out of Azure's words for AuthorizationFailed; word
// is what a code looks like. Nothing else of an answer is repeated.
var (
	lacking = compiled(`perform action '([\w./*-]{1,200})'`)
	code    = compiled(`^\w{1,80}$`)
)

func refusalOf(status int, body []byte) *Refusal {
	var answer struct {
		Error struct {
			Code    string `json:"code"`
			Message string `json:"message"`
		} `json:"error"`
	}
	r := &Refusal{Status: status}
	if json.Unmarshal(body, &answer) != nil {
		return r
	}
	if code().MatchString(answer.Error.Code) {
		r.Code = answer.Error.Code
	}
	if m := lacking().FindStringSubmatch(answer.Error.Message); m != nil {
		r.Action = m[1]
	}
	return r
}

// notFound tells whether a resource is not there, or not for this reader.
func notFound(err error) bool {
	var r *Refusal
	return errors.As(err, &r) && r.Status == http.StatusNotFound
}
