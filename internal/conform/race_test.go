//go:build race

package conform

// raced tells that the tests run under the race detector, at a tenth of their
// speed.
const raced = true
