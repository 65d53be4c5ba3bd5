package sdktest

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"reflect"
	"strings"
	"time"

	"github.com/probehost/probehost/sdk"
	"github.com/probehost/probehost/sdk/record"
)

// Record returns the bytes of a record. The value is
//   - []byte: the record as it is, of any length;
//   - a map[string]any of fields: numbers, bools, strings, []byte, [netip.Addr], [net.HardwareAddr], [time.Duration], [time.Time]; the name
//     of a value as a string where the field's format or enum knows it ("udp", "ECONNREFUSED"); fields left out are zero;
//   - a struct or a pointer to one, made of sized integers, arrays and structs, that lies in memory as the record does.
//
// Times are taken as nanoseconds since 1970: batches of this package have clocks that begin there.
func Record(s *sdk.Schema, value any) ([]byte, error) {
	switch v := value.(type) {
	case []byte:
		return v, nil
	case map[string]any:
		return fromMap(s, v)
	}
	v := reflect.Indirect(reflect.ValueOf(value))
	if v.Kind() != reflect.Struct {
		return nil, fmt.Errorf("a record is a []byte, a map[string]any or a struct, not %T", value)
	}
	var b bytes.Buffer
	if err := binary.Write(&b, binary.NativeEndian, v.Interface()); err != nil {
		return nil, fmt.Errorf("%T as a record: %w", value, err)
	}
	if b.Len() != int(v.Type().Size()) {
		return nil, fmt.Errorf("%T has padding that Go adds; make it visible as a field named _", value)
	}
	if b.Len() != int(s.Size) {
		return nil, fmt.Errorf("%T has %d bytes, records of this schema %d", value, b.Len(), s.Size)
	}
	return b.Bytes(), nil
}

func fromMap(s *sdk.Schema, values map[string]any) ([]byte, error) {
	rec := make([]byte, s.Size)
	var errs []error
	for name, v := range values {
		f, ok := s.Lookup(name)
		if !ok {
			errs = append(errs, fmt.Errorf("the schema has no field %q", name))
			continue
		}
		if err := put(rec[f.Offset:f.Offset+f.Size], f, v); err != nil {
			errs = append(errs, fmt.Errorf("field %s: %w", name, err))
		}
	}
	return rec, errors.Join(errs...)
}

// put stores a value in the bytes of a field.
func put(dst []byte, f *sdk.Field, value any) error {
	if f.Kind == record.Text || f.Kind == record.Bytes || f.Kind == record.Array {
		return putBytes(dst, f, value)
	}
	n, err := number(f, value)
	if err != nil {
		return err
	}
	if f.BitSize > 0 {
		old := load(dst, f.BigEndian)
		bits := uint64(1)<<f.BitSize - 1
		n = old&^(bits<<f.BitOffset) | n&bits<<f.BitOffset
	}
	store(dst, n, f.BigEndian)
	return nil
}

func putBytes(dst []byte, f *sdk.Field, value any) error {
	var src []byte
	switch v := value.(type) {
	case string:
		if a, err := netip.ParseAddr(v); err == nil && f.Kind == record.Bytes {
			return putBytes(dst, f, a)
		}
		src = []byte(v)
	case []byte:
		src = v
	case net.HardwareAddr:
		src = v
	case netip.Addr:
		if src = v.AsSlice(); f.Size == 16 {
			full := v.As16()
			src = full[:]
		}
	default:
		var b bytes.Buffer
		if err := binary.Write(&b, binary.NativeEndian, value); err != nil {
			return fmt.Errorf("%T is not for a field of kind %s", value, f.Kind)
		}
		src = b.Bytes()
	}
	if len(src) > len(dst) {
		return fmt.Errorf("%d bytes do not fit %d", len(src), len(dst))
	}
	copy(dst, src)
	return nil
}

// number returns the bits of a value for a field that is a number.
func number(f *sdk.Field, value any) (uint64, error) {
	switch v := value.(type) {
	case string:
		for _, e := range f.Values {
			if strings.EqualFold(e.Name, v) {
				return uint64(e.Value), nil
			}
		}
		if f.Format == record.IPv4 {
			a, err := netip.ParseAddr(v)
			if err != nil || !a.Is4() {
				return 0, fmt.Errorf("%q is not an IPv4 address", v)
			}
			return number(f, a)
		}
		if n, ok := record.Number(f.Format, v); ok {
			return uint64(n), nil
		}
		return 0, fmt.Errorf("%q is not the name of a value", v)
	case bool:
		if v {
			return 1, nil
		}
		return 0, nil
	case time.Time:
		return uint64(v.UnixNano()), nil
	case netip.Addr:
		if v.Is4() && f.Size == 4 {
			four := v.As4()
			return load(four[:], f.BigEndian), nil
		}
		return 0, fmt.Errorf("the address %s does not fit %d bytes", v, f.Size)
	}
	v := reflect.ValueOf(value)
	switch {
	case v.CanInt():
		if n := v.Int(); f.Size == 8 || n>>(8*f.Size-1) == 0 || n>>(8*f.Size-1) == -1 || n>>(8*f.Size) == 0 {
			return uint64(n), nil
		}
	case v.CanUint():
		if n := v.Uint(); f.Size == 8 || n>>(8*f.Size) == 0 {
			return n, nil
		}
	default:
		return 0, fmt.Errorf("%T is not for a field of kind %s", value, f.Kind)
	}
	return 0, fmt.Errorf("%v does not fit %d bytes", value, f.Size)
}

func order(big bool) binary.ByteOrder {
	if big {
		return binary.BigEndian
	}
	return binary.NativeEndian
}

func load(src []byte, big bool) uint64 {
	o := order(big)
	switch len(src) {
	case 1:
		return uint64(src[0])
	case 2:
		return uint64(o.Uint16(src))
	case 4:
		return uint64(o.Uint32(src))
	}
	return o.Uint64(src)
}

func store(dst []byte, n uint64, big bool) {
	o := order(big)
	switch len(dst) {
	case 1:
		dst[0] = byte(n)
	case 2:
		o.PutUint16(dst, uint16(n))
	case 4:
		o.PutUint32(dst, uint32(n))
	default:
		o.PutUint64(dst, n)
	}
}
