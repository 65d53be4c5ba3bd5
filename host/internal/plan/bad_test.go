package plan

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// ofExec is what stands in a probe of the built-in object exec, from line 3 on.
func ofExec(s string) string { return "probe \"exec\" {\n  object = builtin.exec\n" + s + "\n}\n" }

// ofPackets is what stands in a probe of the built-in object packets, from line 3 on.
func ofPackets(s string) string { return "probe \"p\" {\n  object = builtin.packets\n" + s + "\n}\n" }

// painting is a handler of all streams of the built-in object exec, with this in its config, from line 5 on.
func painting(s string) string {
	return "probe \"exec\" { object = builtin.exec }\nhandler \"painter\" \"h\" {\n  from = [probe.exec]\n  config {\n" + s + "\n}\n}\n"
}

// reader is a handler of the probe p.
const reader = "handler \"painter\" \"h\" {\n  from = [probe.p]\n  config { color = \"red\" }\n}\n"

const fieldsOfExits = "cgroup, comm, core_dumped, duration, exit_code, gid, pid, ppid, signal, time and uid"

func TestBad(t *testing.T) {
	// In these the plugin is asked: what is wrong is not what it is asked about.
	asked := []string{"two XDP programs on an interface", "interface that is not understood", "attach without a label", "where of a handler"}
	for name, test := range map[string]struct {
		src  string
		want []string
	}{
		"no object": {"probe \"x\" { object = \"./packets\" }\n", []string{
			`probes.hcl:1,22-33: Object not found; There is no file DIR/packets. Paths are relative to the folder of the configuration. The ` +
				`built-in objects are written without quotes: builtin.packets.`,
		}},
		"folder for an object": {"probe \"x\" { object = \"objects\" }\n", []string{
			`probes.hcl:1,22-31: Cannot use the object; DIR/objects is not a regular file.`,
		}},
		"text for an object": {"probe \"x\" { object = \"probes.hcl\" }\n", []string{
			`probes.hcl:1,22-34: Cannot use the object; Object DIR/probes.hcl: not an ELF file: expected what clang -target bpf -c writes.`,
		}},
		"nothing attaches": {ofPackets(""), []string{
			`probes.hcl:2,12-27: Probe "p"; No program of object builtin.packets attaches to anything. Program "count_egress" needs an attach block with ` +
				`interface; program "count_ingress" needs an attach block with interface; program "count_packets" needs an attach block with interface.`,
		}},
		"unknown program": {ofPackets("attach \"count_pakets\" { interface = \"lo\" }\nattach \"count_packets\" { interface = \"lo\" }"), []string{
			`probes.hcl:3,8-22: Unknown program; The object has no program "count_pakets". Did you mean "count_packets"?`,
		}},
		"missing interface": {ofPackets("attach \"count_packets\" {}"), []string{
			`probes.hcl:3,8-23: Program "count_packets" of probe "p"; Nothing says where a program of section "xdp.frags" is attached. Write ` +
				`attach "count_packets" { interface = "eth0" }.`,
		}},
		"interface that is not understood": { // and nothing that follows from it
			ofPackets("attach \"count_packets\" {\niface = \"lo\"\npid = 1\n}\nattach \"count_ingress\" {\ninterface = var.interface\n}") + reader, []string{
				`probes.hcl:4,1-6: Unsupported argument; An argument named "iface" is not expected here. The arguments here are binary, cgroup, event, ` +
					`frequency, interface, mode, offset, period, pid, symbol and target.`,
				`probes.hcl:5,1-8: Program "count_packets" of probe "p"; "pid" means nothing to a program of section "xdp.frags". Remove it; such ` +
					`programs take interface, mode.`,
				`probes.hcl:8,13-26: Not supported yet; References to "var" are not supported by this version of probehost. Until they are, write ` +
					`the value itself, or use env("NAME", "default").`,
			},
		},
		"raw tracepoint with a category": {ofExec("attach \"process_exec\" {\ntarget = \"sched/sched_process_exec\"\n}"), []string{
			`probes.hcl:4,1-36: Program "process_exec" of probe "exec"; Raw tracepoints are named without a category. Write "sched_process_exec".`,
		}},
		"attach without a label": {"probe \"p\" {\n  object = builtin.packets\n  attach { interface = \"lo\" }\n}\n" + reader, []string{
			`probes.hcl:3,10-11: Missing program for attach; All attach blocks must have 1 labels (program).`,
		}},
		"what is not built yet in event expressions": {
			ofExec("stream \"starts\" { where = event.pid == var.pid }") + "handler \"painter\" \"h\" {\n  from = [probe.exec]\n  where = regex(\"^a\", event.comm)\n  config {\n" +
				"color = \"red\"\nwhen = event.pid == length([1]) || local.x\nfields = [comm, event[\"pid\"], event.a[0]]\n}\n}\n",
			[]string{
				`probes.hcl:3,40-47: Not supported yet; References to "var" are not supported by this version of probehost. Until they are, write the ` +
					`value itself, or use env("NAME", "default").`,
				`probes.hcl:7,11-16: Not supported yet; Calls of "regex" are not supported by this version of probehost.`,
				`probes.hcl:10,21-27: Not supported yet; Calls of "length" are not supported by this version of probehost.`,
				`probes.hcl:10,36-43: Not supported yet; References to "local" are not supported by this version of probehost. Until they are, write ` +
					`the value itself, or use env("NAME", "default").`,
				`probes.hcl:11,11-15: Unknown variable; There is no variable comm. Write text in quotes: "comm".`,
				`probes.hcl:11,31-41: Unknown field; No stream of this handler has a field "a[0]". The fields are argc, args, args_cut, cgroup, comm, ` +
					`core_dumped, duration, euid, exit_code, filename, filename_cut, gid, parent_comm, pid, ppid, signal, tid, time and uid.`,
			},
		},
		"two XDP programs on an interface": {
			ofPackets("attach \"count_packets\" { interface = \"lo\" }\nattach \"count_ingress\" { interface = \"lo\" }") + reader +
				"probe \"q\" {\n  object = builtin.packets\n  attach \"count_packets\" { interface = \"eth0\" }\n  attach \"count_packets\" { interface = \"lo\" }\n}\n",
			[]string{
				`probes.hcl:13,28-44: Interface taken; An interface takes one XDP program, and "lo" has one by line 3 of DIR/probes.hcl already. ` +
					`Where a program for TC does the same, attach that: an interface takes many of them.`,
			},
		},
		"no handlers": {"probe \"exec\" { object = builtin.exec }\n", []string{
			`probes.hcl:1,1-13: No handlers; Nothing would happen: no handler gets the events. One that writes them: handler "logger" "all" ` +
				`{ from = [probe.exec] }`,
		}},
		"handlers that are not read": {"probe \"exec\" { object = builtin.exec }\nhandlr \"a\" \"b\" {}\n", []string{
			`probes.hcl:2,1-7: Unsupported block type; Blocks of type "handlr" are not expected here. Did you mean "handler"?`,
		}},
		"object in quotes": {"probe \"x\" { object = \"builtin.exec\" }\n", []string{
			`probes.hcl:1,22-36: Object not found; There is no file DIR/builtin.exec. Paths are relative to the folder of the configuration. The ` +
				`built-in objects are written without quotes: builtin.exec.`,
		}},
		"argument of another type of program": {ofPackets("attach \"count_packets\" {\ninterface = \"lo\"\nsymbol = \"main\"\n}"), []string{
			`probes.hcl:5,1-16: Program "count_packets" of probe "p"; "symbol" means nothing to a program of section "xdp.frags". Remove it; ` +
				`such programs take interface, mode.`,
		}},
		"first_of": {"probe \"c\" {\n  object = builtin.tcp_connect\n  first_of = [\"connect_fentri\", \"connect_kprobe\"]\n}\n", []string{
			`probes.hcl:3,15-31: Unknown program; The object has no program "connect_fentri". Did you mean "connect_fentry"?`,
		}},
		"unknown stream block": {ofExec("stream \"start\" {}"), []string{
			`probes.hcl:3,8-15: Unknown stream; The object has no map "start" that could be a stream. Did you mean "starts"?`,
		}},
		"arguments of other sources": {
			ofPackets("attach \"count_packets\" { interface = \"lo\" }\nstream \"protocols\" {\nsize = \"1MiB\"\nlinger = \"1ms\"\n}\nstream \"packets\" {\nevery = \"1s\"\nper_cpu = \"sum\"\n}"),
			[]string{
				`probes.hcl:5,8-14: Wrong argument for the stream; "protocols" is a map that is read on an interval: it has no buffer, and "size" means nothing to it.`,
				`probes.hcl:6,10-15: Wrong argument for the stream; "protocols" is a polled map: "linger" is for ring buffers.`,
				`probes.hcl:9,9-13: Wrong argument for the stream; "packets" is a ring buffer: its records arrive as they are made, and "every" means ` +
					`nothing to it. It is for maps, which are read on an interval.`,
				`probes.hcl:10,11-16: Wrong argument for the stream; It is a ring buffer: only maps with a value for each CPU take per_cpu.`,
			},
		},
		"fields and formats": {ofExec("stream \"starts\" {\nfield \"fileneme\" { format = \"hex\" }\nfield \"comm\" { format = \"ipv4\" }\nwhere = event.uidd == 0\n}"), []string{
			`probes.hcl:4,7-17: Unknown field; The stream "starts" has no field "fileneme". Did you mean "filename"?`,
			`probes.hcl:5,25-31: Format does not fit; Field comm (char[16], text of 16 bytes) cannot be shown as ipv4; what fits: hex, ipv6, ip, text.`,
			`probes.hcl:6,15-19: Unknown field; The stream's events have no field "uidd". Did you mean "uid"?`,
		}},
		"type of a stream": {ofExec("stream \"starts\" {\ntype = \"starr\"\nwhere = event.uid == 0\n}"), []string{
			`probes.hcl:4,8-15: Unknown type; The object has no struct "starr". Did you mean "start"?`,
		}},
		"type of a stream that has none": {
			"probe \"x\" {\n  object = \"objects/ambiguous.bpf.o\"\n}\nhandler \"painter\" \"h\" {\n  from = [probe.x]\n  config { color = \"red\" }\n}\n",
			[]string{
				`probes.hcl:5,11-18: Unknown type of events; The object does not say which type the events of "events" have. Say it in the probe "x": ` +
					`stream "events" { type = "event" }. The structs are event and other.`,
			},
		},
		"unknown stream in from": {"probe \"exec\" { object = builtin.exec }\nhandler \"painter\" \"h\" {\n  from = [probe.exec.start]\n  config { color = \"red\" }\n}\n", []string{
			`probes.hcl:3,22-27: Unknown stream; The probe "exec" has no stream "start". Did you mean "starts"?`,
		}},
		"map in from": {ofPackets("attach \"count_packets\" { interface = \"lo\" }") + "handler \"painter\" \"h\" {\n  from = [probe.p.protocols]\n  config { color = \"red\" }\n}\n", []string{
			`probes.hcl:6,19-28: Map is not a stream; "protocols" is a map of probe "p": to poll it, write in the probe: stream "protocols" { every = "1s" }.`,
		}},
		"where of a handler": {"probe \"exec\" { object = builtin.exec }\nhandler \"painter\" \"h\" {\n  from = [probe.exec]\n  where = event.filename == \"x\" && event.pid\n  config { color = \"red\" }\n}\n", []string{
			`probes.hcl:4,17-25: Unknown field; For the events of probe.exec.exits: The stream's events have no field "filename". The fields are ` + fieldsOfExits + `.`,
			`probes.hcl:4,36-45: Condition expected; A condition is true or false, but event.pid is a number (u32). Compare it with something, as in event.pid == 1.`,
		}},
		"unknown plugin": {"probe \"exec\" { object = builtin.exec }\nhandler \"paintre\" \"h\" {\n  from = [probe.exec]\n}\n", []string{
			`probes.hcl:2,9-18: Unknown plugin; There is no plugin "paintre". Did you mean "painter"? It was searched in /plugins. Say where it is: ` +
				`plugin "paintre" { path = "..." }.`,
		}},
		"missing and unknown arguments": {painting("colour = \"red\"\nrule \"a\" {\nlimt = 1\n}\nrool {}"), []string{
			`probes.hcl:4,10-10: Missing required argument; The argument "color" is required, but no definition was found.`,
			`probes.hcl:5,1-7: Unsupported argument; An argument named "colour" is not expected here. Did you mean "color"?`,
			`probes.hcl:6,10-10: Missing required argument; The argument "when" is required, but no definition was found.`,
			`probes.hcl:7,1-5: Unsupported argument; An argument named "limt" is not expected here. Did you mean "limit"?`,
			`probes.hcl:9,1-5: Unsupported block type; Blocks of type "rool" are not expected here. The arguments and blocks here are by, color, ` +
				`count, fast, fields, rule, size, tags, text, wait, waits and when.`,
		}},
		"no config where one is needed": {"probe \"exec\" { object = builtin.exec }\nhandler \"painter\" \"h\" {\n  from = [probe.exec]\n}\n", []string{
			`probes.hcl:2,1-1: Missing required argument; The argument "color" is required, but no definition was found.`,
		}},
		"values": {painting("color = \"rde\"\nsize = \"much\"\nwait = \"1 parsec\"\nwaits = [\"1s\", \"soon\"]\ncount = \"many\"\nfast = 3\ntags = { a = [] }"), []string{
			`probes.hcl:5,9-14: Invalid value; "color" takes one of red, green, not "rde". Did you mean "red"?`,
			`probes.hcl:6,8-14: Invalid size; "size": "much" is not a size: write a number and B, KiB, MiB, GiB, TiB, kB, MB, GB or TB.`,
			`probes.hcl:7,8-18: Invalid duration; "wait": "1 parsec" is not a duration: write a number and ns, us, ms, s, m or h, like "10s".`,
			`probes.hcl:8,16-22: Invalid duration; "waits": "soon" is not a duration: write a number and ns, us, ms, s, m or h, like "10s".`,
			`probes.hcl:9,9-15: Wrong type; "count" takes a number, not a string.`,
			`probes.hcl:10,8-9: Wrong type; "fast" takes a bool, not a number.`,
			`probes.hcl:11,14-16: Wrong type; "tags" takes a string, not a list.`,
		}},
		"types": {painting("color = [\"red\"]\nwait = 5 > 3\nwaits = \"1s\"\nfields = 5\ncount = event.pid"), []string{
			`probes.hcl:5,9-16: Wrong type; "color" takes a string, not a list.`,
			`probes.hcl:6,8-13: Invalid duration; "wait": "true" is not a duration: write a number and ns, us, ms, s, m or h, like "10s".`,
			`probes.hcl:7,9-13: Wrong type; "waits" takes a list of duration like "10s", not a string.`,
			`probes.hcl:8,10-11: Wrong type; "fields" takes a field of an event or a list of them, not a number.`,
			`probes.hcl:9,9-18: No event here; This is evaluated once, when the file is read, and not for each event. "event" can be used in ` +
				`"where" and in those arguments of a handler's config that take an event expression.`,
		}},
		"null": {painting("color = null\nwaits = [null]"), []string{
			`probes.hcl:5,9-13: Missing required argument; The argument "color" is required, and must not be null.`,
		}},
		"fields": {painting("color = \"red\"\nby = event.comn\nfields = [event.pid, \"nothing\"]"), []string{
			`probes.hcl:6,6-16: Unknown field; No stream of this handler has a field "comn". Did you mean "comm"?`,
			`probes.hcl:7,22-31: Unknown field; No stream of this handler has a field "nothing". The fields are argc, args, args_cut, cgroup, comm, ` +
				`core_dumped, duration, euid, exit_code, filename, filename_cut, gid, parent_comm, pid, ppid, signal, tid, time and uid.`,
		}},
		"expressions that fit no stream": {painting("color = \"red\"\nwhen = event.pid\ntext = \"${event.packets}\""), []string{
			`probes.hcl:6,8-17: Condition expected; A condition is true or false, but event.pid is a number (u32). Compare it with something, as in event.pid == 1.`,
			`probes.hcl:7,17-24: Unknown field; For the events of probe.exec.exits: The stream's events have no field "packets". The fields are ` + fieldsOfExits + `.`,
			`probes.hcl:7,17-24: Unknown field; For the events of probe.exec.starts: The stream's events have no field "packets". The fields are ` +
				`argc, args, args_cut, cgroup, comm, euid, filename, filename_cut, gid, parent_comm, pid, ppid, tid, time and uid.`,
		}},
		"blocks": {painting("color = \"red\"\nrule {\nwhen = true\n}\nrule \"x\" {\nwhen = true\nwindow {}\nwindow { length = \"1s\" }\n}\ndynamic \"rule\" {}"), []string{
			`probes.hcl:6,6-7: Missing name for rule; All rule blocks must have 1 labels (name).`,
			`probes.hcl:11,8-8: Missing required argument; The argument "length" is required, but no definition was found.`,
			`probes.hcl:12,1-7: Duplicate window block; There is a "window" block at line 11 already, and one is all there can be.`,
			`probes.hcl:14,1-15: Not supported yet; Blocks of type "dynamic" are not supported by this version of probehost.`,
		}},
		"one mistake hides no other": {
			ofExec("stream \"starts\" {\nfield \"nope\" { format = \"hex\" }\n}") + "handler \"painter\" \"h\" {\n  from = [probe.exec.startz, probe.exec.starts]\n" +
				"  config {\ncolor = \"blue\"\nby = event.unknown_as_a_stream_is_missing\nwhen = event.the_same\n}\n}\n",
			[]string{
				`probes.hcl:4,7-13: Unknown field; The stream "starts" has no field "nope". The fields are argc, args, args_cut, cgroup, comm, euid, filename, ` +
					`filename_cut, gid, parent_comm, pid, ppid, tid, time and uid.`,
				`probes.hcl:8,22-28: Unknown stream; The probe "exec" has no stream "startz". Did you mean "starts"?`,
				`probes.hcl:10,9-15: Invalid value; "color" takes one of red, green, not "blue".`,
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := &fake{description: painter}
			_, diags := build(t, test.src, f)
			if diff := cmp.Diff(test.want, texts(diags)); diff != "" {
				t.Errorf("diagnostics (-want +got):\n%s", diff)
			}
			if got, want := len(f.requests) > 0, slices.Contains(asked, name); got != want {
				t.Errorf("the plugin was asked: %v, want %v", got, want)
			}
		})
	}
}
