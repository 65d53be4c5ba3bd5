package main

import "time"

// maxKey bounds the bytes of a key that are remembered; longer ones share one memory of their own.
const maxKey = 4 << 10

// memory is what a rule knows about each key. It is bounded: the key unseen for longest makes room for a new one, and is then as if it
// had never been seen.
type memory struct {
	max    int
	states map[string]*state
	root   state // of a ring by last use: root.newer is the oldest, root.older the newest
}

// state is what a rule knows about one key.
type state struct {
	key        string
	window     *window // of a rule with a threshold
	quiet      time.Time
	suppressed uint64 // alerts since the last one

	older, newer *state
}

func newMemory(maxKeys int) *memory {
	m := &memory{max: maxKeys, states: make(map[string]*state)}
	m.root.older, m.root.newer = &m.root, &m.root
	return m
}

// state returns what is known about the key, and notes that it was seen just now. It allocates for a new key only.
func (m *memory) state(key []byte) *state {
	if len(key) > maxKey {
		key = key[:0:0]
	}
	s, ok := m.states[string(key)]
	if ok {
		s.unlink()
	} else {
		if len(m.states) >= m.max {
			oldest := m.root.newer
			oldest.unlink()
			delete(m.states, oldest.key)
		}
		s = &state{key: string(key)}
		m.states[s.key] = s
	}
	s.older, s.newer = m.root.older, &m.root
	s.older.newer, s.newer.older = s, s
	return s
}

func (s *state) unlink() {
	s.older.newer, s.newer.older = s.newer, s.older
}
