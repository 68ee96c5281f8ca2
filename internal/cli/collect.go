package cli

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"flag"
	"fmt"
	"slices"
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
otherwise in each run. Look at the file before you hand it on. --redact-map
writes a second file, for you alone, that says in JSON what each mask stands for
(names in lower case), so that you can read an answer about the first.

What could not be read is told, and is in the file as a gap, not as absent. With
--azure never, only the probe is recorded; with require, a file without Azure's
resources is none.

It reads only, and presents no token to a vault without --authenticate.
`,
	Run: runCollect,
}

// A collection is what the flags of collect say.
type collection struct {
	lab, from, cloud, azure, output string
	hostHeader, redactMap           string
	probe, redact, authenticate     bool
	all, debug                      bool
	timed                           bool // a timeout was given
	isRead                          bool // Azure has answered
	timeout                         time.Duration
}

func (c *collection) flags() *flag.FlagSet {
	fs := newFlags()
	fs.StringVar(&c.output, "o", "", "the `FILE` to write, readable by its owner only; - is the standard output")
	fs.BoolVar(&c.redact, "redact", false, "mask names, ids and public addresses")
	fs.StringVar(&c.redactMap, "redact-map", "", "the `FILE` that takes what each mask stands for; keep it to yourself")
	fs.StringVar(&c.azure, "azure", "auto", "read the Azure configuration: auto, never or require")
	fs.BoolVar(&c.probe, "probe", false, "record what this machine sees of each vault, too")
	fs.BoolVar(&c.all, "all", false, "read the whole estate, as audit does: every vault, every network")
	fs.BoolVar(&c.debug, "debug", false, "tell each request to Azure")
	fs.StringVar(&c.lab, "lab", "", "collect inside the lab of `SCENARIO`: a file, or one that ships (lab list)")
	fs.StringVar(&c.from, "from", "", "the `HOST` of the scenario to probe from (its first client)")
	fs.StringVar(&c.cloud, "cloud", "", "the `CLOUD` of a bare name:\n      "+strings.Join(service.Clouds(), ", "))
	fs.BoolVar(&c.authenticate, "authenticate", false, "let the probe present a token to the vault; no secret is read")
	fs.StringVar(&c.hostHeader, "host-header", "", "the `HOST` that the application sends in its Host header, if not the vault's")
	fs.DurationVar(&c.timeout, "timeout", 15*time.Second, "reading and probing may take this long each, for each vault;\n      with --all, reading may take 5m unless this says otherwise")
	return fs
}

func runCollect(ctx context.Context, app *App, args []string) error {
	var c collection
	fs := c.flags()
	vaults, err := parse(fs, args)
	if err != nil {
		return err
	}
	fs.Visit(func(f *flag.Flag) { c.timed = c.timed || f.Name == "timeout" })
	if err := c.valid(app, vaults); err != nil {
		return err
	}
	out, masks, err := c.begin()
	defer out.discard()
	defer masks.discard()
	if err != nil {
		return err
	}
	s, targets, err := c.collect(ctx, app, vaults)
	if err != nil {
		return err
	}
	c.lacks(app, s, targets)
	if c.redact {
		if s, err = masked(app, s, targets, masks); err != nil {
			return err
		}
	}
	return c.deliver(app, s, out)
}

// begin opens the files to be written: nil for what goes to the standard output
// or nowhere.
func (c *collection) begin() (out, masks *privateFile, err error) {
	if c.output != "" && c.output != "-" {
		if out, err = newPrivate(c.output); err != nil {
			return nil, nil, err
		}
	}
	if c.redactMap != "" {
		masks, err = newPrivate(c.redactMap)
	}
	return out, masks, err
}

func (c *collection) collect(ctx context.Context, app *App, vaults []string) (snapshot.Snapshot, []doctor.Target, error) {
	if c.lab != "" {
		return c.inLab(ctx, app, vaults)
	}
	return c.live(ctx, app, vaults)
}

// masked masks a snapshot, and tells the user, and nobody else, what the vaults
// are called in it; and in a file of its own, if there is one, what each mask
// stands for.
func masked(app *App, s snapshot.Snapshot, targets []doctor.Target, masks *privateFile) (snapshot.Snapshot, error) {
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
	if masks == nil {
		return m, nil
	}
	data, err := json.MarshalIndent(maskFile{snapshot.SchemaVersion, r.Masks()}, "", "  ")
	if err != nil {
		return m, fmt.Errorf("writing the masks: %w", err)
	}
	return m, masks.finish(append(data, '\n'))
}

// A maskFile says what each mask of a masked file stands for.
type maskFile struct {
	SchemaVersion string            `json:"schemaVersion"`
	Masks         map[string]string `json:"masks"`
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
	case !slices.Contains([]string{"auto", "never", "require"}, c.azure):
		return usagef("--azure takes one of auto, never, require, not %q", c.azure)
	case c.azure == "never" && !c.probe:
		return usagef("--azure never leaves nothing to collect without --probe")
	case c.redactMap != "" && !c.redact:
		return usagef("--redact-map goes with --redact")
	case c.redactMap == "-" || c.redactMap != "" && c.redactMap == c.output:
		return usagef("--redact-map takes a file of its own, not %s", c.redactMap)
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
func (c *collection) gather(ctx context.Context, app *App, now func() time.Time, read doctor.Reader, targets []doctor.Target, cases []doctor.Case) (s snapshot.Snapshot, err error) {
	if c.azure != "never" {
		s, err = c.read(ctx, read, targets)
	}
	switch {
	case err != nil && (!c.probe || c.azure == "require" || ctx.Err() != nil):
		return s, &failure{statusUndetermined, fmt.Errorf("the configuration cannot be read from Azure: %w", err)}
	case err != nil:
		app.say("the configuration was not read from Azure: %v\nthe file will hold what this machine sees", err)
	}
	c.isRead = c.azure != "never" && err == nil
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

// wholeEstate is how long the reading of one may take: hundreds of pages.
const wholeEstate = 5 * time.Minute

// read reads in time: vaults are read one after the other.
func (c *collection) read(ctx context.Context, read doctor.Reader, targets []doctor.Target) (snapshot.Snapshot, error) {
	limit := c.timeout * time.Duration(max(1, len(targets)))
	if c.all && !c.timed {
		limit = wholeEstate
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	return read(ctx, targets)
}

// deliver writes what was collected, for its owner's eyes.
func (c *collection) deliver(app *App, s snapshot.Snapshot, out *privateFile) error {
	data, err := snapshot.Encode(s, app.Version)
	if err != nil {
		return fmt.Errorf("writing what was collected: %w", err)
	}
	what := fmt.Sprintf("resources: %d, probes: %d", len(s.Resources), len(s.Evidence))
	if out == nil {
		app.say("collected; %s", what)
		return write(app.Out, string(data))
	}
	if err := out.finish(data); err != nil {
		return err
	}
	app.say("wrote %s; %s", c.output, what)
	return nil
}
