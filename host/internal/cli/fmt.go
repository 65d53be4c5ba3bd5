package cli

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclwrite"
	"github.com/rogpeppe/go-internal/diff"
	"github.com/spf13/cobra"

	"github.com/probehost/probehost/host/internal/config"
)

const fmtLong = `Brings files into the usual form: indentation, spaces, aligned equal signs. It
prints the names of the files that it rewrites. A PATH is a file, a folder (its
*.hcl files), or - for standard input, which is written to standard output.

With --check nothing is written, and the exit status is 3 if a file would change.
A file with a syntax error is left as it is, and reported.`

type formatter struct {
	check, diff bool

	in       io.Reader
	out, err io.Writer
	changed  bool
	diags    hcl.Diagnostics
	files    map[string]*hcl.File
}

func newFmt() *cobra.Command {
	f := &formatter{files: map[string]*hcl.File{}}
	cmd := &cobra.Command{
		Use:   "fmt [PATH...]",
		Short: "Format configuration files",
		Long:  fmtLong,
		Example: `  probehost fmt
  probehost fmt --check --diff .`,
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return []string{"hcl"}, cobra.ShellCompDirectiveFilterFileExt
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			f.in, f.out, f.err = cmd.InOrStdin(), cmd.OutOrStdout(), cmd.ErrOrStderr()
			if len(args) == 0 {
				args = []string{defaultPath}
			}
			return f.run(args)
		},
	}
	cmd.Flags().BoolVar(&f.check, "check", false, "write nothing; exit with status 3 if a file would change")
	cmd.Flags().BoolVar(&f.diff, "diff", false, "print the changes too")
	return cmd
}

// run goes on with the other files after an error in one.
func (f *formatter) run(paths []string) error {
	var errs []error
	for _, path := range paths {
		if path == "-" {
			errs = append(errs, f.standardInput())
			continue
		}
		names, err := filesIn(path)
		errs = append(errs, err)
		for _, name := range names {
			errs = append(errs, f.file(name))
		}
	}
	if err := report(f.err, f.files, f.diags); err != nil {
		errs = append(errs, err)
	}
	if err := errors.Join(errs...); err != nil {
		return onlyOnce(err)
	}
	if f.check && f.changed {
		return &statusError{status: exitChanges}
	}
	return nil
}

// onlyOnce leaves out errReported, if there are other errors to print.
func onlyOnce(err error) error {
	var rest []error
	for _, e := range err.(interface{ Unwrap() []error }).Unwrap() {
		if !errors.Is(e, errReported) {
			rest = append(rest, e)
		}
	}
	if len(rest) == 0 {
		return errReported
	}
	return errors.Join(rest...)
}

// filesIn returns the *.hcl files of a folder, or the path itself if it is none.
func filesIn(path string) ([]string, error) {
	entries, err := os.ReadDir(path)
	if errors.Is(err, syscall.ENOTDIR) || errors.Is(err, os.ErrNotExist) {
		return []string{path}, nil // reading it says what is wrong
	}
	var names []string
	for _, e := range entries {
		if name := e.Name(); filepath.Ext(name) == ".hcl" && !strings.HasPrefix(name, ".") && !e.IsDir() {
			names = append(names, filepath.Join(path, name))
		}
	}
	return names, err
}

func (f *formatter) standardInput() error {
	const name = "<stdin>"
	src, err := io.ReadAll(io.LimitReader(f.in, config.MaxSize+1))
	if err != nil {
		return fmt.Errorf("read standard input: %w", err)
	}
	formatted, ok := f.format(src, name)
	switch {
	case !ok:
		return nil
	case f.diff:
		_, err = f.out.Write(diff.Diff("old/"+name, src, "new/"+name, formatted))
	case !f.check:
		_, err = f.out.Write(formatted)
	}
	return err
}

func (f *formatter) file(name string) error {
	src, diags := config.ReadFile(name)
	f.diags = append(f.diags, diags...)
	if diags.HasErrors() {
		return nil
	}
	formatted, ok := f.format(src, name)
	if !ok || bytes.Equal(src, formatted) {
		return nil
	}
	if !f.check {
		if err := rewrite(name, formatted); err != nil {
			return err
		}
	}
	text := []byte(name + "\n")
	if f.diff {
		text = append(text, diff.Diff("old/"+name, src, "new/"+name, formatted)...)
	}
	_, err := f.out.Write(text)
	return err
}

// format reports false if the source is refused; why is in the diagnostics then.
func (f *formatter) format(src []byte, name string) ([]byte, bool) {
	f.files[name] = &hcl.File{Bytes: src}
	_, diags := config.Parse(src, name)
	f.diags = append(f.diags, diags...)
	if diags.HasErrors() {
		return nil, false
	}
	formatted := hclwrite.Format(src)
	f.changed = f.changed || !bytes.Equal(src, formatted)
	return formatted, true
}
