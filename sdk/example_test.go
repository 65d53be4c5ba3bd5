package sdk_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/probehost/probehost/sdk"
	"github.com/probehost/probehost/sdk/record"
	"github.com/probehost/probehost/sdk/sdktest"
)

// example is a test to run examples in: a failure is a panic, which fails the example.
type example struct {
	testing.TB
	cleanup []func()
}

func (e *example) Helper()                   {}
func (e *example) Cleanup(f func())          { e.cleanup = append(e.cleanup, f) }
func (e *example) Fatal(args ...any)         { panic(fmt.Sprint(args...)) }
func (e *example) Fatalf(f string, a ...any) { panic(fmt.Sprintf(f, a...)) }
func (e *example) Errorf(f string, a ...any) { panic(fmt.Sprintf(f, a...)) }

func (e *example) end() {
	for _, f := range e.cleanup {
		f()
	}
}

var starts = &sdktest.Stream{Probe: "exec", Name: "starts", Schema: sdktest.Schema(
	sdktest.Uint("time", 8, record.Time), sdktest.Uint("pid", 4), sdktest.Uint("uid", 4), sdktest.Text("comm", 16),
)}

// A handler that prints events: fields are looked up once, in open.
func Example() {
	type config struct {
		Field sdk.FieldName `hcl:"field" doc:"What to print of each event."`
		When  sdk.Predicate `hcl:"when,optional" doc:"Print only events for which this holds."`
	}
	hello := sdk.NewType(sdk.Info{Name: "hello", Version: "1.0", Doc: "Prints a field of each event."},
		func(_ context.Context, h *sdk.Host, cfg config) (sdk.Handler, error) {
			fields := map[*sdk.Stream]*sdk.Field{}
			for _, s := range h.Streams() {
				if f, ok := cfg.Field.In(s); ok {
					fields[s] = f
				}
			}
			return sdk.HandlerFunc(func(_ context.Context, b *sdk.Batch) error {
				f := fields[b.Stream()]
				if f == nil {
					return nil
				}
				for e := range b.Events() {
					if cfg.When.Match(e) {
						fmt.Fprintln(h.Stdout(), e.String(f))
					}
				}
				return nil
			}), nil
		})
	// In the main function of a plugin: sdk.Main(hello)

	t := &example{}
	defer t.end()
	run := sdktest.Open(t, hello, sdktest.Options{Config: map[string]any{
		"field": "comm", "when": sdktest.Compare("uid", "==", 0),
	}}, starts)
	run.Send(starts,
		map[string]any{"pid": 10, "uid": 0, "comm": "cron"},
		map[string]any{"pid": 11, "uid": 1000, "comm": "vim"},
	)
	fmt.Print(run.Stdout())
	// Output: cron
}

// Records as Go structs, for a plugin that knows what it gets.
func ExampleRecords() {
	type start struct {
		Time uint64
		Pid  uint32
		UID  uint32
		Comm [16]byte
	}
	users := sdk.NewType(sdk.Info{Name: "users"}, func(_ context.Context, h *sdk.Host, _ struct{}) (sdk.Handler, error) {
		count := map[uint32]int{}
		return sdk.HandlerFunc(func(_ context.Context, b *sdk.Batch) error {
			all, err := sdk.Records[start](b)
			if err != nil {
				return err // says which field differs, and how
			}
			for i := range all {
				count[all[i].UID]++
			}
			_, err = fmt.Fprintln(h.Stdout(), count)
			return err
		}), nil
	})

	t := &example{}
	defer t.end()
	run := sdktest.Open(t, users, sdktest.Options{}, starts)
	run.Send(starts, start{Pid: 1, UID: 0}, start{Pid: 2, UID: 1000}, start{Pid: 3, UID: 1000})
	fmt.Print(run.Stdout())
	// Output: map[0:1 1000:2]
}

// Templates and durations in a block that may repeat; mistakes point at the attribute in the user's file.
func ExampleErrorf() {
	t := &example{}
	defer t.end()
	for _, d := range sdktest.Refusal(t, alerts, sdktest.Options{Config: map[string]any{
		"rule": []map[string]any{{"name": "a", "message": sdktest.Render("${event.comm}"), "throttle": -time.Second}},
	}}, starts) {
		fmt.Println(d)
	}
	// Output: rule[0].throttle: -1s is less than zero
}

type alertsConfig struct {
	Rules []struct {
		Name     string        `hcl:"name,label"`
		Message  sdk.Template  `hcl:"message"`
		Throttle time.Duration `hcl:"throttle,optional" default:"10s"`
	} `hcl:"rule,block"`
}

// Validate is called by `probehost validate` and before open.
func (c alertsConfig) Validate(*sdk.Host) error {
	var errs []error
	for i, r := range c.Rules {
		if r.Throttle < 0 {
			errs = append(errs, sdk.Errorf(sdk.Path{"rule", i, "throttle"}, "%s is less than zero", r.Throttle))
		}
	}
	return errors.Join(errs...)
}

var alerts = sdk.NewType(sdk.Info{Name: "alerts"}, func(context.Context, *sdk.Host, alertsConfig) (sdk.Handler, error) {
	return sdk.HandlerFunc(func(context.Context, *sdk.Batch) error { return nil }), nil
})
