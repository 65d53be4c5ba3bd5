package cli

import (
	"fmt"
	"io"
	"strings"

	"github.com/mitchellh/go-wordwrap"
)

// docWidth is where the docs of attributes are wrapped.
const docWidth = 90

func writePlugin(w io.Writer, p pluginInfo) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s  %s\n", p.Name, p.Version, p.Path)
	paragraph(&b, p.Doc, "  ")
	if len(p.Attributes)+len(p.Blocks) > 0 {
		b.WriteString("\n  config {\n")
		writeBlock(&b, p.blockInfo, "    ")
		b.WriteString("  }\n")
	}
	_, err := io.WriteString(w, printable(b.String()))
	return err
}

// writeBlock writes what a block takes, in the form of a file: each argument with its type, and above it what it is for.
func writeBlock(b *strings.Builder, info blockInfo, indent string) {
	width := 0
	for _, a := range info.Attributes {
		width = max(width, len(a.Name))
	}
	for _, a := range info.Attributes {
		paragraph(b, a.Doc, indent+"# ")
		fmt.Fprintf(b, "%s%-*s = %s", indent, width, a.Name, a.Type)
		var notes []string
		switch {
		case a.Required:
			notes = append(notes, "required")
		case a.Default != nil:
			notes = append(notes, "default "+string(a.Default))
		}
		if len(a.OneOf) > 0 {
			notes = append(notes, "one of "+strings.Join(a.OneOf, ", "))
		}
		if a.Sensitive {
			notes = append(notes, "sensitive")
		}
		if len(notes) > 0 {
			fmt.Fprintf(b, "  # %s", strings.Join(notes, "; "))
		}
		b.WriteByte('\n')
	}
	for _, n := range info.Blocks {
		if len(info.Attributes) > 0 {
			b.WriteByte('\n')
		}
		paragraph(b, n.Doc, indent+"# ")
		b.WriteString(indent + n.Name)
		for _, label := range n.Labels {
			fmt.Fprintf(b, " %q", strings.ToUpper(label))
		}
		fmt.Fprintf(b, " {  # %s\n", howMany(n))
		writeBlock(b, n.blockInfo, indent+"  ")
		b.WriteString(indent + "}\n")
	}
}

func howMany(n nestedInfo) string {
	switch {
	case n.Repeated && n.Required:
		return "at least one"
	case n.Repeated:
		return "any number"
	case n.Required:
		return "required"
	}
	return "at most one"
}

func paragraph(b *strings.Builder, text, prefix string) {
	if text == "" {
		return
	}
	for line := range strings.Lines(wordwrap.WrapString(text, docWidth-uint(len(prefix)))) {
		b.WriteString(prefix + strings.TrimRight(line, "\n") + "\n")
	}
}
