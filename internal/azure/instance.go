package azure

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"time"

	"pldoctor/internal/env"
)

// An Instance is what the platform tells a virtual machine of itself
// (learn.microsoft.com/azure/virtual-machines/instance-metadata-service).
type Instance struct {
	ID         string // ARM id of the machine
	Interfaces []Interface
}

// An Interface is a network interface of a machine.
type Interface struct {
	Addresses []netip.Addr
	Subnets   []netip.Prefix
}

// Addresses are those of all interfaces.
func (i Instance) Addresses() (all []netip.Addr) {
	for _, nic := range i.Interfaces {
		all = append(all, nic.Addresses...)
	}
	return all
}

// Subnets are those that the interfaces are in.
func (i Instance) Subnets() (all []netip.Prefix) {
	for _, nic := range i.Interfaces {
		all = append(all, nic.Subnets...)
	}
	return all
}

const (
	instancePath = "http://169.254.169.254/metadata/instance?api-version=2021-02-01"
	instanceTime = time.Second // on the machine itself it answers in milliseconds
	maxInstance  = 1 << 20
)

// ReadInstance asks instance metadata who this machine is. Outside Azure nobody
// answers, and it gives up after a second.
func ReadInstance(ctx context.Context, e env.Env) (Instance, error) {
	ctx, cancel := context.WithTimeout(ctx, instanceTime)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, instancePath, http.NoBody)
	if err != nil {
		return Instance{}, err
	}
	req.Header.Set("Metadata", "true")
	transport := &http.Transport{DialContext: e.Dial, Proxy: nil, DisableKeepAlives: true} // it must not be asked by a proxy
	resp, err := transport.RoundTrip(req)
	if err != nil {
		return Instance{}, fmt.Errorf("instance metadata: %s", innermost(err))
	}
	defer func() { _ = resp.Body.Close() }()
	data, err := io.ReadAll(io.LimitReader(resp.Body, maxInstance))
	switch {
	case err != nil:
		return Instance{}, fmt.Errorf("instance metadata: %s", innermost(err))
	case resp.StatusCode != http.StatusOK:
		return Instance{}, fmt.Errorf("instance metadata answers with status %d", resp.StatusCode)
	}
	return parseInstance(data)
}

func parseInstance(data []byte) (Instance, error) {
	var told struct {
		Compute struct {
			ID string `json:"resourceId"`
		} `json:"compute"`
		Network struct {
			Interfaces []struct {
				IPv4 family `json:"ipv4"`
				IPv6 family `json:"ipv6"`
			} `json:"interface"`
		} `json:"network"`
	}
	if err := json.Unmarshal(data, &told); err != nil {
		return Instance{}, fmt.Errorf("instance metadata is malformed: %w", err)
	}
	i := Instance{ID: told.Compute.ID}
	for _, nic := range told.Network.Interfaces {
		var read Interface
		nic.IPv4.into(&read)
		nic.IPv6.into(&read)
		i.Interfaces = append(i.Interfaces, read)
	}
	return i, nil
}

// A family is what metadata tells of an interface for one version of IP.
type family struct {
	Addresses []struct {
		Private string `json:"privateIpAddress"`
	} `json:"ipAddress"`
	Subnets []struct {
		Address string `json:"address"`
		Length  string `json:"prefix"`
	} `json:"subnet"`
}

func (f family) into(nic *Interface) {
	for _, told := range f.Addresses {
		if a, err := netip.ParseAddr(told.Private); err == nil {
			nic.Addresses = append(nic.Addresses, a)
		}
	}
	for _, told := range f.Subnets {
		if p, err := netip.ParsePrefix(told.Address + "/" + told.Length); err == nil {
			nic.Subnets = append(nic.Subnets, p.Masked())
		}
	}
}
