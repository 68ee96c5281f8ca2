package scenario

import (
	"embed"
	"io/fs"
	"path"
	"slices"
	"strings"
)

//go:embed corpus
var embedded embed.FS

// Shipped is the corpus: a scenario per .yaml file, and the resources that
// several of them share in the directory estate.
func Shipped() fs.FS {
	sub, err := fs.Sub(embedded, "corpus")
	if err != nil {
		panic(err) // the path is well-formed
	}
	return sub
}

// An Entry is a shipped scenario as lists show it.
type Entry struct {
	Name   string   `json:"name"`
	Title  string   `json:"title"`
	Hosts  []string `json:"hosts"`
	Vaults []string `json:"vaults"`
}

// Names are those of the scenarios that ship, in order.
func Names() []string {
	files, err := fs.Glob(Shipped(), "*.yaml")
	if err != nil {
		panic(err) // the pattern is well-formed
	}
	for i, f := range files {
		files[i] = strings.TrimSuffix(f, ".yaml")
	}
	return files
}

// Corpus lists the scenarios that ship.
func Corpus() ([]Entry, error) {
	var entries []Entry
	for _, name := range Names() {
		s, err := Load(name)
		if err != nil {
			return nil, err
		}
		entries = append(entries, Entry{s.Name, s.Title, s.Hosts, s.Vaults})
	}
	return entries, nil
}

// Load reads a scenario that ships.
func Load(name string) (*Scenario, error) {
	if !slices.Contains(Names(), name) {
		return nil, &Error{File: name, What: "is no scenario that ships; those are: " + strings.Join(Names(), ", ")}
	}
	return read(name, name+".yaml", Shipped())
}

// Open reads the scenario that ships under a name, else the file of that name
// in fsys; files that it names lie beside it.
func Open(nameOrPath string, fsys fs.FS) (*Scenario, error) {
	if slices.Contains(Names(), nameOrPath) {
		return Load(nameOrPath)
	}
	beside, err := fs.Sub(fsys, path.Dir(nameOrPath))
	if err != nil {
		return nil, &Error{File: nameOrPath, What: "is neither a scenario that ships nor the path of a file"}
	}
	return read(nameOrPath, path.Base(nameOrPath), beside)
}

// read reads a file; name is what errors and lists call it.
func read(name, file string, fsys fs.FS) (*Scenario, error) {
	data, err := fs.ReadFile(fsys, file)
	if err != nil {
		return nil, &Error{File: name, What: "is neither a scenario that ships nor a file that can be read: " + reason(err).Error()}
	}
	return Parse(name, data, fsys)
}
