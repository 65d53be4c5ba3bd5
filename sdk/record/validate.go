package record

import (
	"fmt"
	"strings"
)

// Bounds on a schema. They are far above what a BPF program can emit.
const (
	MaxFields = 4096
	MaxSize   = 16 << 20 // bytes of a record
	MaxName   = 512      // bytes of a field's name
	MaxValues = 1 << 16  // names of an enum
)

// Validate checks a schema that came from a peer or was made from an object's types. The package's other methods rely on
// what it checks: without it they may panic. Fields may overlap, as the members of a union do.
func (s *Schema) Validate() error {
	if len(s.Fields) > MaxFields {
		return fmt.Errorf("schema has %d fields, more than %d", len(s.Fields), MaxFields)
	}
	if s.Size > MaxSize {
		return fmt.Errorf("schema's records have %d bytes, more than %d", s.Size, MaxSize)
	}
	seen := make(map[string]bool, len(s.Fields))
	for i := range s.Fields {
		f := &s.Fields[i]
		if err := validName(f.Name); err != nil {
			return fmt.Errorf("field %d: %w", i, err)
		}
		if seen[f.Name] {
			return fmt.Errorf("field %s: there are two of that name", f.Name)
		}
		seen[f.Name] = true
		if err := f.validate(s.Size); err != nil {
			return fmt.Errorf("field %s: %w", f.Name, err)
		}
	}
	return nil
}

// validName takes whatever prints in ASCII and cannot be mistaken for the end of a name in text.
func validName(name string) error {
	if name == "" || len(name) > MaxName {
		return fmt.Errorf("a name has 1 to %d bytes, this one %d", MaxName, len(name))
	}
	for i := range len(name) {
		if c := name[i]; !plain[c] || strings.IndexByte(" =,", c) >= 0 {
			return fmt.Errorf("name %q holds a character that names may not hold", name)
		}
	}
	return nil
}

func (f *Field) validate(size uint32) error {
	if end := uint64(f.Offset) + uint64(f.Size); end > uint64(size) {
		return fmt.Errorf("ends at byte %d of a record of %d", end, size)
	}
	if f.Kind != Enum && len(f.Values) > 0 || len(f.Values) > MaxValues {
		return fmt.Errorf("%d named values in a field of kind %s", len(f.Values), f.Kind)
	}
	if f.Kind != Array && f.Elem != 0 {
		return fmt.Errorf("element size %d in a field of kind %s", f.Elem, f.Kind)
	}
	if f.BitSize != 0 || f.BitOffset != 0 {
		if f.Kind > Enum || f.BitSize == 0 || uint32(f.BitOffset)+uint32(f.BitSize) > 8*f.Size {
			return fmt.Errorf("bits %d to %d do not fit a field of kind %s and %d bytes",
				f.BitOffset, uint32(f.BitOffset)+uint32(f.BitSize), f.Kind, f.Size)
		}
	}
	return f.validKind()
}

func (f *Field) validKind() error {
	address := f.Format.addressSize()
	switch f.Kind {
	case Bool, Int, Uint, Enum:
		if !numberSize(f.Size) {
			return fmt.Errorf("kind %s has 1, 2, 4 or 8 bytes, not %d", f.Kind, f.Size)
		}
		if address != 0 || !f.Format.known() {
			return fmt.Errorf("format %q does not fit a number: addresses are of kind %s", f.Format, Bytes)
		}
	case Array:
		if !numberSize(f.Elem) || f.Size%f.Elem != 0 {
			return fmt.Errorf("array of %d bytes with elements of %d", f.Size, f.Elem)
		}
		if address != 0 || !f.Format.known() {
			return fmt.Errorf("format %q does not fit numbers", f.Format)
		}
	case Bytes:
		if address != 0 && f.Size != address {
			return fmt.Errorf("format %s takes %d bytes, not %d", f.Format, address, f.Size)
		}
		if address == 0 && f.Format != Plain && f.Format != Hex {
			return fmt.Errorf("format %q does not fit bytes", f.Format)
		}
	case Text:
		if f.Format != Plain {
			return fmt.Errorf("format %q does not fit text", f.Format)
		}
	default:
		return fmt.Errorf("unknown kind %s", f.Kind)
	}
	return nil
}

func numberSize(n uint32) bool { return n == 1 || n == 2 || n == 4 || n == 8 }

func (f Format) known() bool {
	switch f {
	case Plain, Hex, Port, Time, BootTime, Duration, Cgroup, ByteSize:
		return true
	}
	return f.Named() || f.addressSize() != 0
}
