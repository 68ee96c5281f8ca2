package cli

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"pldoctor/internal/diagnose"
	"pldoctor/internal/doctor"
	"pldoctor/internal/lab"
	"pldoctor/internal/machine"
	"pldoctor/internal/service"
	"pldoctor/internal/world"
)

// world is the estate, as its reader may see it: the one place where it comes
// from.
func (i *inspection) world(ctx context.Context, app *App) (*world.World, error) {
	switch {
	case i.lab != "" && i.estate != "":
		return nil, usagef("--lab and --estate exclude each other")
	case i.estate != "" && i.azure == "require":
		return nil, usagef("--estate is a configuration: --azure require does not go with it")
	case i.estate != "":
		return i.fromFile(app)
	case i.lab == "":
		return i.live(ctx, app)
	}
	s, err := openScenario(i.lab)
	if err != nil {
		return nil, err
	}
	if i.azure != "require" {
		return diagnose.Sight(s.World, ""), nil
	}
	host := s.DefaultHost()
	if host == nil {
		return nil, usagef("the scenario %s has no client to ask Azure from", s.Name)
	}
	l := lab.Start(s.World, lab.Options{})
	defer l.Close()
	return i.read(ctx, doctor.LabReader(l, host, s.World.Service(), app.hint, i.debug), s.World.Service())
}

// fromFile takes the estate from a file. Resource Graph's own exports do not say
// which cloud they are of: their zones do, or the user.
func (i *inspection) fromFile(app *App) (*world.World, error) {
	s, err := openSnapshot(i.estate)
	switch {
	case err != nil:
		return nil, err
	case !s.HasConfiguration():
		return nil, &failure{statusInput, fmt.Errorf("%s holds no resources", i.estate)}
	case i.cloud != "" && s.Cloud != "" && i.cloud != s.Cloud:
		return nil, usagef("%s is of %s, and --cloud says %s", i.estate, s.Cloud, i.cloud)
	}
	s.Cloud = cmp.Or(s.Cloud, i.cloud)
	w, result, err := s.World()
	if err != nil {
		lines := strings.ReplaceAll(err.Error(), "\n", "\n"+i.estate+": ")
		return nil, &failure{statusInput, fmt.Errorf("%s: %s", i.estate, lines)}
	}
	for _, id := range result.Unsupported {
		app.say("%s is a managed HSM, which is not supported yet: it is left out", id)
	}
	return doctor.Peopled(w), nil
}

// live reads the estate from Azure.
func (i *inspection) live(ctx context.Context, app *App) (*world.World, error) {
	svc, _ := service.KeyVault(cmp.Or(i.cloud, "AzureCloud")) // which has been checked
	signed, err := doctor.SignedIn(machine.Env(), svc)
	if err != nil {
		return nil, unreadable(err)
	}
	return i.read(ctx, doctor.AzureReader(signed, svc, app.hint, i.debug), svc)
}

// read reads the estate, or of it what a single vault needs.
func (i *inspection) read(ctx context.Context, read doctor.Reader, svc service.Service) (*world.World, error) {
	var targets []doctor.Target
	if t, err := doctor.ParseTarget(i.filter.Vault, svc.Cloud.Name); err == nil && !strings.ContainsAny(i.filter.Vault, "*?") {
		targets = append(targets, t)
	}
	w, err := doctor.Estate(ctx, read, targets)
	if err != nil {
		return nil, unreadable(err)
	}
	return w, nil
}

func unreadable(err error) error {
	return &failure{statusUndetermined, fmt.Errorf("the configuration cannot be read from Azure: %w", err)}
}

// missing says what of an estate was not read, "" where all was.
func missing(w *world.World) string {
	gaps := w.Gaps()
	if len(gaps) == 0 {
		return ""
	}
	what := cmp.Or(string(gaps[0].Near), gaps[0].Type, "everything")
	if len(gaps) > 1 {
		return fmt.Sprintf("; %s and %d more could not be read: %s", what, len(gaps)-1, gaps[0].Why)
	}
	return fmt.Sprintf("; %s could not be read: %s", what, gaps[0].Why)
}
