package schema

import (
	"errors"
	"slices"

	"github.com/cilium/ebpf/btf"

	"github.com/probehost/probehost/sdk/record"
)

// maxChain bounds typedefs and qualifiers in a row. BTF may make them a ring.
const maxChain = 64

// resolved is a type without its typedefs and qualifiers, and what those said.
type resolved struct {
	under    btf.Type
	name     string   // of the type as it was written
	typedefs []string // outermost first
	display  display  // the zero display if no typedef says one
	shown    string   // the name of the typedef or struct that gave the display
	// bigEndian says that one of the typedefs is a number in network order.
	bigEndian bool
}

func resolve(t btf.Type) (resolved, error) {
	r := resolved{under: t, name: TypeName(t)}
	for range maxChain {
		switch v := r.under.(type) {
		case *btf.Typedef:
			r.typedefs = append(r.typedefs, v.Name)
			r.under = v.Type
		case *btf.Const:
			r.under = v.Type
		case *btf.Volatile:
			r.under = v.Type
		case *btf.Restrict:
			r.under = v.Type
		case *btf.TypeTag:
			r.under = v.Type
		default:
			r.findDisplay()
			return r, nil
		}
	}
	return resolved{}, errors.New("its typedefs have no end")
}

// findDisplay takes the outermost name that says how to show a value of this kind and size. A foreign object may use
// one of those names for something else: then it says nothing.
func (r *resolved) findDisplay() {
	names := r.typedefs
	if s, ok := r.under.(*btf.Struct); ok && s.Name != "" {
		names = append(slices.Clip(names), "struct "+s.Name)
	}
	for _, name := range names {
		d, ok := displays[name]
		if !ok || !d.fits(r.under) {
			continue
		}
		r.bigEndian = r.bigEndian || d.bigEndian
		if r.shown == "" && d.format != record.Plain {
			r.display, r.shown = d, name
		}
	}
}

// flattens reports whether the type's fields have names of their own.
func (r *resolved) flattens() bool {
	if r.display.kind == record.Bytes {
		return false
	}
	switch r.under.(type) {
	case *btf.Struct, *btf.Union:
		return true
	}
	return false
}

// isChar reports whether the type is a character: arrays of it are text. A number of 8 bits that calls itself so is none.
func (r *resolved) isChar() bool {
	i, ok := r.under.(*btf.Int)
	if !ok || i.Size != 1 || i.Encoding == btf.Bool {
		return false
	}
	for _, name := range r.typedefs {
		if name == "__s8" || name == "s8" || name == "int8_t" {
			return false
		}
	}
	return i.Encoding == btf.Char || i.Name == "char" || i.Name == "signed char"
}
