package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// event is what cmd/test2json documents.
type event struct {
	Action, Package, Test, Output string
}

// report turns events back into text: of each package its closing line, of each test that failed its output.
type report struct {
	out      io.Writer
	skips    []*skip
	pending  map[string]string // package, space, test: its output so far, when it has no verdict yet
	unlisted []string          // like the keys and values of pending, of tests that must not skip

	passed, failed, skipped int
	bad                     bool // something failed, a test or a build
}

func newReport(out io.Writer, skips []*skip) *report {
	return &report{out: out, skips: skips, pending: map[string]string{}}
}

// line takes one line of go test's output.
func (r *report) line(line []byte) {
	var e event
	switch {
	case json.Unmarshal(line, &e) != nil:
		r.print(string(line)) // make's or the toolchain's own words
	case e.Action == "build-output":
		r.print(e.Output)
	case e.Test != "":
		r.test(e)
	case e.Action == "output" && e.Output != "PASS\n" && !strings.Contains(e.Output, "[no test files]"):
		r.print(e.Output)
	case e.Action == "fail":
		r.bad = true
	}
}

func (r *report) test(e event) {
	key := e.Package + " " + e.Test
	switch e.Action {
	case "output":
		r.pending[key] += e.Output
		return
	case "pass":
		r.passed++
	case "fail":
		r.failed++
		r.bad = true
		r.print(r.pending[key])
	case "skip":
		r.skipped++
		if !allowed(r.skips, e.Package, e.Test) {
			r.unlisted = append(r.unlisted, key+"\n"+r.pending[key])
		}
	default:
		return
	}
	delete(r.pending, key)
}

// close prints what is known only at the end, and returns why the run is not acceptable.
func (r *report) close() error {
	var errs []error
	for _, key := range slices.Sorted(maps.Keys(r.pending)) {
		errs = append(errs, fmt.Errorf("%s ended without a verdict:\n%s", key, r.pending[key]))
	}
	for _, s := range r.unlisted {
		errs = append(errs, fmt.Errorf("skipped, but not listed as a test that may: %s", s))
	}
	for _, s := range r.skips {
		if !s.seen {
			r.print(fmt.Sprintf("warning: %s %s is listed as a test that may skip, but it ran or is gone\n", s.pkg, s.test))
		}
	}
	r.print(fmt.Sprintf("tests: %d passed, %d failed, %d skipped\n", r.passed, r.failed, r.skipped))
	if r.bad {
		errs = append(errs, errors.New("tests failed"))
	}
	return errors.Join(errs...)
}

func (r *report) print(s string) {
	// Who reads this learns by the missing output that it could not be written.
	_, _ = io.WriteString(r.out, s)
}
