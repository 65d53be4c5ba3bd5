package probe

import (
	"encoding/binary"
	"fmt"

	"github.com/cilium/ebpf"
	"golang.org/x/sys/unix"
)

const (
	batchBytes   = 256 << 10 // of keys and values asked for at once
	batchEntries = 4096
	// restarts is how often the walk over a hash whose keys vanish under it may begin again.
	restarts = 16
	// enotsupp is what the kernel answers when a map type lacks an operation.
	enotsupp = unix.Errno(524)
)

// mapReader reads all entries of a map, many at a time where the kernel can (hashes and arrays since 5.6, per-CPU arrays since 5.13). It
// makes the system calls itself: [ebpf.Map] would allocate for each value of a per-CPU map. One goroutine uses it.
type mapReader struct {
	m      *ebpf.Map
	values valueLayout
	size   int // of a key

	many       *batchAttr
	one        *entryAttr
	keys, vals []byte
	// in is where a batch begins and out where it ended; a walk has its key and the one before there.
	in, out []byte
	single  bool // the kernel cannot read many at a time
	seen    keySet
}

func newMapReader(m *ebpf.Map, values valueLayout) *mapReader {
	r := &mapReader{m: m, values: values, size: int(m.KeySize()), many: new(batchAttr), one: new(entryAttr)}
	r.in, r.out = make([]byte, max(r.size, 4)), make([]byte, max(r.size, 4))
	r.grow(min(batchBytes/(r.size+values.total())+1, batchEntries, max(int(m.MaxEntries()), 16)))
	return r
}

// grow makes room for n entries.
func (r *mapReader) grow(n int) {
	r.keys, r.vals = make([]byte, n*r.size), make([]byte, n*r.values.total())
}

// each calls entry for each entry of the map; key and values are valid during the call. It reports false if the map changed so much
// that some may be missing.
func (r *mapReader) each(entry func(key, values []byte)) (complete bool, err error) {
	if !r.single {
		err := r.batches(entry)
		if !r.single {
			return true, err
		}
	}
	if isArray(r.m.Type()) {
		return true, r.elements(entry)
	}
	return r.walk(entry)
}

// batches reads many entries at a time. A hash is read by the bucket, under the bucket's lock, so that no key comes twice. Where the
// kernel cannot, it sets single and has read nothing.
func (r *mapReader) batches(entry func(key, values []byte)) error {
	total := r.values.total()
	for begun := false; ; {
		n, err := r.lookupBatch(begun)
		switch {
		case err == 0, err == unix.ENOENT: // the latter: these are the last
		case err == unix.ENOSPC: // a bucket holds more
			have := len(r.keys) / r.size
			if have >= 2*int(r.m.MaxEntries())+batchEntries {
				return fmt.Errorf("read %d entries at once: %w", have, err)
			}
			r.grow(2 * have)
			continue
		case !begun && (err == enotsupp || err == unix.EINVAL || err == unix.EOPNOTSUPP):
			r.single = true
			return nil
		default:
			return fmt.Errorf("read entries: %w", err)
		}
		for i := range n {
			entry(r.keys[i*r.size:][:r.size], r.vals[i*total:][:total])
		}
		if err == unix.ENOENT {
			return nil
		}
		begun = true
		r.in, r.out = r.out, r.in
	}
}

// elements reads an array one by one.
func (r *mapReader) elements(entry func(key, values []byte)) error {
	key, values := r.keys[:4], r.vals[:r.values.total()]
	for i := range r.m.MaxEntries() {
		binary.LittleEndian.PutUint32(key, i)
		if err := r.lookup(key, values); err != 0 {
			return fmt.Errorf("read element %d: %w", i, err)
		}
		entry(key, values)
	}
	return nil
}

// walk reads a hash key by key. When the key that it has come to is deleted, the kernel begins again; keys seen before are then left out.
func (r *mapReader) walk(entry func(key, values []byte)) (complete bool, err error) {
	r.seen.reset(r.size)
	prev, key, values := r.out[:0], r.in[:r.size], r.vals[:r.values.total()]
	again, begun := false, 0
	for steps := 0; steps < restarts*(int(r.m.MaxEntries())+1); steps++ {
		switch err := r.next(prev, key); err {
		case 0:
		case unix.ENOENT:
			return true, nil
		default:
			return false, fmt.Errorf("walk over the keys: %w", err)
		}
		if fresh := r.seen.add(key); fresh {
			again = false
			switch err := r.lookup(key, values); err {
			case 0:
				entry(key, values)
			case unix.ENOENT: // deleted since
			default:
				return false, fmt.Errorf("read an entry: %w", err)
			}
		} else if !again {
			again = true
			if begun++; begun > restarts {
				return false, nil
			}
		}
		prev = append(r.out[:0], key...)
	}
	return false, nil
}
