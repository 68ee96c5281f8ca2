package keyvault

// A bundle is an object as responses show it. Each kind fills in its part.
type bundle struct {
	RecoveryID string `json:"recoveryId,omitempty"`
	Deleted    int64  `json:"deletedDate,omitempty"`
	Purge      int64  `json:"scheduledPurgeDate,omitempty"`

	Value       *string `json:"value,omitempty"`
	ContentType string  `json:"contentType,omitempty"`
	ID          string  `json:"id,omitempty"`
	KID         string  `json:"kid,omitempty"`
	SID         string  `json:"sid,omitempty"`
	Thumbprint  string  `json:"x5t,omitempty"`
	DER         []byte  `json:"cer,omitempty"`
	Key         *jwk    `json:"key,omitempty"`

	Managed    bool              `json:"managed,omitempty"`
	Attributes attributes        `json:"attributes"`
	Policy     *policy           `json:"policy,omitempty"`
	Pending    *reference        `json:"pending,omitempty"`
	Tags       map[string]string `json:"tags,omitempty"`
}

// A reference names another resource of the vault.
type reference struct {
	ID string `json:"id"`
}

// A page is a part of a list.
type page struct {
	Value []bundle `json:"value"`
	Next  *string  `json:"nextLink"`
}
