package linefile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// Check opens the file when it is not open, or when another file or none has taken its place, and learns its size anew.
func (f *File) Check() error {
	if f.file == nil {
		return f.open()
	}
	now, err := os.Stat(f.path)
	switch {
	case err == nil && os.SameFile(now, f.info):
		if now.Mode().IsRegular() {
			f.info, f.size = now, now.Size()
		}
		return nil
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return err
	}
	if err := f.file.Close(); err != nil {
		f.log.Warn("closing the moved file", "path", f.path, "error", err)
	}
	f.file = nil
	return f.open()
}

func (f *File) open() error {
	// Without O_NONBLOCK opening a named pipe waits for its reader for ever. It changes nothing for regular files.
	file, err := os.OpenFile(f.path, os.O_WRONLY|os.O_APPEND|os.O_CREATE|syscall.O_NONBLOCK, 0o644)
	if err != nil {
		return err
	}
	info, err := file.Stat()
	if err != nil {
		_ = file.Close() // nothing has been written
		return err
	}
	f.file, f.info, f.size = file, info, 0
	if info.Mode().IsRegular() {
		f.size = info.Size()
		f.torn = f.size > 0 && !endsInNewline(f.path, f.size)
	}
	return nil
}

// endsInNewline reads the last byte. A file that we may write but not read is believed to be whole.
func endsInNewline(path string, size int64) bool {
	file, err := os.Open(path)
	if err != nil {
		return true
	}
	defer file.Close()
	var last [1]byte
	if _, err := file.ReadAt(last[:], size-1); err != nil {
		return true
	}
	return last[0] == '\n'
}

// JSONNotice is [Options.Notice] for files of JSON lines.
func JSONNotice(dst []byte, lost uint64) []byte {
	return fmt.Appendf(dst, "{\"lost_lines\":%d}\n", lost)
}

// ModTime is when the file was last written, as of the last [File.Check]; the zero time for anything but a regular file.
func (f *File) ModTime() time.Time {
	if f.info == nil || !f.info.Mode().IsRegular() {
		return time.Time{}
	}
	return f.info.ModTime()
}

// Validate reports, without creating anything, why a file at path could not be written by Open.
func Validate(path string) error {
	if path == "" {
		return errors.New("is empty: name a file")
	}
	info, err := os.Stat(path)
	switch {
	case err == nil && info.IsDir():
		return fmt.Errorf("%s is a folder: name a file in it", path)
	case err == nil:
		return nil
	case !errors.Is(err, fs.ErrNotExist):
		return explain(err)
	}
	dir := filepath.Dir(path)
	switch info, err = os.Stat(dir); {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("the folder %s does not exist: create it first", dir)
	case err != nil:
		return explain(err)
	case !info.IsDir():
		return fmt.Errorf("%s is not a folder", dir)
	}
	return nil
}

// cures say what an operator can do about an error.
var cures = []struct {
	err  error
	cure string
}{
	{syscall.ENOSPC, "free some space"},
	{syscall.EDQUOT, "free some space or raise the quota"},
	{syscall.EFBIG, "raise the limit on file sizes (ulimit -f)"},
	{syscall.EPIPE, "the process that read the pipe is gone: start it again"},
	{syscall.ENXIO, "no process reads the pipe: start one"},
	{os.ErrDeadlineExceeded, "the process that reads the pipe does not keep up"},
	{fs.ErrNotExist, "create its folder"},
	{fs.ErrPermission, "let the user of this process write there"},
	{syscall.EROFS, "name a file on a writable file system"},
}

func explain(err error) error {
	for _, c := range cures {
		if errors.Is(err, c.err) {
			return fmt.Errorf("%w: %s", err, c.cure)
		}
	}
	return err
}
