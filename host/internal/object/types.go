package object

import (
	"fmt"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/btf"
)

// typeIndex holds the named types of an object.
type typeIndex struct {
	byName map[string][]btf.Type
}

func indexTypes(spec *ebpf.CollectionSpec) (idx *typeIndex, err error) {
	defer func() {
		if r := recover(); r != nil {
			idx, err = nil, fmt.Errorf("parser: %v", r)
		}
	}()
	idx = &typeIndex{byName: make(map[string][]btf.Type)}
	if spec.Types == nil {
		return idx, nil
	}
	for t, err := range spec.Types.All() {
		if err != nil {
			return nil, err
		}
		if name := t.TypeName(); name != "" {
			idx.byName[name] = append(idx.byName[name], t)
		}
	}
	return idx, nil
}
