package schema

import (
	"bytes"

	"github.com/cilium/ebpf/btf"

	"github.com/probehost/probehost/sdk/record"
)

// fromRaw returns the schemas of all types and sections in BTF that have one.
func fromRaw(raw []byte) (schemas []*record.Schema) {
	spec, err := btf.LoadSpecFromReader(bytes.NewReader(raw))
	if err != nil {
		return nil
	}
	for t, err := range spec.All() {
		if err != nil {
			return schemas
		}
		if s, err := Record(t, nil); err == nil {
			schemas = append(schemas, s)
		}
		if section, ok := t.(*btf.Datasec); ok {
			if _, s, err := NewGlobalsRow(Globals(section), section.Size, nil); err == nil {
				schemas = append(schemas, s)
			}
		}
	}
	return schemas
}
