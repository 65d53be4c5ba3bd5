package object

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/btf"

	"github.com/probehost/probehost/host/internal/schema"
)

// typeIndex holds the types of an object by name, and its variables.
type typeIndex struct {
	byName    map[string][]btf.Type
	variables []*btf.Var
}

func indexTypes(spec *ebpf.CollectionSpec) (idx *typeIndex, err error) {
	defer func() {
		if r := recover(); r != nil {
			idx, err = nil, fmt.Errorf("parser: %v", r)
		}
	}()
	idx = &typeIndex{byName: make(map[string][]btf.Type)}
	if spec.Types == nil {
		return idx, nil
	}
	for t, err := range spec.Types.All() {
		if err != nil {
			return nil, err
		}
		switch v := t.(type) {
		case *btf.Struct, *btf.Union, *btf.Typedef, *btf.Enum, *btf.Int:
			if name := t.TypeName(); name != "" {
				idx.byName[name] = append(idx.byName[name], t)
			}
		case *btf.Var:
			idx.variables = append(idx.variables, v)
		}
	}
	return idx, nil
}

// structs names the structs, sorted.
func (idx *typeIndex) structs() []string {
	var names []string
	for _, name := range slices.Sorted(maps.Keys(idx.byName)) {
		if _, ok := idx.structOf(name); ok {
			names = append(names, name)
		}
	}
	return names
}

func (idx *typeIndex) structOf(name string) (*btf.Struct, bool) {
	for _, t := range idx.byName[name] {
		if s, ok := t.(*btf.Struct); ok {
			return s, true
		}
	}
	return nil, false
}

// namedType finds the type that a `stream` block names, as C writes it: "event", "struct event".
func (o *Object) namedType(s *Stream, text string) (btf.Type, error) {
	words := strings.Fields(text)
	if len(words) == 0 || len(words) > 2 {
		return nil, &OptionError{Object: o.Name, Stream: s.Name, Attr: "type", What: fmt.Sprintf("%q is not the name of a type", text)}
	}
	name := words[len(words)-1]
	var found []btf.Type
	for _, t := range o.types.byName[name] {
		if len(words) == 1 || strings.HasPrefix(schema.TypeName(t), words[0]+" ") {
			found = append(found, t)
		}
	}
	// In C, "event" can be a struct and its typedef at once: the same thing. Linked objects may have two structs of one name.
	structs := slices.DeleteFunc(slices.Clone(found), func(t btf.Type) bool {
		_, ok := t.(*btf.Struct)
		return !ok
	})
	switch {
	case len(structs) == 1:
		return structs[0], nil
	case len(structs) > 1:
		return nil, &OptionError{Object: o.Name, Stream: s.Name, Attr: "type",
			What: fmt.Sprintf("the object has %d structs called %s: rename all but one", len(structs), name)}
	case len(found) > 0:
		return found[0], nil
	}
	return nil, &OptionError{Object: o.Name, Stream: s.Name, Attr: "type", What: "there is no such type",
		Err: &NotFoundError{What: "struct", Name: name, Object: o.Name, Have: o.types.structs()}}
}
