package record

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

func TestAppendTime(t *testing.T) {
	check := func(ns int64) {
		t.Helper()
		want := time.Unix(0, ns).UTC().Format("2006-01-02T15:04:05.000000000Z07:00")
		if got := string(appendTime(nil, ns)); got != want {
			t.Fatalf("%d ns is %s, want %s", ns, got, want)
		}
	}
	for _, ns := range []int64{0, 1, -1, math.MaxInt64, math.MinInt64, 951782400e9, 951868799999999999, 4107542399e9, -86400e9} {
		check(ns)
	}
	random := rand.New(rand.NewPCG(1, 2))
	for range 100_000 {
		check(int64(random.Uint64()))
	}
	for day := int64(-106750); day < 106750; day++ { // every day that nanoseconds reach
		check(day * 86400e9)
	}
}

func TestAppendDuration(t *testing.T) {
	check := func(ns uint64) {
		t.Helper()
		want := strings.ReplaceAll(time.Duration(ns).String(), "µ", "u")
		if ns == 0 {
			want = "0ns"
		}
		if got := string(appendDuration(nil, ns)); got != want {
			t.Fatalf("%d ns is %s, want %s", ns, got, want)
		}
	}
	for _, ns := range []uint64{0, 1, 999, 1000, 1001, 1e6 - 1, 1e6, 15e5, 1e9 - 1, 1e9, 60e9, 61.5e9, 3600e9, 3601e9, math.MaxInt64} {
		check(ns)
	}
	random := rand.New(rand.NewPCG(1, 2))
	for range 100_000 {
		check(random.Uint64() >> (1 + random.UintN(63)))
	}
	if got := string(appendDuration(nil, math.MaxUint64)); got != "5124095h34m33.709551615s" {
		t.Errorf("the longest duration is %s", got)
	}
}

func TestAppendSize(t *testing.T) {
	tests := map[uint64]string{
		0: "0 B", 1: "1 B", 1023: "1023 B", 1024: "1 KiB", 1075: "1 KiB", 1076: "1.1 KiB", 1536: "1.5 KiB",
		1<<20 - 1: "1 MiB", 1048524: "1023.9 KiB", 1048525: "1 MiB", 1 << 20: "1 MiB", 10 << 30: "10 GiB", 3 << 39: "1.5 TiB",
		1 << 60: "1 EiB", math.MaxUint64: "16 EiB",
	}
	for n, want := range tests {
		if got := string(appendSize(nil, n, " ")); got != want {
			t.Errorf("%d is %s, want %s", n, got, want)
		}
	}
}

func TestParseSize(t *testing.T) {
	good := map[string]uint64{
		"0": 0, "512": 512, "512B": 512, "64KiB": 64 << 10, "1.5 MiB": 3 << 19, "10MB": 10e6, "2gib": 2 << 30, "1kB": 1000,
		"15.5EiB": 31 << 59, "18446744073709551615": math.MaxUint64, " 4 TiB ": 4 << 40, "1PiB": 1 << 50, "0.5KiB": 512,
	}
	for text, want := range good {
		if got, err := ParseSize(text); err != nil || got != want {
			t.Errorf("%q is %d (%v), want %d", text, got, err, want)
		}
	}
	for _, text := range []string{"", "MiB", "-1", "1 XB", "1.2.3", "16EiB", "18446744073709551616", "20EB", "1e3", "0x10", ".", "1 Ki B", "99999999999.5EB"} {
		if got, err := ParseSize(text); err == nil {
			t.Errorf("%q is %d, want an error", text, got)
		}
	}
}
