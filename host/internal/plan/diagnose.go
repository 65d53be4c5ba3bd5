package plan

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/hashicorp/hcl/v2"

	"github.com/probehost/probehost/host/internal/config"
	"github.com/probehost/probehost/host/internal/object"
	"github.com/probehost/probehost/host/internal/probe"
	"github.com/probehost/probehost/host/internal/suggestion"
)

// Diagnose turns an error of loading, attaching or reading a probe of the plan into diagnostics that point at the part of the file that it is
// about. What is not about a probe of the plan comes without a place.
func (p *Plan) Diagnose(err error) hcl.Diagnostics {
	var diags hcl.Diagnostics
	for _, e := range probe.Errors(err) {
		if pr := p.Probe(e.Probe); pr != nil {
			diags = append(diags, pr.diagnostic(e))
		} else {
			diags = append(diags, &hcl.Diagnostic{Severity: hcl.DiagError, Summary: "Failed", Detail: detail(e)})
		}
	}
	config.Sort(diags)
	return diags
}

func (p *Probe) diagnostic(e *probe.Error) *hcl.Diagnostic {
	r := p.place(e)
	d := &hcl.Diagnostic{Severity: hcl.DiagError, Subject: &r, Detail: detail(e)}
	var missing *object.NotFoundError
	switch {
	case errors.As(e.Err, &missing):
		d.Summary = "Unknown " + missing.What
		d.Detail = fmt.Sprintf("The object has no %s %q.%s", missing.What, missing.Name, suggestion.Hint(missing.Name, missing.What+"s", missing.Have))
	case e.Program != "":
		d.Summary = fmt.Sprintf("Program %q of probe %q", e.Program, p.Config.Name)
	case e.Stream != "":
		d.Summary = fmt.Sprintf("Stream %q of probe %q", e.Stream, p.Config.Name)
	default:
		d.Summary = fmt.Sprintf("Probe %q", p.Config.Name)
	}
	return d
}

// detail is the error in sentences: what, why, and how to mend it.
func detail(e *probe.Error) string {
	text := e.What
	if cause := e.Cause(); cause != "" {
		text += ": " + cause
	}
	text = sentence(text)
	if e.Cure != "" {
		text += " " + sentence(e.Cure)
	}
	return text
}

// place is the part of the file that the error is about.
func (p *Probe) place(e *probe.Error) hcl.Range {
	c := p.Config
	if e.Attr == "first_of" && c.FirstOf.Given {
		for _, alternative := range c.FirstOf.Value {
			if alternative.Value == e.Program {
				return alternative.Range
			}
		}
		return c.FirstOf.Range
	}
	if s := c.Stream(e.Stream); s != nil {
		if e.Attr == "size" && s.Size.Given {
			return s.Size.Range
		}
		return s.NameRange
	}
	if r, ok := p.attachPlace(e); ok {
		return r
	}
	if e.Attr == "object" && c.Object.Given {
		return c.Object.Range
	}
	return c.Range
}

// attachPlace looks for the attach block that the error is about: one with the argument in question, if the program has several.
func (p *Probe) attachPlace(e *probe.Error) (r hcl.Range, ok bool) {
	for _, a := range p.Config.Attach {
		if a.Program != e.Program {
			continue
		}
		if r, ok := a.Args[e.Attr]; ok {
			return r, true
		}
		if !ok {
			r, ok = a.NameRange, true
		}
	}
	return r, ok
}

// sentence makes a sentence of a message. What begins with the name of something, as in "top: must be positive", keeps it.
func sentence(text string) string {
	text = strings.TrimSpace(text)
	if word, _, _ := strings.Cut(text, " "); !strings.HasSuffix(word, ":") {
		text = sentenceStart(text)
	}
	if text != "" && !strings.ContainsAny(text[len(text)-1:], ".?!") {
		text += "."
	}
	return text
}

// sentenceStart begins a message with a capital.
func sentenceStart(text string) string {
	r, n := utf8.DecodeRuneInString(text)
	if n == 0 {
		return ""
	}
	return string(unicode.ToUpper(r)) + text[n:]
}
