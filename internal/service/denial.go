package service

import "strings"

// A Denial is the reason why Key Vault refused a request.
type Denial string

// The reasons. Network ones come first; see IsNetwork.
const (
	NotDenied        Denial = ""
	DeniedFirewall   Denial = "firewall"          // ForbiddenByFirewall: address or subnet not listed
	DeniedConnection Denial = "public-access"     // ForbiddenByConnection: public network access is off
	DeniedPerimeter  Denial = "perimeter"         // a network security perimeter denies
	DeniedTCP        Denial = "tcp-connection"    // "This TCP connection does not allow access to …"
	DeniedRBAC       Denial = "rbac"              // ForbiddenByRbac
	DeniedPolicy     Denial = "access-policy"     // AccessDenied: no access policy allows it
	DeniedOBO        Denial = "on-behalf-of"      // ForbiddenByPolicy: a compound identity is required
	DeniedNoToken    Denial = "no-token"          // 401, the challenge
	DeniedToken      Denial = "token-not-valid"   // 401 although a token was presented
	DeniedNoVault    Denial = "vault-not-found"   // 404: no such vault, or a soft-deleted one
	DeniedUnknown    Denial = "forbidden-unknown" // a 401 or 403 that this program cannot read
)

// IsNetwork tells whether the place that the request came from is the reason.
func (d Denial) IsNetwork() bool {
	switch d {
	case DeniedFirewall, DeniedConnection, DeniedPerimeter, DeniedTCP:
		return true
	}
	return false
}

// ClassifyDenial reads a refusal: "This TCP connection does not allow access
// to" by its text before anything else, then by the inner code, then by the
// phrases that the versions of the service have used. A body that is no JSON is
// read as text, so that what tools print of a refusal can be read too. A status
// of 0 stands for one that is not known.
func ClassifyDenial(status int, body []byte, wwwAuthenticate string) Denial {
	if status != 0 && status != 401 && status != 403 && status != 404 {
		return NotDenied
	}
	e, ok := ParseError(body)
	if !ok {
		e = ErrorBody{Message: string(body[:min(len(body), maxBody)])}
	}
	if t, found := e.text(status, ok); found {
		return texts[t].denial
	}
	switch status {
	case 401:
		return unreadable401(e, wwwAuthenticate)
	case 403:
		return DeniedUnknown
	}
	return NotDenied
}

// unreadable401 tells the two 401s apart where the body does not. Versions of
// the service before 2020 sent none with the first challenge.
func unreadable401(e ErrorBody, wwwAuthenticate string) Denial {
	c, ok := ParseChallenge(wwwAuthenticate)
	switch {
	case !ok: // somebody else's
		return DeniedUnknown
	case c.Error == "" && e.Message == "":
		return DeniedNoToken
	}
	return DeniedToken
}

// text finds which of Key Vault's texts a body is. Of a body that is no JSON
// only what cannot be anything else is taken for a code.
func (e ErrorBody) text(status int, isJSON bool) (t Text, found bool) {
	message := strings.ToLower(e.Message)
	if may(TextTCP, status) && texts[TextTCP].says(message) {
		return TextTCP, true
	}
	for _, matches := range []func(text) bool{
		func(x text) bool { return isJSON && x.inner != "" && x.inner == e.Inner },
		func(x text) bool { return isJSON && x.isCode(e.Code) },
		func(x text) bool { return !isJSON && x.isNamedIn(e.Message) },
		func(x text) bool { return x.says(message) },
		func(x text) bool { return isJSON && x.whole != "" && x.whole == message },
	} {
		for t := range Text(len(texts)) {
			if may(t, status) && matches(texts[t]) {
				return t, true
			}
		}
	}
	return 0, false
}

func may(t Text, status int) bool { return status == 0 || status == texts[t].status }

// isCode tells whether a code, inner or outer, is this text's alone.
func (x text) isCode(code string) bool {
	return code != "" && (code == x.inner || code == x.code && code != "Forbidden" && code != "Unauthorized")
}

// isNamedIn tells whether free text names the inner code. AccessDenied is a
// word of too many services.
func (x text) isNamedIn(message string) bool {
	return strings.HasPrefix(x.inner, "ForbiddenBy") && strings.Contains(message, x.inner)
}

// says tells whether a message, in lower case, holds one of the phrases. The
// parts of a phrase around "…" have to stand in that order.
func (x text) says(message string) bool {
	for _, phrase := range x.phrases {
		if holds(message, phrase) {
			return true
		}
	}
	return false
}

func holds(message, phrase string) bool {
	for part := range strings.SplitSeq(phrase, "…") {
		_, after, found := strings.Cut(message, part)
		if !found {
			return false
		}
		message = after
	}
	return true
}
