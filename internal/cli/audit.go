package cli

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"

	"pldoctor/internal/arm"
	"pldoctor/internal/audit"
	"pldoctor/internal/diagnose"
	"pldoctor/internal/doctor"
	"pldoctor/internal/machine"
	"pldoctor/internal/render"
	"pldoctor/internal/rule"
	"pldoctor/internal/service"
	"pldoctor/internal/suppress"
	"pldoctor/internal/world"
)

var auditCommand = Command{
	Name:  "audit",
	Usage: "[FLAGS]",
	Short: "predict every vault's path from every network of an estate",
	Long: `Audit predicts, for every key vault and every network of an estate (VNets,
sites, point-to-site clients), which path a machine there would take to the
vault, and names the root causes where it is not the private one; and the vaults
whose public side is open. Findings are grouped by cause, the worst first.

Pairs without any path between network and endpoint count as information
(PL101): in most estates that is as it should be.

Findings to be lived with stand in .pldoctor.yaml in the working directory:

  suppressions:
  - {code: PL201, vault: "kv-dev-*", reason: no need, expires: 2027-01-31}

An entry has a code, a vault or a network (* and ? stand for any letters), a
reason and the last day on which it holds. What is suppressed is shown and does
not count. Nothing is changed, and nothing leaves this machine.
`,
	Run: runAudit,
}

// An inspection is what the flags of audit say.
type inspection struct {
	lab, estate, cloud, output, failOn, suppressions string
	filter                                           audit.Filter
	summary                                          bool
}

func (i *inspection) flags() *flag.FlagSet {
	fs := newFlags()
	fs.StringVar(&i.estate, "estate", "", "the resources of the estate: a `FILE` of ARM or Resource Graph JSON")
	fs.StringVar(&i.lab, "lab", "", "audit the world of `SCENARIO`: a file, or one that ships (lab list)")
	fs.StringVar(&i.cloud, "cloud", "", "the `CLOUD` of the estate, if its private DNS zones do not tell:\n      "+strings.Join(service.Clouds(), ", "))
	fs.StringVar(&i.filter.Vault, "vault", "", "only vaults of this `NAME` or id; * and ? stand for any letters")
	fs.StringVar(&i.filter.Network, "network", "", "only networks of this `NAME` or id")
	fs.BoolVar(&i.summary, "summary", false, "leave the matrix of all pairs out of the JSON")
	fs.StringVar(&i.suppressions, "suppressions", "", "the `FILE` of suppressions (.pldoctor.yaml, where there is one)")
	fs.StringVar(&i.output, "o", "table", "the output `FORMAT`: "+strings.Join(render.AuditFormats(), ", "))
	fs.StringVar(&i.failOn, "fail-on", "error", "the least `SEVERITY` that counts for the exit status:\n      error, warning, info")
	return fs
}

func runAudit(ctx context.Context, app *App, args []string) error {
	var i inspection
	operands, err := parse(i.flags(), args)
	if err != nil {
		return err
	}
	if err := expect(operands); err != nil {
		return err
	}
	format, err := render.AuditByName(i.output)
	if err != nil {
		return &failure{statusUsage, err}
	}
	if i.cloud != "" && !slices.Contains(service.Clouds(), i.cloud) {
		return usagef("--cloud takes one of %s, not %q", strings.Join(service.Clouds(), ", "), i.cloud)
	}
	if severities[rule.Severity(i.failOn)] == 0 {
		return usagef("--fail-on takes one of error, warning, info, not %q", i.failOn)
	}
	waivers, err := i.waivers()
	if err != nil {
		return err
	}
	w, err := i.world(app)
	if err != nil {
		return err
	}
	report, err := doctor.Audit{World: w, Filter: i.filter, Waivers: waivers, Version: app.Version, Progress: app.progress()}.Run(ctx)
	if err != nil {
		return err
	}
	if report.Pairs == 0 {
		return &failure{statusUndetermined, fmt.Errorf("there is nothing to audit: %d vaults, %d networks", report.Vaults, report.Networks)}
	}
	if err := format(app.Out, report, render.AuditView{Summary: i.summary, Waivers: waivers}, app.style()); err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	return i.conclude(report)
}

// world is the estate, as its reader may see it: the one place where it comes
// from.
func (i *inspection) world(app *App) (*world.World, error) {
	switch {
	case i.lab != "" && i.estate != "":
		return nil, usagef("--lab and --estate exclude each other")
	case i.lab != "":
		s, err := openScenario(i.lab)
		if err != nil {
			return nil, err
		}
		return diagnose.Sight(s.World, ""), nil
	case i.estate != "":
		return i.fromFile(app)
	}
	return nil, usagef("say what to audit: --estate FILE or --lab SCENARIO")
}

func (i *inspection) fromFile(app *App) (*world.World, error) {
	data, err := readPlain(i.estate)
	if err != nil {
		return nil, &failure{statusInput, err}
	}
	result, err := arm.Decode(data, arm.Options{})
	if err != nil {
		return nil, &failure{statusInput, fmt.Errorf("%s: %w", i.estate, err)}
	}
	for _, id := range result.Unsupported {
		app.say("%s is a managed HSM, which is not supported yet: it is left out", id)
	}
	w, err := world.New(world.Parts{Cloud: cmp.Or(i.cloud, cloudOf(result.Resources)), Resources: result.Resources})
	if err != nil {
		return nil, &failure{statusInput, fmt.Errorf("%s: %w", i.estate, err)}
	}
	return w, nil
}

// cloudOf is the cloud whose zone for key vaults is among the resources; "" where
// there is none.
func cloudOf(resources []world.Resource) string {
	for _, r := range resources {
		z, ok := r.(*world.Zone)
		for _, s := range service.KeyVaults() {
			if ok && z.Domain == s.Zone {
				return s.Cloud.Name
			}
		}
	}
	return ""
}

// readPlain reads a regular file of a bounded size.
func readPlain(name string) ([]byte, error) {
	file := filepath.Clean(name)
	return fs.ReadFile(plain{os.DirFS(filepath.Dir(file))}, filepath.Base(file))
}

// waivers are the suppressions: of the file that is named, else of the one in the
// working directory, if there is one.
func (i *inspection) waivers() (*audit.Waivers, error) {
	name := i.suppressions
	if name == "" {
		name = suppress.File
	}
	data, err := readPlain(name)
	switch {
	case errors.Is(err, fs.ErrNotExist) && i.suppressions == "":
		return nil, nil //nolint:nilnil // nil Waivers are none
	case err != nil:
		return nil, &failure{statusInput, err}
	}
	list, err := suppress.Parse(name, data)
	if err != nil {
		return nil, &failure{statusInput, err}
	}
	return audit.NewWaivers(list, machine.Env().Now()), nil
}

// progress shows on a terminal how far an audit is.
func (a *App) progress() func(done, of int) {
	if !a.Shown {
		return nil
	}
	var shown atomic.Int64
	return func(done, of int) {
		percent := int64(100 * done / of)
		if before := shown.Load(); percent > before && shown.CompareAndSwap(before, percent) {
			end := ""
			if done == of {
				end = "\r\x1b[K"
			}
			_, _ = fmt.Fprintf(a.Err, "\r%d of %d networks%s", done, of, end) // progress is worth no error
		}
	}
}

// conclude makes the exit status of an audit.
func (i *inspection) conclude(r *audit.Report) error {
	least := severities[rule.Severity(i.failOn)]
	switch {
	case r.Counts(func(s rule.Severity) bool { return severities[s] >= least }):
		return &failure{status: statusFindings}
	case slices.ContainsFunc(r.Undetermined, func(b audit.Blank) bool { return b.Count > 0 }):
		return &failure{status: statusUndetermined}
	}
	return nil
}
