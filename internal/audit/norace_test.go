//go:build !race

package audit_test

// raced tells that the tests run under the race detector, at a tenth of their
// speed.
const raced = false
