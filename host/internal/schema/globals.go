package schema

import (
	"strings"

	"github.com/cilium/ebpf/btf"

	"github.com/probehost/probehost/sdk/record"
)

// Globals returns the variables of a data section that people have a use for, as the members of a struct. Pointers are left out, which mostly
// keep a type from being dropped by the compiler, and names that begin with probe_, which belong to the host.
func Globals(section *btf.Datasec) *btf.Struct {
	s := &btf.Struct{Name: section.Name, Size: section.Size}
	for _, info := range section.Vars {
		v, ok := info.Type.(*btf.Var)
		if !ok || strings.HasPrefix(v.Name, "probe_") {
			continue
		}
		if _, pointer := btf.As[*btf.Pointer](v.Type); !pointer {
			s.Members = append(s.Members, btf.Member{Name: v.Name, Type: v.Type, Offset: btf.Bits(info.Offset) * 8})
		}
	}
	return s
}

// NewGlobalsRow is [NewRow] for the array of one element that holds a data section of that size. There is no field for the key.
func NewGlobalsRow(variables *btf.Struct, size uint32, formats Formats) (Row, *record.Schema, error) {
	value := Part{Type: variables, Size: size}
	row, b, err := newRow(Part{Size: 4}, value, false)
	if err != nil {
		return Row{}, nil, err
	}
	if err := b.rowPart("value", value, row.Value); err != nil {
		return Row{}, nil, err
	}
	s, err := b.finish(row.Size, formats)
	return row, s, err
}
