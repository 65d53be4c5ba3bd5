package plan

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/probehost/probehost/sdk/wire"
)

// path makes the steps of a path of names and numbers.
func path(steps ...any) []*wire.Step {
	var all []*wire.Step
	for _, s := range steps {
		switch s := s.(type) {
		case string:
			all = append(all, &wire.Step{Step: &wire.Step_Name{Name: s}})
		case int:
			all = append(all, &wire.Step{Step: &wire.Step_Index{Index: uint32(s)}})
		}
	}
	return all
}

// What a plugin says about a path is shown at that place of the file. The line numbers are those of whole.
func TestDiagnosticPlaces(t *testing.T) {
	for name, test := range map[string]struct {
		path []*wire.Step
		want string
	}{
		"the whole":                    {nil, "18,3-9"},
		"an attribute":                 {path("color"), "19,14-19"},
		"a list":                       {path("waits"), "22,14-28"},
		"an element of a list":         {path("waits", 1), "22,22-27"},
		"an element beyond the list":   {path("waits", 7), "22,14-28"},
		"an element of a map":          {path("tags", "a"), "25,20-23"},
		"a map's computed key":         {path("tags", "c"), "25,40-41"},
		"an expression":                {path("text"), "27,14-32"},
		"a repeated block":             {path("rule", 1), "36,5-14"},
		"the first, when none is said": {path("rule"), "30,5-14"},
		"in a repeated block":          {path("rule", 1, "limit"), "38,15-17"},
		"a label":                      {path("rule", 1, "name"), "36,10-14"},
		"missing in a block":           {path("rule", 0, "limit"), "30,5-14"},
		"in a block in a block":        {path("rule", 0, "window", "length"), "33,18-22"},
		"an unknown attribute":         {path("nothing", 3, "at", "all"), "18,3-9"},
		"no step":                      {[]*wire.Step{{}, nil}, "18,3-9"},
	} {
		t.Run(name, func(t *testing.T) {
			p, diags := build(t, whole, &fake{description: painter})
			if diags.HasErrors() {
				t.Fatal(diags)
			}
			d := p.Handlers[0].Diagnose([]*wire.Diagnostic{{Summary: "wrong", Path: test.path}})[0]
			r := d.Subject
			if got := fmt.Sprintf("%d,%d-%d", r.Start.Line, r.Start.Column, r.End.Column); got != test.want {
				t.Errorf("shown at %s, want %s", got, test.want)
			}
		})
	}
}

func TestDiagnosticTexts(t *testing.T) {
	f := &fake{description: painter, answer: []*wire.Diagnostic{
		{Summary: "must be positive", Path: path("rule", 0, "limit")},
		{Summary: "the disk is full"},
		{Summary: "Old color", Detail: "Green is the new red.", Severity: wire.Diagnostic_WARNING, Path: path("color")},
		nil,
	}}
	_, diags := build(t, small, f)
	want := []string{
		`probes.hcl:4,3-9: Refused by plugin "painter"; limit: must be positive.`,
		`probes.hcl:4,3-9: Refused by plugin "painter"; The disk is full.`,
		`probes.hcl:4,3-9: Refused by plugin "painter"; `,
		`probes.hcl:4,20-25: Old color; Green is the new red.`,
	}
	if diff := cmp.Diff(want, texts(diags)); diff != "" {
		t.Errorf("diagnostics (-want +got):\n%s", diff)
	}
	if !diags.HasErrors() {
		t.Error("no errors")
	}
}

func TestDiagnosticFlood(t *testing.T) {
	_, diags := build(t, small, &fake{description: painter, answer: make([]*wire.Diagnostic, 100_000)})
	if len(diags) != maxDiagnostics+1 {
		t.Errorf("%d diagnostics", len(diags))
	}
}
