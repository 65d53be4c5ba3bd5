package schema

import (
	"fmt"

	"github.com/cilium/ebpf/btf"

	"github.com/probehost/probehost/sdk/record"
)

// Row is the layout of one record of a polled map: the tick's number (u64) at 0, its time (u64, CLOCK_MONOTONIC) at 8, then, each
// at a multiple of 8, the key, the CPU (u32) when per-CPU values are listed, and the value.
type Row struct {
	Key, KeySize     uint32
	CPU              uint32 // zero: there is no such field
	Value, ValueSize uint32
	Size             uint32
}

// Part is a map's key or value. Type is nil when the map is defined without BTF: the part is then a number if its size allows, else bytes.
type Part struct {
	Type btf.Type
	Size uint32
}

// NewRow returns the layout and the schema of the rows of a map. cpu adds a field "cpu".
//
// A key that is no struct is the field "key", such a value the field "value". When its type is a typedef of one that says how it
// is shown, the field has that typedef's name: `typedef ip_proto32 protocol` gives "protocol". A field of the key or value whose name is
// taken is called "key.name" or "value.name".
func NewRow(key, value Part, cpu bool, formats Formats) (Row, *record.Schema, error) {
	row, b, err := newRow(key, value, cpu)
	if err != nil {
		return Row{}, nil, err
	}
	if err := b.rowPart("key", key, row.Key); err != nil {
		return Row{}, nil, err
	}
	if err := b.rowPart("value", value, row.Value); err != nil {
		return Row{}, nil, err
	}
	s, err := b.finish(row.Size, formats)
	return row, s, err
}

// newRow lays out a row and begins its schema with the fields that the host fills in.
func newRow(key, value Part, cpu bool) (Row, *builder, error) {
	for _, p := range []Part{key, value} {
		if p.Size > MaxSize/4 {
			return Row{}, nil, fmt.Errorf("keys or values of %d bytes, more than the %d allowed", p.Size, MaxSize/4)
		}
	}
	row := Row{Key: 16, KeySize: key.Size, ValueSize: value.Size}
	row.Value = align8(row.Key + row.KeySize)
	if cpu {
		row.CPU = row.Value
		row.Value += 8
	}
	row.Size = align8(row.Value + row.ValueSize)

	b := newBuilder()
	b.fixed = true
	b.host("tick", record.Plain, 0, 8)
	b.host("time", record.Time, 8, 8)
	if cpu {
		b.host("cpu", record.Plain, row.CPU, 4)
	}
	return row, b, nil
}

func align8(n uint32) uint32 { return (n + 7) &^ 7 }

// host adds a number that the host fills in.
func (b *builder) host(name string, format record.Format, offset, size uint32) {
	b.names[name] = true
	b.fields = append(b.fields, record.Field{Name: name, Kind: record.Uint, Format: format, Offset: offset, Size: size})
}

func (b *builder) rowPart(within string, p Part, offset uint32) error {
	if p.Size == 0 {
		return nil
	}
	t := p.Type
	if _, void := t.(*btf.Void); t == nil || void {
		t = untyped(p.Size)
	}
	if err := b.part(within, t, offset, p.Size); err != nil {
		return fmt.Errorf("the map's %s: %w", within, err)
	}
	return nil
}

// untyped is the type of a part of which only the size is known.
func untyped(size uint32) btf.Type {
	if isNumberSize(size) {
		return &btf.Int{Name: fmt.Sprintf("__u%d", 8*size), Size: size}
	}
	return &btf.Array{Type: &btf.Int{Name: "__u8", Size: 1}, Nelems: size}
}
