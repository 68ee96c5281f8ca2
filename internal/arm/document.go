package arm

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"unicode/utf16"
)

// Documents returns the JSON documents that stand one after the other in an
// input, as files do that were joined. Byte order marks, which PowerShell
// writes, may stand in front of each; one of UTF-16 holds for the whole. The
// error is an *Error.
func Documents(data []byte) ([]json.RawMessage, error) {
	if len(data) > maxSize {
		return nil, malformed("is larger than %d MiB", maxSize>>20)
	}
	data = inUTF8(data)
	if tooDeep(data) {
		return nil, malformed("is nested deeper than %d levels", maxDepth)
	}
	if whole := trimMark(data); json.Valid(whole) { // one document, as nearly all inputs are
		return []json.RawMessage{bytes.TrimRight(whole, " \t\r\n")}, nil
	}
	var all []json.RawMessage
	size := len(data)
	for data = trimMark(data); len(data) > 0; data = trimMark(data) {
		decoder := json.NewDecoder(bytes.NewReader(data))
		var raw json.RawMessage
		if err := decoder.Decode(&raw); err != nil {
			return nil, malformed("is not JSON at byte %d: %v", size-len(data)+int(decoder.InputOffset()), err)
		}
		all = append(all, raw)
		data = data[decoder.InputOffset():]
	}
	return all, nil
}

// trimMark returns data from its next document on.
func trimMark(data []byte) []byte {
	data = bytes.TrimLeft(data, " \t\r\n")
	return bytes.TrimLeft(bytes.TrimPrefix(data, []byte("\xef\xbb\xbf")), " \t\r\n")
}

// inUTF8 turns UTF-16 with a byte order mark, which Windows PowerShell makes of
// what is redirected, into UTF-8.
func inUTF8(data []byte) []byte {
	var order binary.ByteOrder
	switch {
	case bytes.HasPrefix(data, []byte{0xff, 0xfe}):
		order = binary.LittleEndian
	case bytes.HasPrefix(data, []byte{0xfe, 0xff}):
		order = binary.BigEndian
	default:
		return data
	}
	units := make([]uint16, 0, len(data)/2)
	for rest := data[2:]; len(rest) > 1; rest = rest[2:] {
		units = append(units, order.Uint16(rest))
	}
	return []byte(string(utf16.Decode(units)))
}

// Unwrap returns the resources of a document as Documents returns it: one, a list
// of them, ARM's {"value":[…]}, Resource Graph's {"data":[…]}, or a list of such
// pages. The error is an *Error.
func Unwrap(document json.RawMessage) ([]json.RawMessage, error) {
	return unwrap(nil, document, maxWraps)
}

// unwrap takes resources out of lists and pages, and adds them to all.
func unwrap(all []json.RawMessage, raw json.RawMessage, wraps int) (_ []json.RawMessage, err error) {
	if wraps == 0 {
		return nil, malformed("holds lists in lists")
	}
	list := raw
	if raw[0] == '{' {
		page := Members(raw)
		if page["id"] != nil || page["type"] != nil {
			return append(all, raw), nil
		}
		list = page["value"]
		if page["data"] != nil {
			list = page["data"]
		}
	}
	items, ok := Elements(list)
	if !ok {
		return nil, malformed("holds %.40s, which is neither a resource, a list of resources nor a page of them", raw)
	}
	for _, item := range items {
		if item[0] != '{' && item[0] != '[' {
			return nil, malformed("holds %.40s in place of a resource", item)
		}
		if all, err = unwrap(all, item, wraps-1); err != nil {
			return nil, err
		}
	}
	return all, nil
}
