package cli

import (
	"cmp"
	"fmt"
	"strings"

	"pldoctor/internal/diagnose"
	"pldoctor/internal/doctor"
	"pldoctor/internal/snapshot"
	"pldoctor/internal/world"
)

// replay judges what a probe saw before. Nothing is dialled.
func (c *checkup) replay(app *App, vault string) (diagnose.Report, error) {
	s, err := openSnapshot(c.evidence)
	if err != nil {
		return diagnose.Report{}, err
	}
	target, err := doctor.ParseTarget(vault, cmp.Or(c.cloud, s.Cloud))
	if err != nil {
		return diagnose.Report{}, &failure{statusUsage, err}
	}
	seen, err := doctor.Witness(s.Evidence, target, c.client)
	if err != nil {
		return diagnose.Report{}, &failure{statusInput, fmt.Errorf("%s %w", c.evidence, err)}
	}
	p := doctor.Replay(target, seen)
	if p.Wants = world.WantPrivate; c.want != "" {
		p.Wants = world.Wants(c.want)
	}
	switch {
	case c.estate != "":
		p.World, err = c.configuration(target)
	case s.HasConfiguration() && c.azure != "never":
		p.World, err = worldOf(c.evidence, s, target)
	case c.azure == "require":
		err = &failure{statusInput, fmt.Errorf("%s holds no resources, which --azure require asks for", c.evidence)}
	}
	if err != nil {
		return diagnose.Report{}, err
	}
	p.Network = c.network
	p = p.Placed(seen)
	return c.doctor(app, p).Judge(p, seen), nil
}

// configuration reads the World of the file that --estate names.
func (c *checkup) configuration(t doctor.Target) (*world.World, error) {
	s, err := openSnapshot(c.estate)
	if err != nil {
		return nil, err
	}
	if !s.HasConfiguration() {
		return nil, &failure{statusInput, fmt.Errorf("%s holds no resources", c.estate)}
	}
	return worldOf(c.estate, s, t)
}

// worldOf makes the World of a file. Resource Graph's own exports do not say
// which cloud they are of: the vault's name does.
func worldOf(name string, s *snapshot.Snapshot, t doctor.Target) (*world.World, error) {
	if s.Cloud == "" {
		s.Cloud = t.Service.Cloud.Name
	}
	w, result, err := s.World()
	switch {
	case err != nil:
		lines := strings.ReplaceAll(err.Error(), "\n", "\n"+name+": ")
		return nil, &failure{statusInput, fmt.Errorf("%s: %s", name, lines)}
	case result.IsUnsupported(t.Vault):
		return nil, usagef("%s is a managed HSM, which is not supported yet", t.Vault)
	case s.Cloud != t.Service.Cloud.Name:
		return nil, usagef("%s is of %s, and the vault of %s", name, s.Cloud, t.Service.Cloud.Name)
	}
	return w, nil
}

func (c *checkup) doctor(app *App, p doctor.Case) *doctor.Doctor {
	return doctor.New(p.Target.Service.Cloud.Name, app.Version)
}
