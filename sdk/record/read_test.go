package record

import (
	"testing"
	"time"
)

// counting is a record whose byte i is i, with the top bit set from 0x40 on.
func counting(n int) []byte {
	rec := make([]byte, n)
	for i := range rec {
		rec[i] = byte(i)
		if i >= 0x40 {
			rec[i] |= 0x80
		}
	}
	return rec
}

func TestNumbers(t *testing.T) {
	rec := counting(0x60)
	tests := map[string]struct {
		field Field
		want  uint64
	}{
		"u8":                    {Field{Kind: Uint, Offset: 3, Size: 1}, 3},
		"u16":                   {Field{Kind: Uint, Offset: 3, Size: 2}, 0x0403},
		"u16 big-endian":        {Field{Kind: Uint, Offset: 3, Size: 2, BigEndian: true}, 0x0304},
		"u32":                   {Field{Kind: Uint, Offset: 3, Size: 4}, 0x06050403},
		"u32 big-endian":        {Field{Kind: Uint, Offset: 3, Size: 4, BigEndian: true}, 0x03040506},
		"u64":                   {Field{Kind: Uint, Offset: 1, Size: 8}, 0x0807060504030201},
		"u64 big-endian":        {Field{Kind: Uint, Offset: 1, Size: 8, BigEndian: true}, 0x0102030405060708},
		"s8 negative":           {Field{Kind: Int, Offset: 0x40, Size: 1}, 0xffffffffffffffc0},
		"s16 negative":          {Field{Kind: Int, Offset: 0x3f, Size: 2}, 0xffffffffffffc03f},
		"s32 positive":          {Field{Kind: Int, Offset: 0x3d, Size: 4, BigEndian: true}, 0x3d3e3fc0},
		"s64 negative":          {Field{Kind: Int, Offset: 0x40, Size: 8}, 0xc7c6c5c4c3c2c1c0},
		"unsigned keeps top":    {Field{Kind: Uint, Offset: 0x40, Size: 4}, 0xc3c2c1c0},
		"enum":                  {Field{Kind: Enum, Offset: 0x40, Size: 1}, 0xc0},
		"enum signed":           {Field{Kind: Enum, Offset: 0x40, Size: 1, Signed: true}, 0xffffffffffffffc0},
		"enum of one bit":       {Field{Kind: Enum, Offset: 1, Size: 1, BitSize: 1}, 1},
		"bits":                  {Field{Kind: Uint, Offset: 0x45, Size: 1, BitOffset: 2, BitSize: 5}, 0b10001},
		"bits across bytes":     {Field{Kind: Uint, Offset: 0x45, Size: 2, BitOffset: 6, BitSize: 4}, 0b1011},
		"signed bits":           {Field{Kind: Int, Offset: 0x45, Size: 1, BitOffset: 2, BitSize: 5}, 0xfffffffffffffff1},
		"one signed bit":        {Field{Kind: Int, Offset: 1, Size: 1, BitSize: 1}, 0xffffffffffffffff},
		"64 bits":               {Field{Kind: Uint, Offset: 1, Size: 8, BitSize: 64}, 0x0807060504030201},
		"bits big-endian":       {Field{Kind: Uint, Offset: 3, Size: 2, BigEndian: true, BitSize: 12}, 0x304},
		"last byte":             {Field{Kind: Uint, Offset: 0x5f, Size: 1}, 0xdf},
		"one byte too short":    {Field{Kind: Uint, Offset: 0x5d, Size: 4}, 0},
		"far outside":           {Field{Kind: Uint, Offset: 0xffffffff, Size: 8}, 0},
		"text is no number":     {Field{Kind: Text, Offset: 1, Size: 4}, 0},
		"an array is no number": {Field{Kind: Array, Offset: 1, Size: 4, Elem: 4}, 0},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if got := test.field.Uint(rec); got != test.want {
				t.Errorf("Uint is %#x, want %#x", got, test.want)
			}
			if got := test.field.Int(rec); got != int64(test.want) {
				t.Errorf("Int is %#x, want %#x", got, int64(test.want))
			}
			if got := test.field.Bool(rec); got != (test.want != 0) {
				t.Errorf("Bool is %t", got)
			}
		})
	}
}

func TestBytes(t *testing.T) {
	rec := []byte("ab\x00cdefgh")
	tests := map[string]struct {
		field Field
		want  string
		in    bool
	}{
		"text stops at NUL":       {Field{Kind: Text, Size: 6}, "ab", true},
		"text that fills":         {Field{Kind: Text, Offset: 3, Size: 3}, "cde", true},
		"text cut by the record":  {Field{Kind: Text, Offset: 6, Size: 16}, "fgh", true},
		"text after the record":   {Field{Kind: Text, Offset: 9, Size: 16}, "", false},
		"flexible text":           {Field{Kind: Text, Offset: 3}, "cdefgh", true},
		"empty flexible text":     {Field{Kind: Text, Offset: 9}, "", true},
		"flexible text outside":   {Field{Kind: Text, Offset: 10}, "", false},
		"bytes keep NUL":          {Field{Kind: Bytes, Offset: 1, Size: 3}, "b\x00c", true},
		"bytes cut by the record": {Field{Kind: Bytes, Offset: 7, Size: 4}, "gh", true},
		"flexible bytes":          {Field{Kind: Bytes, Offset: 7}, "gh", true},
		"address":                 {Field{Kind: Bytes, Format: IPv4, Offset: 5, Size: 4}, "efgh", true},
		"address is never cut":    {Field{Kind: Bytes, Format: IPv4, Offset: 6, Size: 4}, "", false},
		"the bytes of a number":   {Field{Kind: Uint, Offset: 3, Size: 2}, "cd", true},
		"a number cut":            {Field{Kind: Uint, Offset: 8, Size: 2}, "", false},
		"array":                   {Field{Kind: Array, Offset: 3, Size: 4, Elem: 2}, "cdef", true},
		"array cut":               {Field{Kind: Array, Offset: 6, Size: 4, Elem: 2}, "fgh", true},
		"less than one element":   {Field{Kind: Array, Offset: 8, Size: 4, Elem: 2}, "", false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if got := string(test.field.Bytes(rec)); got != test.want {
				t.Errorf("Bytes is %q, want %q", got, test.want)
			}
			if got := test.field.In(rec); got != test.in {
				t.Errorf("In is %t", got)
			}
		})
	}
}

func TestBytesCannotGrowIntoRecord(t *testing.T) {
	rec := []byte("abcd")
	f := Field{Kind: Text, Size: 2}
	_ = append(f.Bytes(rec), 'X')
	if string(rec) != "abcd" {
		t.Errorf("appending to Bytes changed the record to %q", rec)
	}
}

func TestArray(t *testing.T) {
	rec := []byte{0, 1, 0xff, 0xfe, 0x80, 0, 9}
	f := Field{Kind: Array, Offset: 0, Elem: 2, Signed: true, BigEndian: true}
	want := []int64{1, -2, -0x8000}
	if got := f.Len(rec); got != len(want) {
		t.Fatalf("Len is %d, want %d", got, len(want))
	}
	for i, w := range want {
		if got := int64(f.At(rec, i)); got != w {
			t.Errorf("At(%d) is %d, want %d", i, got, w)
		}
	}
	for _, i := range []int{-1, 3} {
		if got := f.At(rec, i); got != 0 {
			t.Errorf("At(%d), which is outside, is %d", i, got)
		}
	}
}

func TestTime(t *testing.T) {
	rec := []byte{5, 0, 0, 0, 0, 0, 0, 0}
	clock := &Clock{Monotonic: 1e18, Boot: 2e18}
	tests := map[string]struct {
		field Field
		clock *Clock
		rec   []byte
		want  time.Time
	}{
		"monotonic":         {Field{Kind: Uint, Size: 8, Format: Time}, clock, rec, time.Unix(1e9, 5)},
		"boot":              {Field{Kind: Uint, Size: 8, Format: BootTime}, clock, rec, time.Unix(2e9, 5)},
		"no clock":          {Field{Kind: Uint, Size: 8, Format: Time}, nil, rec, time.Time{}},
		"not a time":        {Field{Kind: Uint, Size: 8, Format: Duration}, clock, rec, time.Time{}},
		"an array of times": {Field{Kind: Array, Size: 8, Elem: 8, Format: Time}, clock, rec, time.Time{}},
		"short record":      {Field{Kind: Uint, Size: 8, Format: Time}, clock, rec[:7], time.Time{}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if got := test.field.Time(test.rec, test.clock); !got.Equal(test.want) {
				t.Errorf("Time is %s, want %s", got, test.want)
			}
		})
	}
}
