package cli

import (
	"fmt"
	"io"
	"os"
	"strings"
	"unicode"

	"github.com/hashicorp/hcl/v2"
	"golang.org/x/term"
)

// maxReported bounds how many diagnostics are printed: a broken file can have a million.
const maxReported = 100

// report prints diagnostics with excerpts from the files. It returns [errReported] if there are errors among them.
func report(w io.Writer, files map[string]*hcl.File, diags hcl.Diagnostics) error {
	width, color := screen(w)
	for i, d := range diags {
		if i == maxReported {
			fmt.Fprintf(w, "%d more errors and warnings are not shown.\n", len(diags)-i)
			break
		}
		shown := &hcl.Diagnostic{Severity: d.Severity, Summary: printable(d.Summary), Detail: printable(d.Detail)}
		excerpts := map[string]*hcl.File{}
		if d.Subject != nil {
			name := printable(d.Subject.Filename)
			shown.Subject, excerpts[name] = excerpt(files[d.Subject.Filename], *d.Subject)
			shown.Subject.Filename = name
		}
		if err := hcl.NewDiagnosticTextWriter(w, excerpts, width, color).WriteDiagnostic(shown); err != nil {
			return err
		}
	}
	return failed(diags)
}

func failed(diags hcl.Diagnostics) error {
	if diags.HasErrors() {
		return errReported
	}
	return nil
}

// printable replaces what would steer a terminal, and cuts what nobody would read.
func printable(text string) string {
	const most = 16 << 10
	if len(text) > most {
		text = strings.ToValidUTF8(text[:most], "") + " [...]"
	}
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' {
			return '?'
		}
		return r
	}, text)
}

// screen returns the width to wrap text at, zero for none, and whether to use colors.
func screen(w io.Writer) (width uint, color bool) {
	f, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return 0, false
	}
	color = os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
	columns, _, err := term.GetSize(int(f.Fd()))
	if err != nil || columns <= 0 {
		columns = 80
	}
	return uint(columns), color
}

// count is "1 probe" or "2 probes".
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
