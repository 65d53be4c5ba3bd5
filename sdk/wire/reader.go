package wire

import (
	"errors"
	"fmt"
	"io"
	"unsafe"

	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/encoding/protowire"
)

var errOverrun = errors.New("a value is longer than the message it is in")

// reader reads protobuf from the transport's buffers. The first error sticks; after it every read gives zero.
type reader struct {
	mem mem.Reader
	err error
}

func (r *reader) reset(data mem.BufferSlice) {
	r.mem.Reset(data)
	r.err = nil
}

// release lets go of the transport's buffers.
func (r *reader) release() { r.mem.Reset(nil) }

// left is the number of bytes not read yet; zero after an error, so that loops end.
func (r *reader) left() int {
	if r.err != nil {
		return 0
	}
	return r.mem.Remaining()
}

func (r *reader) fail(err error) {
	if r.err == nil {
		r.err = err
	}
}

func (r *reader) varint() uint64 {
	var v uint64
	for shift := 0; shift < 64 && r.err == nil; shift += 7 {
		c, err := r.mem.ReadByte()
		if err != nil {
			r.fail(io.ErrUnexpectedEOF)
			return 0
		}
		v |= uint64(c&0x7f) << shift
		if c < 0x80 {
			return v
		}
	}
	r.fail(errors.New("a number is longer than ten bytes"))
	return 0
}

func (r *reader) tag() (protowire.Number, protowire.Type) {
	num, typ := protowire.DecodeTag(r.varint())
	if num < protowire.MinValidNumber {
		r.fail(fmt.Errorf("invalid field number %d", num))
	}
	return num, typ
}

// length reads the length of the value that follows, which is at most what is left.
func (r *reader) length() int {
	n := r.varint()
	if n > uint64(r.left()) {
		r.fail(errOverrun)
		return 0
	}
	return int(n)
}

func (r *reader) read(p []byte) {
	if r.err != nil || len(p) == 0 {
		return
	}
	if n, err := r.mem.Read(p); err != nil || n != len(p) {
		r.fail(io.ErrUnexpectedEOF)
	}
}

// skip passes over a value of a field that is not known.
func (r *reader) skip(num protowire.Number, typ protowire.Type) {
	var n int
	switch typ {
	case protowire.VarintType:
		r.varint()
	case protowire.Fixed32Type:
		n = 4
	case protowire.Fixed64Type:
		n = 8
	case protowire.BytesType:
		n = r.length()
	default: // groups are no part of proto3
		r.fail(fmt.Errorf("field %d has the unknown wire type %d", num, typ))
	}
	if r.err == nil && n > 0 {
		if _, err := r.mem.Discard(n); err != nil {
			r.fail(io.ErrUnexpectedEOF)
		}
	}
}

// aligned is memory that begins at a multiple of eight bytes, as any field of a record may ask for.
type aligned struct{ words []uint64 }

// grow returns the first n bytes, in new memory if need be. What they hold is undefined.
func (a *aligned) grow(n int) []byte {
	if n == 0 {
		return nil
	}
	words := (n + 7) / 8
	if words > len(a.words) {
		a.words = make([]uint64, max(words, 2*len(a.words), 1024))
	}
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(a.words))), n)
}
