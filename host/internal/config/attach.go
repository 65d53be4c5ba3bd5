package config

import (
	"math"
	"slices"

	"github.com/hashicorp/hcl/v2"

	"github.com/probehost/probehost/host/internal/probe"
)

var attachGrammar = grammar{
	optional: []string{"interface", "mode", "target", "binary", "symbol", "offset", "pid", "cgroup", "event", "frequency", "period"},
}

func (d *decoder) attach(b *hcl.Block) *Attach {
	before := len(d.diags)
	content := d.content(b.Body, attachGrammar)
	a := &Attach{
		Attach: probe.Attach{
			Program:   b.Labels[0],
			Interface: d.text(content, "interface").Value,
			Mode:      d.choice(content, "mode", "auto", "native", "generic").Value,
			Target:    d.text(content, "target").Value,
			Binary:    d.path(content, "binary").Value,
			Symbol:    d.text(content, "symbol").Value,
			Offset:    d.number(content, "offset", math.MaxUint64),
			Pid:       int(d.number(content, "pid", math.MaxInt32)),
			Cgroup:    d.path(content, "cgroup").Value,
			Event:     d.text(content, "event").Value,
			Frequency: d.number(content, "frequency", 1_000_000),
			Period:    d.number(content, "period", math.MaxInt64),
		},
		NameRange: b.LabelRanges[0],
		Range:     b.DefRange,
		Args:      map[string]hcl.Range{},
	}
	wrong := d.diags[before:]
	for name, attr := range content.Attributes {
		if !slices.ContainsFunc(wrong, func(d *hcl.Diagnostic) bool { return d.Subject.Overlaps(attr.Range) }) {
			a.Args[name] = attr.Range
		}
	}
	a.Incomplete = len(wrong) > 0
	return a
}
