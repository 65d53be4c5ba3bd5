package schema

import (
	"errors"
	"fmt"

	"github.com/cilium/ebpf/btf"

	"github.com/probehost/probehost/sdk/record"
)

// array adds an array. One of no elements may be a flexible array: finish decides.
func (b *builder) array(at place, r resolved, arr *btf.Array) error {
	if arr.Nelems == 0 && b.fixed {
		return nil
	}
	size, err := btf.Sizeof(arr)
	if err != nil {
		return at.errorf("type %s has no size", r.name)
	}
	if size > MaxSize {
		return at.errorf("type %s has %d bytes, more than the %d allowed for a record", r.name, size, MaxSize)
	}
	elem, err := resolve(arr.Type)
	if err != nil {
		return at.errorf("%w", err)
	}
	f := record.Field{Kind: record.Bytes, Size: uint32(size)}
	switch u := elem.under.(type) {
	case *btf.Int:
		switch {
		case elem.display.kind == record.Bytes: // an array of addresses
			return b.elements(at, r, arr, f)
		case elem.isChar() && elem.shown == "":
			f.Kind = record.Text
		case u.Size == 1 && u.Encoding == btf.Unsigned && elem.shown == "":
			if namesText(at.name) {
				f.Kind = record.Text
			}
		case isNumberSize(u.Size):
			f.Kind, f.Elem = record.Array, u.Size
			f.Signed = intKind(u) == record.Int
			f.Format, f.BigEndian = elem.display.format, elem.bigEndian && u.Size > 1
		}
	case *btf.Pointer:
		f.Kind, f.Elem, f.Format = record.Array, 8, record.Hex
	case *btf.Enum:
		if arr.Nelems > 0 && arr.Nelems <= flattenElems {
			return b.elements(at, r, arr, f)
		}
		if isNumberSize(u.Size) {
			f.Kind, f.Elem, f.Signed = record.Array, u.Size, u.Signed
		}
	case *btf.Float:
	default:
		return b.elements(at, r, arr, f)
	}
	if size == 0 && arr.Nelems > 0 {
		return nil // of nothing
	}
	return b.push(at, r, f)
}

// elements adds an array element by element if it is small, else as whole.
func (b *builder) elements(at place, r resolved, arr *btf.Array, whole record.Field) error {
	if whole.Size == 0 && arr.Nelems > 0 {
		return nil
	}
	if arr.Nelems == 0 || arr.Nelems > flattenElems {
		return b.push(at, r, whole)
	}
	n, limit := len(b.fields), b.limit
	b.limit = min(limit, n+flattenFields)
	err := b.each(at, arr, uint64(whole.Size/arr.Nelems))
	b.limit = limit
	if errors.Is(err, errTooManyFields) || errors.Is(err, errTooDeep) {
		b.cut(n)
		return b.push(at, r, whole)
	}
	return err
}

func (b *builder) each(at place, arr *btf.Array, size uint64) error {
	for i := range uint64(arr.Nelems) {
		elem := place{name: fmt.Sprintf("%s[%d]", at.name, i), bit: at.bit + i*size*8, depth: at.depth + 1}
		if err := b.add(elem, arr.Type, 0); err != nil {
			return err
		}
	}
	return nil
}
