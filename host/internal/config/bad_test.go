package config

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// inProbe is what stands in a probe, from line 3 on.
func inProbe(s string) string { return "probe \"x\" {\n  object = builtin.exec\n" + s + "\n}\n" }

// inHandler is what stands in a handler, from line 4 on.
func inHandler(s string) string {
	return probeNamed("x") + "handler \"logger\" \"l\" {\n  from = [probe.x]\n" + s + "\n}\n"
}

func from(s string) string {
	return probeNamed("packets") + "handler \"logger\" \"l\" {\nfrom = " + s + "\n}\n"
}

const later = " are not supported by this version of probehost."

func TestBad(t *testing.T) {
	for name, test := range map[string]struct {
		src  string
		want []string
	}{
		"empty": {"", []string{`probes.hcl:1,1-1: No probes; The configuration has no probe block. One that shows started programs: probe "exec" ` +
			`{ object = builtin.exec }`}},
		"syntax": {"probe \"x\" {\n  object = \n}\n", []string{
			"probes.hcl:2,12-3,1: Invalid expression; Expected the start of an expression, but found an invalid expression token.",
		}},
		"unknown block": {probeNamed("x") + "handlers \"a\" {}\n", []string{
			`probes.hcl:2,1-9: Unsupported block type; Blocks of type "handlers" are not expected here. Did you mean "handler"?`,
		}},
		"unknown argument": {inProbe(`log_levl = "info"`), []string{
			`probes.hcl:3,1-9: Unsupported argument; An argument named "log_levl" is not expected here. Did you mean "log_level"?`,
		}},
		"a label too many": {inProbe("") + "plugin \"a\" \"b\" {}\n", []string{
			"probes.hcl:5,12-15: Extraneous label for plugin; Only 1 labels (name) are expected for plugin blocks.",
		}},
		"planned blocks": {
			"variable \"a\" {}\nlocals {}\nfunction \"b\" {}\n" + inProbe("map \"m\" \"n\" {}") + "plugin \"p\" {\nrestart {}\nmemory = \"1MiB\"\n}\n",
			[]string{
				`probes.hcl:1,1-13: Not supported yet; Blocks of type "variable"` + later,
				`probes.hcl:2,1-7: Not supported yet; Blocks of type "locals"` + later,
				`probes.hcl:3,1-13: Not supported yet; Blocks of type "function"` + later,
				`probes.hcl:6,1-12: Not supported yet; Blocks of type "map"` + later,
				`probes.hcl:8,8-11: Unused plugin block; No handler uses the plugin "p".`,
				`probes.hcl:9,1-8: Not supported yet; Blocks of type "restart"` + later,
				`probes.hcl:10,1-7: Not supported yet; Arguments named "memory"` + later,
			},
		},
		"planned arguments": {
			"host {\n  metrics = \"127.0.0.1:9464\"\n}\n" + inProbe("for_each = []\nstream \"s\" {\nsample = 0.1\nlimit = \"1/s\"\n}"),
			[]string{
				`probes.hcl:2,3-10: Not supported yet; Arguments named "metrics"` + later,
				`probes.hcl:6,1-9: Not supported yet; Arguments named "for_each"` + later,
				`probes.hcl:8,1-7: Not supported yet; Arguments named "sample"` + later,
				`probes.hcl:9,1-6: Not supported yet; Arguments named "limit"` + later,
			},
		},
		"planned references": {"probe \"x\" {\n  object = var.object\n}\n", []string{
			`probes.hcl:2,12-22: Not supported yet; References to "var"` + later + ` Until they are, write the value itself, or use ` +
				`env("NAME", "default").`,
		}},
		"event at load time": {inProbe("attach \"a\" {\ninterface = event.name\n}"), []string{
			`probes.hcl:4,13-23: No event here; This is evaluated once, when the file is read, and not for each event. "event" can be used in ` +
				`"where" and in those arguments of a handler's config that take an event expression.`,
		}},
		"missing object": {"probe \"x\" {}\n", []string{
			`probes.hcl:1,11-11: Missing required argument; The argument "object" is required, but no definition was found.`,
		}},
		"empty object": {"probe \"x\" { object = \"\" }\n", []string{
			`probes.hcl:1,22-24: Invalid object; This is no path. Write builtin.NAME, or the path of a compiled BPF object: "./mine.bpf.o".`,
		}},
		"object of builtin": {"probe \"x\" { object = builtin }\n", []string{
			`probes.hcl:1,22-29: Invalid object; A built-in object is written builtin.NAME. The built-in objects are exec, packets and tcp_connect.`,
		}},
		"unknown object": {"probe \"x\" { object = builtin.exek }\n", []string{
			`probes.hcl:1,22-34: Unknown object; There is no built-in object "exek". Did you mean "exec"?`,
		}},
		"object of the wrong type": {"probe \"x\" { object = [1] }\n", []string{
			`probes.hcl:1,22-25: Wrong type; "object" takes a string, not a list.`,
		}},
		"name of a probe": {"probe \"my probe\" { object = builtin.exec }\n", []string{
			`probes.hcl:1,7-17: Invalid name of a probe; A name begins with a letter, goes on with letters, digits, _ and -, and has at most 64 characters.`,
		}},
		"choices": {inProbe("log_level = \"inof\"\nattach \"a\" {\nmode = \"fast\"\n}"), []string{
			`probes.hcl:3,13-19: Invalid value; "log_level" takes one of "off", "error", "warn", "info", "debug", not "inof". Did you mean "info"?`,
			`probes.hcl:5,8-14: Invalid value; "mode" takes one of "auto", "native", "generic", not "fast".`,
		}},
		"numbers": {inProbe("attach \"a\" {\npid = -1\noffset = 1.5\nfrequency = \"often\"\nperiod = 1e300\n}"), []string{
			`probes.hcl:4,7-9: Invalid value; "pid" takes a whole number from 0 to 2147483647.`,
			`probes.hcl:5,10-13: Invalid value; "offset" takes a whole number from 0 to 18446744073709551615.`,
			`probes.hcl:6,13-20: Wrong type; "frequency" takes a number, not a string.`,
			`probes.hcl:7,10-15: Invalid value; "period" takes a whole number from 0 to 9223372036854775807.`,
		}},
		"durations": {inProbe("stream \"s\" {\nevery = \"1\"\nlinger = \"5 minutes\"\n}\nstream \"t\" {\nevery = \"1us\"\nlinger = \"-1s\"\n}"), []string{
			`probes.hcl:4,9-12: Invalid duration; "every": "1" is not a duration: write a number and ns, us, ms, s, m or h, like "10s".`,
			`probes.hcl:5,10-21: Invalid duration; "linger": "5 minutes" is not a duration: write a number and ns, us, ms, s, m or h, like "10s".`,
			`probes.hcl:8,9-14: Invalid duration; "every" takes a duration from 10ms to 24h0m0s, not 1µs.`,
			`probes.hcl:9,10-15: Invalid duration; "linger" takes a duration from 0s to 1m0s, not -1s.`,
		}},
		"sizes": {inProbe("stream \"s\" {\nsize = \"1 parsec\"\n}\nstream \"t\" {\nsize = 10\n}\nstream \"u\" {\nsize = \"1TiB\"\n}"), []string{
			`probes.hcl:4,8-18: Invalid size; "size": "1 parsec" is not a size: write a number and B, KiB, MiB, GiB, TiB, kB, MB, GB or TB.`,
			`probes.hcl:7,8-10: Invalid size; "size" takes a size from 4KiB to 1GiB, not 10B.`,
			`probes.hcl:10,8-14: Invalid size; "size" takes a size from 4KiB to 1GiB, not 1TiB.`,
		}},
		"formats": {inProbe("stream \"s\" {\nfield \"a\" { format = \"ipv5\" }\nfield \"a\" { format = \"ipv4\" }\n}"), []string{
			`probes.hcl:4,22-28: Invalid value; "format" takes one of "boottime", "cgroup", "duration", "errno", "ethertype", "family", "group", ` +
				`"hex", "interface", "ip", "ipv4", "ipv6", "mac", "port", "protocol", "signal", "size", "tcpstate", "text", "time", "user", not "ipv5". ` +
				`Did you mean "ipv4"?`,
			`probes.hcl:5,7-10: Duplicate field; The field "a" is declared at probes.hcl:4,7 already.`,
		}},
		"duplicate streams": {inProbe("stream \"s\" {}\nstream \"s\" {}"), []string{
			`probes.hcl:4,8-11: Duplicate stream; The stream "s" is declared at probes.hcl:3,8 already.`,
		}},
		"first_of": {inProbe("first_of = \"a\""), []string{
			`probes.hcl:3,12-15: Invalid first_of; "first_of" takes a list of the names of programs: ["with_fentry", "with_kprobe"].`,
		}},
		"first_of with duplicates": {inProbe("first_of = [\"a\", \"b\", \"a\"]"), []string{
			`probes.hcl:3,23-26: Duplicate alternative; The alternative "a" is declared at probes.hcl:3,13 already.`,
		}},
		"duplicate handlers": {
			inHandler("") + "handler \"counter\" \"l\" {\n  from = [probe.x]\n}\n",
			[]string{`probes.hcl:6,19-22: Duplicate handler; The handler "l" is declared at probes.hcl:2,18 already. A handler's name is its own, whatever its plugin.`},
		},
		"no from": {probeNamed("x") + "handler \"logger\" \"l\" {}\n", []string{
			`probes.hcl:2,22-22: Missing required argument; The argument "from" is required, but no definition was found.`,
		}},
		"empty from": {from("[]"), []string{
			"probes.hcl:3,8-10: Invalid from; A handler needs at least one probe or stream: from = [probe.NAME].",
		}},
		"from without brackets": {from("probe.packets.protocols"), []string{
			`probes.hcl:3,8-31: Invalid from; "from" takes a list of probes and streams, in brackets: from = [probe.packets.protocols].`,
		}},
		"references in quotes": {from(`["packets", "probe.packets.protocols", "a b"]`), []string{
			"probes.hcl:3,9-18: Reference in quotes; A probe is referred to without quotes: probe.packets.",
			"probes.hcl:3,20-45: Reference in quotes; A probe is referred to without quotes: probe.packets.protocols.",
			"probes.hcl:3,47-52: Reference in quotes; A probe is referred to without quotes: probe.NAME or probe.NAME.STREAM.",
		}},
		"references without probe": {from("[packets, probe, probe.packets.a.b, 1 + 1]"), []string{
			"probes.hcl:3,9-16: Invalid reference; Refer to all streams of a probe as probe.NAME and to one of them as probe.NAME.STREAM, " +
				"without quotes. Here: probe.packets.",
			"probes.hcl:3,18-23: Invalid reference; Refer to all streams of a probe as probe.NAME and to one of them as probe.NAME.STREAM, without quotes.",
			"probes.hcl:3,25-42: Invalid reference; Refer to all streams of a probe as probe.NAME and to one of them as probe.NAME.STREAM, without quotes.",
			"probes.hcl:3,44-49: Invalid reference; Refer to all streams of a probe as probe.NAME and to one of them as probe.NAME.STREAM, without quotes.",
		}},
		"indexed references": {from(`[probe.packets["eth0"]]`), []string{
			`probes.hcl:3,22-30: Not supported yet; References like probe.x["key"], to one of several probes made by "for_each",` + later,
		}},
		"unknown probe": {from("[probe.pakets.protocols, probe.something]"), []string{
			`probes.hcl:3,15-21: Unknown probe; There is no probe "pakets". Did you mean "packets"?`,
			`probes.hcl:3,39-48: Unknown probe; There is no probe "something". There is only "packets".`,
		}},
		"duplicate references": {from("[probe.packets.a, probe.packets.a]"), []string{
			`probes.hcl:3,26-41: Duplicate source; The source "probe.packets.a" is declared at probes.hcl:3,9 already.`,
		}},
		"queues": {inHandler("queue {\nsize = \"1KiB\"\noverflow = \"block\"\n}\nqueue {}"), []string{
			`probes.hcl:5,8-14: Invalid size; "size" takes a size from 64KiB to 2GiB, not 1KiB.`,
			`probes.hcl:6,12-19: Not supported yet; Queues with overflow = "block"` + later + ` Until they are, use "drop_newest".`,
			`probes.hcl:8,1-6: Duplicate queue block; There is a "queue" block at probes.hcl:4,1 already, and one is all there can be.`,
		}},
		"duplicate configs": {inHandler("config {}\nconfig {}"), []string{
			`probes.hcl:5,1-7: Duplicate config block; There is a "config" block at probes.hcl:4,1 already, and one is all there can be.`,
		}},
		"duplicate plugins": {inProbe("") + "plugin \"p\" {}\nplugin \"p\" {}\n", []string{
			`probes.hcl:5,8-11: Unused plugin block; No handler uses the plugin "p".`,
			`probes.hcl:6,8-11: Duplicate plugin; The plugin "p" is declared at probes.hcl:5,8 already.`,
		}},
		"no path": {inProbe("") + "plugin \"p\" {\n  path = \"\"\n}\n", []string{
			`probes.hcl:5,8-11: Unused plugin block; No handler uses the plugin "p".`,
			`probes.hcl:6,10-12: Invalid value; "path" must be neither empty nor contain a NUL.`,
		}},
		"misspelt plugin": {inHandler("") + "plugin \"loger\" { path = \"x\" }\n", []string{
			`probes.hcl:6,8-15: Unused plugin block; No handler uses the plugin "loger". Did you mean "logger"?`,
		}},
		"null for what is required": {"probe \"x\" {\n  object = null\n}\nhandler \"logger\" \"l\" {\n  from = null\n}\n", []string{
			`probes.hcl:2,12-16: Missing required argument; The argument "object" is required, and must not be null.`,
			`probes.hcl:5,10-14: Missing required argument; The argument "from" is required, and must not be null.`,
		}},
		"null for what is not": {inProbe("log_level = null\nfirst_of = null\nattach \"a\" { interface = null }"), nil},
		"text without quotes": {
			"probe \"y\" { object = exec }\n" + inProbe("first_of = [b]\nattach \"a\" { interface = eth0 }"), []string{
				`probes.hcl:1,22-26: Unknown variable; There is no variable exec. The built-in object is written builtin.exec.`,
				`probes.hcl:4,13-14: Unknown variable; There is no variable b. Write text in quotes: "b".`,
				`probes.hcl:5,26-30: Unknown variable; There is no variable eth0. Write text in quotes: "eth0".`,
			},
		},
		"from in quotes": {from(`"packets.packets"`), []string{
			`probes.hcl:3,8-25: Invalid from; "from" takes a list of probes and streams, in brackets: from = [probe.packets.packets], without quotes.`,
		}},
		// What is wrong with the syntax does not make other things look wrong, and does not hide them either.
		"syntax in one of several blocks": {
			"probe \"x\" {\n  object builtin.exec\n}\n" + "handler \"logger\" \"l\" {\n  from = [probe.x]\n  frmo = 1\n}\n", []string{
				`probes.hcl:2,17-18: Invalid block definition; Either a quoted string block label or an opening brace ("{") is expected here.`,
				`probes.hcl:6,3-7: Unsupported argument; An argument named "frmo" is not expected here. Did you mean "from"?`,
			},
		},
		"a block that is not read": {"prob \"x\" {\n  object = builtin.exec\n}\nhandler \"logger\" \"l\" {\n  from = [probe.x]\n}\n", []string{
			`probes.hcl:1,1-5: Unsupported block type; Blocks of type "prob" are not expected here. Did you mean "probe"?`,
		}},
		"an open quote": {"probe \"x {\n  object = builtin.exec\n}\n" + "handler \"logger\" \"l\" {\n  from = [probe.x]\n}\n", []string{
			"probes.hcl:1,11-2,1: Invalid multi-line string; Quoted strings may not be split over multiple lines. To produce a multi-line string, " +
				`either use the \n escape to represent a newline character or use the "heredoc" multi-line template syntax.`,
		}},
		"loops": {inProbe("attach \"a\" {\ninterface = join(\"\", " + strings.Repeat("[for a in [1,2,3,4,5,6,7,8] : ", 7) + "1" + strings.Repeat("]", 7) + ")\n}"), []string{
			"probes.hcl:4,22-240: Too much to evaluate; The for expressions of this file go over too many values, or make too long ones. " +
				"Shorten the lists, or do not nest them.",
		}},
		"unknown function": {inProbe("log_level = evn(\"A\")"), []string{
			`probes.hcl:3,13-16: Call to unknown function; There is no function named "evn". Did you mean "env"?`,
		}},
	} {
		t.Run(name, func(t *testing.T) {
			dir := write(t, map[string]string{"probes.hcl": test.src})
			_, diags := Load(filepath.Join(dir, "probes.hcl"))
			if diff := cmp.Diff(test.want, lines(dir, diags)); diff != "" {
				t.Errorf("diagnostics (-want +got):\n%s", diff)
			}
		})
	}
}

// FuzzLoad holds that no file stops the host, and that every diagnostic points into the file.
func FuzzLoad(f *testing.F) {
	for _, seed := range []string{full, from("[probe.packets]"), inProbe("stream \"s\" {\nsize = 1\n}"), inHandler("config {\na = event.b\n}"), "host {", "a = <<A\n"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		c, diags := load("dir", []source{{name: "x.hcl", data: src}}, nil)
		if len(c.Probes) == 0 && !diags.HasErrors() {
			t.Error("no probe, and no error")
		}
		for _, d := range diags {
			if d.Subject == nil || d.Subject.Filename != "x.hcl" || d.Subject.Start.Byte > d.Subject.End.Byte || d.Subject.End.Byte > len(src) {
				t.Errorf("%v does not point into the file of %d bytes: %+v", d, len(src), d.Subject)
			}
			if d.Summary == "" || d.Detail == "" {
				t.Errorf("diagnostic without text: %+v", d)
			}
		}
	})
}
