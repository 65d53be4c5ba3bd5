package sdk

import (
	"fmt"
	"io"
	"strings"
)

// explain tells somebody who ran the plugin by hand what it is for.
func explain(w io.Writer, t Type) {
	i := t.info
	title := i.Name
	if i.Version != "" {
		title += " " + i.Version
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s is a handler plugin of probehost", title)
	if i.Doc != "" {
		fmt.Fprintf(&b, ": %s", i.Doc)
	}
	fmt.Fprintf(&b, `

It is not run by hand: probehost starts it when a configuration has a block like this one.

handler %q "example" {
  from = [probe.NAME]
`, i.Name)
	if len(t.config.attributes)+len(t.config.blocks) > 0 {
		b.WriteString("  config {\n")
		explainBlock(&b, t.config, "    ")
		b.WriteString("  }\n")
	}
	fmt.Fprintf(&b, `}

Put the executable %s where probehost looks for plugins: beside it in a folder plugins, in a folder of
PROBEHOST_PLUGIN_PATH, or anywhere with plugin %q { path = "..." }.

  --describe  print name, version and configuration as JSON
  --debug     wait for a probehost that is told to connect here, for use with a debugger
  --version   print the version
`, i.Name, i.Name)
	_, _ = io.WriteString(w, b.String()) // to a terminal; there is nobody else to tell
}

// explainBlock writes an example of a block. What may be left out is a comment.
func explainBlock(b *strings.Builder, s *blockSpec, indent string) {
	width := 0
	lines := make([]string, len(s.attributes))
	for i := range s.attributes {
		a := &s.attributes[i]
		lines[i] = a.name + " = " + a.example()
		if !a.required {
			lines[i] = "# " + lines[i]
		}
		width = max(width, len(lines[i]))
	}
	for i := range s.attributes {
		fmt.Fprintf(b, "%s%-*s  # %s\n", indent, min(width, 40), lines[i], s.attributes[i].explanation())
	}
	for _, n := range s.blocks {
		if n.doc != "" {
			fmt.Fprintf(b, "%s# %s\n", indent, n.doc)
		}
		fmt.Fprintf(b, "%s%s", indent, n.name)
		for _, l := range n.block.labels {
			fmt.Fprintf(b, " %q", strings.ToUpper(l.name))
		}
		switch {
		case n.repeated:
			b.WriteString(" { # any number of them\n")
		case n.required:
			b.WriteString(" {\n")
		default:
			b.WriteString(" { # optional\n")
		}
		explainBlock(b, n.block, indent+"  ")
		fmt.Fprintf(b, "%s}\n", indent)
	}
}

// example returns a value as a user would write it.
func (a *attributeSpec) example() string {
	switch {
	case a.hasDef:
		return a.typ.written(a.def)
	case len(a.oneOf) > 0 && a.typ.list == nil:
		return a.typ.written(a.oneOf[0])
	case a.typ.list != nil:
		return "[]"
	case a.typ.mapped != nil:
		return "{}"
	}
	switch a.typ.name() {
	case "bool":
		return "false"
	case "number":
		return "0"
	case "duration":
		return `"10s"`
	case "size":
		return `"1MiB"`
	case "field":
		return "event.NAME"
	case "condition":
		return "event.pid > 1"
	case "template":
		return `"pid ${event.pid}"`
	}
	return `"..."`
}

func (a *attributeSpec) explanation() string {
	text := a.typ.name()
	if a.required {
		text += ", required"
	}
	if len(a.oneOf) > 0 {
		text += ", one of " + strings.Join(a.oneOf, ", ")
	}
	if a.doc != "" {
		text += ": " + a.doc
	}
	return text
}
