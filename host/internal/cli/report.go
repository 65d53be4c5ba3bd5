package cli

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"strings"
	"unicode"

	"github.com/hashicorp/hcl/v2"
	"golang.org/x/term"
)

// Bounds of what is printed. A broken file can have a million errors, and one line a megabyte.
const (
	maxReported = 100
	maxExcerpt  = 8    // lines
	maxLine     = 1000 // bytes
)

// report prints diagnostics with excerpts from the files. It returns [errReported] if there are errors among them.
func report(w io.Writer, files map[string]*hcl.File, diags hcl.Diagnostics) error {
	width, color := screen(w)
	clean := map[string]*hcl.File{}
	for name, f := range files {
		clean[name] = &hcl.File{Bytes: visible(f.Bytes), Nav: f.Nav}
	}
	for i, d := range diags {
		if i == maxReported {
			fmt.Fprintf(w, "%d more errors and warnings are not shown.\n", len(diags)-i)
			break
		}
		excerpts := clean
		shown := *d
		shown.Summary, shown.Detail = printable(d.Summary), printable(d.Detail)
		shown.Expression, shown.EvalContext = nil, nil // values could be secrets
		if d.Subject != nil {
			if f := clean[d.Subject.Filename]; f == nil || !shorten(&shown, f.Bytes) {
				excerpts = nil
			}
		}
		if err := hcl.NewDiagnosticTextWriter(w, excerpts, width, color).WriteDiagnostic(&shown); err != nil {
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

// shorten keeps the excerpt of a diagnostic to a few lines, and reports false if even they are too long to show.
func shorten(d *hcl.Diagnostic, src []byte) bool {
	d.Context = nil
	r := *d.Subject
	if r.Start.Byte > len(src) {
		return false
	}
	start := bytes.LastIndexByte(src[:r.Start.Byte], '\n') + 1
	if r.End.Line-r.Start.Line >= maxExcerpt {
		end := len(src)
		if n := bytes.IndexByte(src[r.Start.Byte:], '\n'); n >= 0 {
			end = r.Start.Byte + n
		}
		r.End = hcl.Pos{Line: r.Start.Line, Column: r.Start.Column + end - r.Start.Byte, Byte: end}
		d.Subject = &r
	}
	for line := range bytes.Lines(src[start:]) {
		if len(line) > maxLine {
			return false
		}
		if start += len(line); start >= r.End.Byte {
			break
		}
	}
	return true
}

// visible replaces what would steer a terminal, byte by byte so that positions stay.
func visible(src []byte) []byte {
	clean := bytes.Clone(src)
	for i, c := range clean {
		if c < ' ' && c != '\n' && c != '\t' || c == 0x7f {
			clean[i] = '?'
		}
	}
	// C1 controls are two bytes in UTF-8: C2 80 to C2 9F.
	for i := 0; i+1 < len(clean); i++ {
		if clean[i] == 0xc2 && clean[i+1] >= 0x80 && clean[i+1] <= 0x9f {
			clean[i], clean[i+1] = '?', '?'
		}
	}
	return clean
}

// printable is visible for messages.
func printable(text string) string {
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
