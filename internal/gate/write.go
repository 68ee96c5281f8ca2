package gate

import (
	"cmp"
	"strconv"
	"strings"

	"pldoctor/internal/service"
	"pldoctor/internal/world"
)

// Versions of the service, as x-ms-keyvault-service-version gives them: one of
// February 2026, and that of the article on private link diagnostics, which
// writes the older network-info.
const (
	serviceVersion    = "1.9.3019.1"
	oldServiceVersion = "1.2.27.0"
)

// What stands for an appid, oid or tenant that is not known, and for the
// tenant of a foreign vault.
const (
	noObject    = "00000000-0000-0000-0000-000000000000"
	otherTenant = "ffffffff-ffff-ffff-ffff-ffffffffffff"
)

// Write makes the response of a decision.
func (d Decision) Write(id RequestID, date string) Response {
	res := Response{Status: d.Status, Denial: d.Denial, By: d.By, Info: d.Info, Body: d.body()}
	if d.Vault != nil {
		res.Vault, res.Region = d.Vault.Name(), region(d.Vault.Location)
	}
	length := strconv.Itoa(len(res.Body))
	switch d.page {
	case healthPage:
		res.Headers = d.healthHeaders(id, length)
	case htmlPage:
		res.Headers = []Header{{"Content-Type", "text/html"}, {"Date", date}, {"Content-Length", length}}
	default:
		res.Headers = d.headers(res.Region, id, date, length)
	}
	if d.request.Method == "HEAD" {
		res.Body = ""
	}
	return res
}

// healthHeaders are those of the article on private link diagnostics, in its
// order.
func (d Decision) healthHeaders(id RequestID, length string) []Header {
	return []Header{
		{"Cache-Control", "no-cache"},
		{"Pragma", "no-cache"},
		{"Content-Type", "application/json; charset=utf-8"},
		{service.HeaderRequestID, string(id)},
		{service.HeaderServiceVersion, d.version()},
		{service.HeaderNetworkInfo, d.Info.String()},
		{"Strict-Transport-Security", "max-age=31536000;includeSubDomains"},
		{"Content-Length", length},
	}
}

// headers are those of a transcript of February 2026, in its order; the
// challenge stands where recordings of 401s have it.
func (d Decision) headers(region string, id RequestID, date, length string) []Header {
	h := make([]Header, 0, 14)
	h = append(h,
		Header{"Cache-Control", "no-cache"},
		Header{"Pragma", "no-cache"},
		Header{"Content-Type", "application/json; charset=utf-8"},
		Header{"Expires", "-1"})
	if d.Status == 401 {
		svc := d.world.Service()
		h = append(h, Header{service.HeaderWWWAuthenticate, svc.ChallengeFor(tenant(d.Vault)).String()})
	}
	if region != "" {
		h = append(h, Header{service.HeaderRegion, region})
	}
	return append(h,
		Header{service.HeaderRequestID, string(id)},
		Header{service.HeaderServiceVersion, d.version()},
		Header{service.HeaderNetworkInfo, d.Info.String()},
		Header{"X-Content-Type-Options", "nosniff"},
		Header{"Strict-Transport-Security", "max-age=31536000;includeSubDomains"},
		Header{"Date", date},
		Header{"Content-Length", length})
}

func (d Decision) version() string {
	if d.world.Assume().OldNetworkInfo {
		return oldServiceVersion
	}
	return serviceVersion
}

func (d Decision) body() string {
	switch d.page {
	case healthPage:
		return "true" // four bytes of JSON, says the article's Content-Length
	case contentPage:
		return d.content
	case htmlPage:
		return html(d.Status)
	case textPage:
	}
	b := d.text.Body(d.fields())
	if inner := d.world.Assume().TCPDenialInner; d.text == service.TextTCP && inner != "" {
		b.Inner = inner
	}
	return b.JSON()
}

// html is the web server's own page.
func html(status int) string {
	title := "404 - File or directory not found."
	if status == 403 {
		title = "403 - Forbidden: Access is denied."
	}
	return "<!DOCTYPE html>\r\n<html><head><title>" + title + "</title></head><body><h1>" + title + "</h1></body></html>\r\n"
}

// fields are the values that the texts can name.
func (d Decision) fields() service.Fields {
	f := service.Fields{
		Client: d.arrival.Source.Unmap(), NoSubnet: d.arrival.Subnet != "",
		Host: hostname(d.request.Host), Name: d.call.Name,
		JWTHeader: "e30", // {}
		Action:    "Microsoft.KeyVault/vaults/" + d.op.action, Permission: d.op.permission,
	}
	issuer := service.Issuer(noObject)
	if v := d.Vault; v != nil {
		f.Vault, f.Location, f.Resource = v.Name(), region(v.Location), string(v.ID)
		f.Issuer = service.Issuer(tenant(v))
		if d.call.Name != "" {
			f.Resource += "/" + d.op.collection() + "/" + strings.ToLower(d.call.Name)
		}
		if !v.Foreign {
			issuer = f.Issuer
		}
	}
	c := d.request.Caller
	f.Caller = service.Caller{
		App: cmp.Or(c.App, noObject), Object: cmp.Or(c.Object, noObject), Issuer: cmp.Or(c.Issuer, issuer),
	}
	return f
}

// tenant is the tenant that a vault trusts.
func tenant(v *world.Vault) string {
	if v.Foreign {
		return cmp.Or(v.Tenant, otherTenant)
	}
	return cmp.Or(v.Tenant, noObject)
}

// region is a location as the service names it: "West Europe" is westeurope.
func region(location string) string {
	return strings.ToLower(strings.ReplaceAll(location, " ", ""))
}
