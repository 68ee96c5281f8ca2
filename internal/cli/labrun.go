package cli

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"pldoctor/internal/attach"
	"pldoctor/internal/edge"
	"pldoctor/internal/lab"
	"pldoctor/internal/scenario"
	"pldoctor/internal/standin"
	"pldoctor/internal/world"
)

var labRunCommand = Command{
	Name:  "lab run",
	Usage: "SCENARIO [FLAGS] [-- COMMAND [ARGUMENTS]]",
	Short: "run a program on a host of a scenario (Linux)",
	Long: `Lab run runs any program as if on a host of a scenario, and a shell without one:
host, dig, curl, az, an SDK, pldoctor itself. They see what they would see in
Azure: names, addresses, certificates, time-outs, refusals and the vault's
answers. It takes no privilege, and nothing that the program sends leaves this
process. The exit status is the program's.

Inside, the program is root, of its own namespaces only. It has the host's name,
addresses, DNS servers, hosts file and variables, and trusts the lab's
authority; the files and programs of the system are there as before.
`,
	Run: runLabRun,
}

// labInit is the name of a command that only "lab run" calls.
var labInit = []string{"lab", "init"}

var labInitCommand = Command{
	Name: strings.Join(labInit, " "), Hidden: true,
	Short: "be the first process of a machine of lab run",
	Long:  "Lab init is what \"lab run\" runs. It is of no use by itself.\n",
	Run: func(_ context.Context, _ *App, args []string) error {
		if _, err := parse(newFlags(), args); err != nil {
			return err
		}
		return &failure{status: status(attach.Init())}
	},
}

// A stay is what the flags of lab run say.
type stay struct {
	from, pcap, device string
	link               edge.Conditions
}

func (r *stay) flags() *flag.FlagSet {
	fs := newFlags()
	fs.StringVar(&r.from, "from", "", "the `HOST` of the scenario to run on (its first client)")
	fs.StringVar(&r.pcap, "pcap", "", "write what crosses the host's link to `FILE`, for tcpdump")
	fs.StringVar(&r.device, "device", "", "")
	linkFlags(fs, &r.link)
	return fs
}

// linkFlags are those of a host's link.
func linkFlags(fs *flag.FlagSet, link *edge.Conditions) {
	fs.DurationVar(&link.Latency, "latency", 0, "what a round trip takes on the link, and between any\n      two machines behind it: a `DURATION`")
	fs.Func("loss", "the `PERCENTAGE` of packets that the link loses, each way", func(value string) error {
		share, err := strconv.ParseFloat(strings.TrimSuffix(value, "%"), 64)
		if err != nil || share < 0 || share > 100 {
			return errors.New("is no percentage")
		}
		link.Loss = share / 100
		return nil
	})
}

func runLabRun(ctx context.Context, app *App, args []string) error {
	var r stay
	operands, err := parse(r.flags(), args)
	if err != nil {
		return err
	}
	if len(operands) == 0 {
		return usagef("SCENARIO is missing")
	}
	if r.link.Latency < 0 {
		return usagef("--latency takes a time, not %v", r.link.Latency)
	}
	s, host, err := openHost(operands[0], r.from)
	if err != nil {
		return err
	}
	command := operands[1:]
	if len(command) == 0 {
		command = []string{cmp.Or(app.Env("SHELL"), "/bin/sh")}
		app.hint(fmt.Sprintf("on %s of %s; the end of the shell is the end of the lab", host.Name(), s.Name))
	}
	l := lab.Start(s.World, lab.Options{RTT: r.link.Latency})
	defer l.Close()
	ended, err := r.inside(ctx, app, l, s, host, command)
	if refused, ok := errors.AsType[*attach.ForbiddenError](err); ok {
		return &failure{statusUndetermined, errors.New(elsewhere(refused, operands[0]))}
	}
	if err != nil || ended == 0 {
		return err
	}
	return &failure{status: status(ended)}
}

// inside starts what stands in for hosts, runs the command, and ends all.
func (r *stay) inside(ctx context.Context, app *App, l *lab.Lab, s *scenario.Scenario, host *world.Host, command []string) (int, error) {
	if e, ok := s.Exec[host.Name()]; ok {
		return 0, usagef("on %s runs %s and nothing else; --from takes another host", host.Name(), e.Command[0])
	}
	crew, err := standin.Start(ctx, l, s, standin.Options{Init: labInit, Environ: app.Environ})
	if err != nil {
		return 0, err
	}
	defer crew.Close()
	return r.run(app, l, host, command)
}

// run runs the command to its end.
func (r *stay) run(app *App, l *lab.Lab, host *world.Host, command []string) (int, error) {
	capture, err := r.capture()
	if err != nil {
		return 0, err
	}
	guise, err := l.Guise(host.ID)
	if err != nil {
		return 0, err
	}
	door, err := l.Door(host.ID)
	if err != nil {
		return 0, err
	}
	m, err := attach.Start(attach.Options{
		Guise: guise, Command: command, Environ: app.Environ, Init: labInit, Device: r.device,
		In: app.In, Out: app.Out, Err: app.Err,
	})
	if err != nil {
		return 0, err
	}
	e, err := edge.New(door, m.Link(), edge.Options{Conditions: r.link, Capture: capture})
	if err != nil {
		m.Kill()
		_, _ = m.Wait()
		return 0, err
	}
	defer e.Close()
	return m.Wait()
}

// predicts says that the lab inside this process only predicts what real programs
// do, where the scenario has some.
func (a *App) predicts(s *scenario.Scenario) {
	var programs []string
	for _, name := range s.Hosts {
		if e, ok := s.Exec[name]; ok {
			programs = append(programs, e.Command[0]+" on "+name)
		}
	}
	if len(programs) > 0 {
		a.say("%s: predicted, not run; \"lab run\" runs what is real", strings.Join(programs, ", "))
	}
}

func (r *stay) capture() (io.Writer, error) {
	if r.pcap == "" {
		return nil, nil //nolint:nilnil // nothing is captured
	}
	file, err := os.Create(r.pcap)
	if err != nil {
		return nil, &failure{statusInput, err}
	}
	return file, nil
}

// elsewhere says what a user can do whose system makes no namespaces.
func elsewhere(refused *attach.ForbiddenError, name string) string {
	return fmt.Sprintf(`this system does not allow it: %v
it takes user namespaces; what forbids them is, as a rule, sysctl (user.max_user_namespaces, kernel.unprivileged_userns_clone, kernel.apparmor_restrict_unprivileged_userns) or a container's seccomp profile
without them, "pldoctor check VAULT --lab %s" runs the same probes inside this process
and "pldoctor lab serve %s" answers DNS and HTTPS on this machine's own loopback address`, refused, name, name)
}
