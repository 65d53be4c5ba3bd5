package record

import (
	"encoding/json"
	"testing"
)

// TestRender has one case for each format and for each way that a value can be odd.
func TestRender(t *testing.T) {
	clock := &Clock{Monotonic: 1_700_000_000_000_000_000, Boot: 1_600_000_000_000_000_000}
	colors := []EnumValue{{"RED", 0}, {"GREEN", 1}, {"DARK", -1}, {"BLUE", 7}}
	const mapped = "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\xff\xff\x0a\x00\x00\x01"
	const six = "\x20\x01\x0d\xb8\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01"
	tests := map[string]struct {
		field      Field
		rec        string
		text, json string
	}{
		"bool":                  {Field{Kind: Bool, Size: 1}, "\x02", `true`, `true`},
		"bool false":            {Field{Kind: Bool, Size: 1}, "\x00", `false`, `false`},
		"int":                   {Field{Kind: Int, Size: 2}, "\xfe\xff", `-2`, `-2`},
		"u64 above 2^53":        {Field{Kind: Uint, Size: 8}, "\xff\xff\xff\xff\xff\xff\xff\xff", `18446744073709551615`, `18446744073709551615`},
		"hex":                   {Field{Kind: Uint, Size: 2, Format: Hex}, "\x1f\x0a", `0xa1f`, `"0xa1f"`},
		"hex of a negative":     {Field{Kind: Int, Size: 2, Format: Hex}, "\xfe\xff", `0xfffe`, `"0xfffe"`},
		"port":                  {Field{Kind: Uint, Size: 2, Format: Port, BigEndian: true}, "\x01\xbb", `443`, `443`},
		"protocol":              {Field{Kind: Uint, Size: 1, Format: Protocol}, "\x11", `udp`, `"udp"`},
		"protocol without name": {Field{Kind: Uint, Size: 1, Format: Protocol}, "\xc8", `200`, `200`},
		"category of packets":   {Field{Kind: Uint, Size: 2, Format: Protocol}, "\x01\x01", `non_ip`, `"non_ip"`},
		"ethertype":             {Field{Kind: Uint, Size: 2, Format: EtherType, BigEndian: true}, "\x86\xdd", `ipv6`, `"ipv6"`},
		"errno":                 {Field{Kind: Int, Size: 4, Format: Errno}, "\x6f\x00\x00\x00", `ECONNREFUSED`, `"ECONNREFUSED"`},
		"errno negative":        {Field{Kind: Int, Size: 4, Format: Errno}, "\x91\xff\xff\xff", `ECONNREFUSED`, `"ECONNREFUSED"`},
		"errno in unsigned":     {Field{Kind: Uint, Size: 4, Format: Errno}, "\x91\xff\xff\xff", `ECONNREFUSED`, `"ECONNREFUSED"`},
		"no error":              {Field{Kind: Int, Size: 4, Format: Errno}, "\x00\x00\x00\x00", `0`, `0`},
		"least errno":           {Field{Kind: Int, Size: 8, Format: Errno}, "\x00\x00\x00\x00\x00\x00\x00\x80", `-9223372036854775808`, `-9223372036854775808`},
		"signal":                {Field{Kind: Uint, Size: 4, Format: Signal}, "\x09\x00\x00\x00", `SIGKILL`, `"SIGKILL"`},
		"family":                {Field{Kind: Uint, Size: 2, Format: Family}, "\x0a\x00", `inet6`, `"inet6"`},
		"tcp state":             {Field{Kind: Uint, Size: 1, Format: TCPState}, "\x01", `ESTABLISHED`, `"ESTABLISHED"`},
		"root":                  {Field{Kind: Uint, Size: 4, Format: User}, "\x00\x00\x00\x00", `root`, `"root"`},
		"root group":            {Field{Kind: Uint, Size: 4, Format: Group}, "\x00\x00\x00\x00", `root`, `"root"`},
		"nobody's id":           {Field{Kind: Uint, Size: 4, Format: User}, "\xf0\xff\xff\xff", `4294967280`, `4294967280`},
		"loopback":              {Field{Kind: Uint, Size: 4, Format: Interface}, "\x01\x00\x00\x00", `lo`, `"lo"`},
		"no interface":          {Field{Kind: Uint, Size: 4, Format: Interface}, "\xff\xff\xff\x7f", `2147483647`, `2147483647`},
		"time":                  {Field{Kind: Uint, Size: 8, Format: Time}, "\x07\x00\x00\x00\x00\x00\x00\x00", `2023-11-14T22:13:20.000000007Z`, `"2023-11-14T22:13:20.000000007Z"`},
		"boot time":             {Field{Kind: Uint, Size: 8, Format: BootTime}, "\x00\x00\x00\x00\x00\x00\x00\x00", `2020-09-13T12:26:40.000000000Z`, `"2020-09-13T12:26:40.000000000Z"`},
		"duration":              {Field{Kind: Uint, Size: 4, Format: Duration}, "\x60\xe3\x16\x00", `1.5ms`, `1500000`},
		"negative duration":     {Field{Kind: Int, Size: 4, Format: Duration}, "\x18\xfc\xff\xff", `-1us`, `-1000`},
		"size":                  {Field{Kind: Uint, Size: 4, Format: ByteSize}, "\xcd\x04\x00\x00", `1.2 KiB`, `1229`},
		"negative size":         {Field{Kind: Int, Size: 2, Format: ByteSize}, "\xff\xff", `-1 B`, `-1`},
		"cgroup":                {Field{Kind: Uint, Size: 1, Format: Cgroup}, "\x21", `33`, `33`},
		"enum":                  {Field{Kind: Enum, Size: 4, Values: colors}, "\x01\x00\x00\x00", `GREEN`, `"GREEN"`},
		"enum out of order":     {Field{Kind: Enum, Size: 1, Values: colors}, "\x07", `BLUE`, `"BLUE"`},
		"enum negative":         {Field{Kind: Enum, Size: 1, Signed: true, Values: colors}, "\xff", `DARK`, `"DARK"`},
		"enum of one bit":       {Field{Kind: Enum, Size: 1, BitSize: 1, Values: colors}, "\xff", `GREEN`, `"GREEN"`},
		"enum unsigned":         {Field{Kind: Enum, Size: 8}, "\xff\xff\xff\xff\xff\xff\xff\xff", `18446744073709551615`, `18446744073709551615`},
		"enum without name":     {Field{Kind: Enum, Size: 1, Values: colors}, "\x02", `2`, `2`},
		"enum with a format":    {Field{Kind: Enum, Size: 1, Values: colors, Format: TCPState}, "\x0a", `LISTEN`, `"LISTEN"`},
		"text":                  {Field{Kind: Text, Size: 4}, "sh\x00x", `sh`, `"sh"`},
		"text with spaces":      {Field{Kind: Text, Size: 4}, "a b\x00", `a b`, `"a b"`},
		"text with an escape":   {Field{Kind: Text, Size: 4}, "\x1b[2J", `"\x1b[2J"`, `"\u001b[2J"`},
		"text with quotes":      {Field{Kind: Text, Size: 4}, `"a\b`, `"\"a\\b"`, `"\"a\\b"`},
		"text with a newline":   {Field{Kind: Text, Size: 4}, "a\n\tb", `"a\n\tb"`, `"a\n\tb"`},
		"text of UTF-8":         {Field{Kind: Text, Size: 4}, "gr\xc3\xbc", `grü`, `"grü"`},
		"text not UTF-8":        {Field{Kind: Text, Size: 4}, "gr\xfc!", `"gr\xfc!"`, `"gr\ufffd!"`},
		"text cut in a rune":    {Field{Kind: Text, Size: 3}, "gr\xc3", `"gr\xc3"`, `"gr\ufffd"`},
		"text turning around":   {Field{Kind: Text, Size: 4}, "a\xe2\x80\xae", `"a\u202e"`, `"a\u202e"`},
		"text of a C1 control":  {Field{Kind: Text, Size: 4}, "\xc2\x9b2J", `"\u009b2J"`, `"\u009b2J"`},
		"text beyond 16 bits":   {Field{Kind: Text, Size: 5}, "\xf3\xa0\x80\x81!", `"\U000e0001!"`, `"\udb40\udc01!"`},
		"text empty":            {Field{Kind: Text, Size: 4}, "\x00\x00\x00\x00", ``, `""`},
		"bytes":                 {Field{Kind: Bytes, Size: 3}, "\x00\xab\x10", `00ab10`, `"00ab10"`},
		"ipv4":                  {Field{Kind: Bytes, Size: 4, Format: IPv4}, "\x0a\x00\x00\x01", `10.0.0.1`, `"10.0.0.1"`},
		"ipv6":                  {Field{Kind: Bytes, Size: 16, Format: IPv6}, six, `2001:db8::1`, `"2001:db8::1"`},
		"ipv6 mapped":           {Field{Kind: Bytes, Size: 16, Format: IPv6}, mapped, `::ffff:10.0.0.1`, `"::ffff:10.0.0.1"`},
		"ip of version 4":       {Field{Kind: Bytes, Size: 16, Format: IP}, mapped, `10.0.0.1`, `"10.0.0.1"`},
		"ip of version 6":       {Field{Kind: Bytes, Size: 16, Format: IP}, six, `2001:db8::1`, `"2001:db8::1"`},
		"mac":                   {Field{Kind: Bytes, Size: 6, Format: MAC}, "\x02\x00\x5e\x10\x00\x01", `02:00:5e:10:00:01`, `"02:00:5e:10:00:01"`},
		"array":                 {Field{Kind: Array, Size: 4, Elem: 2, Signed: true}, "\x01\x00\xff\xff", `[1,-1]`, `[1,-1]`},
		"array of names":        {Field{Kind: Array, Size: 2, Elem: 1, Format: Protocol}, "\x06\x11", `[tcp,udp]`, `["tcp","udp"]`},
		"array without end":     {Field{Kind: Array, Elem: 4, BigEndian: true}, "\x00\x00\x00\x01\x00", `[1]`, `[1]`},
		"too short":             {Field{Kind: Uint, Size: 8}, "\x01", ``, `null`},
		"too short for a text":  {Field{Kind: Text, Offset: 1, Size: 8}, "\x01", ``, `null`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			test.field.Name = "f"
			s := Schema{Fields: []Field{test.field}, Size: test.field.Offset + test.field.Size}
			if err := s.Validate(); err != nil {
				t.Fatal(err)
			}
			f, rec := &s.Fields[0], []byte(test.rec)
			if got := string(f.AppendText(nil, rec, clock)); got != test.text {
				t.Errorf("text is %s, want %s", got, test.text)
			}
			got := string(f.AppendJSON(nil, rec, clock))
			if got != test.json {
				t.Errorf("JSON is %s, want %s", got, test.json)
			}
			if !json.Valid([]byte(got)) {
				t.Errorf("%s is not JSON", got)
			}
		})
	}
}

func TestRenderWithoutClock(t *testing.T) {
	f := Field{Kind: Uint, Size: 1, Format: Time}
	if got := string(f.AppendText(nil, []byte{9}, nil)); got != "9" {
		t.Errorf("text is %s, want the number", got)
	}
	if got := string(f.AppendJSON(nil, []byte{9}, nil)); got != "9" {
		t.Errorf("JSON is %s, want the number", got)
	}
}

func TestRenderRecord(t *testing.T) {
	s := &Schema{Size: 20, Fields: []Field{
		{Name: "pid", Kind: Uint, Size: 4},
		{Name: "comm", Kind: Text, Offset: 4, Size: 8},
		{Name: "empty", Kind: Text, Offset: 4, Size: 0},
		{Name: "net.size", Kind: Uint, Offset: 12, Size: 2, Format: ByteSize},
		{Name: "late", Kind: Uint, Offset: 16, Size: 4},
	}}
	if err := s.Validate(); err != nil {
		t.Fatal(err)
	}
	rec := []byte("\x07\x00\x00\x00a =\x00\x00\x00\x00\x00\x00\x06\x00\x00")
	wantText := `pid=7 comm="a =" empty="a =" net.size=1.5KiB late=`
	if got := string(s.AppendText(nil, rec, nil)); got != wantText {
		t.Errorf("text is %s, want %s", got, wantText)
	}
	wantJSON := `{"pid":7,"comm":"a =","empty":"a =","net.size":1536,"late":null}`
	if got := string(s.AppendJSON(nil, rec, nil)); got != wantJSON {
		t.Errorf("JSON is %s, want %s", got, wantJSON)
	}
}
