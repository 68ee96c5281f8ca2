package keyvault

import (
	"encoding/base64"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Contents are what versions hold: each fills in what responses show of it,
// in full and in lists.
type contents interface {
	full(b *bundle, url, name, version string)
	brief(b *bundle)
}

// A version of an object is never changed but in its attributes, its tags and,
// by its kind, in what a client may update.
type version[C contents] struct {
	id         string
	attributes attributes
	tags       map[string]string
	managed    bool // by a certificate
	content    C
}

// An object has at least one version.
type object[C contents] struct {
	name           string
	versions       []*version[C] // the current one last
	deleted, purge time.Time     // zero while it is there
}

func (o *object[C]) current() *version[C] { return o.versions[len(o.versions)-1] }

// find returns a version, the current one for "".
func (o *object[C]) find(id string) (*version[C], bool) {
	if id == "" {
		return o.current(), true
	}
	i := slices.IndexFunc(o.versions, func(v *version[C]) bool { return strings.EqualFold(v.id, id) })
	if i < 0 {
		return nil, false
	}
	return o.versions[i], true
}

// A shelf holds the objects of a kind, by their names in lower case: names are
// compared without case.
type shelf[C contents] struct {
	kind       kind
	live, gone map[string]*object[C]
}

func newShelf[C contents](k kind) *shelf[C] {
	return &shelf[C]{kind: k, live: make(map[string]*object[C]), gone: make(map[string]*object[C])}
}

// size is the number of versions.
func (s *shelf[C]) size() int {
	n := 0
	for _, all := range []map[string]*object[C]{s.live, s.gone} {
		for _, o := range all {
			n += len(o.versions)
		}
	}
	return n
}

func (s *shelf[C]) expire(now time.Time) {
	maps.DeleteFunc(s.gone, func(_ string, o *object[C]) bool { return !now.Before(o.purge) })
}

// lookup finds a version of an object that is there.
func (s *shelf[C]) lookup(r Request) (*object[C], *version[C], error) {
	o, found := s.live[strings.ToLower(r.Name)]
	if !found {
		return nil, nil, s.kind.notFound(r.Name)
	}
	v, found := o.find(r.Version)
	if !found {
		return nil, nil, s.kind.notFound(r.Name + "/" + r.Version)
	}
	return o, v, nil
}

// free tells whether a name can be given to a new version, managed by a
// certificate or not.
func (s *shelf[C]) free(name string, managed bool) error {
	if _, gone := s.gone[strings.ToLower(name)]; gone {
		return s.kind.recoverable(name)
	}
	o, found := s.live[strings.ToLower(name)]
	if !found || o.current().managed == managed {
		return nil
	}
	if managed {
		return s.kind.taken(name)
	}
	return s.kind.managed("update")
}

// add makes a version the current one of an object, which may be new.
func (s *shelf[C]) add(name string, v *version[C]) *object[C] {
	o, found := s.live[strings.ToLower(name)]
	if !found {
		o = &object[C]{name: name}
		s.live[strings.ToLower(name)] = o
	}
	o.versions = append(o.versions, v)
	return o
}

// show is a version in full. Of what is deleted, and of what is changed, the
// value of a secret is not shown.
func (s *shelf[C]) show(vault *Vault, o *object[C], v *version[C], secret bool) bundle {
	b := bundle{Attributes: v.attributes, Tags: v.tags, Managed: v.managed}
	v.content.full(&b, vault.url, o.name, v.id)
	if !secret {
		b.Value = nil
	}
	s.recovery(&b, vault, o)
	return b
}

// item is an object or a version in a list.
func (s *shelf[C]) item(vault *Vault, o *object[C], v *version[C], id string) bundle {
	b := bundle{Attributes: v.attributes, Tags: v.tags, Managed: v.managed}
	v.content.brief(&b)
	if s.kind.member == "kid" {
		b.KID = id
	} else {
		b.ID = id
	}
	s.recovery(&b, vault, o)
	return b
}

func (s *shelf[C]) recovery(b *bundle, vault *Vault, o *object[C]) {
	if o.deleted.IsZero() {
		return
	}
	b.RecoveryID = vault.url + "/deleted" + s.kind.path + "/" + o.name
	b.Deleted, b.Purge = o.deleted.Unix(), o.purge.Unix()
}

func (s *shelf[C]) get(vault *Vault, r Request) (reply, error) {
	o, v, err := s.lookup(r)
	if err != nil {
		return reply{}, err
	}
	return ok(s.show(vault, o, v, true))
}

// update changes attributes and tags of a version.
func (s *shelf[C]) update(vault *Vault, r Request, d document, content func(*version[C])) (reply, error) {
	o, v, err := s.lookup(r)
	if err != nil {
		return reply{}, err
	}
	v.attributes.set(d.Attributes, r.Now)
	if d.Tags != nil {
		v.tags = d.Tags
	}
	content(v)
	return ok(s.show(vault, o, v, false))
}

// remove deletes an object softly, unless a certificate manages it.
func (s *shelf[C]) remove(vault *Vault, r Request) (reply, error) {
	r.Version = ""
	o, v, err := s.lookup(r)
	switch {
	case err != nil:
		return reply{}, err
	case v.managed:
		return reply{}, s.kind.managed("delete")
	}
	s.bury(r.Name, r.Now)
	return ok(s.show(vault, o, v, false))
}

// bury moves an object to the deleted ones.
func (s *shelf[C]) bury(name string, now time.Time) {
	name = strings.ToLower(name)
	if o, found := s.live[name]; found {
		o.deleted, o.purge = now, now.AddDate(0, 0, recoverableDays)
		delete(s.live, name)
		s.gone[name] = o
	}
}

// restore moves an object back.
func (s *shelf[C]) restore(name string) {
	name = strings.ToLower(name)
	if o, found := s.gone[name]; found {
		o.deleted, o.purge = time.Time{}, time.Time{}
		delete(s.gone, name)
		s.live[name] = o
	}
}

// buried finds a deleted object.
func (s *shelf[C]) buried(name string) (*object[C], error) {
	o, found := s.gone[strings.ToLower(name)]
	if !found {
		return nil, s.kind.noDeleted(name)
	}
	return o, nil
}

func (s *shelf[C]) getDeleted(vault *Vault, r Request) (reply, error) {
	o, err := s.buried(r.Name)
	if err != nil {
		return reply{}, err
	}
	return ok(s.show(vault, o, o.current(), false))
}

func (s *shelf[C]) recover(vault *Vault, r Request) (reply, error) {
	o, err := s.buried(r.Name)
	switch {
	case err != nil:
		return reply{}, err
	case o.current().managed:
		return reply{}, s.kind.managed("recover")
	}
	s.restore(r.Name)
	return ok(s.show(vault, o, o.current(), false))
}

func (s *shelf[C]) purge(r Request) (reply, error) {
	o, err := s.buried(r.Name)
	switch {
	case err != nil:
		return reply{}, err
	case o.current().managed:
		return reply{}, s.kind.managed("purge")
	}
	delete(s.gone, strings.ToLower(r.Name))
	return reply{status: 204}, nil
}

func (s *shelf[C]) list(vault *Vault, r Request) (reply, error) {
	return paginate(vault, r, s.kind.path, slices.Sorted(maps.Keys(s.live)), func(name string) bundle {
		o := s.live[name]
		return s.item(vault, o, o.current(), vault.url+"/"+s.kind.path+"/"+o.name)
	})
}

func (s *shelf[C]) listDeleted(vault *Vault, r Request) (reply, error) {
	return paginate(vault, r, "deleted"+s.kind.path, slices.Sorted(maps.Keys(s.gone)), func(name string) bundle {
		o := s.gone[name]
		return s.item(vault, o, o.current(), vault.url+"/"+s.kind.path+"/"+o.name)
	})
}

// listVersions of an object that is not there is empty, as recordings of
// Azure/azure-sdk-for-js show.
func (s *shelf[C]) listVersions(vault *Vault, r Request) (reply, error) {
	o, found := s.live[strings.ToLower(r.Name)]
	if !found {
		o = &object[C]{name: r.Name}
	}
	byID := make(map[string]*version[C])
	for _, v := range o.versions {
		byID[v.id] = v
	}
	base := s.kind.path + "/" + o.name
	return paginate(vault, r, base+"/versions", slices.Sorted(maps.Keys(byID)), func(id string) bundle {
		return s.item(vault, o, byID[id], vault.url+"/"+base+"/"+id)
	})
}

// paginate shows the page of a sorted list that a request asks for. The token
// names what the page before ended with, so what comes and goes meanwhile
// moves nothing else.
func paginate(vault *Vault, r Request, path string, keys []string, show func(string) bundle) (reply, error) {
	size, err := r.pageSize()
	if err != nil {
		return reply{}, err
	}
	after, err := base64.RawURLEncoding.DecodeString(r.Query.Get("$skiptoken"))
	if err != nil || len(after) > maxName {
		return reply{}, badParameter("The $skiptoken is not one that this vault has given.")
	}
	from, found := slices.BinarySearch(keys, string(after))
	if found {
		from++
	}
	p := page{Value: []bundle{}}
	to := min(from+size, len(keys))
	for _, k := range keys[from:to] {
		p.Value = append(p.Value, show(k))
	}
	if to < len(keys) {
		next := vault.url + "/" + path + "?api-version=" + url.QueryEscape(r.Query.Get("api-version")) +
			"&$skiptoken=" + base64.RawURLEncoding.EncodeToString([]byte(keys[to-1]))
		if given := r.Query.Get("maxresults"); given != "" {
			next += "&maxresults=" + given
		}
		p.Next = &next
	}
	return ok(p)
}
