package scenario

import (
	"io/fs"
	"slices"
)

// An Exec is a real program that can stand in for a host. What is declared
// beside it, under dns or proxy, says how that program is predicted.
type Exec struct {
	// Command is the program and its arguments. It stays in the foreground.
	Command []string
	// Files are put into the directory that the program starts in, which is in
	// memory: contents by name.
	Files map[string]string
	// Package is the one of Debian that has the program; "" for the program's
	// own name.
	Package string
}

func execOf(n node) *Exec {
	e := &Exec{Files: make(map[string]string)}
	n.object(keys{
		"command": into(&e.Command, node.texts),
		"package": into(&e.Package, node.text),
		"files": func(n node) {
			for key, value := range n.entries() {
				if name := key.text(); !fs.ValidPath(name) || name == "." {
					key.fail("is no name in the directory that the program starts in, such as named.conf")
				}
				e.Files[key.text()] = value.text()
			}
		},
	})
	if len(e.Command) == 0 || slices.Contains(e.Command, "") {
		n.fail("has no command")
		return nil
	}
	if e.Package == "" {
		e.Package = e.Command[0]
	}
	return e
}

// checkExec: a program is predicted, so its host has a role, and a place where
// it is asked.
func (h *host) checkExec() {
	switch {
	case h.exec == nil:
	case h.DNS == nil && h.Proxy == nil:
		h.node.get("exec").fail("stands beside neither dns nor proxy, which say how the program is predicted")
	case !h.Address.IsValid():
		h.node.get("exec").fail("is of a host without an address")
	}
}

type writtenExec struct {
	Command []string          `yaml:"command,flow"`
	Files   map[string]string `yaml:"files,omitempty"`
	Package string            `yaml:"package,omitempty"`
}

func execWritten(e Exec) *writtenExec {
	if len(e.Command) == 0 {
		return nil
	}
	w := &writtenExec{e.Command, e.Files, e.Package}
	if w.Package == w.Command[0] {
		w.Package = ""
	}
	return w
}
