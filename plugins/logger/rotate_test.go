package main

import (
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/probehost/probehost/plugins/internal/linefile"
)

// rotated opens a rotating file whose clock the test moves.
func rotated(t *testing.T, path string, cfg rotateConfig) (*rotator, *time.Time, *strings.Builder) {
	t.Helper()
	var text strings.Builder
	log := slog.New(slog.NewTextHandler(&text, nil))
	file, err := linefile.Open(linefile.Options{Path: path, Log: log})
	if err != nil {
		t.Fatal(err)
	}
	r := newRotator(file, path, &cfg, log)
	now := time.Now()
	r.now = func() time.Time { return now }
	return r, &now, &text
}

func closeRotator(t *testing.T, r *rotator) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if err := r.close(ctx); err != nil {
		t.Error(err)
	}
}

// unpacked returns the names of all files beside path, sorted, and their text, unpacked.
func unpacked(t *testing.T, path string) (names, texts []string) {
	t.Helper()
	names, err := filepath.Glob(path + ".*")
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(names)
	for _, name := range names {
		f, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		var r io.Reader = f
		if strings.HasSuffix(name, "Z.gz") {
			if r, err = gzip.NewReader(f); err != nil {
				t.Fatal(err)
			}
		}
		text, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		f.Close()
		texts = append(texts, string(text))
	}
	return names, texts
}

func numbered(from, n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "%098d\n", from+i)
	}
	return b.String()
}

func TestRotateBySize(t *testing.T) {
	for _, compress := range []bool{false, true} {
		t.Run(fmt.Sprintf("compress %v", compress), func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "log")
			r, _, log := rotated(t, path, rotateConfig{Size: 5000, Keep: 100, Compress: compress})
			var all string
			for i := range 10 { // each of them more than a file holds
				lines := numbered(100*i, 100)
				r.append([]byte(lines))
				all += lines
			}
			closeRotator(t, r)
			names, texts := unpacked(t, path)
			for i, text := range texts {
				if len(text) > 5000 || len(text) < 4000 || !strings.HasSuffix(text, "\n") {
					t.Errorf("%s holds %d bytes", names[i], len(text))
				}
				if strings.HasSuffix(names[i], ".gz") != compress {
					t.Errorf("%s: compression is %v", names[i], compress)
				}
			}
			if got := strings.Join(texts, "") + content(t, path); got != all {
				t.Errorf("%d files hold %d bytes together, want the %d written in order", len(texts)+1, len(got), len(all))
			}
			if log.Len() > 0 {
				t.Errorf("logged %s", log)
			}
		})
	}
}

func TestRotateLongLine(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	r, _, _ := rotated(t, path, rotateConfig{Size: 5000, Keep: 9})
	long := strings.Repeat("x", 12_000) + "\n"
	r.append([]byte("first\n" + long + "last\n"))
	closeRotator(t, r)
	_, texts := unpacked(t, path)
	if got := append(texts, content(t, path)); !slices.Equal(got, []string{"first\n", long, "last\n"}) {
		t.Errorf("a line longer than a file: %d files", len(got))
	}
}

func TestRotateByAge(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	r, now, _ := rotated(t, path, rotateConfig{Age: 24 * time.Hour, Keep: 9})
	day := func(n int) time.Time { return time.Date(2026, 3, n, 23, 59, 0, 0, time.UTC) }
	for i, hours := range []int{0, 0, 24, 24 * 2} {
		*now = day(1).Add(time.Duration(hours) * time.Hour)
		r.append(fmt.Appendf(nil, "%d\n", i))
		if err := os.Chtimes(path, *now, *now); err != nil {
			t.Fatal(err)
		}
	}
	closeRotator(t, r)

	// Another process, later on the same day and on the next.
	r, now, _ = rotated(t, path, rotateConfig{Age: 24 * time.Hour, Keep: 9})
	*now = day(3).Add(30 * time.Second)
	r.append([]byte("4\n"))
	if err := os.Chtimes(path, *now, *now); err != nil {
		t.Fatal(err)
	}
	*now = day(3).Add(2 * time.Minute)
	r.append([]byte("5\n"))
	closeRotator(t, r)
	_, texts := unpacked(t, path)
	if got, want := append(texts, content(t, path)), []string{"0\n1\n", "2\n", "3\n4\n", "5\n"}; !slices.Equal(got, want) {
		t.Errorf("files hold %q, want %q", got, want)
	}
}

func TestKeep(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	foreign := []string{path + ".1", path + ".20260101T000000.5Z", path + ".backup.gz", path + "x.20200101T000000.000000000Z"}
	for _, name := range foreign {
		if err := os.WriteFile(name, []byte("not ours\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	r, _, _ := rotated(t, path, rotateConfig{Size: 5000, Keep: 3, Compress: true})
	for i := range 8 {
		r.append([]byte(numbered(50*i, 50)))
	}
	closeRotator(t, r)
	names, texts := unpacked(t, path)
	var ours []string
	for i, name := range names {
		if strings.HasSuffix(name, "Z.gz") {
			ours = append(ours, texts[i])
		}
	}
	if want := []string{numbered(200, 50), numbered(250, 50), numbered(300, 50)}; !slices.Equal(ours, want) {
		t.Errorf("%d archives are kept, want the last 3 of 7; all files: %q", len(ours), names)
	}
	for _, name := range foreign {
		if _, err := os.Stat(name); err != nil {
			t.Error(err)
		}
	}
}

// The clock is set back, also between two processes: the archives stay in order.
func TestClockSetBack(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	for i := range 6 {
		r, now, _ := rotated(t, path, rotateConfig{Size: 5000, Keep: 3, Compress: true})
		*now = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC).Add(-time.Duration(i) * time.Hour)
		r.append([]byte(numbered(50*i, 50)))
		closeRotator(t, r)
	}
	_, texts := unpacked(t, path)
	if got, want := strings.Join(texts, "")+content(t, path), numbered(100, 200); got != want {
		t.Errorf("%d bytes are kept, want the last three archives and the file, %d bytes in order", len(got), len(want))
	}
}

// A process that died in the middle leaves an archive that is not compressed, and part of one that is.
func TestLeftOvers(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	left := path + ".20260102T030405.000000000Z"
	for name, text := range map[string]string{left: "old\n", left + ".gz.tmp": "half"} {
		if err := os.WriteFile(name, []byte(text), 0o640); err != nil {
			t.Fatal(err)
		}
	}
	r, _, log := rotated(t, path, rotateConfig{Size: 5000, Keep: 3, Compress: true})
	closeRotator(t, r)
	names, texts := unpacked(t, path)
	if !slices.Equal(names, []string{left + ".gz"}) || !slices.Equal(texts, []string{"old\n"}) {
		t.Errorf("files %q hold %q; log %s", names, texts, log)
	}
	if info, err := os.Stat(left + ".gz"); err != nil || info.Mode().Perm() != 0o640 {
		t.Errorf("mode of the archive: %v, %v", info, err)
	}
}

func TestRotateGivesUpAtTheDeadline(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	left := path + ".20260102T030405.000000000Z"
	if err := os.WriteFile(left, make([]byte, 64<<20), 0o644); err != nil {
		t.Fatal(err)
	}
	r, _, _ := rotated(t, path, rotateConfig{Size: 5000, Keep: 3, Compress: true})
	ctx, cancel := context.WithTimeout(t.Context(), closeMargin+20*time.Millisecond)
	defer cancel()
	if err := r.close(ctx); err != nil || ctx.Err() != nil {
		t.Errorf("close: %v, context %v", err, ctx.Err())
	}
	names, _ := filepath.Glob(path + ".*")
	if !slices.Equal(names, []string{left}) {
		t.Errorf("files %q, want the archive as it was", names)
	}
}

func TestRotateThatCannotMove(t *testing.T) {
	// With the time of the rotation, the name is longer than the 255 bytes that it may have.
	path := filepath.Join(t.TempDir(), strings.Repeat("n", 240))
	r, _, log := rotated(t, path, rotateConfig{Size: 5000, Keep: 3})
	for i := range 5 {
		r.append([]byte(numbered(50*i, 50)))
	}
	closeRotator(t, r)
	if got := content(t, path); got != numbered(0, 250) {
		t.Errorf("the file holds %d bytes, want all %d", len(got), 250*99)
	}
	if n := strings.Count(log.String(), "level=ERROR"); n != 1 {
		t.Errorf("%d errors logged, want 1:\n%s", n, log)
	}
}
