package probe

import (
	"bytes"
	"hash/maphash"
)

// keySet holds keys of one size. It uses its memory again after reset.
type keySet struct {
	seed  maphash.Seed
	size  int
	keys  []byte   // one after the other
	slots []uint32 // open addressing: number of a key in keys, from 1; zero is free
}

// reset empties the set, for keys of that size.
func (s *keySet) reset(size int) {
	if s.slots == nil {
		s.seed, s.slots = maphash.MakeSeed(), make([]uint32, 1024)
	}
	s.size, s.keys = size, s.keys[:0]
	clear(s.slots)
}

// add adds a key and reports whether it is new.
func (s *keySet) add(key []byte) bool {
	if n := len(s.keys) / s.size; 2*n >= len(s.slots) {
		s.slots = make([]uint32, 2*len(s.slots))
		for i := range n {
			*s.slot(s.keys[i*s.size:][:s.size]) = uint32(i + 1)
		}
	}
	slot := s.slot(key)
	if *slot != 0 {
		return false
	}
	s.keys = append(s.keys, key...)
	*slot = uint32(len(s.keys) / s.size)
	return true
}

// slot returns the slot of the key, or the free one where it belongs.
func (s *keySet) slot(key []byte) *uint32 {
	mask := uint64(len(s.slots) - 1)
	for i := maphash.Bytes(s.seed, key) & mask; ; i = (i + 1) & mask {
		if n := s.slots[i]; n == 0 || bytes.Equal(s.keys[int(n-1)*s.size:][:s.size], key) {
			return &s.slots[i]
		}
	}
}
