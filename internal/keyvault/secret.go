package keyvault

// A secret is a text of at most 25 KB.
type secret struct {
	value       string
	contentType string
	kid         string // of the key behind the certificate that manages it
}

func (s secret) full(b *bundle, url, name, version string) {
	s.brief(b)
	b.Value, b.ID, b.KID = &s.value, url+"/secrets/"+name+"/"+version, s.kid
}

func (s secret) brief(b *bundle) { b.ContentType = s.contentType }

// getSecret shows a secret, unless it is disabled.
func (v *Vault) getSecret(r Request) (reply, error) {
	_, found, err := v.secrets.lookup(r)
	switch {
	case err != nil:
		return reply{}, err
	case !found.attributes.Enabled:
		return reply{}, secretKind.disabled("get")
	}
	return v.secrets.get(v, r)
}

func (v *Vault) setSecret(r Request) (reply, error) {
	d, err := r.parse()
	switch {
	case err != nil:
		return reply{}, err
	case d.Value == nil:
		return reply{}, badParameter("The parameter value is required.")
	case len(*d.Value) > maxSecret:
		return reply{}, badParameter("The value of the secret is longer than %d bytes.", maxSecret)
	}
	if err := v.secrets.free(r.Name, false); err != nil {
		return reply{}, err
	}
	id, err := v.nextVersion("secrets/" + r.Name)
	if err != nil {
		return reply{}, err
	}
	added := &version[secret]{id: id, attributes: newAttributes(d.Attributes, r.Now), tags: d.Tags, content: secret{value: *d.Value}}
	if d.ContentType != nil {
		added.content.contentType = *d.ContentType
	}
	return ok(v.secrets.show(v, v.secrets.add(r.Name, added), added, true))
}

func (v *Vault) updateSecret(r Request) (reply, error) {
	d, err := r.parse()
	if err != nil {
		return reply{}, err
	}
	return v.secrets.update(v, r, d, func(found *version[secret]) {
		if d.ContentType != nil {
			found.content.contentType = *d.ContentType
		}
	})
}
