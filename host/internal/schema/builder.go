package schema

import (
	"errors"
	"fmt"

	"github.com/cilium/ebpf/btf"

	"github.com/probehost/probehost/sdk/record"
)

// builder collects the fields of one schema.
type builder struct {
	fields []record.Field
	names  map[string]bool
	// limit is how many fields there may be at this point.
	limit int
	steps int
	shown uint64 // bytes of the fields
	// within is the prefix that tells a field of the key or value from an earlier one of the same name; empty: such a field is an error.
	within string
	// fixed says that records have one size: there are no flexible arrays.
	fixed bool
	// start and end bound the bytes of the part that is being added.
	start, end uint32

	enums     map[enumKey][]record.EnumValue
	enumNames int
}

func newBuilder() *builder {
	return &builder{names: make(map[string]bool), limit: MaxFields, enums: make(map[enumKey][]record.EnumValue)}
}

var (
	errTooManyFields = fmt.Errorf("more than %d fields", MaxFields)
	errTooMuch       = fmt.Errorf("fields that share bytes show more than %d of them", maxShown)
	errTooDeep       = fmt.Errorf("types inside each other deeper than %d", maxDepth)
	errTooComplex    = errors.New("the type is too complex")
)

// place is where a type is laid out.
type place struct {
	name  string // of the field, or the prefix of the fields in it
	bit   uint64 // offset in the record, in bits
	depth int
}

func (p place) errorf(format string, args ...any) error {
	name := "the record"
	if p.name != "" {
		name = "field " + p.name
	}
	return fmt.Errorf("%s: %w", name, fmt.Errorf(format, args...))
}

// part adds a type that is the whole record, or its key or its value, at an offset.
func (b *builder) part(within string, t btf.Type, offset, size uint32) error {
	b.within, b.start, b.end = within, offset, offset+size
	at := place{bit: uint64(offset) * 8}
	r, err := resolve(t)
	if err != nil {
		return at.errorf("%w", err)
	}
	if !r.flattens() {
		at.name = b.scalarName(r)
	}
	return b.add(at, t, 0)
}

// scalarName names a part that is one field.
func (b *builder) scalarName(r resolved) string {
	if r.shown != "" && len(r.typedefs) > 0 && r.typedefs[0] != r.shown {
		if name := identifier(r.typedefs[0]); name != "" && !b.names[name] {
			return name
		}
	}
	if b.within != "" {
		return b.within
	}
	return "value"
}

// add adds the fields of a type. bits is the size of a bit field, else zero.
func (b *builder) add(at place, t btf.Type, bits uint32) error {
	if b.steps++; b.steps > maxSteps {
		return at.errorf("%w", errTooComplex)
	}
	if at.depth > maxDepth {
		return at.errorf("%w", errTooDeep)
	}
	r, err := resolve(t)
	if err != nil {
		return at.errorf("%w", err)
	}
	if bits > 0 {
		return b.bitField(at, r, bits)
	}
	if at.bit%8 != 0 {
		return at.errorf("starts inside a byte")
	}
	if r.display.kind == record.Bytes {
		return b.push(at, r, record.Field{Kind: record.Bytes, Size: r.display.max, Format: r.display.format})
	}
	switch u := r.under.(type) {
	case *btf.Struct:
		return b.members(at, u.Members)
	case *btf.Union:
		return b.members(at, u.Members)
	case *btf.Array:
		return b.array(at, r, u)
	case *btf.Fwd:
		return at.errorf("%s %s is declared but not defined in the object", u.Kind, u.Name)
	default:
		f, ok := b.scalar(r)
		if !ok {
			return at.errorf("a value of type %s has no size", TypeName(t))
		}
		if f.Size == 0 {
			return nil
		}
		return b.push(at, r, f)
	}
}

func (b *builder) members(at place, members []btf.Member) error {
	for i := range members {
		m := &members[i]
		if m.Name == "" && !anonymous(m.Type) || isPadding(m.Name) {
			continue
		}
		inner := place{name: join(at.name, m.Name), bit: at.bit + uint64(m.Offset), depth: at.depth + 1}
		if err := b.add(inner, m.Type, uint32(m.BitfieldSize)); err != nil {
			return err
		}
	}
	return nil
}

// anonymous reports whether a member without a name has members of its own.
func anonymous(t btf.Type) bool {
	switch t.(type) {
	case *btf.Struct, *btf.Union:
		return true
	}
	return false
}

// push adds one field: f is complete but for its name, place and type.
func (b *builder) push(at place, r resolved, f record.Field) error {
	f.Name, f.Type = at.name, r.name
	if f.BitSize == 0 {
		if at.bit/8+uint64(f.Size) > uint64(b.end) {
			return at.errorf("reaches beyond the end of the record")
		}
		f.Offset = uint32(at.bit / 8)
	}
	if len(f.Name) > maxName {
		return fmt.Errorf("field %s...: the name is longer than %d bytes", f.Name[:40], maxName)
	}
	if b.names[f.Name] && b.within != "" {
		f.Name = join(b.within, f.Name)
	}
	if b.names[f.Name] {
		return at.errorf("another field has the same name")
	}
	if len(b.fields) >= b.limit {
		return at.errorf("%w", errTooManyFields)
	}
	if b.shown += uint64(f.Size); b.shown > maxShown {
		return at.errorf("%w", errTooMuch)
	}
	b.names[f.Name] = true
	b.fields = append(b.fields, f)
	return nil
}

// cut takes back all fields from the n-th on.
func (b *builder) cut(n int) {
	for i := range b.fields[n:] {
		delete(b.names, b.fields[n+i].Name)
		b.shown -= uint64(b.fields[n+i].Size)
	}
	b.fields = b.fields[:n]
}
