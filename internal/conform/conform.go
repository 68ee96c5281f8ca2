// Package conform holds the tests that keep prediction, lab and judge agreed:
// every scenario, from every host, in every mode.
package conform
