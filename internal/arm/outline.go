package arm

import (
	"bytes"
	"encoding/json"
	"strings"
)

// Members are those of an object that is known to be valid JSON, with keys in
// lower case. Of equal keys the last one counts, as in encoding/json. Nothing is
// copied, and nothing below is looked at.
func Members(object json.RawMessage) map[string]json.RawMessage {
	members := make(map[string]json.RawMessage)
	c := cursor{object, 1}
	for c.more('}') {
		var key string
		_ = json.Unmarshal(c.value(), &key) // a valid key
		c.more(0)
		members[strings.ToLower(key)] = c.value()
	}
	return members
}

// Elements are those of a list that is known to be valid JSON, and whether it is
// one. Nothing is copied.
func Elements(list json.RawMessage) (elements []json.RawMessage, ok bool) {
	if len(list) == 0 || list[0] != '[' {
		return nil, false
	}
	c := cursor{list, 1}
	for c.more(']') {
		elements = append(elements, c.value())
	}
	return elements, true
}

// A cursor goes over valid JSON, value by value.
type cursor struct {
	data []byte
	at   int
}

// more goes on to the next value, over what separates it from the last, unless
// the end comes first.
func (c *cursor) more(end byte) bool {
	for ; c.at < len(c.data); c.at++ {
		switch b := c.data[c.at]; b {
		case ' ', '\t', '\r', '\n', ',', ':':
		default:
			return b != end
		}
	}
	return false
}

// value returns the value at the cursor, and goes behind it.
func (c *cursor) value() json.RawMessage {
	from, depth := c.at, 0
	for c.at < len(c.data) && (c.at == from || depth > 0) {
		switch c.data[c.at] {
		case '"':
			c.text()
		case '{', '[':
			depth++
			c.at++
		case '}', ']':
			depth--
			c.at++
		case ' ', '\t', '\r', '\n', ',', ':':
			c.at++
		default:
			c.word()
		}
	}
	return c.data[from:c.at:c.at]
}

// text goes over a string.
func (c *cursor) text() {
	for c.at++; c.at < len(c.data); c.at++ {
		quote := bytes.IndexByte(c.data[c.at:], '"')
		if quote < 0 {
			break
		}
		c.at += quote
		slashes := 0
		for c.data[c.at-slashes-1] == '\\' {
			slashes++
		}
		if slashes%2 == 0 {
			c.at++
			return
		}
	}
	c.at = len(c.data)
}

// word goes over a number, true, false or null.
func (c *cursor) word() {
	end := bytes.IndexAny(c.data[c.at:], ",]}: \t\r\n")
	if end < 0 {
		end = len(c.data) - c.at
	}
	c.at += end
}
