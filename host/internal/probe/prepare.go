package probe

import (
	"fmt"
	"math/bits"
	"os"
	"slices"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"github.com/hashicorp/go-hclog"

	"github.com/probehost/probehost/host/internal/object"
)

// onSuffix is what the switch of a stream is called, after the stream's name.
const onSuffix = "_on"

// maxRing is the largest ring buffer that the kernel makes: lengths in it have 30 bits, and mapping it twice has to fit an int32 of pages.
const maxRing = 1 << 30

// prepare returns a copy of the object's specification with the wishes of spec in it.
func prepare(spec *Spec) (*ebpf.CollectionSpec, error) {
	c := spec.Object.Spec.Copy()
	for _, m := range c.Maps {
		if m.Pinning != ebpf.PinNone {
			spec.Log.Info("map is not pinned: that is not supported yet", "map", m.Name)
			m.Pinning = ebpf.PinNone
		}
		if m.Type == ebpf.RingBuf {
			m.MaxEntries = ringSize(m.MaxEntries) // objects made on machines with smaller pages
		}
	}
	for _, s := range spec.Streams {
		if s.Source != object.Ring || s.Size == 0 {
			continue
		}
		if s.Size > maxRing {
			return nil, &Error{Stream: s.Name, Attr: "size", What: fmt.Sprintf("a ring buffer of %d bytes is too large", s.Size),
				Cure: "the most is 1GiB"}
		}
		c.Maps[s.Name].MaxEntries = ringSize(s.Size)
	}
	for _, name := range spec.Off {
		if err := setVariable(c, name+onSuffix, false); err != nil {
			return nil, &Error{Stream: name, Attr: "object", What: "its switch " + name + onSuffix + " is not a bool", Err: err}
		}
	}
	if spec.LogLevel != hclog.NoLevel {
		if err := setVariable(c, logLevelVar, objectLevel(spec.LogLevel)); err != nil {
			return nil, &Error{Attr: "object", What: logLevelVar + " is not a __u32", Err: err}
		}
	}
	for _, p := range c.Programs {
		if p.Type == ebpf.SchedCLS {
			p.AttachType = ebpf.AttachNone // kernels before 6.6 do not know tcx/ingress, and later ones do not insist
		}
	}
	for i, p := range spec.Object.Programs() {
		numberProgram(c.Programs[p.Name].Instructions, i)
	}
	c.Variables = nil // their values are in the maps; the library would map those into memory for as long as it likes
	return c, nil
}

// ringSize rounds up to what the kernel takes: a power of two, and whole pages.
func ringSize(n uint32) uint32 {
	page := uint32(os.Getpagesize())
	if n <= page {
		return page
	}
	return 1 << min(30, bits.Len32(n-1))
}

// setVariable sets a constant of the object, if it has one of that name.
func setVariable(c *ebpf.CollectionSpec, name string, value any) error {
	v, ok := c.Variables[name]
	if !ok || !v.Constant() {
		return nil
	}
	if err := v.Set(value); err != nil {
		return err
	}
	section := c.Maps[v.SectionName]
	if section == nil || len(section.Contents) != 1 {
		return fmt.Errorf("its section %s has no contents", v.SectionName)
	}
	data, ok := section.Contents[0].Value.([]byte)
	if !ok || uint64(v.Offset)+uint64(len(v.Value)) > uint64(len(data)) {
		return fmt.Errorf("its section %s is too short", v.SectionName)
	}
	data = slices.Clone(data) // the copy of a specification shares them
	copy(data[v.Offset:], v.Value)
	section.Contents[0].Value = data
	return nil
}

// numberProgram replaces the constant that stands for the program's index in its log lines.
func numberProgram(insns asm.Instructions, index int) {
	for i := range insns {
		if ins := &insns[i]; ins.OpCode.IsDWordLoad() && ins.Src == 0 && ins.Reference() == "" && ins.Constant == logProgram {
			ins.Constant = int64(index)
		}
	}
}
