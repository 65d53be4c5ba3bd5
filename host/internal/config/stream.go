package config

import (
	"slices"
	"time"

	"github.com/hashicorp/hcl/v2"

	"github.com/probehost/probehost/host/internal/schema"
	"github.com/probehost/probehost/sdk/record"
)

var streamGrammar = grammar{
	optional: []string{"every", "where", "size", "type", "per_cpu", "linger"},
	blocks:   []hcl.BlockHeaderSchema{{Type: "field", LabelNames: []string{"name"}}},
	later:    []string{"sample", "limit", "pin"},
}

// Bounds of a stream's arguments.
const (
	minEvery, maxEvery   = 10 * time.Millisecond, 24 * time.Hour
	maxLinger            = time.Minute
	minBuffer, maxBuffer = 4 << 10, 1 << 30 // the kernel takes a page up to, in theory, 2 GiB
)

func (d *decoder) stream(b *hcl.Block) *Stream {
	content := d.content(b.Body, streamGrammar)
	s := &Stream{
		Name: b.Labels[0], NameRange: b.LabelRanges[0], Range: b.DefRange,
		Every:  d.duration(content, "every", minEvery, maxEvery),
		Size:   d.size(content, "size", minBuffer, maxBuffer),
		Linger: d.duration(content, "linger", 0, maxLinger),
		Type:   d.text(content, "type"),
		PerCPU: d.choice(content, "per_cpu", "sum", "list"),
		Where:  d.where(content),
	}
	fields := names{}
	for _, b := range content.Blocks {
		if f := d.field(b); fields.claim(d, "field", f.Name, f.NameRange, "") {
			s.Fields = append(s.Fields, f)
		}
	}
	return s
}

// where is an event expression: it is compiled when the schema is known.
func (d *decoder) where(content *hcl.BodyContent) hcl.Expression {
	a, ok := content.Attributes["where"]
	if !ok {
		return nil
	}
	if diags := CheckEvent(a.Expr); diags.HasErrors() {
		d.add(diags)
		return nil
	}
	return a.Expr
}

var fieldGrammar = grammar{required: []string{"format"}}

func (d *decoder) field(b *hcl.Block) *Field {
	content := d.content(b.Body, fieldGrammar)
	format := d.choice(content, "format", formats()...)
	return &Field{
		Name: b.Labels[0], NameRange: b.LabelRanges[0],
		Format: Arg[record.Format]{Value: record.Format(format.Value), Given: format.Given, Range: format.Range},
	}
}

func formats() []string {
	all := []record.Format{
		record.Hex, record.IPv4, record.IPv6, record.IP, record.MAC, record.Port, record.Protocol, record.EtherType, record.Interface,
		record.User, record.Group, record.Errno, record.Signal, record.Time, record.BootTime, record.Duration, record.Cgroup,
		record.Family, record.TCPState, record.ByteSize, schema.Text,
	}
	names := make([]string, len(all))
	for i, f := range all {
		names[i] = string(f)
	}
	slices.Sort(names)
	return names
}
