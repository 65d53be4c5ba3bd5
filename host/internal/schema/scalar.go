package schema

import (
	"github.com/cilium/ebpf/btf"

	"github.com/probehost/probehost/sdk/record"
)

// scalar returns the field of a type that is neither struct, union nor array, without name and place.
func (b *builder) scalar(r resolved) (record.Field, bool) {
	switch u := r.under.(type) {
	case *btf.Int:
		f := record.Field{Kind: intKind(u), Size: u.Size}
		if !isNumberSize(u.Size) {
			f.Kind = record.Bytes
		}
		if f.Kind == record.Int || f.Kind == record.Uint {
			f.Format, f.BigEndian = r.display.format, r.bigEndian && u.Size > 1
		}
		return f, true
	case *btf.Enum:
		f := record.Field{Kind: record.Enum, Size: u.Size, Signed: u.Signed}
		if !isNumberSize(u.Size) {
			return record.Field{Kind: record.Bytes, Size: u.Size}, true
		}
		b.name(&f, u, 8*u.Size)
		return f, true
	case *btf.Pointer:
		return record.Field{Kind: record.Uint, Size: 8, Format: record.Hex}, true
	case *btf.Float:
		return record.Field{Kind: record.Bytes, Size: u.Size}, true
	default:
		return record.Field{}, false
	}
}

func isNumberSize(n uint32) bool { return n == 1 || n == 2 || n == 4 || n == 8 }

func intKind(i *btf.Int) record.Kind {
	switch {
	case i.Encoding == btf.Bool && i.Size == 1:
		return record.Bool
	case i.Encoding == btf.Signed || i.Name == "char":
		return record.Int
	default:
		return record.Uint
	}
}

// enumKey tells apart the ways that the values of one enum read, by how many bits hold them.
type enumKey struct {
	enum *btf.Enum
	bits uint32
}

// name gives an enum field of that many bits the names of its values. Without room for them it becomes a number.
func (b *builder) name(f *record.Field, e *btf.Enum, bits uint32) {
	key := enumKey{e, bits}
	values, ok := b.enums[key]
	if !ok {
		values = enumValues(e, bits)
		b.enums[key] = values
	}
	if b.enumNames += len(values); b.enumNames > maxEnumNames {
		b.enumNames -= len(values)
		f.Kind, f.Signed = record.Uint, false
		if e.Signed {
			f.Kind = record.Int
		}
		return
	}
	f.Values = values
}

// enumValues returns the values as [record.Field.Int] reads them from that many bits. Values that do not fit into the bits
// are left out.
func enumValues(e *btf.Enum, bits uint32) []record.EnumValue {
	if bits == 0 || bits > 64 {
		return nil
	}
	values := make([]record.EnumValue, 0, len(e.Values))
	for _, v := range e.Values {
		read := v.Value << (64 - bits) >> (64 - bits)
		if e.Signed {
			read = uint64(int64(v.Value<<(64-bits)) >> (64 - bits))
		}
		if name := identifier(v.Name); read == v.Value && name != "" {
			values = append(values, record.EnumValue{Name: name, Value: int64(read)})
		}
	}
	return values
}

// bitField adds a bit field of n bits.
func (b *builder) bitField(at place, r resolved, n uint32) error {
	var f record.Field
	switch u := r.under.(type) {
	case *btf.Int:
		f.Kind = intKind(u)
		if f.Kind != record.Bool && r.display.kind != record.Bytes { // bits are a number, whatever else has the type
			f.Format = r.display.format
		}
	case *btf.Enum:
		f = record.Field{Kind: record.Enum, Signed: u.Signed}
		b.name(&f, u, min(n, 64))
	default:
		return at.errorf("a bit field of type %s", r.name)
	}
	if n > 64 {
		return at.errorf("a bit field of %d bits", n)
	}
	first, last := at.bit/8, (at.bit+uint64(n)+7)/8
	if last > uint64(b.end) {
		return at.errorf("reaches beyond the end of the record")
	}
	if !b.contain(&f, at.bit, n) {
		// Packed so that no number of 1, 2, 4 or 8 bytes in the record holds all of it.
		f = record.Field{Kind: record.Bytes, Size: uint32(last - first)}
		at.bit = first * 8
	}
	return b.push(at, r, f)
}

// contain finds the number that the bits are read from: the smallest aligned one, as compilers do, else any.
func (b *builder) contain(f *record.Field, bit uint64, n uint32) bool {
	for _, aligned := range []bool{true, false} {
		for size := uint64(1); size <= 8; size *= 2 {
			start := bit / 8
			if aligned {
				start -= start % size
			} else if uint64(b.end) >= size {
				start = min(start, uint64(b.end)-size)
			}
			if start < uint64(b.start) || start+size > uint64(b.end) || bit-start*8+uint64(n) > size*8 {
				continue
			}
			f.Offset, f.Size = uint32(start), uint32(size)
			f.BitOffset, f.BitSize = uint8(bit-start*8), uint8(n)
			return true
		}
	}
	return false
}
