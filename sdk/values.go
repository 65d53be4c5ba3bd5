package sdk

import (
	"fmt"
	"math"
	"strconv"

	"github.com/probehost/probehost/sdk/record"
)

// FieldName is the type of a config attribute that names a field of a stream, written event.NAME or "NAME". The host checks that at
// least one of the handler's streams has it. An attribute that is a list of them takes a single one too.
type FieldName string

// In returns the field in that stream's schema, if it has one of that name.
func (n FieldName) In(s *Stream) (*Field, bool) { return s.Schema.Lookup(string(n)) }

// Size is the type of a config attribute that is a number of bytes, written like "10MiB".
type Size int64

// ParseSize reads a size like "512", "10MiB" or "1.5 GB", as [record.ParseSize] does.
func ParseSize(text string) (Size, error) {
	n, err := record.ParseSize(text)
	if err == nil && n > math.MaxInt64 {
		err = fmt.Errorf("size %q is too large", text)
	}
	return Size(n), err
}

// String returns the size in the largest unit that is exact.
func (s Size) String() string {
	units := []string{"B", "KiB", "MiB", "GiB", "TiB"}
	n := int64(s)
	for n != 0 && n%1024 == 0 && len(units) > 1 {
		n /= 1024
		units = units[1:]
	}
	return strconv.FormatInt(n, 10) + units[0]
}
