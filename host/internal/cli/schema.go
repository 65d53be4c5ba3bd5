package cli

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/probehost/probehost/host/internal/config"
	"github.com/probehost/probehost/host/internal/object"
	"github.com/probehost/probehost/host/internal/plan"
	"github.com/probehost/probehost/sdk/record"
)

const schemaLong = `Prints the streams of the probes, and the fields of their events: what "where",
conditions and templates can use as event.FIELD.

Ring buffers and perf event arrays are streams by themselves; other maps are when a
stream block names them. Neither root nor the handlers' plugins are needed.`

func newSchema() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "schema [PATH]",
		Short: "Print the streams and their fields",
		Long:  schemaLong,
		Example: `  probehost schema
  probehost schema --json | jq -r '.streams[] | .stream as $s | .fields[] | "\($s).\(.name)"'`,
		Args:              onePath,
		ValidArgsFunction: completePath,
		RunE: func(cmd *cobra.Command, args []string) error {
			c, diags := config.Load(pathOf(args))
			p, more := plan.Sources(c)
			diags = append(diags, more...)
			config.Sort(diags)
			if err := report(cmd.ErrOrStderr(), c.Files, diags); err != nil {
				return err
			}
			streams := streamsOf(p)
			if asJSON {
				return writeJSON(cmd.OutOrStdout(), struct {
					Streams []streamSchema `json:"streams"`
				}{streams})
			}
			return writeStreams(cmd.OutOrStdout(), streams)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the streams as JSON")
	return cmd
}

// streamSchema is a stream as --json prints it.
type streamSchema struct {
	Probe    string        `json:"probe"`
	Stream   string        `json:"stream"`
	Source   string        `json:"source,omitempty"`   // ring buffer, perf event array or polled map
	Type     string        `json:"type,omitempty"`     // the C type of the records
	Inferred bool          `json:"inferred,omitempty"` // the object does not name the type; it is the only one that it can be
	Every    string        `json:"every,omitempty"`    // of a polled map
	Size     uint32        `json:"size"`               // bytes of a record
	Fields   []fieldSchema `json:"fields"`
	Unknown  string        `json:"unknown,omitempty"` // why there are no fields
}

type fieldSchema struct {
	Name   string             `json:"name"`
	Kind   string             `json:"kind"`
	Format string             `json:"format,omitempty"`
	Offset uint32             `json:"offset"`
	Size   uint32             `json:"size"` // zero: up to the end of the record
	Elem   uint32             `json:"elem,omitempty"`
	Bits   uint8              `json:"bits,omitempty"`
	Type   string             `json:"type,omitempty"`
	Values []record.EnumValue `json:"values,omitempty"`
}

func streamsOf(p *plan.Plan) []streamSchema {
	all := []streamSchema{}
	for _, pr := range p.Probes {
		for _, s := range pr.Sources {
			all = append(all, newStreamSchema(pr.Spec.Name, s))
		}
	}
	return all
}

func newStreamSchema(probe string, s *plan.Source) streamSchema {
	out := streamSchema{Probe: probe, Stream: s.Name, Fields: []fieldSchema{}}
	if s.Unknown != nil {
		out.Unknown = s.Unknown.Error()
		return out
	}
	out.Source, out.Type, out.Inferred, out.Size = s.Spec.Source.String(), s.Spec.Type, s.Spec.Inferred, s.Spec.Schema.Size
	if s.Spec.Source == object.Poll {
		out.Every = s.Spec.Every.String()
	}
	for i := range s.Spec.Schema.Fields {
		f := &s.Spec.Schema.Fields[i]
		out.Fields = append(out.Fields, fieldSchema{
			Name: f.Name, Kind: f.Kind.String(), Format: string(f.Format), Offset: f.Offset, Size: f.Size, Elem: f.Elem, Bits: f.BitSize,
			Type: f.Type, Values: f.Values,
		})
	}
	return out
}

func writeStreams(w io.Writer, streams []streamSchema) error {
	if len(streams) == 0 {
		_, err := fmt.Fprintln(w, "The probes have no streams. A map becomes one when a stream block names it.")
		return err
	}
	for i, s := range streams {
		if i > 0 {
			fmt.Fprintln(w)
		}
		if s.Unknown != "" {
			fmt.Fprintf(w, "probe.%s.%s: %s\n", s.Probe, s.Stream, s.Unknown)
			continue
		}
		if err := writeStream(w, s); err != nil {
			return err
		}
	}
	return nil
}

func writeStream(w io.Writer, s streamSchema) error {
	about := []string{s.Source}
	if s.Every != "" {
		about = append(about, "every "+s.Every)
	}
	if s.Type != "" {
		about = append(about, s.Type)
	}
	if s.Inferred {
		about = append(about, "the only type that it can be")
	}
	fmt.Fprintf(w, "probe.%s.%s: %s, %d bytes\n", s.Probe, s.Stream, strings.Join(about, ", "), s.Size)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.StripEscape)
	fmt.Fprintln(t, "  FIELD\tKIND\tSIZE\tFORMAT\tTYPE")
	for _, f := range s.Fields {
		fmt.Fprintf(t, "  %s\t%s\t%s\t%s\t%s\n", f.Name, f.Kind, sizeOf(f), dash(f.Format), dash(f.Type)+valuesOf(f))
	}
	return t.Flush()
}

// valuesOf lists the names of an enum, as many as fit a line.
func valuesOf(f fieldSchema) string {
	if len(f.Values) == 0 {
		return ""
	}
	text := ":"
	for i, v := range f.Values {
		if i > 0 {
			text += ","
		}
		if len(text)+len(v.Name) > 60 {
			return text + fmt.Sprintf(" and %d more", len(f.Values)-i)
		}
		text += " " + v.Name
	}
	return text
}

func sizeOf(f fieldSchema) string {
	switch {
	case f.Bits > 0:
		return fmt.Sprintf("%d bits", f.Bits)
	case f.Size == 0:
		return "rest"
	case f.Elem > 0:
		return fmt.Sprintf("%dx%d", f.Size/f.Elem, f.Elem)
	}
	return fmt.Sprint(f.Size)
}

func dash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}
