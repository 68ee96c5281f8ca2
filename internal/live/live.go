package live

import "fmt"

// A RunsError says that a lab of that name runs already.
type RunsError struct{ Name string }

func (e *RunsError) Error() string {
	return fmt.Sprintf("a lab called %q runs already; end it with \"pldoctor lab down\", or give this one another --name", e.Name)
}

// An AbsentError says that no lab of that name runs.
type AbsentError struct{ Name string }

func (e *AbsentError) Error() string {
	return fmt.Sprintf("no lab called %q runs; \"pldoctor lab up SCENARIO\" starts one", e.Name)
}

// An EndedError says that the lab ended under a machine that stood in for one of
// its hosts.
type EndedError struct{}

func (*EndedError) Error() string { return "the lab has ended, and the host with it" }

// A RefusedError is what the lab says to who may not enter.
type RefusedError struct{ Text string }

func (e *RefusedError) Error() string { return e.Text }
