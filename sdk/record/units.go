package record

import (
	"fmt"
	"math"
	"math/bits"
	"strconv"
	"strings"
)

// appendTime appends a time in nanoseconds since 1970 as RFC 3339 in UTC, always with nine digits of a second, so that
// times sort as text.
func appendTime(dst []byte, unix int64) []byte {
	seconds, ns := unix/1e9, unix%1e9
	if ns < 0 {
		seconds, ns = seconds-1, ns+1e9
	}
	days, second := seconds/86400, uint(seconds%86400)
	if seconds%86400 < 0 {
		days, second = days-1, uint(seconds%86400+86400)
	}
	year, month, day := civil(days)
	const layout = "0000-00-00T00:00:00.000000000Z"
	dst = append(dst, layout...)
	b := (*[len(layout)]byte)(dst[len(dst)-len(layout):])
	putPair(b, 0, year/100)
	putPair(b, 2, year%100)
	putPair(b, 5, month)
	putPair(b, 8, day)
	putPair(b, 11, second/3600)
	putPair(b, 14, second/60%60)
	putPair(b, 17, second%60)
	rest := uint(ns)
	putPair(b, 20, rest/1e7)
	putPair(b, 22, rest/1e5%100)
	putPair(b, 24, rest/1e3%100)
	putPair(b, 26, rest/10%100)
	b[28] = byte('0' + rest%10)
	return dst
}

// civil turns days since 1970 into a date. It counts years from March, so that the leap day comes last, in eras of
// 400 years. The range of int64 nanoseconds, 1677 to 2262, keeps years at four digits.
func civil(days int64) (year, month, day uint) {
	z := uint(days + 719468) // since 0000-03-01
	era := z / 146097
	ofEra := z % 146097
	years := (ofEra - ofEra/1460 + ofEra/36524 - ofEra/146096) / 365
	ofYear := ofEra - (365*years + years/4 - years/100)
	m := (5*ofYear + 2) / 153
	day = ofYear - (153*m+2)/5 + 1
	month = m + 3
	year = years + era*400
	if month > 12 {
		month -= 12
		year++
	}
	return year, month, day
}

const pairs = "00010203040506070809" + "10111213141516171819" + "20212223242526272829" + "30313233343536373839" +
	"40414243444546474849" + "50515253545556575859" + "60616263646566676869" + "70717273747576777879" +
	"80818283848586878889" + "90919293949596979899"

// putPair writes the two digits of n, which is less than 100, at position i.
func putPair(b *[30]byte, i int, n uint) { b[i], b[i+1] = pairs[2*n], pairs[2*n+1] }

// appendDuration appends nanoseconds as [time.Duration] prints them, but with us for microseconds: columns are aligned
// by counting bytes.
func appendDuration(dst []byte, ns uint64) []byte {
	switch {
	case ns < 1e3:
		return append(strconv.AppendUint(dst, ns, 10), 'n', 's')
	case ns < 1e6:
		return append(appendFraction(dst, ns, 1e3), 'u', 's')
	case ns < 1e9:
		return append(appendFraction(dst, ns, 1e6), 'm', 's')
	}
	minutes := ns / 60e9
	if minutes >= 60 {
		dst = append(strconv.AppendUint(dst, minutes/60, 10), 'h')
	}
	if minutes > 0 {
		dst = append(strconv.AppendUint(dst, minutes%60, 10), 'm')
	}
	return append(appendFraction(dst, ns%60e9, 1e9), 's')
}

// appendFraction appends n/unit, unit a power of ten, without trailing zeros.
func appendFraction(dst []byte, n, unit uint64) []byte {
	dst = strconv.AppendUint(dst, n/unit, 10)
	n %= unit
	if n == 0 {
		return dst
	}
	dst = append(dst, '.')
	for n > 0 {
		unit /= 10
		dst = append(dst, byte('0'+n/unit))
		n %= unit
	}
	return dst
}

const sizeUnits = "KMGTPE"

// appendSize appends a number of bytes in the largest unit that fits, rounded to a tenth.
func appendSize(dst []byte, n uint64, space string) []byte {
	if n < 1024 {
		return append(append(strconv.AppendUint(dst, n, 10), space...), 'B')
	}
	unit := (bits.Len64(n) - 1) / 10
	tenths := sizeTenths(n, unit)
	if tenths >= 10240 && unit < len(sizeUnits) {
		unit++
		tenths = sizeTenths(n, unit)
	}
	dst = strconv.AppendUint(dst, tenths/10, 10)
	if tenths%10 != 0 {
		dst = append(dst, '.', byte('0'+tenths%10))
	}
	return append(append(dst, space...), sizeUnits[unit-1], 'i', 'B')
}

func sizeTenths(n uint64, unit int) uint64 {
	shift := 10 * unit
	whole, rest := n>>shift, n&(1<<shift-1)
	// rest < 2^60, so ten times it fits.
	return 10*whole + (10*rest+1<<(shift-1))>>shift
}

// sizeFactors are the units of [ParseSize] in lower case.
var sizeFactors = map[string]float64{
	"": 1, "b": 1,
	"kib": 1 << 10, "mib": 1 << 20, "gib": 1 << 30, "tib": 1 << 40, "pib": 1 << 50, "eib": 1 << 60,
	"kb": 1e3, "mb": 1e6, "gb": 1e9, "tb": 1e12, "pb": 1e15, "eb": 1e18,
}

// ParseSize reads a number of bytes like "512", "64KiB", "1.5 MiB" or "10MB". Units with an i are powers of 1024, those
// without are powers of 1000; case does not matter.
func ParseSize(text string) (uint64, error) {
	s := strings.TrimSpace(text)
	end := len(s)
	if i := strings.IndexFunc(s, func(r rune) bool { return (r < '0' || r > '9') && r != '.' }); i >= 0 {
		end = i
	}
	factor, ok := sizeFactors[strings.ToLower(strings.TrimSpace(s[end:]))]
	if !ok || end == 0 {
		return 0, fmt.Errorf("%q is not a size: write a number and B, KiB, MiB, GiB, TiB, kB, MB, GB or TB", text)
	}
	if n, err := strconv.ParseUint(s[:end], 10, 64); err == nil { // exact where floating point is not
		if hi, lo := bits.Mul64(n, uint64(factor)); hi == 0 {
			return lo, nil
		}
		return 0, fmt.Errorf("size %q is too large", text)
	}
	n, err := strconv.ParseFloat(s[:end], 64)
	if err != nil {
		return 0, fmt.Errorf("%q is not a size: %q is not a number", text, s[:end])
	}
	if n*factor >= math.MaxUint64 {
		return 0, fmt.Errorf("size %q is too large", text)
	}
	return uint64(math.Round(n * factor)), nil
}
