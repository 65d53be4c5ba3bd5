package lang

import (
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"
)

// TestPredicateErrors checks what is said, and that the range is that of the culprit: the part of the source between « and ».
func TestPredicateErrors(t *testing.T) {
	tests := map[string]struct{ source, want string }{
		"unknown field":          {`event.«dprot» == 1`, `no field "dprot". Did you mean "dport"?`},
		"unknown nested field":   {`event.«parent.com» == "x"`, `Did you mean "parent.comm"?`},
		"very unknown field":     {`event.«nothing_like_it» == 1`, `The fields are code, comm,`},
		"struct":                 {`«event.parent» == 1`, `name one of its fields: event.parent.comm, event.parent.pid`},
		"array of structs":       {`«event.slot» == 1`, `event.slot[0].id, event.slot[1].id`},
		"element too far":        {`event.«slot[2].id» == 1`, `no field "slot[2].id"`},
		"no field":               {`«event» == 1`, `Name a field of the event, as in event.time.`},
		"field of a field":       {`«event.pid.x» == 1`, `event.pid is a number (u32) and has no fields of its own`},
		"element of an array":    {`«event.list[0]» == 1`, `cannot be read in an expression yet`},
		"forgotten event":        {`«comm» == "sh"`, `There is no variable "comm". Fields of the event are named as in event.comm.`},
		"forgotten event inside": {`event.flag && «parent.pid» == 1`, `event.parent.comm`},
		"unknown variable":       {`event.pid == «nobody»`, `Write text in quotes: "nobody"`},
		"unknown constant":       {`event.protocol == proto.«tpc»`, `There is no proto.tpc. Did you mean "tcp"?`},
		"very unknown constant":  {`event.protocol == proto.«nothing_like_it» + 1`, `There is no proto.nothing_like_it. The constants are`},

		"not a condition":        {`«event.pid»`, `event.pid is a number (u32). Compare it`},
		"text as condition":      {`event.flag && «event.comm»`, `event.comm is text of at most 16 bytes`},
		"constant as condition":  {`event.flag && «"yes"»`, `this is a string`},
		"sum as condition":       {`!(«event.pid + 1»)`, `this is a number`},
		"text with number":       {`event.comm == «5»`, `event.comm is text of at most 16 bytes; it does not go with a number`},
		"number with text":       {`event.pid == «"5"»`, `event.pid is a number (u32); it cannot be compared with a string`},
		"port with text":         {`event.dport == «"https"»`, `event.dport is a port (u16)`},
		"number with bool":       {`event.pid == «true»`, `it cannot be compared with a bool`},
		"bool with number":       {`event.flag == «1»`, `event.flag is a bool; it does not go with a number`},
		"number with list":       {`event.pid == «[1, 2]»`, `it cannot be compared with a list`},
		"null":                   {`event.pid == «null»`, `null or not known`},
		"two sorts of fields":    {`«event.pid == event.comm»`, `event.pid is a number (u32) and event.comm is text`},
		"two sorts of addresses": {`«event.daddr == event.gateway»`, `event.daddr is an IP address and event.gateway is an IPv4 address`},
		"array":                  {`«event.list» == event.list`, `arrays cannot be compared yet`},
		"order of texts":         {`«event.comm» > "a"`, `Only numbers are less or greater`},
		"sum of texts":           {`event.pid + «event.comm» > 1`, `Only numbers can be calculated with, but event.comm is text`},
		"sum with a string":      {`event.pid + «"x"» > 1`, `this is a string`},
		"minus text":             {`-«event.comm» == 1`, `Only numbers can be calculated with`},
		"division by zero":       {`event.pid / «0» == 1`, `divides by zero`},
		"fraction":               {`event.pid > «1.5»`, `whole, and 1.5 is not`},

		"u8 out of range":       {`event.ttl == «300»`, `event.ttl is a number (u8), so it is between 0 and 255: it is never 300`},
		"negative unsigned":     {`event.uid == «-1»`, `event.uid is a user (u32), so it is between 0 and 4294967295: it is never -1`},
		"s16 out of range":      {`«40000» != event.delta`, `between -32768 and 32767`},
		"bits out of range":     {`event.mode == «8»`, `(u3), so it is between 0 and 7`},
		"s64 out of range":      {`event.offset == «9223372036854775808»`, `never 9223372036854775808`},
		"huge":                  {`event.offset == «1e300»`, `never a number this large`},
		"huge in a sum":         {`event.offset + «1e30» == 1`, `64 bits`},
		"long text":             {`event.comm == «"seventeen letters"»`, `text of at most 16 bytes, and this string has 17`},
		"long prefix":           {`startswith(event.comm, «"seventeen letters"»)`, `this string has 17`},
		"NUL":                   {`event.comm == «"a\u0000"»`, `before its first NUL`},
		"unknown protocol":      {`event.protocol == «"udpp"»`, `event.protocol is an IP protocol (u8), and "udpp" is not the name of one. Did you mean "udp"?`},
		"swapped letters":       {`event.protocol == «"tpc"»`, `Did you mean "tcp"?`},
		"the common of several": {`event.protocol == «"upp"»`, `Did you mean "udp"?`},
		"protocol out of size":  {`event.protocol == «"arp"»`, `"arp" is 256, which does not fit it`},
		"unknown errno":         {`event.result == «"ECONREFUSED"»`, `Did you mean "ECONNREFUSED"?`},
		"unknown user":          {`event.uid == «"no-such-user"»`, `not the name of one`},
		"unknown enum value":    {`event.state == «"BUZY"»`, `event.state is an enum (8 bits), and "BUZY" is not the name of one. Did you mean "BUSY"?`},
		"order of names":        {`event.protocol > «"tcp"»`, `Names can only be equal or not`},
		"order of enum":         {`event.state > «"IDLE"»`, `Names can only be equal or not`},
		"enum out of range":     {`event.state == «255»`, `between -128 and 127`},
		"bit out of range":      {`event.direction == «-1»`, `between 0 and 1`},
		"invalid address":       {`event.daddr == «"10.0.0.300"»`, `event.daddr is an IP address, and "10.0.0.300" is not one`},
		"version of address":    {`event.gateway == «"::1"»`, `event.gateway is an IPv4 address, and "::1" is not one`},
		"IPv4 for IPv6":         {`event.router == «"10.0.0.1"»`, `event.router is an IPv6 address`},
		"zone":                  {`event.daddr == «"fe80::1%eth0"»`, `is not one`},
		"network":               {`event.daddr == «"10.0.0.0/8"»`, `Networks cannot be compared yet`},
		"address with number":   {`event.daddr == «1»`, `it does not go with a number`},
		"invalid MAC":           {`event.mac == «"02:00"»`, `write it as in "02:00:5e:10:00:01"`},
		"invalid bytes":         {`event.cookie == «"dead"»`, `event.cookie is 4 raw bytes`},
		"invalid duration":      {`event.latency > «"5 parsecs"»`, `event.latency is a duration in nanoseconds (u64), and "5 parsecs" is not one`},
		"negative duration":     {`event.latency == «"-5ms"»`, `between 0 and 18446744073709551615`},
		"invalid size":          {`event.size > «"big"»`, `event.size is a size in bytes (u64): "big" is not a size`},
		"time with text":        {`event.time > «"2026-01-01T00:00:00Z"»`, `times cannot be compared with text yet`},

		"for":                    {`«[for x in event.list : x]» == 1`, `A for expression cannot be evaluated over an event`},
		"splat":                  {`«event.list[*].x» == 1`, `splat`},
		"index":                  {`«event.list[event.pid]» == 1`, `An index cannot be evaluated`},
		"list":                   {`«[event.pid]» == 1`, `A list or an object with parts of an event`},
		"text of parts":          {`«"${event.comm}!"» == "sh!"`, `can be shown, but not compared`},
		"constant function":      {`«lower»(event.comm) == "sh"`, `works on constants, not on parts of an event`},
		"unknown function":       {`«startwith»(event.comm, "a")`, `Did you mean "startswith"?`},
		"one argument":           {`«startswith(event.comm)»`, `takes two arguments`},
		"expanded arguments":     {`startswith(event.comm, «event.list»...)`, `cannot be expanded`},
		"array as text":          {`startswith(«event.list», "a")`, `event.list is an array of numbers`},
		"time as text":           {`startswith(«event.time», "2026")`, `not text in a condition`},
		"list as text":           {`startswith(event.comm, «["a"]»)`, `which cannot be made text`},
		"branches that differ":   {`(«event.flag ? event.pid : event.comm») == 1`, `must be of one type`},
		"constants that differ":  {`(«event.flag ? 1 : "a"») == 1`, `a number and a string`},
		"address in a branch":    {`(event.flag ? event.daddr : «1») == event.daddr`, `does not go with a number`},
		"signed and huge":        {`(event.flag ? event.offset : «event.size») == 1`, `unsigned number of 64 bits`},
		"huge and negative":      {`(«event.flag ? 18446744073709551615 : -1») == 1`, `do not fit one type`},
		"text beside an address": {`(event.flag ? event.daddr : event.saddr) == «"10.0.0.1"»`, `Only a field itself`},
		"missing variable":       {`event.comm == env("«PROBEHOST_NOT_SET»")`, `the environment variable "PROBEHOST_NOT_SET" is not set`},
		"deep sum":               {strings.Repeat("(1+", 99) + "«event.pid»" + strings.Repeat(")", 99) + " == 1", `can be nested 100 deep`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			source, want := marked(t, test.source)
			n, diags := Predicate(parse(t, source), events, Context(nil))
			if n != nil {
				t.Error("there is a tree besides errors")
			}
			checkDiagnostic(t, diags, hcl.DiagError, source, want, test.want)
		})
	}
}

func TestTemplateErrors(t *testing.T) {
	tests := map[string]struct{ source, want string }{
		"unknown field":   {`"${event.comm} and ${event.«pidd»}"`, `Did you mean "pid"?`},
		"null":            {`"a${«null»}b${event.pid}"`, `null or not known`},
		"list":            {`"a${«[1]»}b${event.pid}"`, `cannot be made text`},
		"huge":            {`"${event.pid}${«1e90220010»}"`, `too large to be written out`},
		"for":             {`"«%{ for x in event.list }a%{ endfor }»"`, `A for expression`},
		"condition":       {`"${«event.pid» ? "a" : "b"}"`, `A condition is true or false`},
		"lone expression": {`«event»`, `Name a field`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			source, want := marked(t, test.source)
			n, diags := Template(parse(t, source), events, Context(nil))
			if n != nil {
				t.Error("there is a tree besides errors")
			}
			checkDiagnostic(t, diags, hcl.DiagError, source, want, test.want)
		})
	}
}

func TestPredicateWarnings(t *testing.T) {
	tests := map[string]struct {
		source, want string
		always       bool
	}{
		"less than too much":    {`event.ttl < «300»`, `between 0 and 255: this comparison with 300 is always true`, true},
		"more than too much":    {`«300» < event.ttl`, `this comparison with 300 is always false`, false},
		"more than negative":    {`event.pid > «-1»`, `this comparison with -1 is always true`, true},
		"at most negative":      {`event.pid <= «-1»`, `is always false`, false},
		"at least far too much": {`event.offset >= «1e300»`, `this comparison with a number this large is always false`, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			source, want := marked(t, test.source)
			n, diags := Predicate(parse(t, source), events, Context(nil))
			checkDiagnostic(t, diags, hcl.DiagWarning, source, want, test.want)
			if n == nil || n.Bool != test.always {
				t.Errorf("the tree is %+v, want the constant %t", n, test.always)
			}
		})
	}
}

// TestAllErrorsAtOnce checks that one error does not hide another.
func TestAllErrorsAtOnce(t *testing.T) {
	_, diags := Predicate(parse(t, `event.a == 1 && (event.b == 2 || !event.pid) && event.ttl == 300 && event.comm > 1`), events, Context(nil))
	if len(diags) != 5 {
		t.Errorf("%d diagnostics: %v", len(diags), diags)
	}
}

func TestJSONIsRefused(t *testing.T) {
	_, diags := Predicate(hcl.StaticExpr(cty.True, hcl.Range{Filename: "probes.hcl"}), events, Context(nil))
	if len(diags) != 1 || !strings.Contains(diags[0].Detail, "not in JSON") {
		t.Errorf("the diagnostics are %v", diags)
	}
}

// marked takes the marks out of a source, and returns what was between them.
func marked(t *testing.T, source string) (plain, culprit string) {
	t.Helper()
	before, rest, ok := strings.Cut(source, "«")
	culprit, after, closed := strings.Cut(rest, "»")
	if !ok || !closed {
		t.Fatalf("%s: no marks", source)
	}
	return before + culprit + after, culprit
}

func checkDiagnostic(t *testing.T, diags hcl.Diagnostics, severity hcl.DiagnosticSeverity, source, culprit, want string) {
	t.Helper()
	if len(diags) != 1 {
		t.Fatalf("%d diagnostics, want 1: %v", len(diags), diags)
	}
	d := diags[0]
	if d.Severity != severity {
		t.Errorf("the severity is %d", d.Severity)
	}
	if !strings.Contains(d.Detail, want) {
		t.Errorf("the detail is %q, want %q in it", d.Detail, want)
	}
	if d.Subject == nil {
		t.Fatal("there is no range")
	}
	if got := string(d.Subject.SliceBytes([]byte(source))); got != culprit {
		t.Errorf("the range is that of %s, want %s", got, culprit)
	}
}
