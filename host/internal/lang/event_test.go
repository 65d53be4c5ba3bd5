package lang

import (
	"encoding/binary"
	"testing"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/probehost/probehost/sdk/expr"
	"github.com/probehost/probehost/sdk/record"
)

// events is a schema with a field of every sort that expressions treat in a way of its own.
var events = &record.Schema{Size: 176, Fields: []record.Field{
	{Name: "time", Kind: record.Uint, Size: 8, Format: record.Time},
	{Name: "latency", Kind: record.Uint, Offset: 8, Size: 8, Format: record.Duration},
	{Name: "size", Kind: record.Uint, Offset: 16, Size: 8, Format: record.ByteSize},
	{Name: "pid", Kind: record.Uint, Offset: 24, Size: 4},
	{Name: "uid", Kind: record.Uint, Offset: 28, Size: 4, Format: record.User},
	{Name: "result", Kind: record.Int, Offset: 32, Size: 4, Format: record.Errno},
	{Name: "code", Kind: record.Uint, Offset: 32, Size: 4, Format: record.Errno},
	{Name: "interface", Kind: record.Uint, Offset: 36, Size: 4, Format: record.Interface},
	{Name: "sport", Kind: record.Uint, Offset: 40, Size: 2, Format: record.Port},
	{Name: "dport", Kind: record.Uint, Offset: 42, Size: 2, Format: record.Port, BigEndian: true},
	{Name: "protocol", Kind: record.Uint, Offset: 44, Size: 1, Format: record.Protocol},
	{Name: "ttl", Kind: record.Uint, Offset: 45, Size: 1},
	{Name: "delta", Kind: record.Int, Offset: 46, Size: 2},
	{Name: "flag", Kind: record.Bool, Offset: 48, Size: 1},
	{Name: "state", Kind: record.Enum, Offset: 49, Size: 1, Signed: true, Values: []record.EnumValue{
		{Name: "IDLE", Value: 0}, {Name: "BUSY", Value: 1}, {Name: "ALL", Value: -1}}},
	{Name: "mode", Kind: record.Uint, Offset: 50, Size: 2, BitOffset: 3, BitSize: 3},
	{Name: "comm", Kind: record.Text, Offset: 52, Size: 16},
	{Name: "parent.comm", Kind: record.Text, Offset: 68, Size: 16},
	{Name: "parent.pid", Kind: record.Uint, Offset: 84, Size: 4},
	{Name: "saddr", Kind: record.Bytes, Offset: 88, Size: 16, Format: record.IP},
	{Name: "daddr", Kind: record.Bytes, Offset: 104, Size: 16, Format: record.IP},
	{Name: "gateway", Kind: record.Bytes, Offset: 120, Size: 4, Format: record.IPv4},
	{Name: "router", Kind: record.Bytes, Offset: 104, Size: 16, Format: record.IPv6},
	{Name: "mac", Kind: record.Bytes, Offset: 124, Size: 6, Format: record.MAC},
	{Name: "cookie", Kind: record.Bytes, Offset: 130, Size: 4},
	{Name: "list", Kind: record.Array, Offset: 136, Size: 16, Elem: 4},
	{Name: "slot[0].id", Kind: record.Uint, Offset: 152, Size: 4},
	{Name: "slot[1].id", Kind: record.Uint, Offset: 156, Size: 4},
	{Name: "offset", Kind: record.Int, Offset: 160, Size: 8},
	{Name: "signal", Kind: record.Uint, Offset: 168, Size: 1, Format: record.Signal},
	{Name: "direction", Kind: record.Enum, Offset: 169, Size: 1, BitOffset: 2, BitSize: 1, Values: []record.EnumValue{
		{Name: "IN", Value: 0}, {Name: "OUT", Value: 1}}},
	{Name: "mask", Kind: record.Enum, Offset: 160, Size: 8, Values: []record.EnumValue{{Name: "LOW", Value: 1}, {Name: "HIGH", Value: -3}}},
	{Name: "tail", Kind: record.Text, Offset: 170},
}}

// eventRecord is an event that failed to connect from 192.168.1.2:40000 to 10.0.0.1:443.
var eventRecord = func() []byte {
	rec := make([]byte, 176)
	binary.LittleEndian.PutUint64(rec[0:], 1_000_000_000)
	binary.LittleEndian.PutUint64(rec[8:], 5_000_000)
	binary.LittleEndian.PutUint64(rec[16:], 1<<20)
	binary.LittleEndian.PutUint32(rec[24:], 1234)
	negative := int32(-111)
	binary.LittleEndian.PutUint32(rec[32:], uint32(negative))
	binary.LittleEndian.PutUint32(rec[36:], 1)
	binary.LittleEndian.PutUint16(rec[40:], 40000)
	binary.BigEndian.PutUint16(rec[42:], 443)
	rec[44], rec[45], rec[46], rec[47] = 6, 64, 0xfb, 0xff // tcp, ttl 64, delta -5
	rec[48], rec[49], rec[50] = 1, 1, 5<<3                 // flag, BUSY, mode 5
	copy(rec[52:], "sh")
	copy(rec[68:], "sixteen letters!")
	binary.LittleEndian.PutUint32(rec[84:], 1)
	copy(rec[98:], "\xff\xff\xc0\xa8\x01\x02")
	copy(rec[114:], "\xff\xff\x0a\x00\x00\x01")
	copy(rec[120:], "\x0a\x00\x00\x01")
	copy(rec[124:], "\x02\x00\x5e\x10\x00\x01")
	copy(rec[130:], "\xde\xad\xbe\xef")
	rec[136] = 7
	rec[156] = 9
	offset := int64(-3)
	binary.LittleEndian.PutUint64(rec[160:], uint64(offset))
	rec[168], rec[169] = 9, 1<<2 // SIGKILL, OUT
	copy(rec[170:], "/tmp/x")
	return rec
}()

func parse(t *testing.T, source string) hclsyntax.Expression {
	t.Helper()
	e, diags := hclsyntax.ParseExpression([]byte(source), "probes.hcl", hcl.InitialPos)
	if diags.HasErrors() {
		t.Fatalf("%s: %v", source, diags)
	}
	return e
}

func TestPredicate(t *testing.T) {
	if err := events.Validate(); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PORT", "443")
	tests := map[string]bool{
		`event.pid == 1234`:                                     true,
		`1234 == event.pid`:                                     true,
		`event.pid != 1234`:                                     false,
		`event.pid > 1000 && event.pid<2000`:                    true,
		`1000 < event.pid`:                                      true,
		`1234 >= event.pid`:                                     true,
		`event.dport == 443`:                                    true,
		`event.delta == -5`:                                     true,
		`event.delta < 0`:                                       true,
		`-event.delta == 5`:                                     true,
		`event.delta < event.ttl`:                               true, // signed with unsigned
		`event.offset < event.size`:                             true,
		`event.mode == 5`:                                       true,
		`event.sport - event.dport == 39557`:                    true,
		`event.dport - event.sport < 0`:                         true,
		`(event.pid + 6) / 10 * 2 == 248`:                       true,
		`event.pid / 1000 == 1`:                                 true, // whole numbers
		`event.pid % 100 == 34`:                                 true,
		`event.flag`:                                            true,
		`!event.flag`:                                           false,
		`event.flag == true`:                                    true,
		`event.flag != true`:                                    false,
		`event.flag == (event.pid == 1234)`:                     true,
		`event.comm == "sh"`:                                    true,
		`"sh" != event.comm`:                                    false,
		`event.comm == "s"`:                                     false,
		`event.comm == ""`:                                      false,
		`"${event.comm}" == "sh"`:                               true,
		`event.parent.comm == "sixteen letters!"`:               true,
		`event.parent.pid == 1`:                                 true,
		`event["pid"] == 1234`:                                  true,
		`event.slot[1].id == 9`:                                 true,
		`event.tail == "/tmp/x"`:                                true,
		`startswith(event.tail, "/tmp/")`:                       true,
		`endswith(event.comm, "h")`:                             true,
		`strcontains(event.parent.comm, "een")`:                 true,
		`strcontains("bash sh zsh", event.comm)`:                true,
		`startswith(event.tail, event.comm)`:                    false,
		`startswith(event.pid, "12")`:                           true,
		`startswith(event.pid, 12)`:                             true,
		`startswith(event.daddr, "10.")`:                        true,
		`startswith(event.interface, "l")`:                      true,
		`event.comm == "sh" || startswith(event.tail, "/tmp/")`: true,
		`event.comm == "zsh" || event.comm == "ksh" || event.pid == 1 || event.ttl == 64`: true,
		`event.comm == "sh" && (event.pid == 1 || event.ttl == 64) && !(event.ttl > 64)`:  true,
		`event.pid == 1 ? event.flag : event.ttl == 64`:                                   true,
		`(event.flag ? event.pid : 5) == 1234`:                                            true,
		`(event.flag ? 5 : event.delta) == 5`:                                             true,
		`(event.flag ? event.delta : event.ttl) == -5`:                                    true,
		`(event.flag ? event.ttl : event.delta) == 64`:                                    true,
		`(event.flag ? "yes" : "no") == "yes"`:                                            true,
		`(event.flag ? event.comm : "no") == "sh"`:                                        true,
		`(event.flag ? event.gateway : "10.0.0.2") == event.gateway`:                      true,
		`(event.flag ? 1 : 2) == 1`:                                                       true,
		`(true ? event.pid : event.ttl) == 1234`:                                          true,
		`event.protocol == "tcp"`:                                                         true,
		`event.protocol == "TCP"`:                                                         true,
		`event.protocol == proto.tcp`:                                                     true,
		`event.protocol != proto.udp`:                                                     true,
		`event.protocol == "udp"`:                                                         false,
		`event.result == "ECONNREFUSED"`:                                                  true,
		`event.result != "ECONNREFUSED"`:                                                  false,
		`event.result != "EPERM"`:                                                         true,
		`event.result == -111`:                                                            true,
		`event.code == "ECONNREFUSED"`:                                                    true, // stored unsigned
		`event.signal == "SIGKILL"`:                                                       true,
		`event.uid == "root"`:                                                             true,
		`event.uid == 0`:                                                                  true,
		`event.interface == "lo"`:                                                         true,
		`event.interface != "lo"`:                                                         false,
		`event.interface == "does-not-exist"`:                                             false,
		`event.state == "BUSY"`:                                                           true,
		`event.state != "ALL"`:                                                            true,
		`event.state == 1`:                                                                true,
		`event.state < 2`:                                                                 true,
		`event.state < 0`:                                                                 false,
		`event.direction == "OUT"`:                                                        true,
		`event.direction == 1`:                                                            true, // one bit, unsigned
		`event.direction > 0`:                                                             true,
		`event.mask == "HIGH"`:                                                            true,
		`event.mask == 18446744073709551613`:                                              true,
		`event.mask > 9223372036854775807`:                                                true,
		`event.mask > event.offset`:                                                       true, // the same bits, signed
		`event.daddr == "10.0.0.1"`:                                                       true,
		`event.daddr == "::ffff:10.0.0.1"`:                                                true,
		`event.daddr != "10.0.0.2"`:                                                       true,
		`event.router == "::ffff:10.0.0.1"`:                                               true,
		`event.gateway == "10.0.0.1"`:                                                     true,
		`event.daddr == event.saddr`:                                                      false,
		`event.mac == "02:00:5e:10:00:01"`:                                                true,
		`event.mac == "02-00-5E-10-00-01"`:                                                true,
		`event.cookie == "deadbeef"`:                                                      true,
		`event.latency == "5ms"`:                                                          true,
		`event.latency >= "1s"`:                                                           false,
		`event.latency < 1000`:                                                            false,
		`event.size == "1MiB"`:                                                            true,
		`event.size > "1.5 MB"`:                                                           false,
		`event.size == 1024 * 1024`:                                                       true,
		`event.dport == 0 + env("PORT")`:                                                  true,
		`env("NO_SUCH_VARIABLE_HERE", "yes") == "yes"`:                                    true,
		`false && event.flag`:                                                             false,
		`event.flag || true`:                                                              true,
		`event.flag && true`:                                                              true,
		`false || event.flag`:                                                             true,
		`true`:                                                                            true,
		`1 + 1 == 3`:                                                                      false,
		`lower("SH") == event.comm`:                                                       true,
		`event.comm == format("%s%s", "s", "h")`:                                          true,
		`event.offset == -3 && event.offset != 18446744073709551613 - 18446744073709551616 + 4`: true,
	}
	ctx := Context(nil)
	for source, want := range tests {
		t.Run(source, func(t *testing.T) {
			n, diags := Predicate(parse(t, source), events, ctx)
			if len(diags) > 0 {
				t.Fatal(diags)
			}
			p, err := expr.NewPredicate(n, events)
			if err != nil {
				t.Fatal(err)
			}
			if got := p.Match(eventRecord); got != want {
				t.Errorf("%s is %t", source, got)
			}
		})
	}
}

func TestTemplate(t *testing.T) {
	tests := map[string]string{
		`"${event.comm} (pid ${event.pid}) ran"`:  "sh (pid 1234) ran",
		`"${event.daddr}:${event.dport}"`:         "10.0.0.1:443",
		`"${event.comm}"`:                         "sh",
		`event.comm`:                              "sh",
		`event.latency`:                           "5ms",
		`event.time`:                              "2001-09-09T01:46:41.000000000Z",
		`event.list`:                              "[7,0,0,0]",
		`event.pid + 1`:                           "1235",
		`event.delta - 1`:                         "-6",
		`event.pid > 5`:                           "true",
		`"just text"`:                             "just text",
		`"a${1 + 1}b${event.pid}c${upper("d")}e"`: "a2b1234cDe",
		`event.flag ? event.size : "none"`:        "1 MiB",
		`"${event.uid == 0 ? "root" : event.uid} was it"`:            "root was it",
		`"%{ if event.flag }on ${event.pid}%{ else }off%{ endif }!"`: "on 1234!",
		`"${event.result} ${event.protocol} ${event.state}"`:         "ECONNREFUSED tcp BUSY",
		`"${event.direction} ${event.mask} ${event.mask + 0}"`:       "OUT HIGH 18446744073709551613",
		`"${"${event.pid}"}${"${"${event.ttl}"}"}"`:                  "123464",
		`"${(event.flag ? "a" : "b")}"`:                              "a",
		`""`:                                                         "",
		`"$${event.pid}"`:                                            "${event.pid}",
		`5`:                                                          "5",
	}
	clock := &record.Clock{Monotonic: 1_000_000_000_000_000_000}
	for source, want := range tests {
		t.Run(source, func(t *testing.T) {
			n, diags := Template(parse(t, source), events, Context(nil))
			if len(diags) > 0 {
				t.Fatal(diags)
			}
			tmpl, err := expr.NewTemplate(n, events)
			if err != nil {
				t.Fatal(err)
			}
			if got := string(tmpl.Append(nil, eventRecord, clock)); got != want {
				t.Errorf("rendered %q, want %q", got, want)
			}
		})
	}
}

// TestTreeIsFlat checks that long chains, which HCL nests to the left, do not hit the bound on depth.
func TestTreeIsFlat(t *testing.T) {
	source := `event.pid == 0`
	for range 500 {
		source += ` || event.pid == 1234`
	}
	n, diags := Predicate(parse(t, source), events, Context(nil))
	if len(diags) > 0 {
		t.Fatal(diags)
	}
	if n.Op != expr.Or || len(n.Args) != 501 {
		t.Errorf("the root is %s with %d arguments", n.Op, len(n.Args))
	}
}
