package cli

import (
	"encoding/json"
	"io"

	"github.com/hashicorp/hcl/v2"
)

// jsonReport is what --json prints for editors and scripts.
type jsonReport struct {
	Valid       bool             `json:"valid"`
	Errors      int              `json:"error_count"`
	Warnings    int              `json:"warning_count"`
	Diagnostics []jsonDiagnostic `json:"diagnostics"`
}

type jsonDiagnostic struct {
	Severity string   `json:"severity"` // error or warning
	Summary  string   `json:"summary"`
	Detail   string   `json:"detail"`
	File     string   `json:"file,omitempty"` // empty: about no place in particular
	Start    *jsonPos `json:"start,omitempty"`
	End      *jsonPos `json:"end,omitempty"` // the first byte after it
}

// jsonPos counts lines and columns from 1 and bytes from 0; a column is a character as the user sees it.
type jsonPos struct {
	Line   int `json:"line"`
	Column int `json:"column"`
	Byte   int `json:"byte"`
}

func newJSONReport(diags hcl.Diagnostics) jsonReport {
	r := jsonReport{Valid: !diags.HasErrors(), Diagnostics: []jsonDiagnostic{}}
	for _, d := range diags {
		j := jsonDiagnostic{Severity: "error", Summary: d.Summary, Detail: d.Detail}
		if d.Severity == hcl.DiagWarning {
			j.Severity = "warning"
			r.Warnings++
		} else {
			r.Errors++
		}
		if s := d.Subject; s != nil {
			j.File = s.Filename
			j.Start = &jsonPos{s.Start.Line, s.Start.Column, s.Start.Byte}
			j.End = &jsonPos{s.End.Line, s.End.Column, s.End.Byte}
		}
		r.Diagnostics = append(r.Diagnostics, j)
	}
	return r
}

func writeJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(v)
}
