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
	archives, err := p.archives()
	if err != nil {
		return err
	}
	var errs []error
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

// archives returns the old files, oldest first, and deletes what an interrupted compression left.
func (p *packer) archives() ([]string, error) {
	entries, err := os.ReadDir(filepath.Dir(p.path))
	if err != nil {
		return nil, err
	}
	var all []string
	for _, e := range entries {
		name := filepath.Join(filepath.Dir(p.path), e.Name())
		suffix, ok := strings.CutPrefix(e.Name(), filepath.Base(p.path))
		if !ok || !e.Type().IsRegular() {
			continue
		}
		if stamp, ok := strings.CutSuffix(suffix, unfinished); ok && isStamp(stamp) {
			if err := os.Remove(name); err != nil {
				return nil, err
			}
		} else if isStamp(strings.TrimSuffix(suffix, packed)) {
			all = append(all, name)
		}
	}
	slices.Sort(all)
	return all, nil
}

// isStamp reports whether a rotation gave the file its name: nothing else is ever deleted.
func isStamp(suffix string) bool {
	at, err := time.Parse(archiveLayout, suffix)
	return err == nil && at.Format(archiveLayout) == suffix
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
