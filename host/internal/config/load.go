package config

import (
	"slices"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclparse"

	"github.com/probehost/probehost/bpf"
	"github.com/probehost/probehost/host/internal/lang"
)

// root is what a file may contain.
var root = grammar{
	blocks: []hcl.BlockHeaderSchema{
		{Type: "host"},
		{Type: "probe", LabelNames: []string{"name"}},
		{Type: "handler", LabelNames: []string{"plugin", "name"}},
		{Type: "plugin", LabelNames: []string{"name"}},
	},
	later: []string{"variable", "locals", "function", "policy"},
}

// Load reads a file, or all *.hcl files of a folder. The Config is never nil: with errors it holds what could be understood, and the files
// that the diagnostics refer to.
func Load(path string) (*Config, hcl.Diagnostics) {
	dir, sources, diags := read(path)
	return load(dir, sources, diags)
}

func load(dir string, sources []source, diags hcl.Diagnostics) (*Config, hcl.Diagnostics) {
	parser := hclparse.NewParser()
	d := &decoder{dir: dir, eval: lang.Context(bpf.Names()), diags: diags, partial: diags.HasErrors()}
	var blocks hcl.Blocks
	for _, s := range sources {
		blocks = append(blocks, d.file(parser, s)...)
	}
	c := &Config{Dir: dir, Files: parser.Files(), Eval: d.eval}
	if b := d.single(blocks, "host"); b != nil {
		c.Host = d.host(b)
	}
	probes, handlers, plugins := names{}, names{}, names{}
	for _, b := range blocks {
		switch b.Type {
		case "probe":
			if p := d.probe(b); probes.claim(d, "probe", p.Name, p.NameRange, "") {
				c.Probes = append(c.Probes, p)
			}
		case "handler":
			if h := d.handler(b); handlers.claim(d, "handler", h.Name, h.NameRange, "A handler's name is its own, whatever its plugin.") {
				c.Handlers = append(c.Handlers, h)
			}
		case "plugin":
			if p := d.plugin(b); plugins.claim(d, "plugin", p.Name, p.NameRange, "") {
				c.Plugins = append(c.Plugins, p)
			}
		}
	}
	c.Partial = d.partial
	d.references(c)
	d.something(c, sources)
	Sort(d.diags)
	return c, d.diags
}

// something reports a configuration in which there is nothing to do, unless other errors explain it.
func (d *decoder) something(c *Config, sources []source) {
	if len(c.Probes) > 0 || len(sources) == 0 || d.diags.HasErrors() {
		return
	}
	d.add(hcl.Diagnostics{{Severity: hcl.DiagError, Summary: "No probes", Subject: startOf(sources[0].name).Ptr(), Detail: "The configuration " +
		`has no probe block. One that shows started programs: probe "exec" { object = builtin.exec }`}})
}

// Sort orders diagnostics by file and place; those without a place come first.
func Sort(diags hcl.Diagnostics) {
	slices.SortStableFunc(diags, func(a, b *hcl.Diagnostic) int {
		switch {
		case a.Subject == nil && b.Subject == nil:
			return 0
		case a.Subject == nil:
			return -1
		case b.Subject == nil:
			return 1
		case a.Subject.Filename != b.Subject.Filename:
			if a.Subject.Filename < b.Subject.Filename {
				return -1
			}
			return 1
		}
		return a.Subject.Start.Byte - b.Subject.Start.Byte
	})
}
