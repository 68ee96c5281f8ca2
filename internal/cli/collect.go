package cli

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"
	"time"

	"pldoctor/internal/doctor"
	"pldoctor/internal/lab"
	"pldoctor/internal/machine"
	"pldoctor/internal/redact"
	"pldoctor/internal/service"
	"pldoctor/internal/snapshot"
)

var collectCommand = Command{
	Name:  "collect",
	Usage: "VAULT… | --all [FLAGS]",
	Short: "write down what a diagnosis rests on",
	Long: `Collect writes what a diagnosis of vaults rests on into one file, so that
somebody else can judge it with "check VAULT --evidence FILE" or "--estate
FILE": the resources as Azure returned them and, with --probe, what this machine
sees.

With --redact, names, ids of subscriptions, tenants and objects, and public
addresses are masked, the same one in the same way throughout, and what the
diagnosis does not need, such as tags, is left out. Of the masked file it says
the same. Private addresses, regions and times stay. Public addresses are masked
otherwise in each run. Look at the file before you hand it on.

It reads only, and presents no token to a vault without --authenticate.
`,
	Run: runCollect,
}

// A collection is what the flags of collect say.
type collection struct {
	lab, from, cloud, output, hostHeader string
	probe, redact, authenticate          bool
	all, debug                           bool
	timeout                              time.Duration
}

func (c *collection) flags() *flag.FlagSet {
	fs := newFlags()
	fs.StringVar(&c.output, "o", "", "the `FILE` to write, readable by its owner only; - is the standard output")
	fs.BoolVar(&c.redact, "redact", false, "mask names, ids and public addresses")
	fs.BoolVar(&c.probe, "probe", false, "record what this machine sees of each vault, too")
	fs.BoolVar(&c.all, "all", false, "read the whole estate, as audit does: every vault, every network")
	fs.BoolVar(&c.debug, "debug", false, "tell each request to Azure")
	fs.StringVar(&c.lab, "lab", "", "collect inside the lab of `SCENARIO`: a file, or one that ships (lab list)")
	fs.StringVar(&c.from, "from", "", "the `HOST` of the scenario to probe from (its first client)")
	fs.StringVar(&c.cloud, "cloud", "", "the `CLOUD` of a bare name:\n      "+strings.Join(service.Clouds(), ", "))
	fs.BoolVar(&c.authenticate, "authenticate", false, "let the probe present a token to the vault; no secret is read")
	fs.StringVar(&c.hostHeader, "host-header", "", "the `HOST` that the application sends in its Host header, if not the vault's")
	fs.DurationVar(&c.timeout, "timeout", 15*time.Second, "the probe of a vault may take this long")
	return fs
}

func runCollect(ctx context.Context, app *App, args []string) error {
	var c collection
	vaults, err := parse(c.flags(), args)
	if err != nil {
		return err
	}
	if err := c.valid(app, vaults); err != nil {
		return err
	}
	var s snapshot.Snapshot
	var targets []doctor.Target
	if c.lab != "" {
		s, targets, err = c.inLab(ctx, app, vaults)
	} else {
		s, targets, err = c.live(ctx, app, vaults)
	}
	if err != nil {
		return err
	}
	if c.redact {
		if s, err = masked(app, s, targets); err != nil {
			return err
		}
	}
	data, err := snapshot.Encode(s, app.Version)
	if err != nil {
		return fmt.Errorf("writing what was collected: %w", err)
	}
	return c.deliver(app, s, data)
}

// masked masks a snapshot, and tells the user, and nobody else, what the vaults
// are called in it.
func masked(app *App, s snapshot.Snapshot, targets []doctor.Target) (snapshot.Snapshot, error) {
	var key [redact.KeySize]byte
	_, _ = rand.Read(key[:]) // never fails
	r := redact.New(key)
	m, err := r.Snapshot(s)
	if err != nil {
		return m, fmt.Errorf("masking what was collected: %w", err)
	}
	for _, t := range targets {
		app.say("%s is %s in it", t.Host.Host(), r.Text(t.Host.Host()))
	}
	return m, nil
}

func (c *collection) valid(app *App, vaults []string) error {
	switch {
	case len(vaults) == 0 && !c.all:
		return usagef("VAULT is missing; --all stands for every vault of the estate")
	case c.all && (len(vaults) > 0 || c.probe):
		return usagef("--all reads the whole estate: it goes with no VAULT, and not with --probe")
	}
	if err := doctor.CheckHostHeader(c.hostHeader); c.hostHeader != "" && err != nil {
		return usagef("--host-header: %w", err)
	}
	switch {
	case c.timeout <= 0:
		return usagef("--timeout takes a time above zero, not %v", c.timeout)
	case c.from != "" && c.lab == "":
		return usagef("--from goes with --lab")
	case !c.probe && (c.authenticate || c.hostHeader != ""):
		return usagef("--authenticate and --host-header go with --probe")
	case c.output == "" && app.Terminal:
		return usagef("-o FILE is missing: what is collected is nothing for a terminal")
	}
	return nil
}

func (c *collection) inLab(ctx context.Context, app *App, vaults []string) (snapshot.Snapshot, []doctor.Target, error) {
	scene, host, err := openHost(c.lab, c.from)
	if err != nil {
		return snapshot.Snapshot{}, nil, err
	}
	l := lab.Start(scene.World, lab.Options{})
	defer l.Close()
	var targets []doctor.Target
	var cases []doctor.Case
	for _, vault := range vaults {
		t, err := targetIn(scene, vault, c.cloud)
		if err != nil {
			return snapshot.Snapshot{}, nil, err
		}
		p, err := doctor.InLab(l, scene, host, t, false)
		if err != nil {
			return snapshot.Snapshot{}, nil, err
		}
		targets, cases = append(targets, t), append(cases, p)
	}
	operator := l.Operator()
	s, err := c.gather(ctx, app, operator.Now, doctor.LabReader(l, host, scene.World.Service(), nil, false), targets, cases)
	s.Cloud = scene.World.Service().Cloud.Name
	return s, targets, err
}

func (c *collection) live(ctx context.Context, app *App, vaults []string) (snapshot.Snapshot, []doctor.Target, error) {
	e := machine.Env()
	svc, ok := service.KeyVault(cmp.Or(c.cloud, "AzureCloud"))
	if !ok {
		return snapshot.Snapshot{}, nil, usagef("unknown cloud %q; there are %s", c.cloud, strings.Join(service.Clouds(), ", "))
	}
	var targets []doctor.Target
	var cases []doctor.Case
	for i, vault := range vaults {
		t, err := doctor.ParseTarget(vault, c.cloud)
		switch {
		case err != nil:
			return snapshot.Snapshot{}, nil, &failure{statusUsage, err}
		case i > 0 && t.Service.Cloud != svc.Cloud:
			return snapshot.Snapshot{}, nil, usagef("the vaults are of two clouds, %s and %s", svc.Cloud.Name, t.Service.Cloud.Name)
		}
		svc = t.Service
		p, tokenless := doctor.Live(e, t, c.authenticate)
		if tokenless != nil {
			app.say("--authenticate: %v; the probe presents no token", tokenless)
		}
		targets, cases = append(targets, t), append(cases, p)
	}
	s, err := c.gather(ctx, app, e.Now, func(ctx context.Context, targets []doctor.Target) (snapshot.Snapshot, error) {
		signed, err := doctor.SignedIn(e, svc)
		if err != nil {
			return snapshot.Snapshot{}, err
		}
		return doctor.AzureReader(signed, svc, app.hint, c.debug)(ctx, targets)
	}, targets, cases)
	s.Cloud = svc.Cloud.Name
	return s, targets, err
}

// gather reads, then probes if that is wanted. Where nothing can be read, what
// the probe sees is worth a file by itself.
func (c *collection) gather(ctx context.Context, app *App, now func() time.Time, read doctor.Reader, targets []doctor.Target, cases []doctor.Case) (snapshot.Snapshot, error) {
	s, err := read(ctx, targets)
	switch {
	case err != nil && (!c.probe || ctx.Err() != nil):
		return s, &failure{statusUndetermined, fmt.Errorf("the configuration cannot be read from Azure: %w", err)}
	case err != nil:
		app.say("the configuration was not read from Azure: %v\nthe file will hold what this machine sees", err)
	}
	s.Taken = now().UTC().Truncate(time.Second)
	if !c.probe {
		return s, nil
	}
	for i := range cases {
		cases[i].Budget, cases[i].Authenticate = c.timeout, c.authenticate
		cases[i].HostHeader = cmp.Or(c.hostHeader, cases[i].HostHeader)
	}
	return doctor.Record(ctx, s, cases), nil
}

// deliver writes the file, for its owner's eyes.
func (c *collection) deliver(app *App, s snapshot.Snapshot, data []byte) error {
	what := fmt.Sprintf("resources: %d, probes: %d", len(s.Resources), len(s.Evidence))
	if c.output == "" || c.output == "-" {
		app.say("collected; %s", what)
		return write(app.Out, string(data))
	}
	if err := writePrivate(c.output, data); err != nil {
		return fmt.Errorf("writing %s: %w", c.output, err)
	}
	app.say("wrote %s; %s", c.output, what)
	return nil
}

// writePrivate writes a regular file that only its owner may read, whoever
// could read one that was there before.
func writePrivate(name string, data []byte) error {
	if info, err := os.Stat(name); err == nil && !info.Mode().IsRegular() {
		return errors.New("is not a regular file")
	}
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	for _, step := range []func() error{
		func() error { return f.Chmod(0o600) },
		func() error { return f.Truncate(0) },
		func() error { return write(f, string(data)) },
	} {
		if err := step(); err != nil {
			return errors.Join(err, f.Close())
		}
	}
	return f.Close()
}
