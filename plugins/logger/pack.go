package main

import (
	"compress/gzip"
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
)

const (
	packed     = ".gz"
	unfinished = ".gz.tmp"

	closeMargin = 500 * time.Millisecond
)

// packer compresses and deletes old files in a goroutine of its own. It knows them by their names, so that it goes on with what a process
// before it left.
type packer struct {
	path     string // of the current file
	keep     int
	compress bool
	log      *slog.Logger

	wake   chan struct{}
	cancel context.CancelFunc
	done   sync.WaitGroup
}

func newPacker(path string, keep int, compress bool, log *slog.Logger) *packer {
	ctx, cancel := context.WithCancel(context.Background())
	p := &packer{path: path, keep: keep, compress: compress, log: log, wake: make(chan struct{}, 1), cancel: cancel}
	p.kick()
	p.done.Go(func() { p.run(ctx) })
	return p
}

// kick makes the packer look for old files. It does not wait.
func (p *packer) kick() {
	select {
	case p.wake <- struct{}{}:
	default:
	}
}

func (p *packer) run(ctx context.Context) {
	for range p.wake {
		if err := p.tidy(ctx); err != nil && ctx.Err() == nil {
			p.log.Error("cannot tidy up old files; the next rotation tries again", "path", p.path, "error", err)
		}
	}
}

// close lets the work that is under way finish. Shortly before ctx ends, it is given up and left to the next process.
func (p *packer) close(ctx context.Context) {
	if deadline, ok := ctx.Deadline(); ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, deadline.Add(-closeMargin))
		defer cancel()
	}
	close(p.wake)
	stop := context.AfterFunc(ctx, p.cancel)
	defer stop()
	p.done.Wait()
	p.cancel()
}

// tidy deletes what is too old and compresses the rest.
func (p *packer) tidy(ctx context.Context) error {
	archives, halves, err := archives(p.path)
	if err != nil {
		return err
	}
	var errs []error
	for _, name := range halves {
		errs = append(errs, os.Remove(name))
	}
	for len(archives) > p.keep {
		errs = append(errs, os.Remove(archives[0]))
		archives = archives[1:]
	}
	for _, a := range archives {
		if p.compress && !strings.HasSuffix(a, packed) {
			errs = append(errs, compress(ctx, a))
		}
	}
	return errors.Join(errs...)
}

// archives returns the old files of a log, oldest first, and what an interrupted compression left. It goes by the names that rotations give:
// nothing else is ever deleted.
func archives(path string) (whole, halves []string, err error) {
	dir, base := filepath.Split(path)
	entries, err := os.ReadDir(filepath.Clean(dir))
	if err != nil {
		return nil, nil, err
	}
	for _, e := range entries {
		suffix, ok := strings.CutPrefix(e.Name(), base)
		if !ok || !e.Type().IsRegular() {
			continue
		}
		if stamp, ok := strings.CutSuffix(suffix, unfinished); ok {
			if _, ok := stampTime(stamp); ok {
				halves = append(halves, dir+e.Name())
			}
		} else if _, ok := stampTime(strings.TrimSuffix(suffix, packed)); ok {
			whole = append(whole, dir+e.Name())
		}
	}
	slices.Sort(whole)
	return whole, halves, nil
}

// newest returns the time in the name of the newest archive; the zero time if there is none.
func newest(path string) time.Time {
	whole, _, err := archives(path)
	if err != nil || len(whole) == 0 {
		return time.Time{} // the packer reports an error
	}
	at, _ := stampTime(strings.TrimSuffix(strings.TrimPrefix(whole[len(whole)-1], path), packed))
	return at
}

// stampTime returns the time in what a rotation adds to a name, and whether one did.
func stampTime(suffix string) (time.Time, bool) {
	at, err := time.Parse(archiveLayout, suffix)
	return at, err == nil && at.Format(archiveLayout) == suffix
}

// compress puts path.gz in the place of path. A crash at any point leaves at least one of them whole.
func compress(ctx context.Context, path string) (err error) {
	in, err := os.Open(path)
	if err != nil {
		return err
	}
	defer in.Close()
	info, err := in.Stat()
	if err != nil {
		return err
	}
	tmp := path + unfinished
	out, err := os.OpenFile(tmp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, info.Mode().Perm())
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(tmp) // what stays is found by its name later
		}
	}()
	zip := gzip.NewWriter(out)
	_, err = io.Copy(zip, &interruptible{ctx, in})
	if err = errors.Join(err, zip.Close(), out.Sync(), out.Close()); err != nil {
		return err
	}
	if err = os.Rename(tmp, path+packed); err != nil {
		return err
	}
	return os.Remove(path)
}

// interruptible is a reader that fails when ctx has ended.
type interruptible struct {
	ctx context.Context
	r   io.Reader
}

func (i *interruptible) Read(p []byte) (int, error) {
	if err := i.ctx.Err(); err != nil {
		return 0, err
	}
	return i.r.Read(p)
}
