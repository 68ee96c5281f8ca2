package arch

import (
	"go/ast"
	"path"
	"regexp"
	"slices"
	"strconv"
)

// A use is a place that reaches for the host's own network or programs.
type use struct {
	node ast.Node
	what string
	path string // of the package, where it is one's own name
}

// openDoors finds the uses in a file.
func openDoors(file *ast.File) []use {
	names := importNames(file)
	var found []use
	ast.Inspect(file, func(n ast.Node) bool {
		var what, from string
		switch n := n.(type) {
		case *ast.SelectorExpr:
			if path, name := names.of(n); matches(doors[path], name) {
				what, from = path+"."+name, path
			}
		case *ast.CompositeLit:
			what = names.unset(n.Type, n.Elts)
		case *ast.CallExpr:
			if f, ok := n.Fun.(*ast.Ident); ok && f.Name == "new" && len(n.Args) == 1 {
				what = names.unset(n.Args[0], nil)
			} else {
				what = names.method(n.Fun)
			}
		}
		if what != "" {
			found = append(found, use{n, what, from})
		}
		return true
	})
	return found
}

func matches(r *regexp.Regexp, name string) bool { return r != nil && r.MatchString(name) }

// imports are the paths that a file imports, by the names that it uses them
// under.
type imports map[string]string

func importNames(file *ast.File) imports {
	names := make(imports)
	for _, spec := range file.Imports {
		p, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			continue
		}
		name := path.Base(p)
		if spec.Name != nil {
			name = spec.Name.Name
		}
		names[name] = p
	}
	return names
}

// of splits a name out of an imported package; path is "" for all else. A
// variable that shadows a package is not looked for; nobody should write one.
func (i imports) of(n ast.Node) (path, name string) {
	sel, ok := n.(*ast.SelectorExpr)
	if !ok {
		return "", ""
	}
	if x, ok := sel.X.(*ast.Ident); ok {
		return i[x.Name], sel.Sel.Name
	}
	return "", ""
}

// unset complains of a value of a type out of fields, made with none of the
// fields set.
func (i imports) unset(typ ast.Expr, elements []ast.Expr) string {
	path, name := i.of(typ)
	need := fields[path+"."+name]
	isSet := func(e ast.Expr) bool {
		kv, ok := e.(*ast.KeyValueExpr)
		if !ok {
			return false
		}
		key, ok := kv.Key.(*ast.Ident)
		return ok && slices.Contains(need, key.Name)
	}
	if need == nil || slices.ContainsFunc(elements, isSet) {
		return ""
	}
	return path + "." + name + " without " + need[0]
}

// method complains of a call of one of methods.
func (i imports) method(called ast.Expr) string {
	sel, ok := called.(*ast.SelectorExpr)
	if !ok {
		return ""
	}
	if path, _ := i.of(sel); path != "" {
		return ""
	}
	for _, path := range i {
		if matches(methods[path], sel.Sel.Name) {
			return sel.Sel.Name + " of " + path
		}
	}
	return ""
}
