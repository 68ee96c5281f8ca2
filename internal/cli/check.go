package cli

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"slices"
	"strings"
	"time"

	"pldoctor/internal/diagnose"
	"pldoctor/internal/doctor"
	"pldoctor/internal/fact"
	"pldoctor/internal/lab"
	"pldoctor/internal/machine"
	"pldoctor/internal/render"
	"pldoctor/internal/rule"
	"pldoctor/internal/service"
	"pldoctor/internal/world"
)

var checkCommand = Command{
	Name:  "check",
	Usage: "VAULT [FLAGS]",
	Short: "diagnose the path from this machine to a vault",
	Long: `Check follows a request from this machine to a vault, hop by hop, and says which
path it takes; if that is not the private one: why, who has to act, and how.

VAULT is a vault's name, its hostname, a URL in it, or an ARM resource id. With
--lab, the client is a host of a scenario: the same probes run, in a lab inside
this process, and nothing leaves it.

Unless --azure never is given, it reads the vault's configuration from Azure
Resource Manager meanwhile, with the credentials of this machine: variables
(AZURE_TENANT_ID, AZURE_CLIENT_ID, AZURE_CLIENT_SECRET and their like), a
workload or managed identity, or whoever is signed in to az, azd or Azure
PowerShell, which are run to get a token. The role Reader is enough, and less
will do: what may not be read is unknown, and the report says which permission
is lacking. With --azure require it ends with status 3 where nothing was read.

To the vault it presents no token without --authenticate; with it, it asks for a
secret of a random name that no vault has. It changes nothing.

With --estate, the configuration is that of a file: one of collect, or resources
as az graph query, az resource show or ARM's pages print them. With --evidence,
what a probe saw is judged again, and nothing is dialled: the file is one of
collect --probe; its resources, if it has any, are the configuration.
`,
	Run: runCheck,
}

// A checkup is what the flags of check say.
type checkup struct {
	lab, from, cloud, azure, want, output, failOn, network string
	hostHeader                                             string
	estate, evidence, client                               string
	plane                                                  plane
	authenticate, public, debug                            bool
	timeout                                                time.Duration
}

func (c *checkup) flags() *flag.FlagSet {
	fs := newFlags()
	fs.StringVar(&c.lab, "lab", "", "run inside the lab of `SCENARIO`: a file, or one that ships (lab list)")
	fs.Var(&c.plane, "lab-azure", "")
	fs.StringVar(&c.from, "from", "", "the `HOST` of the scenario to diagnose from (its first client)")
	fs.StringVar(&c.cloud, "cloud", "", "the `CLOUD` of a bare name:\n      "+strings.Join(service.Clouds(), ", "))
	fs.StringVar(&c.azure, "azure", "auto", "read the Azure configuration too: auto, never or require")
	fs.StringVar(&c.network, "network", "", "where this client is in the configuration: the `NAME` or\n      id of a VNet, the gateway by which it comes, internet")
	fs.BoolVar(&c.debug, "debug", false, "tell each request to Azure")
	fs.StringVar(&c.estate, "estate", "", "take the configuration from `FILE` instead of from Azure")
	fs.StringVar(&c.evidence, "evidence", "", "judge what a probe saw, as `FILE` has it, instead of probing")
	fs.StringVar(&c.client, "client", "", "the `NAME` of one of the evidence's clients")
	fs.BoolVar(&c.authenticate, "authenticate", false, "present a token to the vault; no secret is read")
	fs.BoolVar(&c.public, "public-resolver", false, "ask a public DNS server (8.8.8.8) as well")
	fs.StringVar(&c.hostHeader, "host-header", "", "the `HOST` that the application sends in its Host header, if not the vault's")
	fs.StringVar(&c.want, "want", "", "what counts as right: private, or any path that the vault admits")
	fs.StringVar(&c.output, "o", "text", "the output `FORMAT`: "+strings.Join(render.Formats(), ", "))
	fs.StringVar(&c.failOn, "fail-on", "error", "the least `SEVERITY` that counts for the exit status:\n      error, warning, info")
	fs.DurationVar(&c.timeout, "timeout", 15*time.Second, "the whole may take this long")
	return fs
}

func runCheck(ctx context.Context, app *App, args []string) error {
	var c checkup
	fs := c.flags()
	operands, err := parse(fs, args)
	if err != nil {
		return err
	}
	if err := expect(operands, "VAULT"); err != nil {
		return err
	}
	format, err := c.valid()
	if err != nil {
		return err
	}
	if err := c.alone(fs); err != nil {
		return err
	}
	report, err := c.report(ctx, app, operands[0])
	if err != nil {
		return err
	}
	if err := format(app.Out, report, app.style()); err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	return c.conclude(report)
}

func (c *checkup) report(ctx context.Context, app *App, vault string) (diagnose.Report, error) {
	switch {
	case c.evidence != "":
		return c.replay(app, vault)
	case c.lab != "":
		return c.inLab(ctx, app, vault)
	}
	return c.live(ctx, app, vault)
}

// alone checks that no flag was given that another makes void.
func (c *checkup) alone(fs *flag.FlagSet) (err error) {
	fs.Visit(func(f *flag.Flag) {
		probes := slices.Contains([]string{"lab", "lab-azure", "from", "authenticate", "public-resolver", "host-header", "timeout"}, f.Name)
		switch {
		case c.evidence != "" && probes:
			err = usagef("--evidence is judged without a probe: --%s does not go with it", f.Name)
		case c.lab == "" && f.Name == "lab-azure":
			err = usagef("--lab-azure goes with --lab")
		case c.evidence == "" && f.Name == "client":
			err = usagef("--client goes with --evidence")
		case f.Name == "network" && c.azure == "never" && c.estate == "" && c.evidence == "":
			err = usagef("--network is a place in a configuration: with --azure never, none is read")
		case c.azure == "never" && f.Name == "estate":
			err = usagef("--estate is a configuration: --azure never does not go with it")
		}
	})
	return err
}

// valid checks the flags that are words of a list.
func (c *checkup) valid() (render.Format, error) {
	format, err := render.ByName(c.output)
	if err != nil {
		return nil, &failure{statusUsage, err}
	}
	for _, f := range []struct {
		name, value string
		allowed     []string
	}{
		{"azure", c.azure, []string{"auto", "never", "require"}},
		{"want", cmp.Or(c.want, string(world.WantAny)), []string{string(world.WantPrivate), string(world.WantAny)}},
		{"fail-on", c.failOn, []string{"error", "warning", "info"}},
	} {
		if !slices.Contains(f.allowed, f.value) {
			return nil, usagef("--%s takes one of %s, not %q", f.name, strings.Join(f.allowed, ", "), f.value)
		}
	}
	if err := doctor.CheckHostHeader(c.hostHeader); c.hostHeader != "" && err != nil {
		return nil, usagef("--host-header: %w", err)
	}
	switch {
	case c.timeout <= 0:
		return nil, usagef("--timeout takes a time above zero, not %v", c.timeout)
	case c.from != "" && c.lab == "":
		return nil, usagef("--from goes with --lab")
	}
	return format, nil
}

func (c *checkup) inLab(ctx context.Context, app *App, vault string) (diagnose.Report, error) {
	s, host, err := openHost(c.lab, c.from)
	if err != nil {
		return diagnose.Report{}, err
	}
	target, err := targetIn(s, vault, c.cloud)
	if err != nil {
		return diagnose.Report{}, err
	}
	app.predicts(s)
	l := lab.Start(s.World, lab.Options{Azure: c.plane.Azure})
	defer l.Close()
	p, err := doctor.InLab(l, s, host, target, false)
	if err != nil {
		return diagnose.Report{}, err
	}
	switch {
	case c.reads() && c.network != "": // as on a real machine, of which nobody knows more
		p.Source = doctor.AloneInLab(l, host, target)
	case c.reads():
		p.Source, p.Client = doctor.FromLab(l, s, host, target, app.hint, c.debug), host.ID
	}
	return c.check(ctx, app, p)
}

// reads tells whether Azure is to be asked.
func (c *checkup) reads() bool { return c.azure != "never" && c.estate == "" }

func (c *checkup) live(ctx context.Context, app *App, vault string) (diagnose.Report, error) {
	target, err := doctor.ParseTarget(vault, c.cloud)
	if err != nil {
		return diagnose.Report{}, &failure{statusUsage, err}
	}
	e := machine.Env()
	p, tokenless := doctor.Live(e, target, c.authenticate)
	if tokenless != nil {
		app.say("--authenticate: %v; the path is diagnosed without a token", tokenless)
	}
	if c.reads() {
		p = p.Reading(e, app.hint, c.debug)
	}
	return c.check(ctx, app, p)
}

func (c *checkup) check(ctx context.Context, app *App, p doctor.Case) (_ diagnose.Report, err error) {
	p.Authenticate, p.PublicResolver, p.Budget, p.Cut = c.authenticate, c.public, c.timeout, true
	if c.hostHeader != "" {
		p.HostHeader = c.hostHeader
	}
	if c.want != "" {
		p.Wants = world.Wants(c.want)
	}
	if c.estate != "" {
		if p.World, err = c.configuration(p.Target); err != nil {
			return diagnose.Report{}, err
		}
	}
	if p.Network = c.network; c.azure == "auto" {
		p.Patience = patience
	}
	p, seen, unread := p.Examine(ctx)
	switch {
	case unread != nil && c.azure == "require":
		return diagnose.Report{}, &failure{statusUndetermined, fmt.Errorf("the configuration cannot be read from Azure: %w", unread)}
	case unread != nil:
		app.say("the configuration was not read from Azure: %v\nthe diagnosis rests on what this machine sees", unread)
	}
	return c.doctor(app, p).Judge(p, &seen), nil
}

// patience is how long a path that is proven private waits for the configuration,
// which then only has advice to add.
const patience = 2 * time.Second

// severities, the least first.
var severities = map[rule.Severity]int{rule.Info: 1, rule.Warning: 2, rule.Error: 3}

// conclude makes the exit status of a report: only causes and candidates make
// it 1.
func (c *checkup) conclude(r diagnose.Report) error {
	for _, f := range r.Findings {
		counts := f.Role == diagnose.RoleCause || f.Role == diagnose.RoleCandidate
		if counts && severities[f.Severity] >= severities[rule.Severity(c.failOn)] {
			return &failure{status: statusFindings}
		}
	}
	wrong := r.Facts.FirstBad != fact.NoStage // whatever the severity of its cause
	explained := len(r.RootCauses)+len(r.Candidates) > 0
	switch {
	case r.Verdict == fact.Undetermined, wrong && !explained:
		return &failure{status: statusUndetermined}
	case wrong:
		return &failure{status: statusFindings}
	}
	return nil
}

// style is how text is set on this run's output.
func (a *App) style() render.Style {
	return render.Style{Color: a.Terminal && a.Env("NO_COLOR") == "" && a.Env("TERM") != "dumb"}
}
