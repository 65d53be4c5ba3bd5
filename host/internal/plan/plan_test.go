package plan

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/hashicorp/hcl/v2"

	"github.com/probehost/probehost/host/internal/config"
	"github.com/probehost/probehost/sdk/wire"
)

const whole = `
probe "exec" {
  object    = builtin.exec
  log_level = "debug"
  stream "starts" {
    where  = event.uid == 0
    size   = "2MiB"
    linger = "0s"
  }
}
probe "packets" {
  object = builtin.packets
  attach "count_packets" { interface = "lo" }
  stream "protocols" { every = "250ms" }
}
handler "painter" "one" {
  from  = [probe.exec, probe.packets.protocols, probe.exec.starts]
  config {
    color  = "red"
    size   = "1KiB"
    wait   = "1s"
    waits  = ["1ms", "2ms"]
    by     = event.comm
    fields = [event.pid, "packets"]
    tags   = { a = "b", (lower("C")) = 5 }
    when   = event.filename == "x"
    text   = "pid ${event.pid}"
    count  = 1.5
    fast   = true
    rule "r1" {
      when = event.packets > 1
      window {
        length = "1m"
      }
    }
    rule "r2" {
      when  = event.pid > 1
      limit = 10
    }
  }
}
handler "painter" "two" {
  from  = [probe.exec.starts]
  where = event.pid > 100
  config {
    color  = "green"
    fields = event.comm
  }
}
`

func TestBuild(t *testing.T) {
	f := &fake{description: painter}
	p, diags := build(t, whole, f)
	if len(diags) > 0 {
		t.Fatal(diags)
	}
	var streams []string
	for i, s := range p.Streams {
		streams = append(streams, s.String())
		if s.ID != uint32(i+1) {
			t.Errorf("%s has number %d", s, s.ID)
		}
	}
	if diff := cmp.Diff([]string{"exec.exits", "exec.starts", "packets.protocols"}, streams); diff != "" {
		t.Errorf("streams (-want +got):\n%s", diff)
	}
	starts := p.Streams[1]
	if starts.Where == nil || starts.Spec.Size != 2<<20 || starts.Spec.Linger >= 0 {
		t.Errorf("exec.starts: %+v", starts)
	}
	exec, packets := p.Probe("exec"), p.Probe("packets")
	if len(exec.Spec.Streams) != 2 || exec.Spec.LogLevel.String() != "debug" {
		t.Errorf("exec: %+v", exec.Spec)
	}
	if len(packets.Spec.Streams) != 1 || packets.Spec.Streams[0].Every != 250*time.Millisecond || packets.Spec.Attach[0].Interface != "lo" {
		t.Errorf("packets: %+v", packets.Spec)
	}
	if diff := cmp.Diff([]string{"packets", "packets_lost"}, packets.Spec.Off); diff != "" {
		t.Errorf("off (-want +got):\n%s", diff)
	}
	if f.launched != 1 || len(f.requests) != 2 {
		t.Errorf("%d processes, asked %d times", f.launched, len(f.requests))
	}
	one, two := p.Handlers[0], p.Handlers[1]
	if one.Path != "/plugins/painter" || len(one.Streams) != 3 || len(one.Where) != 0 {
		t.Errorf("handler one: %+v", one)
	}
	if len(two.Streams) != 1 || two.Streams[0] != starts || two.Where[starts.ID] == nil {
		t.Errorf("handler two: %+v", two)
	}
	const want = `{"by":"comm","color":"red","count":1.5,"fast":true,"fields":["pid","packets"],` +
		`"rule":[{"name":"r1","when":2,"window":{"length":60000000000}},{"limit":10,"name":"r2","when":3}],` +
		`"size":1024,"tags":{"a":"b","c":"5"},"text":1,"wait":1000000000,"waits":[1000000,2000000],"when":0}`
	if got := string(one.Open.Config); got != want {
		t.Errorf("config:\n%s, want\n%s", got, want)
	}
	if got := string(two.Open.Config); got != `{"color":"green","fields":["comm"]}` {
		t.Errorf("config of two:\n%s", got)
	}
	checkExpressions(t, one.Open)
	s := one.Open.Streams[2]
	if s.Id != 3 || s.Probe != "packets" || s.Name != "protocols" || s.Source != wire.Stream_POLL || s.IntervalNs != 250e6 || len(s.Fields) == 0 {
		t.Errorf("stream: %v", s)
	}
}

// checkExpressions wants each expression compiled for the streams that it fits, and a reason for the others.
func checkExpressions(t *testing.T, r *wire.OpenRequest) {
	t.Helper()
	type form struct {
		Source string
		Fits   [3]bool
	}
	var got []form
	for _, e := range r.Expressions {
		f := form{Source: e.Source}
		for i, c := range e.Compiled {
			if f.Fits[i] = c.GetNode() != nil; !f.Fits[i] && c.GetError() == "" {
				t.Errorf("%s does not fit stream %d, and nothing says why", e.Source, c.Stream)
			}
		}
		got = append(got, f)
	}
	want := []form{
		{`event.filename == "x"`, [3]bool{false, true, false}},
		{`"pid ${event.pid}"`, [3]bool{true, true, false}},
		{`event.packets > 1`, [3]bool{false, false, true}},
		{`event.pid > 1`, [3]bool{true, true, false}},
	}
	if diff := cmp.Diff(want, got, cmpopts.EquateComparable()); diff != "" {
		t.Errorf("expressions (-want +got):\n%s", diff)
	}
}

func TestSources(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "probes.hcl")
	if err := os.WriteFile(path, []byte(whole), 0o644); err != nil {
		t.Fatal(err)
	}
	c, diags := config.Load(path)
	p, more := Sources(c)
	if diags.HasErrors() || len(more) > 0 || len(p.Handlers) > 0 {
		t.Fatalf("%v, %v, %v", diags, more, p.Handlers)
	}
	var names []string
	for _, pr := range p.Probes {
		for _, s := range pr.Sources {
			names = append(names, pr.Spec.Name+"."+s.Name)
		}
	}
	if diff := cmp.Diff([]string{"exec.exits", "exec.starts", "packets.packets", "packets.protocols"}, names); diff != "" {
		t.Errorf("sources (-want +got):\n%s", diff)
	}
}

const small = "probe \"exec\" { object = builtin.exec }\nhandler \"painter\" \"p\" {\n  from = [probe.exec.starts]\n  config { color = \"red\" }\n}\n"

func TestPluginTrouble(t *testing.T) {
	for name, test := range map[string]struct {
		fake *fake
		want []string
	}{
		"does not start": {&fake{launchErr: errors.New("plugin painter exited with status 3")}, []string{
			"probes.hcl:2,9-18: Plugin does not start; Plugin painter exited with status 3.",
		}},
		"does not describe": {&fake{describeErr: errors.New("plugin painter: describe: deadline exceeded")}, []string{
			"probes.hcl:2,9-18: Plugin does not answer; Plugin painter: describe: deadline exceeded.",
		}},
		"describes nonsense": {&fake{description: &wire.DescribeResponse{Config: &wire.Block{Attributes: []*wire.Attribute{{Name: "a", Type: "1"}}}}}, []string{
			`probes.hcl:2,9-18: Plugin is broken; The plugin "painter" describes its configuration wrongly: attribute "a" has no valid type: ` +
				`invalid type description.`,
		}},
		"does not validate": {&fake{description: painter, validateErr: errors.New("plugin painter: killed by signal 9")}, []string{
			"probes.hcl:2,9-18: Plugin does not answer; Plugin painter: killed by signal 9.",
		}},
		"does not end well": {&fake{description: painter, closeErr: errors.New("plugin painter had to be killed")}, []string{
			"probes.hcl:2,9-18: Plugin does not end well; Plugin painter had to be killed.",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			_, diags := build(t, small, test.fake)
			if diff := cmp.Diff(test.want, texts(diags)); diff != "" {
				t.Errorf("diagnostics (-want +got):\n%s", diff)
			}
		})
	}
}

func texts(diags hcl.Diagnostics) []string {
	var all []string
	for _, d := range diags {
		all = append(all, d.Error())
	}
	return all
}
