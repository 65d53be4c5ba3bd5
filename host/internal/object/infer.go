package object

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/btf"
)

// recordType finds the type of a ring's or perf event array's records: the one that is asked for, else the one in the map's
// definition, else the only one that it can be, which is then inferred.
func (o *Object) recordType(s *Stream, asked string) (t btf.Type, inferred bool, err error) {
	if asked != "" {
		t, err = o.namedType(s, asked)
		return t, false, err
	}
	if t, ok := o.definedType(s.Map); ok {
		return t, false, nil
	}
	candidates := o.candidates()
	if len(candidates) == 1 && o.untyped() == 1 {
		return candidates[0], true, nil
	}
	unknown := &TypeUnknownError{Stream: s.Name, Object: o.Name}
	for _, c := range candidates {
		unknown.Have = append(unknown.Have, c.Name)
	}
	if len(candidates) == 0 {
		unknown.Have = o.types.structs()
	}
	slices.SortStableFunc(unknown.Have, func(x, y string) int {
		return cmp.Or(-cmp.Compare(likeness(s.Name, x), likeness(s.Name, y)), cmp.Compare(x, y))
	})
	return nil, false, unknown
}

// definedType is the value type in the map's definition.
func (o *Object) definedType(m *ebpf.MapSpec) (btf.Type, bool) {
	switch v := m.Value.(type) {
	case nil, *btf.Void:
		return nil, false
	case *btf.Fwd:
		s, ok := o.types.structOf(v.Name)
		return s, ok && v.Kind == btf.FwdStruct
	}
	// The value of a perf event array used to be defined as the int that the kernel keeps there: it says nothing about records.
	if _, number := btf.As[*btf.Int](m.Value); number && m.Type == ebpf.PerfEventArray {
		return nil, false
	}
	return m.Value, true
}

// untyped counts the streams whose records have no type in the definition.
func (o *Object) untyped() int {
	n := 0
	for _, name := range o.Streams() {
		if _, ok := o.definedType(o.Spec.Maps[name]); !ok {
			n++
		}
	}
	return n
}

// candidates are the structs that the records of a map without a type may have, sorted by name.
//
// Compilers drop types that nothing refers to, so authors keep their event's by a variable that points to it
// (`const struct event *unused`). If there are such variables, they say it. Otherwise it is among the structs that have no
// other use: no map's key or value, no variable, no program's context, no kernel type.
func (o *Object) candidates() []*btf.Struct {
	kept, used := make(map[btf.Type]bool), make(map[btf.Type]bool)
	for _, v := range o.types.variables {
		if ptr, ok := btf.As[*btf.Pointer](v.Type); ok {
			if s, ok := btf.As[*btf.Struct](ptr.Target); ok {
				kept[s] = true
			}
			continue
		}
		mark(used, v.Type, false)
	}
	for _, m := range o.Spec.Maps {
		for ; m != nil; m = m.InnerMap {
			mark(used, m.Key, true)
			mark(used, m.Value, true)
		}
	}
	for _, p := range o.Spec.Programs {
		o.markProgram(used, p)
	}
	var named []*btf.Struct
	for _, name := range o.types.structs() {
		s, _ := o.types.structOf(name)
		if !used[s] && s.Size > 0 && !strings.Contains(name, "___") { // flavors are the kernel's
			named = append(named, s)
		}
	}
	pointed := slices.DeleteFunc(slices.Clone(named), func(s *btf.Struct) bool { return !kept[s] })
	if len(pointed) > 0 {
		return pointed
	}
	return named
}

// markProgram marks the types of a program's context and those of the kernel that it reads.
func (o *Object) markProgram(used map[btf.Type]bool, p *ebpf.ProgramSpec) {
	for i := range p.Instructions {
		ins := &p.Instructions[i]
		if i == 0 {
			if fn := btf.FuncMetadata(ins); fn != nil {
				mark(used, fn.Type, true)
			}
		}
		if relo := btf.CORERelocationMetadata(ins); relo != nil {
			mark(used, o.relocated(relo), true)
		}
	}
}

// relocated returns the local type of a CO-RE relocation, nil if it cannot be told. The package keeps the type's number to itself
// but for its text; not to know it makes for more candidates, so that the user is asked.
func (o *Object) relocated(relo *btf.CORERelocation) btf.Type {
	_, text, ok := strings.Cut(relo.String(), "local_id=")
	var id btf.TypeID
	if !ok {
		return nil
	}
	if _, err := fmt.Sscanf(text, "%d", &id); err != nil {
		return nil
	}
	t, err := o.Spec.Types.TypeByID(id)
	if err != nil {
		return nil
	}
	return t
}

// mark marks a type and all that it is made of; with pointers, also what it points to.
func mark(used map[btf.Type]bool, t btf.Type, pointers bool) {
	queue := []btf.Type{t}
	for len(queue) > 0 {
		t, queue = queue[len(queue)-1], queue[:len(queue)-1]
		if t == nil || used[t] {
			continue
		}
		used[t] = true
		switch v := t.(type) {
		case *btf.Struct:
			for i := range v.Members {
				queue = append(queue, v.Members[i].Type)
			}
		case *btf.Union:
			for i := range v.Members {
				queue = append(queue, v.Members[i].Type)
			}
		case *btf.FuncProto:
			for i := range v.Params {
				queue = append(queue, v.Params[i].Type)
			}
		case *btf.Pointer:
			if pointers {
				queue = append(queue, v.Target)
			}
		case *btf.Array:
			queue = append(queue, v.Type)
		case *btf.Typedef:
			queue = append(queue, v.Type)
		case *btf.Const:
			queue = append(queue, v.Type)
		case *btf.Volatile:
			queue = append(queue, v.Type)
		case *btf.Restrict:
			queue = append(queue, v.Type)
		case *btf.TypeTag:
			queue = append(queue, v.Type)
		}
	}
}

// likeness is how many characters the names of a stream and of a struct begin with in common: "events" and "event_t".
func likeness(stream, structName string) int {
	n := 0
	for n < len(stream) && n < len(structName) && stream[n] == structName[n] {
		n++
	}
	return n
}
