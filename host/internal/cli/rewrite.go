package cli

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// rewrite replaces the content of a file at once: whoever reads it sees the old or the new one. Mode and owner stay, and a link stays a link.
func rewrite(name string, content []byte) (err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("rewrite %s: %w", name, err)
		}
	}()
	target, err := filepath.EvalSymlinks(name)
	if err != nil {
		return err
	}
	info, err := os.Stat(target)
	if err != nil {
		return err
	}
	if err := writable(target); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(target), ".probehost-fmt-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(f.Name()))
		}
	}()
	err = fill(f, info, content)
	if err := errors.Join(err, f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), target)
}

// writable returns an error if the file is meant not to be changed: to put another in its place takes no permission to write it.
func writable(name string) error {
	f, err := os.OpenFile(name, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	return f.Close()
}

func fill(f *os.File, like os.FileInfo, content []byte) error {
	if _, err := f.Write(content); err != nil {
		return err
	}
	if owner, ok := like.Sys().(*syscall.Stat_t); ok && (int(owner.Uid) != os.Geteuid() || int(owner.Gid) != os.Getegid()) {
		if err := f.Chown(int(owner.Uid), int(owner.Gid)); err != nil {
			return fmt.Errorf("cannot keep its owner: %w", err)
		}
	}
	if err := f.Chmod(like.Mode()); err != nil { // after chown, which takes setuid bits away
		return err
	}
	return f.Sync()
}
