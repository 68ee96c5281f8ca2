// Package arm turns the JSON of Azure Resource Manager and of Azure Resource
// Graph into resources of a World, and back.
//
// An absent key means what Azure means by its absence: the defaults are those
// of the resource references on learn.microsoft.com/azure/templates. Ids and
// type names compare without case and keep the spelling in which they came.
package arm

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"pldoctor/internal/world"
)

// Options are for resources that people write by hand. The zero Options are
// for what Azure wrote: ids are then required, and full.
type Options struct {
	// Subscription and Group complete what is short: a resource without an id
	// gets one from its type and name, and a reference that does not start
	// with "/" is the name of a resource of the type that its field wants,
	// "vnet/subnet" for a child. A resource may name a subscription and a
	// group of its own in subscriptionId and resourceGroup, the columns of
	// Resource Graph.
	Subscription, Group string
}

// A Result is what was read.
type Result struct {
	Resources   []world.Resource // in the order of the input
	Unknown     []string         // ids of resources of types that nothing here needs
	Unsupported []string         // ids of managed HSMs, which are not supported yet
	Orphans     []string         // ids of children whose parent is not in the input
	// From tells for each resource, children included, which of the input's
	// resources it stood in, counted from 0.
	From map[world.ID]int
}

// IsUnsupported tells whether the input held a managed HSM of that name,
// compared without case.
func (r Result) IsUnsupported(name string) bool {
	return slices.ContainsFunc(r.Unsupported, func(id string) bool {
		return strings.EqualFold(id[strings.LastIndexByte(id, '/')+1:], name)
	})
}

// An Error is a fault of one resource of the input.
type Error struct {
	ID    string // as written; "" where the resource has none
	Index int    // which of the input's resources it is, counted from 0; -1: the input itself
	Field string // JSON path from the resource: "properties.subnets[1].id"
	What  string
}

func (e *Error) Error() string {
	switch {
	case e.Index < 0:
		return e.What
	case e.ID == "":
		return fmt.Sprintf("resource %d: %s %s", e.Index+1, e.Field, e.What)
	}
	return fmt.Sprintf("%s: %s %s", e.ID, e.Field, e.What)
}

// Limits of an input. The size is that of Resource Graph's answer for some
// 100,000 resources; ARM's own nesting stays below 20.
const (
	maxSize  = 512 << 20
	maxDepth = 64
	maxWraps = 4 // lists of pages of lists
)

// Decode reads one resource, a list of them, ARM's {"value":[…]} and Resource
// Graph's {"data":[…]}, or several of these one after the other. The error
// joins an *Error for each fault found.
func Decode(data []byte, opt Options) (Result, error) {
	raws, err := split(data)
	if err != nil {
		return Result{}, err
	}
	values, err := ParseAll(raws)
	if err != nil {
		return Result{}, err
	}
	return DecodeValues(values, opt)
}

// Values parses the same input and returns its resources for DecodeValues.
func Values(data []byte) ([]any, error) {
	raws, err := split(data)
	if err != nil {
		return nil, err
	}
	return ParseAll(raws)
}

// ParseAll makes resources into what DecodeValues reads, some at a time. The
// error is that of the first that is not JSON.
func ParseAll(raws []json.RawMessage) ([]any, error) {
	values, errs := make([]any, len(raws)), make([]error, len(raws))
	var next atomic.Int64
	var workers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			for i := int(next.Add(1)) - 1; i < len(raws); i = int(next.Add(1)) - 1 {
				values[i], errs[i] = Parse(raws[i])
			}
		})
	}
	workers.Wait()
	for i, err := range errs {
		if err != nil {
			return nil, fmt.Errorf("resource %d: %w", i+1, err)
		}
	}
	return values, nil
}

// Parse makes a resource into what DecodeValues reads.
func Parse(raw json.RawMessage) (v any, err error) {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	if err := d.Decode(&v); err != nil {
		return nil, malformed("is not JSON: %v", err)
	}
	return v, nil
}

// DecodeValues reads resources that have already been parsed into maps,
// slices, strings, numbers, booleans and nil.
func DecodeValues(values []any, opt Options) (Result, error) {
	d := newDecoder(opt)
	for i, v := range values {
		d.resource(i, v)
	}
	return d.result()
}

// split finds the resources in the input.
func split(data []byte) ([]json.RawMessage, error) {
	documents, err := Documents(data)
	if err != nil {
		return nil, err
	}
	var all []json.RawMessage
	for _, raw := range documents {
		found, err := Unwrap(raw)
		if err != nil {
			return nil, err
		}
		all = append(all, found...)
	}
	return all, nil
}

// tooDeep counts open brackets outside of strings.
func tooDeep(data []byte) bool {
	depth, quoted := 0, false
	for i := 0; i < len(data); i++ {
		switch c := data[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			if depth++; depth > maxDepth {
				return true
			}
		case c == '}' || c == ']':
			depth--
		}
	}
	return false
}

func malformed(format string, args ...any) *Error {
	return &Error{Index: -1, What: fmt.Sprintf(format, args...)}
}

// maxErrors bounds what a hostile input makes a person read.
const maxErrors = 100

// faults collects errors, each once.
type faults struct {
	list []error
	seen map[Error]bool
}

func (f *faults) add(e Error) {
	if f.seen[e] || len(f.list) == maxErrors {
		return
	}
	f.seen[e] = true
	f.list = append(f.list, &e)
}

func (f *faults) join() error { return errors.Join(f.list...) }
