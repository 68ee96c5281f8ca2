package cli

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"sync/atomic"

	"pldoctor/internal/audit"
	"pldoctor/internal/doctor"
	"pldoctor/internal/machine"
	"pldoctor/internal/render"
	"pldoctor/internal/rule"
	"pldoctor/internal/service"
	"pldoctor/internal/suppress"
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
not count.

The estate is what Azure tells whoever is signed in, as in check, or with
--estate what a file holds: one of collect, or resources as az graph query, az
resource show or ARM's pages print them. What was not read makes those pairs
undetermined whose requests could meet it. Of sites, Azure does not tell which
DNS servers are asked there: pairs that are undetermined for that are listed and
do not count for the exit status. Nothing is changed.
`,
	Run: runAudit,
}

// An inspection is what the flags of audit say.
type inspection struct {
	lab, estate, cloud, azure, output, failOn, suppressions string
	filter                                                  audit.Filter
	summary, debug                                          bool
}

func (i *inspection) flags() *flag.FlagSet {
	fs := newFlags()
	fs.StringVar(&i.estate, "estate", "", "take the resources from `FILE` instead of from Azure")
	fs.StringVar(&i.lab, "lab", "", "audit the world of `SCENARIO`: a file, or one that ships (lab list)")
	fs.StringVar(&i.azure, "azure", "auto", "require: with --lab, read that from the lab's own Azure")
	fs.StringVar(&i.cloud, "cloud", "", "the `CLOUD` of the estate, where a file does not tell:\n      "+strings.Join(service.Clouds(), ", "))
	fs.StringVar(&i.filter.Vault, "vault", "", "only vaults of this `NAME` or id; * and ? stand for any letters")
	fs.StringVar(&i.filter.Network, "network", "", "only networks of this `NAME` or id")
	fs.BoolVar(&i.debug, "debug", false, "tell each request to Azure")
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
	if i.azure != "auto" && i.azure != "require" {
		return usagef("--azure takes one of auto, require, not %q", i.azure)
	}
	if severities[rule.Severity(i.failOn)] == 0 {
		return usagef("--fail-on takes one of error, warning, info, not %q", i.failOn)
	}
	waivers, err := i.waivers()
	if err != nil {
		return err
	}
	w, err := i.world(ctx, app)
	if err != nil {
		return err
	}
	report, err := doctor.Audit{World: w, Filter: i.filter, Waivers: waivers, Version: app.Version, Progress: app.progress()}.Run(ctx)
	if err != nil {
		return err
	}
	if report.Pairs == 0 {
		return &failure{statusUndetermined, fmt.Errorf("there is nothing to audit: %d vaults, %d networks%s", report.Vaults, report.Networks, missing(w))}
	}
	if err := format(app.Out, report, render.AuditView{Summary: i.summary, Waivers: waivers}, app.style()); err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	return i.conclude(report)
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

// conclude makes the exit status of an audit. What Azure does not hold nobody can
// read: undetermined pairs for which no permission would help do not count.
func (i *inspection) conclude(r *audit.Report) error {
	least := severities[rule.Severity(i.failOn)]
	switch {
	case r.Counts(func(s rule.Severity) bool { return severities[s] >= least }):
		return &failure{status: statusFindings}
	case slices.ContainsFunc(r.Undetermined, func(b audit.Blank) bool { return b.Count > 0 && !b.Unknowable }):
		return &failure{status: statusUndetermined}
	}
	return nil
}
