package main

import (
	"flag"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

var update = flag.Bool("update", false, "rewrite what the scripts expect a command to print")

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"pldoctor": main})
}

// TestScripts runs the scripts of testdata/script against the program, a
// process for each command.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		UpdateScripts:       *update,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(env *testscript.Env) error {
			env.Setenv("GORACE", "atexit_sleep_ms=0") // else the race detector costs a second a process
			return nil
		},
	})
}
