package config

import (
	"slices"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclparse"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/probehost/probehost/host/internal/lang"
)

// Parse checks the syntax of one source, within the bounds that [Load] sets, and nothing else.
func Parse(src []byte, filename string) (*hcl.File, hcl.Diagnostics) {
	return parse(hclparse.NewParser(), source{name: filename, data: src})
}

// parse guards, then parses. The file is kept for excerpts even if it is refused.
func parse(p *hclparse.Parser, s source) (*hcl.File, hcl.Diagnostics) {
	if diags := guard(s.data, s.name); diags.HasErrors() {
		p.AddFile(s.name, &hcl.File{Bytes: s.data})
		return nil, diags
	}
	f, diags := p.ParseHCL(s.data, s.name)
	return f, withoutEchoes(diags)
}

// withoutEchoes leaves out what follows from a quote that is not closed: the same complaint about each line after it.
func withoutEchoes(diags hcl.Diagnostics) hcl.Diagnostics {
	open := slices.ContainsFunc(diags, func(d *hcl.Diagnostic) bool { return d.Summary == "Unclosed template interpolation sequence" })
	return slices.DeleteFunc(diags, func(d *hcl.Diagnostic) bool {
		echo := open && (d.Summary == "Invalid multi-line string" || d.Summary == "Invalid string literal")
		open = open || d.Summary == "Invalid multi-line string"
		return echo
	})
}

// file parses a source and returns its blocks. What stands too close to an error of syntax to be judged is left out.
func (d *decoder) file(p *hclparse.Parser, s source) hcl.Blocks {
	f, diags := parse(p, s)
	d.add(diags)
	d.partial = d.partial || diags.HasErrors()
	if f == nil {
		return nil
	}
	body := f.Body.(*hclsyntax.Body)
	if diags.HasErrors() {
		body = sound(body, diags)
	}
	d.add(lang.Bound(body))
	rest, planned := withoutLater(body, root.later)
	content, unknown := contentOf(rest, root.schema())
	d.add(planned)
	d.add(unknown)
	d.partial = d.partial || unknown.HasErrors()
	return content.Blocks
}

// sound is a file without the blocks that errors of syntax are in: the parser guesses how such a block goes on, and what it guesses is no
// reason to complain.
func sound(body *hclsyntax.Body, diags hcl.Diagnostics) *hclsyntax.Body {
	var places []int // where they are
	for _, d := range diags {
		if d.Subject != nil {
			places = append(places, d.Subject.Start.Byte)
		}
	}
	slices.Sort(places)
	rest := *body
	rest.Attributes, rest.Blocks = hclsyntax.Attributes{}, nil
	for i, b := range body.Blocks {
		next, _ := slices.BinarySearch(places, b.TypeRange.Start.Byte)
		if next == len(places) || i+1 < len(body.Blocks) && places[next] >= body.Blocks[i+1].TypeRange.Start.Byte {
			rest.Blocks = append(rest.Blocks, b)
		}
	}
	return &rest
}
