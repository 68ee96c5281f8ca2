package service

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
)

// An ErrorBody is the JSON body of an error of Key Vault's data plane:
//
//	{"error":{"code":"Forbidden","message":"…","innererror":{"code":"ForbiddenByRbac"}}}
type ErrorBody struct {
	Code    string
	Message string
	Inner   string // innererror.code; "" when there is no innererror
}

type wireError struct {
	Error struct {
		Code    string     `json:"code"`
		Message string     `json:"message"`
		Inner   *wireInner `json:"innererror,omitempty"`
	} `json:"error"`
}

type wireInner struct {
	Code string `json:"code"`
}

// JSON returns the body as the service writes it: in this order, without
// spaces, and with quotes, angle brackets and ampersands as they are.
func (e ErrorBody) JSON() string {
	var w wireError
	w.Error.Code, w.Error.Message = e.Code, e.Message
	if e.Inner != "" {
		w.Error.Inner = &wireInner{e.Inner}
	}
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(w); err != nil {
		panic(err) // strings can always be encoded
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// maxBody is how much of an error body is looked at, in bytes. The longest
// that the service writes has about one thousand.
const maxBody = 64 << 10

// ParseError reads an error body. Members that are not known are passed over,
// and so are those of another type. ok is false when the body is no JSON, has
// neither code nor message, or is longer than 64 KiB.
func ParseError(body []byte) (e ErrorBody, ok bool) {
	if len(body) > maxBody {
		return ErrorBody{}, false
	}
	var w wireError
	var mistyped *json.UnmarshalTypeError
	err := json.Unmarshal(bytes.TrimPrefix(body, []byte("\xef\xbb\xbf")), &w)
	if err != nil && !errors.As(err, &mistyped) {
		return ErrorBody{}, false
	}
	e = ErrorBody{Code: w.Error.Code, Message: w.Error.Message}
	if w.Error.Inner != nil {
		e.Inner = w.Error.Inner.Code
	}
	return e, e.Code != "" || e.Message != ""
}
