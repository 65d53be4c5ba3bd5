package plan

import (
	"fmt"
	"io"
	"os"

	"github.com/probehost/probehost/bpf"
	"github.com/probehost/probehost/host/internal/config"
	"github.com/probehost/probehost/host/internal/object"
)

// maxObject is the size of the largest object file in bytes. Real ones are a thousand times smaller.
const maxObject = 64 << 20

// objects are those that were opened, by name: one that several probes load is opened once.
type objects map[string]*opened

type opened struct {
	object *object.Object
	err    error
}

// open returns the object.
func (o objects) open(c config.Object) (*object.Object, error) {
	name := c.Path
	if c.Builtin != "" {
		name = "builtin." + c.Builtin
	}
	if o[name] == nil {
		elf, err := load(c)
		o[name] = &opened{err: err}
		if err == nil {
			o[name].object, o[name].err = object.Open(name, elf)
		}
	}
	return o[name].object, o[name].err
}

func load(c config.Object) ([]byte, error) {
	if c.Builtin != "" {
		return bpf.Object(c.Builtin)
	}
	f, err := os.Open(c.Path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is not a regular file", c.Path)
	}
	elf, err := io.ReadAll(io.LimitReader(f, maxObject+1))
	if err != nil {
		return nil, err
	}
	if len(elf) > maxObject {
		return nil, fmt.Errorf("%s is larger than %d MiB", c.Path, maxObject>>20)
	}
	return elf, nil
}
