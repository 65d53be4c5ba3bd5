package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/hcl/v2"

	"github.com/probehost/probehost/host/internal/object"
	"github.com/probehost/probehost/host/internal/probe"
	"github.com/probehost/probehost/sdk/record"
)

// write makes a folder of files and returns its path.
func write(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// lines returns the diagnostics as text, with paths relative to the folder.
func lines(dir string, diags hcl.Diagnostics) []string {
	var text []string
	for _, d := range diags {
		text = append(text, strings.ReplaceAll(d.Error(), dir+string(filepath.Separator), ""))
	}
	return text
}

const full = `
host {
  log_level   = "debug"
  runtime_dir = "/run/probehost"
  plugin_dir  = "plugins"
}

probe "packets" {
  object = builtin.packets
  log_level = "warn"

  attach "count_packets" {
    interface = "lo"
    mode      = "generic"
  }
  stream "protocols" {
    every   = "1s"
    per_cpu = "list"
  }
  stream "packets" {
    where  = event.size > 128
    size   = "1MiB"
    linger = "500us"
    type   = "packet"
    field "saddr" { format = "ipv4" }
  }
}

probe "mine" {
  object   = "./mine.bpf.o"
  first_of = ["a", "b"]
  attach "c" {
    binary = "/bin/bash"
    symbol = "readline"
    offset = 4
    pid    = 17
  }
}

handler "counter" "by_protocol" {
  from  = [probe.packets.protocols, probe.mine]
  where = event.packets > 0
  queue {
    size     = "2MiB"
    overflow = "drop_newest"
  }
  config {
    key = "protocol"
  }
}

plugin "counter" {
  path = "./bin/counter"
}
`

func TestLoad(t *testing.T) {
	dir := write(t, map[string]string{"probes.hcl": full})
	c, diags := Load(filepath.Join(dir, "probes.hcl"))
	if len(diags) > 0 {
		t.Fatal(diags)
	}
	if c.Host.LogLevel.Value != "debug" || c.Host.RuntimeDir.Value != "/run/probehost" || c.Host.PluginDir.Value != filepath.Join(dir, "plugins") {
		t.Errorf("host: %+v", c.Host)
	}
	if len(c.Probes) != 2 || len(c.Handlers) != 1 || len(c.Plugins) != 1 {
		t.Fatalf("%d probes, %d handlers, %d plugins", len(c.Probes), len(c.Handlers), len(c.Plugins))
	}
	packets, mine := c.Probe("packets"), c.Probe("mine")
	if packets.Object.Builtin != "packets" || packets.LogLevel.Value != "warn" || mine.Object.Path != filepath.Join(dir, "mine.bpf.o") {
		t.Errorf("objects: %+v, %+v", packets.Object, mine.Object)
	}
	if diff := cmp.Diff(packets.Attach[0].Attach, probe.Attach{Program: "count_packets", Interface: "lo", Mode: "generic"}); diff != "" {
		t.Error(diff)
	}
	want := probe.Attach{Program: "c", Binary: "/bin/bash", Symbol: "readline", Offset: 4, Pid: 17}
	if diff := cmp.Diff(mine.Attach[0].Attach, want); diff != "" {
		t.Error(diff)
	}
	if len(mine.FirstOf.Value) != 2 || mine.FirstOf.Value[1].Value != "b" || mine.FirstOf.Value[1].Range.Start.Line != 31 {
		t.Errorf("first_of: %+v", mine.FirstOf)
	}
	s := packets.Stream("packets")
	if s.Size.Value != 1<<20 || s.Linger.Value != 500*time.Microsecond || s.Where == nil || s.Where.Range().Start.Line != 21 {
		t.Errorf("stream: %+v", s)
	}
	options := object.StreamOptions{Type: "packet", Formats: map[string]record.Format{"saddr": record.IPv4}}
	if diff := cmp.Diff(s.Options(), options); diff != "" {
		t.Error(diff)
	}
	if s := packets.Stream("protocols"); s.Every.Value != time.Second || s.PerCPU.Value != "list" || s.Where != nil {
		t.Errorf("stream: %+v", s)
	}
	h := c.Handlers[0]
	if h.Plugin != "counter" || h.Name != "by_protocol" || h.Queue.Size.Value != 2<<20 || h.Where == nil || h.ConfigRange.Start.Line != 47 {
		t.Errorf("handler: %+v", h)
	}
	if len(h.From) != 2 || h.From[0].String() != "probe.packets.protocols" || h.From[1].String() != "probe.mine" {
		t.Errorf("from: %v", h.From)
	}
	if r := h.From[0].StreamRange; r.Start.Column != 26 || r.End.Column != 35 {
		t.Errorf("range of a stream: %v", r)
	}
	if p := c.Plugin("counter"); p.Path.Value != filepath.Join(dir, "bin/counter") {
		t.Errorf("plugin: %+v", p)
	}
}

func TestLoadFolder(t *testing.T) {
	for name, test := range map[string]struct {
		files  map[string]string
		probes []string
		want   []string
	}{
		"in lexical order": {
			files:  map[string]string{"b.hcl": probeNamed("x"), "a.hcl": probeNamed("y"), "c.txt": "?", ".#a.hcl": "?", "#a.hcl": "?", "a.hcl~": "?"},
			probes: []string{"y", "x"},
		},
		"handlers and probes apart": {
			files:  map[string]string{"a.hcl": "handler \"logger\" \"l\" {\n  from = [probe.x]\n}\n", "b.hcl": probeNamed("x")},
			probes: []string{"x"},
		},
		"duplicate probes": {
			files:  map[string]string{"a.hcl": probeNamed("x"), "b.hcl": "\n" + probeNamed("x")},
			probes: []string{"x"},
			want:   []string{`b.hcl:2,7-10: Duplicate probe; The probe "x" is declared at a.hcl:1,7 already.`},
		},
		"duplicate hosts": {
			files:  map[string]string{"a.hcl": "host {}\n" + probeNamed("x"), "b.hcl": "host {}"},
			probes: []string{"x"},
			want:   []string{`b.hcl:1,1-5: Duplicate host block; There is a "host" block at a.hcl:1,1 already, and one is all there can be.`},
		},
		"errors in several files": {
			files:  map[string]string{"a.hcl": "probe {\n", "b.hcl": probeNamed("x"), "c.hcl": "what = 1\n"},
			probes: []string{"x"},
			want: []string{
				"a.hcl:1,7-8: Unclosed configuration block; There is no closing brace for this block before the end of the file. This may be " +
					"caused by incorrect brace nesting elsewhere in this file.",
				`c.hcl:1,1-5: Unsupported argument; An argument named "what" is not expected here. The blocks here are handler, host, plugin and probe.`,
			},
		},
		"JSON and overrides": {
			files:  map[string]string{"a.hcl": probeNamed("x"), "b.hcl.json": "{}", "c_override.hcl": "", "override.hcl": ""},
			probes: []string{"x"},
			want: []string{
				"b.hcl.json:1,1-1: Not supported yet; Configurations in JSON are not supported by this version of probehost. Until they are, " +
					"write them in the syntax of HCL, in files named *.hcl.",
				"c_override.hcl:1,1-1: Not supported yet; Override files are not supported by this version of probehost. Until they are, put " +
					"the change into the file that it is for.",
				"override.hcl:1,1-1: Not supported yet; Override files are not supported by this version of probehost. Until they are, put " +
					"the change into the file that it is for.",
			},
		},
		"nothing": {
			files: map[string]string{"a.txt": ""},
			want:  []string{"<nil>: Configuration not found; The folder DIR has no *.hcl files."},
		},
		"too large": {
			files: map[string]string{"a.hcl": strings.Repeat("#", MaxSize+1)},
			want: []string{"a.hcl:1,1-1: File too large; A file may have 1048576 bytes; this one has more. Split it into several files in " +
				"one folder."},
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := write(t, test.files)
			c, diags := Load(dir)
			var probes []string
			for _, p := range c.Probes {
				probes = append(probes, p.Name)
			}
			got := lines(dir, diags)
			for i := range got {
				got[i] = strings.ReplaceAll(got[i], dir, "DIR")
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("diagnostics (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(test.probes, probes); diff != "" {
				t.Errorf("probes (-want +got):\n%s", diff)
			}
			for _, d := range diags {
				if d.Subject != nil && filepath.Ext(d.Subject.Filename) == ".hcl" && !strings.Contains(d.Summary, "Not supported") &&
					c.Files[d.Subject.Filename] == nil {
					t.Errorf("no source for %v", d)
				}
			}
		})
	}
}

func probeNamed(name string) string { return "probe \"" + name + "\" { object = builtin.exec }\n" }

func TestLoadMissing(t *testing.T) {
	c, diags := Load(filepath.Join(t.TempDir(), "probes.hcl"))
	if c == nil || len(diags) != 1 || diags[0].Summary != "Configuration not found" {
		t.Errorf("got %v, %v", c, diags)
	}
}
