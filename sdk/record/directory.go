package record

import (
	"bufio"
	"io"
	"math"
	"net"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// directory names numbers that this machine assigns: interfaces, users, groups. It keeps a snapshot of all of them,
// which a lookup reads without a lock, without a look at the clock and without allocating. A lookup that finds the
// snapshot old takes a new one, and one that finds nothing does so sooner, because interfaces appear. One goroutine at a
// time does that; others go on with what is there. When the source cannot be read, the names last known stay.
type directory struct {
	load func() ([]entry, error)

	mu       sync.Mutex // held while a new snapshot is taken
	snapshot atomic.Pointer[snapshot]
}

type entry struct {
	name   string
	number int64
}

type snapshot struct {
	names map[int64]string
	taken time.Time
	old   atomic.Bool // set by a timer after maxAge
}

const (
	maxAge     = 10 * time.Second
	maxMissAge = time.Second
	// maxEntries and maxFile bound what a snapshot takes of memory, whatever the machine holds.
	maxEntries = 1 << 16
	maxFile    = 4 << 20
)

var (
	interfaces = directory{load: loadInterfaces}
	users      = directory{load: func() ([]entry, error) { return loadAccounts("/etc/passwd") }}
	groups     = directory{load: func() ([]entry, error) { return loadAccounts("/etc/group") }}
)

// name returns the name of a number, or "".
func (d *directory) name(v int64) string {
	s := d.snapshot.Load()
	if s == nil {
		d.mu.Lock() // nobody has anything to go on with yet
		s = d.refresh()
		d.mu.Unlock()
	}
	n, ok := s.names[v]
	if ok && !s.old.Load() || !ok && time.Since(s.taken) < maxMissAge || !d.mu.TryLock() {
		return n
	}
	defer d.mu.Unlock()
	return d.refresh().names[v]
}

// refresh takes a new snapshot unless somebody just did. It needs d.mu.
func (d *directory) refresh() *snapshot {
	last := d.snapshot.Load()
	if last != nil && time.Since(last.taken) < maxMissAge {
		return last
	}
	fresh := &snapshot{}
	list, err := d.load()
	switch {
	case err == nil:
		fresh.names = make(map[int64]string, len(list))
		for _, e := range list {
			if _, taken := fresh.names[e.number]; !taken {
				fresh.names[e.number] = e.name
			}
		}
	case last != nil:
		fresh.names = last.names
	}
	fresh.taken = time.Now()
	time.AfterFunc(maxAge, func() { fresh.old.Store(true) })
	d.snapshot.Store(fresh)
	return fresh
}

// all reads the source anew and returns its names.
func (d *directory) all() map[string]int64 {
	names := map[string]int64{}
	list, err := d.load()
	if err != nil {
		return names // as good as a machine without any
	}
	for _, e := range list {
		names[e.name] = e.number
	}
	return names
}

func (d *directory) number(name string) (int64, bool) {
	v, ok := d.all()[name]
	return v, ok
}

func loadInterfaces() ([]entry, error) {
	list, err := net.Interfaces()
	if err != nil {
		return nil, err
	}
	entries := make([]entry, 0, min(len(list), maxEntries))
	for _, i := range list[:min(len(list), maxEntries)] {
		entries = append(entries, entry{i.Name, int64(i.Index)})
	}
	return entries, nil
}

// loadAccounts reads /etc/passwd or /etc/group: name, password and number between colons. Accounts that only a network
// service knows have no names here: asking it could block the event path for seconds.
func loadAccounts(path string) ([]entry, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	var entries []entry
	lines := bufio.NewScanner(io.LimitReader(file, maxFile))
	lines.Buffer(nil, maxFile) // a group's members are on one line
	for lines.Scan() && len(entries) < maxEntries {
		parts := strings.SplitN(lines.Text(), ":", 4)
		if len(parts) < 4 || parts[0] == "" || strings.ContainsAny(parts[0][:1], "#+-") {
			continue // a comment, or an instruction to the C library
		}
		id, err := strconv.ParseUint(parts[2], 10, 32)
		if err != nil || id == math.MaxUint32 { // which means "no user"
			continue
		}
		entries = append(entries, entry{strings.Clone(parts[0]), int64(id)})
	}
	return entries, lines.Err()
}
