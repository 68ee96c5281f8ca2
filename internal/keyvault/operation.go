package keyvault

import (
	"crypto/x509"
	"strings"
)

// An operation is the making of a certificate. One by the issuer Self is over
// when it is asked about; one by the issuer Unknown waits for somebody outside
// and can only be given up.
type operation struct {
	ID        string  `json:"id"`
	Issuer    *issuer `json:"issuer"`
	CSR       []byte  `json:"csr"`
	Cancelled bool    `json:"cancellation_requested"`
	Status    string  `json:"status"`
	Details   string  `json:"status_details,omitempty"`
	Target    string  `json:"target,omitempty"`
	RequestID string  `json:"request_id"`
}

// createCertificate makes the key before it takes the lock: it takes long.
func (v *Vault) createCertificate(r Request) (reply, error) {
	d, err := r.parse()
	if err != nil {
		return reply{}, err
	}
	if d.Policy == nil {
		return reply{}, badParameter("The parameter policy is required.")
	}
	p := d.Policy.completed()
	template, err := p.template()
	if err != nil {
		return reply{}, err
	}
	k, err := v.generate(specification{kind: p.Key.Type, curve: p.Key.Curve, size: p.Key.Size})
	if err != nil {
		return reply{}, err
	}
	csr, err := x509.CreateCertificateRequest(v.rand, &x509.CertificateRequest{Subject: template.Subject, DNSNames: template.DNSNames}, k.private)
	if err != nil {
		return reply{}, badParameter("The policy describes no certificate: %v", err)
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.begin(r, d, p, k, csr)
}

// begin starts an operation. The first answer is always that it is in progress.
func (v *Vault) begin(r Request, d document, p *policy, k key, csr []byte) (reply, error) {
	if err := v.freeForCertificate(r.Name); err != nil {
		return reply{}, err
	}
	name := strings.ToLower(r.Name)
	if _, waits := v.pending[name]; !waits && len(v.pending) >= maxVersions {
		return reply{}, &fault{429, "Throttled", "", "Too many certificates are being made."}
	}
	o := &operation{
		ID: v.url + "/certificates/" + r.Name + "/pending", Issuer: p.Issuer, CSR: csr, Status: "inProgress",
		Details: "Pending certificate created. Certificate request is in progress. This may take some time based on the issuer provider. Please check again later.",
	}
	var err error
	if o.RequestID, err = v.nextVersion("pending/" + r.Name); err != nil {
		return reply{}, err
	}
	switch first := *o; strings.ToLower(p.Issuer.Name) {
	case "unknown":
		v.pending[name] = o
		return reply{202, first}, nil
	case "self":
		der, err := v.issue(p, k, int64(v.made), r.Now)
		if err != nil {
			return reply{}, err
		}
		if _, err := v.hold(r, d, p, k, der, true); err != nil {
			return reply{}, err
		}
		o.Status, o.Details, o.Target = "completed", "", v.url+"/certificates/"+r.Name
		v.pending[name] = o
		return reply{202, first}, nil
	}
	return reply{}, badParameter("The issuer %s is not known here; Self and Unknown are.", p.Issuer.Name)
}

func (v *Vault) operation(r Request) (*operation, error) {
	o, found := v.pending[strings.ToLower(r.Name)]
	if !found {
		return nil, noOperation(r.Name)
	}
	return o, nil
}

func (v *Vault) getOperation(r Request) (reply, error) {
	o, err := v.operation(r)
	if err != nil {
		return reply{}, err
	}
	return ok(*o)
}

// updateOperation asks for an end of an operation; what waits for somebody
// outside ends at once.
func (v *Vault) updateOperation(r Request) (reply, error) {
	d, err := r.parse()
	if err != nil {
		return reply{}, err
	}
	o, err := v.operation(r)
	if err != nil {
		return reply{}, err
	}
	if d.Cancelled != nil && *d.Cancelled && o.Status == "inProgress" {
		o.Cancelled, o.Status, o.Details = true, "cancelled", ""
	}
	return ok(*o)
}

func (v *Vault) deleteOperation(r Request) (reply, error) {
	o, err := v.operation(r)
	if err != nil {
		return reply{}, err
	}
	delete(v.pending, strings.ToLower(r.Name))
	return ok(*o)
}
