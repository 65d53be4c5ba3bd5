package eventtime_test

import (
	"testing"

	"github.com/probehost/probehost/plugins/internal/eventtime"
	"github.com/probehost/probehost/sdk"
	"github.com/probehost/probehost/sdk/record"
	"github.com/probehost/probehost/sdk/sdktest"
)

func TestField(t *testing.T) {
	start, boot := sdktest.Uint("start", 8, record.Time), sdktest.Uint("boot", 8, record.BootTime)
	cases := map[string]struct {
		fields []sdk.Field
		want   string
	}{
		"none":                {[]sdk.Field{sdktest.Uint("pid", 4)}, ""},
		"by name":             {[]sdk.Field{start, sdktest.Uint("time", 8, record.Time)}, "time"},
		"the first of others": {[]sdk.Field{sdktest.Uint("pid", 4), boot, start}, "boot"},
		"a name alone":        {[]sdk.Field{sdktest.Uint("time", 8), start}, "start"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			got := ""
			if f := eventtime.Field(&sdk.Stream{Schema: sdktest.Schema(c.fields...)}); f != nil {
				got = f.Name
			}
			if got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}
