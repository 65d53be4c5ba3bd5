package probe

import (
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

// The parts of union bpf_attr that reading a map uses. Addresses are of memory that the reader holds: it stays where it is.

type batchAttr struct {
	in, out, keys, values uint64
	count, fd             uint32
	elemFlags, flags      uint64
}

type entryAttr struct {
	fd         uint32
	_          uint32
	key, value uint64 // next: where the next key goes
	flags      uint64
}

// lookupBatch reads as many entries as there is room for, from where the last batch ended or, if none has begun, from the start. It returns
// how many there were also when it fails with ENOENT: there are no more.
func (r *mapReader) lookupBatch(begun bool) (int, unix.Errno) {
	*r.many = batchAttr{
		out: address(r.out), keys: address(r.keys), values: address(r.vals),
		count: uint32(len(r.keys) / r.size), fd: uint32(r.m.FD()),
	}
	if begun {
		r.many.in = address(r.in)
	}
	err := r.call(unix.BPF_MAP_LOOKUP_BATCH, unsafe.Pointer(r.many), unsafe.Sizeof(*r.many))
	if err != 0 && err != unix.ENOENT {
		return 0, err
	}
	return min(int(r.many.count), len(r.keys)/r.size), err
}

// lookup reads the values of one key.
func (r *mapReader) lookup(key, values []byte) unix.Errno {
	*r.one = entryAttr{fd: uint32(r.m.FD()), key: address(key), value: address(values)}
	return r.call(unix.BPF_MAP_LOOKUP_ELEM, unsafe.Pointer(r.one), unsafe.Sizeof(*r.one))
}

// next finds the key after prev, the first one if prev is empty or not in the map.
func (r *mapReader) next(prev, key []byte) unix.Errno {
	*r.one = entryAttr{fd: uint32(r.m.FD()), key: address(prev), value: address(key)}
	return r.call(unix.BPF_MAP_GET_NEXT_KEY, unsafe.Pointer(r.one), unsafe.Sizeof(*r.one))
}

func (r *mapReader) call(command uintptr, attr unsafe.Pointer, size uintptr) unix.Errno {
	for {
		_, _, err := unix.Syscall(unix.SYS_BPF, command, uintptr(attr), size)
		if err != unix.EINTR {
			runtime.KeepAlive(r)
			return err
		}
	}
}

func address(b []byte) uint64 {
	if len(b) == 0 {
		return 0
	}
	return uint64(uintptr(unsafe.Pointer(unsafe.SliceData(b))))
}
