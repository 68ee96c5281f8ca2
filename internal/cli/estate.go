package cli

import (
	"bufio"
	"context"
	"fmt"

	"pldoctor/internal/arm"
	"pldoctor/internal/estate"
)

// estateCommand makes what the audit is measured with; it is for this project's
// own use and not in the overview.
var estateCommand = Command{
	Name:   "estate",
	Usage:  "[FLAGS]",
	Short:  "write a made-up estate as ARM JSON",
	Hidden: true,
	Long: `Estate writes a healthy estate that a seed decides, as Resource Graph would
return it, for "audit --estate" to be tried and measured with. It is made up.
`,
	Run: runEstate,
}

func runEstate(_ context.Context, app *App, args []string) error {
	var size estate.Size
	fs := newFlags()
	seed := fs.Uint64("seed", 1, "the `NUMBER` that decides it")
	fs.IntVar(&size.Vaults, "vaults", 20, "`HOW MANY` key vaults")
	networks := fs.Int("networks", 12, "`HOW MANY` VNets, hubs included")
	fs.IntVar(&size.Regions, "regions", 1, "`HOW MANY` regions; the hubs of up to 8 are peered")
	fs.IntVar(&size.Sites, "sites", 1, "`HOW MANY` sites; ARM knows nothing of them but their gateways")
	fs.IntVar(&size.Zones, "zones", 1, "`HOW MANY` private DNS zones at least")
	operands, err := parse(fs, args)
	if err != nil {
		return err
	}
	if err := expect(operands); err != nil {
		return err
	}
	size.Spokes = *networks - size.Regions
	if size.Regions < 1 || size.Regions > 128 || size.Spokes < 0 || *networks > 3800 || size.Vaults < 0 || size.Sites < 0 || size.Sites > 128 {
		return usagef("an estate has 1 to 128 regions, as many VNets at least and 3800 at most, and no more than 128 sites")
	}
	w := estate.Generate(*seed, size).World
	out := bufio.NewWriterSize(app.Out, 1<<16)
	separator := "[\n"
	for _, resource := range arm.Encode(w) {
		_, _ = out.WriteString(separator) // a bufio.Writer keeps its first error
		_, _ = out.Write(resource)
		separator = ",\n"
	}
	_, _ = out.WriteString("\n]\n")
	if err := out.Flush(); err != nil {
		return fmt.Errorf("writing the estate: %w", err)
	}
	return nil
}
