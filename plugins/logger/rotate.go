package main

import (
	"bytes"
	"context"
	"log/slog"
	"os"
	"time"

	"github.com/probehost/probehost/plugins/internal/linefile"
)

// archiveLayout is what is added to the name of a file that is full. It sorts by time.
const archiveLayout = ".20060102T150405.000000000Z"

// rotator is a file that is moved aside when it is large or old enough, and begun anew.
type rotator struct {
	file *linefile.File
	path string
	size int64         // zero: no bound
	age  time.Duration // zero: no bound
	pack *packer       // nil: no rotation at all
	log  *slog.Logger
	now  func() time.Time

	last  time.Time // that named an archive; the next is later, so that names sort even when the clock is set back
	stuck bool      // the file could not be moved; that has been logged
}

// newRotator takes the file over. Cfg may be nil: the file then only grows.
func newRotator(file *linefile.File, path string, cfg *rotateConfig, log *slog.Logger) *rotator {
	r := &rotator{file: file, path: path, log: log, now: time.Now}
	if cfg != nil {
		r.size, r.age = int64(cfg.Size), cfg.Age
		r.last = newest(path)
		r.pack = newPacker(path, cfg.Keep, cfg.Compress, log)
	}
	return r
}

func (r *rotator) append(lines []byte) {
	if len(lines) == 0 || r.pack == nil {
		r.file.Append(lines)
		return
	}
	for len(lines) > 0 {
		n := len(lines)
		if !r.file.Failing() && r.file.Check() == nil { // else Append finds the same error, and reports it
			line := bytes.IndexByte(lines, '\n') + 1
			if r.due(int64(line)) {
				r.rotate()
			}
			n = r.fit(lines, line)
		}
		r.file.Append(lines[:n])
		lines = lines[n:]
	}
}

// due reports whether a line of that length belongs into a new file.
func (r *rotator) due(line int64) bool {
	if r.file.Size() == 0 {
		return false
	}
	if r.size > 0 && r.file.Size()+line > r.size {
		return true
	}
	// Counting from fixed points of time and from the last write, the age of a file outlives this process.
	return r.age > 0 && r.file.ModTime().Truncate(r.age).Before(r.now().Truncate(r.age))
}

// fit returns how many bytes of whole lines the file has room for, at least one line.
func (r *rotator) fit(lines []byte, first int) int {
	room := r.size - r.file.Size()
	if r.size == 0 || room >= int64(len(lines)) || r.stuck {
		return len(lines)
	}
	return max(bytes.LastIndexByte(lines[:max(room, 0)], '\n')+1, first)
}

// rotate moves the file aside. If it cannot, the file goes on growing, which is better than losing lines.
func (r *rotator) rotate() {
	at := r.now().UTC()
	if !at.After(r.last) {
		at = r.last.Add(time.Nanosecond)
	}
	r.last = at
	err := os.Rename(r.path, r.path+at.Format(archiveLayout))
	if err == nil {
		err = r.file.Check()
	}
	switch {
	case err == nil:
		r.stuck = false
		r.pack.kick()
	case !r.stuck:
		r.stuck = true
		r.log.Error("cannot begin a new file; the old one goes on growing", "path", r.path, "error", err)
	}
}

func (r *rotator) close(ctx context.Context) error {
	err := r.file.Close()
	if r.pack != nil {
		r.pack.close(ctx)
	}
	return err
}
