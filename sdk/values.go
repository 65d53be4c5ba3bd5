package sdk

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// FieldName is the type of a config attribute that names a field of a stream, written event.NAME or "NAME". The host checks that at
// least one of the handler's streams has it.
type FieldName string

// In returns the field in that stream's schema, if it has one of that name.
func (n FieldName) In(s *Stream) (*Field, bool) { return s.Schema.Lookup(string(n)) }

// Size is the type of a config attribute that is a number of bytes, written like "10MiB".
type Size int64

var sizeUnits = []struct {
	name  string
	bytes int64
}{ // the longest names first, so that B does not match KiB
	{"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}, {"TiB", 1 << 40},
	{"kB", 1e3}, {"KB", 1e3}, {"MB", 1e6}, {"GB", 1e9}, {"TB", 1e12},
	{"B", 1},
}

// ParseSize reads a size like "512", "10MiB" or "1.5 GB".
func ParseSize(text string) (Size, error) {
	number, unit := strings.TrimSpace(text), int64(1)
	for _, u := range sizeUnits {
		if n, ok := strings.CutSuffix(number, u.name); ok {
			number, unit = strings.TrimSpace(n), u.bytes
			break
		}
	}
	if n, err := strconv.ParseInt(number, 10, 64); err == nil {
		if n < 0 || n > math.MaxInt64/unit {
			return 0, fmt.Errorf("size %q is out of range", text)
		}
		return Size(n * unit), nil
	}
	f, err := strconv.ParseFloat(number, 64)
	if err != nil || math.IsNaN(f) || math.IsInf(f, 0) {
		return 0, fmt.Errorf(`size %q: want a number with or without a unit, like "64KiB", "10MiB", "1.5GB"`, text)
	}
	if f *= float64(unit); f < 0 || f >= math.MaxInt64 {
		return 0, fmt.Errorf("size %q is out of range", text)
	}
	return Size(f), nil
}

// String returns the size with the largest unit that loses nothing.
func (s Size) String() string {
	for _, u := range []string{"TiB", "GiB", "MiB", "KiB"} {
		for _, unit := range sizeUnits {
			if unit.name == u && s != 0 && int64(s)%unit.bytes == 0 {
				return strconv.FormatInt(int64(s)/unit.bytes, 10) + u
			}
		}
	}
	return strconv.FormatInt(int64(s), 10) + "B"
}
