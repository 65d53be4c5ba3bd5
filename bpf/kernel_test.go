package bpf

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"testing"
	"time"
	"unsafe"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/ringbuf"
	"github.com/cilium/ebpf/rlimit"
	"golang.org/x/sys/unix"
)

func objectSpec(t testing.TB, name string) *ebpf.CollectionSpec {
	t.Helper()
	elf, err := Object(name)
	if err != nil {
		t.Fatal(err)
	}
	spec, err := ebpf.LoadCollectionSpecFromReader(bytes.NewReader(elf))
	if err != nil {
		t.Fatal(err)
	}
	return spec
}

// load brings the named programs of a spec into the kernel, and nothing else
// of it, with constants set. It skips the test when the kernel does not let us.
func load(t testing.TB, spec *ebpf.CollectionSpec, constants map[string]any, programs ...string) *ebpf.Collection {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("loading BPF programs needs root")
	}
	if err := rlimit.RemoveMemlock(); err != nil {
		t.Fatal(err)
	}
	spec = spec.Copy()
	wanted := make(map[string]*ebpf.ProgramSpec)
	for _, name := range programs {
		program := spec.Programs[name]
		if program == nil {
			t.Fatalf("no program %q in the object", name)
		}
		wanted[name] = program
	}
	spec.Programs = wanted
	for name, value := range constants {
		if err := spec.Variables[name].Set(value); err != nil {
			t.Fatalf("constant %s: %v", name, err)
		}
	}
	coll, err := ebpf.NewCollection(spec)
	if err != nil {
		var rejected *ebpf.VerifierError
		switch {
		case errors.As(err, &rejected) && len(rejected.Log) > 0:
			t.Fatalf("%v: the verifier: %+v", programs, rejected)
		case errors.Is(err, unix.EPERM), errors.Is(err, ebpf.ErrNotSupported):
			t.Skipf("this kernel does not load %v: %v", programs, err)
		}
		t.Fatal(err)
	}
	t.Cleanup(coll.Close)
	return coll
}

// records reads events of type T from a ring.
type records[T any] struct {
	reader *ringbuf.Reader
	record ringbuf.Record
	head   int // how many bytes T is in C; what follows is of variable length
}

func readRing[T any](t testing.TB, ring *ebpf.Map) *records[T] {
	t.Helper()
	reader, err := ringbuf.NewReader(ring)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := reader.Close(); err != nil {
			t.Error(err)
		}
	})
	var event T
	return &records[T]{reader: reader, head: int(unsafe.Sizeof(event))}
}

// next waits for one record; tail is what follows T in it, valid until the next call.
func (r *records[T]) next(wait time.Duration) (event T, tail []byte, err error) {
	r.reader.SetDeadline(time.Now().Add(wait))
	if err := r.reader.ReadInto(&r.record); err != nil {
		return event, nil, err
	}
	raw := r.record.RawSample
	if len(raw) < r.head {
		return event, nil, fmt.Errorf("record of %d bytes, want %d at least", len(raw), r.head)
	}
	copy(unsafe.Slice((*byte)(unsafe.Pointer(&event)), r.head), raw)
	return event, raw[r.head:], nil
}

// find waits for the first record that matches, and fails the test when there is none.
func (r *records[T]) find(t testing.TB, match func(T) bool) (T, string) {
	t.Helper()
	const patience = 10 * time.Second
	for end := time.Now().Add(patience); time.Now().Before(end); {
		event, tail, err := r.next(time.Until(end))
		if errors.Is(err, os.ErrDeadlineExceeded) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if match(event) {
			return event, string(tail)
		}
	}
	t.Fatalf("no such record within %v", patience)
	panic("unreachable")
}

// bytesOf is a character array of C as bytes.
func bytesOf(chars []int8) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(chars))), len(chars))
}

// text is what a character array of C holds before its NUL.
func text(chars []int8) string {
	before, _, _ := bytes.Cut(bytesOf(chars), []byte{0})
	return string(before)
}

// sum adds up the CPUs' values in entry 0 of a per-CPU counter.
func sum(t testing.TB, counter *ebpf.Map) (total uint64) {
	t.Helper()
	var values []uint64
	if err := counter.Lookup(uint32(0), &values); err != nil {
		t.Fatal(err)
	}
	for _, value := range values {
		total += value
	}
	return total
}

func ktime(t testing.TB) uint64 {
	t.Helper()
	var now unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &now); err != nil {
		t.Fatal(err)
	}
	return uint64(now.Nano())
}

func compare[T comparable](t testing.TB, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s is %v, want %v", what, got, want)
	}
}
