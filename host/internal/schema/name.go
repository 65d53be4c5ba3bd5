package schema

import (
	"strconv"
	"strings"

	"github.com/cilium/ebpf/btf"
)

// TypeName writes a type as C does, for people: "struct event", "char[16]", "const struct sock *". It is bounded in length.
func TypeName(t btf.Type) string {
	const most = 128
	name := typeName(t, 0)
	if len(name) > most {
		name = name[:most-3] + "..."
	}
	return name
}

func typeName(t btf.Type, depth int) string {
	if depth > 8 {
		return "..."
	}
	depth++
	switch v := t.(type) {
	case *btf.Typedef:
		return printable(v.Name)
	case *btf.Int:
		return printable(v.Name)
	case *btf.Float:
		return printable(v.Name)
	case *btf.Struct:
		return tagged("struct", v.Name)
	case *btf.Union:
		return tagged("union", v.Name)
	case *btf.Enum:
		return tagged("enum", v.Name)
	case *btf.Fwd:
		return tagged(v.Kind.String(), v.Name)
	case *btf.Pointer:
		if _, ok := v.Target.(*btf.FuncProto); ok {
			return "function *"
		}
		return typeName(v.Target, depth) + " *"
	case *btf.Array:
		return arrayName(v, depth)
	case *btf.Const:
		if _, ok := v.Type.(*btf.Pointer); ok {
			return typeName(v.Type, depth) + "const"
		}
		return "const " + typeName(v.Type, depth)
	case *btf.Volatile:
		return typeName(v.Type, depth)
	case *btf.Restrict:
		return typeName(v.Type, depth)
	case *btf.TypeTag:
		return typeName(v.Type, depth)
	case *btf.Void:
		return "void"
	default:
		return "unknown"
	}
}

// arrayName writes the sizes in the order of C, the outermost first.
func arrayName(arr *btf.Array, depth int) string {
	var sizes strings.Builder
	var elem btf.Type = arr
	for range maxDepth {
		inner, ok := elem.(*btf.Array)
		if !ok {
			break
		}
		if inner.Nelems == 0 {
			sizes.WriteString("[]")
		} else {
			sizes.WriteString("[" + strconv.FormatUint(uint64(inner.Nelems), 10) + "]")
		}
		elem = inner.Type
	}
	return typeName(elem, depth) + sizes.String()
}

func tagged(tag, name string) string {
	if name == "" {
		return tag + " {...}"
	}
	return tag + " " + printable(name)
}

// printable keeps a name from the object from doing anything to a terminal.
func printable(name string) string {
	const most = 96
	if len(name) > most {
		name = name[:most]
	}
	return strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return '?'
		}
		return r
	}, name)
}

// identifier makes a name from the object one that an expression can use.
func identifier(name string) string {
	const most = 2 * maxName
	if len(name) > most {
		name = name[:most]
	}
	name = strings.Map(func(r rune) rune {
		switch {
		case r == '_', r >= '0' && r <= '9', r >= 'A' && r <= 'Z', r >= 'a' && r <= 'z':
			return r
		default:
			return '_'
		}
	}, name)
	if name != "" && name[0] >= '0' && name[0] <= '9' {
		return "_" + name
	}
	return name
}

// join adds a member's name to the name of what it is in.
func join(outer, name string) string {
	name = identifier(name)
	switch {
	case outer == "":
		return name
	case name == "":
		return outer
	default:
		return outer + "." + name
	}
}

// isPadding reports whether a member is called pad or padding, with any underscores and digits around, or only of those.
func isPadding(name string) bool {
	switch strings.Trim(name, "_0123456789") {
	case "pad", "padding":
		return true
	case "":
		return name != "" && strings.Trim(name, "_") == ""
	default:
		return false
	}
}
