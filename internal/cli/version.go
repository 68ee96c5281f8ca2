package cli

import (
	"context"
	"fmt"
	"runtime"
	"runtime/debug"
)

var versionCommand = Command{
	Name:  "version",
	Short: "print the version",
	Long: `Version prints the program's version, the version of Go that built it, and the
system that it was built for.
`,
	Run: runVersion,
}

func runVersion(_ context.Context, app *App, args []string) error {
	operands, err := parse(newFlags(), args)
	if err != nil {
		return err
	}
	if err := expect(operands); err != nil {
		return err
	}
	return write(app.Out, fmt.Sprintf("pldoctor %s %s %s/%s\n", app.Version, runtime.Version(), runtime.GOOS, runtime.GOARCH))
}

// buildVersion is the module's version as the go command recorded it: a
// release, or one made of the commit's time and hash; "devel" where it could
// see neither.
func buildVersion() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" || info.Main.Version == "(devel)" {
		return "devel"
	}
	return info.Main.Version
}
