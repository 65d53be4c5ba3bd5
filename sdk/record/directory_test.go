package record

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// source is a directory's source that a test changes.
type source struct {
	mu    sync.Mutex
	list  []entry
	err   error
	loads int
}

func (s *source) load() ([]entry, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.loads++
	return s.list, s.err
}

func TestDirectoryFollowsItsSource(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &source{list: []entry{{"lo", 1}, {"eth0", 2}, {"also-lo", 1}}}
		d := &directory{load: s.load}
		start := time.Now()
		step := func(after time.Duration, number int64, want string, loads int) {
			t.Helper()
			time.Sleep(after)
			synctest.Wait() // for the timer that is due now
			if got := d.name(number); got != want {
				t.Errorf("at %s, %d is %q, want %q", time.Since(start), number, got, want)
			}
			if s.loads != loads {
				t.Errorf("at %s, the source was read %d times, want %d", time.Since(start), s.loads, loads)
			}
		}
		step(0, 1, "lo", 1) // the first of two names
		step(maxMissAge-1, 3, "", 1)
		s.list = []entry{{"lo", 1}, {"eth1", 3}}
		step(1, 3, "eth1", 2)        // a miss on a snapshot that is not new
		step(0, 2, "", 2)            // gone, and the snapshot is new
		step(maxAge-1, 1, "lo", 2)   // still good
		step(1, 1, "lo", 3)          // too old
		s.err = errors.New("broken") // the last names stay
		step(maxAge, 3, "eth1", 4)
		step(0, 4, "", 4) // no new attempt at once
		s.err = nil
		step(maxMissAge, 4, "", 5)
	})
}

func TestDirectoryWithoutSource(t *testing.T) {
	s := &source{err: errors.New("broken")}
	d := &directory{load: s.load}
	for range 3 {
		if got := d.name(1); got != "" {
			t.Errorf("the name is %q", got)
		}
	}
	if s.loads != 1 {
		t.Errorf("the source was read %d times", s.loads)
	}
	if got := d.all(); len(got) != 0 {
		t.Errorf("all names are %v", got)
	}
}

func TestDirectoryIsConcurrent(t *testing.T) {
	s := &source{list: []entry{{"lo", 1}}}
	d := &directory{load: s.load}
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			for i := range 20_000 {
				if got := d.name(1); got != "lo" {
					t.Errorf("1 is %q", got)
					return
				}
				d.name(int64(i))
			}
		})
	}
	group.Wait()
}

func TestDirectoryAllocatesNothingOnceRead(t *testing.T) {
	f := Field{Kind: Uint, Size: 4, Format: User}
	rec, dst := []byte{0, 0, 0, 0}, make([]byte, 0, 64)
	f.AppendText(dst, rec, nil)
	if n := testing.AllocsPerRun(1000, func() { f.AppendText(dst, rec, nil) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestLoadAccounts(t *testing.T) {
	path := filepath.Join(t.TempDir(), "passwd")
	text := "root:x:0:0::/:/bin/sh\n# comment:x:1:\n+nis:x:2:2\n\nbroken\nbad:x:-3:3\nhuge:x:4294967296:\nnone:x:4294967295:\nstaff:x:50:a,b\n:x:9:\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := loadAccounts(path)
	if err != nil {
		t.Fatal(err)
	}
	if want := []entry{{"root", 0}, {"staff", 50}}; !reflect.DeepEqual(got, want) {
		t.Errorf("accounts are %v, want %v", got, want)
	}
	if _, err := loadAccounts(path + ".missing"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the error of a missing file is %v", err)
	}
}

func TestLoadAccountsIsBounded(t *testing.T) {
	path := filepath.Join(t.TempDir(), "group")
	var b strings.Builder
	for i := range maxEntries + 10 {
		fmt.Fprintf(&b, "g%d:x:%d:\n", i, i)
	}
	if err := os.WriteFile(path, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := loadAccounts(path)
	if err != nil || len(got) != maxEntries {
		t.Errorf("%d accounts, %v", len(got), err)
	}
}
