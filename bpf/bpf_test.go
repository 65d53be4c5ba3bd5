package bpf

import (
	"bytes"
	"errors"
	"os"
	"testing"

	"github.com/cilium/ebpf"
)

func TestObject(t *testing.T) {
	for _, name := range Names() {
		elf, err := Object(name)
		if err != nil {
			t.Fatal(err)
		}
		spec, err := ebpf.LoadCollectionSpecFromReader(bytes.NewReader(elf))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if len(spec.Programs) == 0 {
			t.Errorf("%s has no programs", name)
		}
	}
	if elf, err := Object("nowhere"); elf != nil || !errors.Is(err, os.ErrNotExist) {
		t.Errorf("an object that is not there: %d bytes, %v", len(elf), err)
	}
}
