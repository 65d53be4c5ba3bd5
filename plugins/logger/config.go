package main

import (
	"errors"
	"time"

	"github.com/probehost/probehost/plugins/internal/eventkey"
	"github.com/probehost/probehost/plugins/internal/linefile"
	"github.com/probehost/probehost/sdk"
)

type config struct {
	Format string          `hcl:"format,optional" default:"json" oneof:"json,text" doc:"One JSON object per line, or aligned text."`
	Output string          `hcl:"output,optional" default:"stdout" doc:"stdout, or the path of a file or named pipe to append to."`
	Fields []sdk.FieldName `hcl:"fields,optional" doc:"Fields to write, in this order; a stream without one leaves it out. Default: all."`
	Flush  time.Duration   `hcl:"flush,optional" default:"1s" doc:"How long a line may wait in memory before it is written to the file."`
	Rotate *rotateConfig   `hcl:"rotate,block" doc:"Begin a new file now and then. Without it the file grows; moving it from outside works too."`
}

type rotateConfig struct {
	Size     sdk.Size      `hcl:"size,optional" doc:"Begin a new file before this one would grow beyond this size, like 100MiB."`
	Age      time.Duration `hcl:"age,optional" doc:"Begin a new file at each multiple of this time, in UTC: 24h at midnight, 1h on the hour."`
	Keep     int           `hcl:"keep,optional" default:"7" doc:"How many old files to keep; the oldest are deleted."`
	Compress bool          `hcl:"compress,optional" default:"true" doc:"Compress old files with gzip, in the background."`
}

const minRotateSize = 4 << 10

// Validate checks what the attributes' types do not say.
func (c *config) Validate(*sdk.Host) error {
	var errs []error
	bad := func(path sdk.Path, format string, args ...any) {
		errs = append(errs, sdk.Errorf(path, format, args...))
	}
	errs = append(errs, eventkey.Validate(sdk.Path{"fields"}, c.Fields))
	if c.Flush < 10*time.Millisecond {
		bad(sdk.Path{"flush"}, "must be at least 10ms")
	}
	if c.Output != "stdout" {
		if err := linefile.Validate(c.Output); err != nil {
			bad(sdk.Path{"output"}, "%w", err)
		}
	}
	r := c.Rotate
	if r == nil {
		return errors.Join(errs...)
	}
	if c.Output == "stdout" {
		bad(sdk.Path{"rotate"}, "standard output cannot be rotated: set output to the path of a file")
	}
	if r.Size == 0 && r.Age == 0 {
		bad(sdk.Path{"rotate"}, "needs size, age or both")
	}
	if r.Size != 0 && r.Size < minRotateSize {
		bad(sdk.Path{"rotate", "size"}, "must be at least %s", sdk.Size(minRotateSize))
	}
	if r.Age != 0 && r.Age < time.Second {
		bad(sdk.Path{"rotate", "age"}, "must be at least 1s")
	}
	if r.Keep < 1 || r.Keep > 100_000 {
		bad(sdk.Path{"rotate", "keep"}, "must be from 1 to 100000")
	}
	return errors.Join(errs...)
}
