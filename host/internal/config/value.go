package config

import (
	"fmt"
	"math/big"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"

	"github.com/probehost/probehost/host/internal/suggestion"
	"github.com/probehost/probehost/sdk/record"
)

// value evaluates an argument as that type. It reports false if the argument is missing, null or wrong, the latter having been reported.
func (d *decoder) value(content *hcl.BodyContent, name string, ty cty.Type) (cty.Value, hcl.Range, bool) {
	a, ok := content.Attributes[name]
	if !ok {
		return cty.NilVal, hcl.Range{}, false
	}
	v, ok := d.evaluate(a.Expr, name, ty)
	return v, a.Expr.Range(), ok
}

func (d *decoder) evaluate(e hcl.Expression, name string, ty cty.Type) (cty.Value, bool) {
	v, diags := Evaluate(e, d.eval, ty, name, ty.FriendlyName())
	d.add(diags)
	return v, v != cty.NilVal
}

func (d *decoder) text(content *hcl.BodyContent, name string) Arg[string] {
	v, r, ok := d.value(content, name, cty.String)
	if !ok {
		return Arg[string]{}
	}
	s := v.AsString()
	if s == "" || strings.ContainsRune(s, 0) {
		d.fail(r, "Invalid value", "%q must be neither empty nor contain a NUL.", name)
		return Arg[string]{}
	}
	return Arg[string]{Value: s, Given: true, Range: r}
}

// choice is a text out of a few.
func (d *decoder) choice(content *hcl.BodyContent, name string, choices ...string) Arg[string] {
	a := d.text(content, name)
	if a.Given && !slices.Contains(choices, a.Value) {
		d.fail(a.Range, "Invalid value", "%q takes one of %s, not %q.%s", name, quoted(choices), a.Value, suggestion.DidYouMean(a.Value, choices))
		return Arg[string]{}
	}
	return a
}

func quoted(choices []string) string {
	q := make([]string, len(choices))
	for i, c := range choices {
		q[i] = fmt.Sprintf("%q", c)
	}
	return strings.Join(q, ", ")
}

// path is a file's path; a relative one is relative to the folder of the configuration.
func (d *decoder) path(content *hcl.BodyContent, name string) Arg[string] {
	a := d.text(content, name)
	if a.Given {
		a.Value = d.resolve(a.Value)
	}
	return a
}

func (d *decoder) resolve(path string) string {
	if filepath.IsAbs(path) {
		return filepath.Clean(path)
	}
	return filepath.Join(d.dir, path)
}

// number is a whole number from 0 to limit.
func (d *decoder) number(content *hcl.BodyContent, name string, limit uint64) uint64 {
	v, r, ok := d.value(content, name, cty.Number)
	if !ok {
		return 0
	}
	f := v.AsBigFloat()
	n, _ := f.Uint64() // at the bounds if it does not fit
	if !f.IsInt() || f.Sign() < 0 || f.Cmp(new(big.Float).SetUint64(limit)) > 0 {
		d.fail(r, "Invalid value", "%q takes a whole number from 0 to %d.", name, limit)
		return 0
	}
	return n
}

// duration is a text like "10s", between the bounds.
func (d *decoder) duration(content *hcl.BodyContent, name string, least, most time.Duration) Arg[time.Duration] {
	v, r, ok := d.value(content, name, cty.String)
	if !ok {
		return Arg[time.Duration]{}
	}
	n, err := ParseDuration(v.AsString())
	switch {
	case err != nil:
		d.fail(r, "Invalid duration", "%q: %v.", name, err)
	case n < least || n > most:
		d.fail(r, "Invalid duration", "%q takes a duration from %v to %v, not %v.", name, least, most, n)
	default:
		return Arg[time.Duration]{Value: n, Given: true, Range: r}
	}
	return Arg[time.Duration]{}
}

// ParseDuration reads a duration like "10s" or "1h30m".
func ParseDuration(text string) (time.Duration, error) {
	n, err := time.ParseDuration(strings.TrimSpace(text))
	if err != nil {
		return 0, fmt.Errorf("%q is not a duration: write a number and ns, us, ms, s, m or h, like %q", text, "10s")
	}
	return n, nil
}

// size is a text like "1MiB" or a number of bytes, between the bounds.
func (d *decoder) size(content *hcl.BodyContent, name string, least, most uint64) Arg[uint64] {
	v, r, ok := d.value(content, name, cty.String) // numbers convert
	if !ok {
		return Arg[uint64]{}
	}
	n, err := record.ParseSize(v.AsString())
	switch {
	case err != nil:
		d.fail(r, "Invalid size", "%q: %v.", name, err)
	case n < least || n > most:
		d.fail(r, "Invalid size", "%q takes a size from %s to %s, not %s.", name, formatSize(least), formatSize(most), formatSize(n))
	default:
		return Arg[uint64]{Value: n, Given: true, Range: r}
	}
	return Arg[uint64]{}
}

// formatSize writes a size as it can be written in the file.
func formatSize(n uint64) string {
	units := []string{"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"}
	i := 0
	for n >= 1<<10 && n%(1<<10) == 0 && i < len(units)-1 {
		n, i = n>>10, i+1
	}
	return fmt.Sprintf("%d%s", n, units[i])
}
