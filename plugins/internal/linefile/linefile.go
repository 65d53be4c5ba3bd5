// Package linefile appends lines to a file that may fill up, be moved, or lose its reader.
//
// A file that cannot be written does not stop a plugin: the outage is logged once, the lines that it costs are counted, opening is
// retried with growing pauses, and when it works again the file gets a line that says how many are missing. A line is never
// left half written in the middle of the file.
package linefile

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"syscall"
	"time"
)

const (
	firstPause = 200 * time.Millisecond
	maxPause   = 15 * time.Second
	// maxWrite is how long a full pipe may hold up the caller.
	maxWrite = time.Second
)

// Options say where lines go.
type Options struct {
	Path string
	Log  *slog.Logger
	// Notice appends the line (with its newline) that tells a reader of the file that lost lines are missing. Nil: no such line.
	Notice func(dst []byte, lost uint64) []byte
}

// File is an append-only file of lines. It is opened with O_APPEND, and opened anew when the path no longer leads to it, as after
// logrotate. Not safe for concurrent use.
type File struct {
	path   string
	log    *slog.Logger
	notice func([]byte, uint64) []byte
	now    func() time.Time

	file    *os.File
	info    os.FileInfo // of file, as of the last check
	size    int64       // of file; zero unless it is a regular file
	torn    bool        // the file ends in the middle of a line
	failing bool
	since   time.Time // of the outage
	ended   time.Time // the outage before
	retry   time.Time // not before
	pause   time.Duration
	missed  uint64 // lines lost that the file does not tell of
	before  uint64 // lost when the outage began
	lost    uint64 // lines lost since Open
}

// Open opens or creates the file. A named pipe that nobody reads yet is not an error but an outage that ends when somebody does.
func Open(o Options) (*File, error) {
	f := &File{path: o.Path, log: o.Log, notice: o.Notice, now: time.Now}
	switch err := f.open(); {
	case errors.Is(err, syscall.ENXIO):
		f.fail(err)
	case err != nil:
		return nil, explain(err)
	}
	return f, nil
}

// Append writes whole lines, each ended by a newline. What cannot be written is lost and counted. An outage ends when all lines of a call
// can be written; without lines, when the file can be told of those that are missing.
func (f *File) Append(lines []byte) {
	switch {
	case f.failing && f.now().Before(f.retry):
		f.lose(lines)
	case f.failing || len(lines) > 0:
		f.try(lines)
	}
}

func (f *File) try(lines []byte) {
	n, err := 0, f.Check()
	if err == nil {
		err = f.tell()
	}
	if err == nil {
		n, err = f.write(lines)
	}
	if err != nil {
		f.fail(err)
		f.lose(lines[n:])
		return
	}
	if f.failing {
		f.failing, f.ended = false, f.now()
		f.log.Warn("file works again", "path", f.path, "lost_lines", f.lost-f.before, "after", f.now().Sub(f.since).Round(time.Millisecond).String())
	}
}

// tell writes the line that says how many are missing, where they are.
func (f *File) tell() error {
	if f.missed == 0 || f.notice == nil {
		return nil
	}
	if _, err := f.write(f.notice(nil, f.missed)); err != nil {
		return err
	}
	f.missed = 0
	return nil
}

// write returns how many bytes of whole lines reached the file.
func (f *File) write(lines []byte) (int, error) {
	if f.torn && len(lines) > 0 {
		if _, err := f.raw([]byte{'\n'}); err != nil {
			return 0, err
		}
		f.torn = false
	}
	n, err := f.raw(lines)
	if err == nil {
		return n, nil
	}
	whole := bytes.LastIndexByte(lines[:n], '\n') + 1
	if n > whole {
		f.torn = !f.cut(int64(n - whole))
	}
	return whole, err
}

func (f *File) raw(p []byte) (int, error) {
	// Only pipes and devices take a deadline; a regular file says that it has none.
	if err := f.file.SetWriteDeadline(f.now().Add(maxWrite)); err != nil && !errors.Is(err, os.ErrNoDeadline) {
		return 0, err
	}
	n, err := f.file.Write(p)
	if f.info.Mode().IsRegular() {
		f.size += int64(n)
	}
	return n, err
}

// cut takes the last n bytes, which this File has just written, off the file again. It refuses when they are no longer the last.
func (f *File) cut(n int64) bool {
	info, err := f.file.Stat()
	if err != nil || !info.Mode().IsRegular() || info.Size() != f.size {
		return false
	}
	if err := f.file.Truncate(f.size - n); err != nil {
		return false
	}
	f.size -= n
	return true
}

func (f *File) fail(err error) {
	if f.file != nil {
		_ = f.file.Close() // the error that brought us here says more than that of closing
		f.file, f.info, f.size = nil, nil, 0
	}
	if errors.Is(err, syscall.EPIPE) {
		f.torn = false // what was in the pipe is gone with its reader
	}
	if !f.failing {
		if f.now().Sub(f.ended) > maxPause { // else a disk with room for a few bytes now and then would be in the log again and again
			f.pause = 0
		}
		f.failing, f.since, f.before = true, f.now(), f.lost
		f.log.Error("cannot write file: lines are lost until it works again", "path", f.path, "error", explain(err))
	}
	f.pause = min(max(2*f.pause, firstPause), maxPause)
	f.retry = f.now().Add(f.pause)
}

func (f *File) lose(lines []byte) {
	n := uint64(bytes.Count(lines, []byte{'\n'}))
	f.missed += n
	f.lost += n
}

// Size is the length of the file in bytes as of the last [File.Check] or [File.Append]; zero for anything but a regular file.
func (f *File) Size() int64 { return f.size }

// Lost is the number of lines that were lost since Open.
func (f *File) Lost() uint64 { return f.lost }

// Failing reports whether an outage lasts.
func (f *File) Failing() bool { return f.failing }

// Close tries once more to end an outage, and closes the file.
func (f *File) Close() error {
	if f.failing {
		f.try(nil)
	}
	if f.file == nil {
		return fmt.Errorf("%s: closed during an outage, %d lines lost", f.path, f.lost-f.before)
	}
	err := f.file.Close()
	f.file = nil
	return err
}
