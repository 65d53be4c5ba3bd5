package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/probehost/probehost/plugins/internal/eventkey"
	"github.com/probehost/probehost/plugins/internal/linefile"
	"github.com/probehost/probehost/sdk"
)

type config struct {
	Key     []sdk.FieldName `hcl:"key,optional" doc:"Field to count by, or fields to count by together. Without it there is one total."`
	Sum     []sdk.FieldName `hcl:"sum,optional" doc:"Amounts to add up; the first decides the order. Default: packets and bytes, or value of a map, where the stream has them; events are counted in any case."`
	Top     int             `hcl:"top,optional" default:"20" doc:"Rows to show; the rest is added up in one row."`
	Every   time.Duration   `hcl:"every,optional" doc:"Time between outputs. Default: 1s, or each snapshot of a polled map."`
	Format  string          `hcl:"format,optional" default:"table" oneof:"table,json" doc:"A table for people, or one JSON object per line."`
	Output  string          `hcl:"output,optional" default:"stdout" doc:"stdout, or the path of a file to append to."`
	Reset   string          `hcl:"reset,optional" default:"never" doc:"When counts start anew: never, every (after each output), or a duration like 1h."`
	MaxKeys int             `hcl:"max_keys,optional" default:"65536" doc:"Different keys to remember per stream; what comes beyond counts as other."`
}

// Resets in place of a duration.
const (
	resetNever = -1
	resetEvery = 0
)

func (c *config) reset() (time.Duration, error) {
	switch c.Reset {
	case "never":
		return resetNever, nil
	case "every":
		return resetEvery, nil
	}
	d, err := time.ParseDuration(c.Reset)
	if err != nil || d <= 0 {
		return 0, fmt.Errorf(`%q is neither "never" nor "every" nor a duration like "1h"`, c.Reset)
	}
	return d, nil
}

// Validate checks what the attributes' types do not say.
func (c *config) Validate(h *sdk.Host) error {
	var errs []error
	bad := func(attr string, format string, args ...any) {
		errs = append(errs, sdk.Errorf(sdk.Path{attr}, format, args...))
	}
	if c.Top < 1 || c.Top > 10_000 {
		bad("top", "must be from 1 to 10000")
	}
	if c.MaxKeys < 1 || c.MaxKeys > 1<<24 {
		bad("max_keys", "must be from 1 to %d", 1<<24)
	}
	if c.Every != 0 && c.Every < 10*time.Millisecond {
		bad("every", "must be at least 10ms")
	}
	if _, err := c.reset(); err != nil {
		bad("reset", "%w", err)
	}
	if c.Output != "stdout" {
		if err := linefile.Validate(c.Output); err != nil {
			bad("output", "%w", err)
		}
	}
	errs = append(errs, eventkey.Validate(sdk.Path{"key"}, c.Key), eventkey.Validate(sdk.Path{"sum"}, c.Sum))
	errs = append(errs, c.validateFields(h.Streams())...)
	return errors.Join(errs...)
}

// validateFields wants at least one stream that has all keys and sums, since a stream without them is left out.
func (c *config) validateFields(streams []*sdk.Stream) []error {
	var errs []error
	counted := len(streams) == 0
	for _, s := range streams {
		_, missing := eventkey.Fields(s, c.Key)
		counted = counted || len(missing) == 0
	}
	if !counted {
		errs = append(errs, sdk.Errorf(sdk.Path{"key"}, "no stream of this handler has all of these fields"))
	}
	for i, name := range c.Sum {
		for _, s := range streams {
			if f, ok := name.In(s); ok && !summable(f) {
				errs = append(errs, sdk.Errorf(sdk.Path{"sum", i}, "%s of %s is not an amount to add up (%s)", name, s, what(f)))
				break
			}
		}
	}
	return errs
}
