// Package suggestion finds what somebody who wrote an unknown name may have meant.
package suggestion

import (
	"fmt"
	"slices"
	"strings"
)

const (
	maxLength   = 128 // of a name in bytes: nobody's typo is longer, and the distance costs the product of the lengths
	maxDistance = 2
)

// Nearest returns the name that is closest to given, or "" if none is close: one that takes at most two edits, fewer than either has
// bytes. Of equally close names it is the first, so put first what is meant most often. Case does not matter.
func Nearest(given string, names []string) string {
	if len(given) > maxLength {
		return ""
	}
	nearest, least := "", maxDistance+1
	for _, name := range names {
		if strings.EqualFold(name, given) {
			return name
		}
		if difference := len(name) - len(given); max(difference, -difference) >= least || len(name) > maxLength {
			continue
		}
		if d := distance(given, name); d < least && d < len(given) && d < len(name) {
			nearest, least = name, d
		}
	}
	return nearest
}

// distance is how many edits make b of a: a byte more, less or other, or two neighbours exchanged. No byte is edited twice. Case does
// not matter in ASCII. Neither is longer than maxLength.
func distance(a, b string) int {
	var rows [3][maxLength + 1]uint8
	older, last, row := &rows[0], &rows[1], &rows[2] // for the first i-2, i-1 and i bytes of a
	for j := range len(b) + 1 {
		last[j] = uint8(j)
	}
	for i := 1; i <= len(a); i++ {
		row[0] = uint8(i)
		for j := 1; j <= len(b); j++ {
			change := last[j-1]
			if !same(a[i-1], b[j-1]) {
				change++
			}
			row[j] = min(change, last[j]+1, row[j-1]+1)
			if i > 1 && j > 1 && same(a[i-1], b[j-2]) && same(a[i-2], b[j-1]) {
				row[j] = min(row[j], older[j-2]+1)
			}
		}
		older, last, row = last, row, older
	}
	return int(last[len(b)])
}

func same(a, b byte) bool { return lower(a) == lower(b) }

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		c += 'a' - 'A'
	}
	return c
}

// DidYouMean is the sentence that follows a message about an unknown name when one of the names is close to it, else "". It begins
// with a space.
func DidYouMean(given string, names []string) string {
	if nearest := Nearest(given, names); nearest != "" {
		return fmt.Sprintf(" Did you mean %q?", nearest)
	}
	return ""
}

// Hint is the sentence that follows a message about an unknown name: what was probably meant, else what there is. The noun names
// several of the things in question. The hint begins with a space.
func Hint(given string, nouns string, names []string) string {
	if meant := DidYouMean(given, names); meant != "" {
		return meant
	}
	if len(names) == 0 {
		return fmt.Sprintf(" There are no %s.", nouns)
	}
	names = slices.Sorted(slices.Values(names))
	const most = 20
	if len(names) > most {
		return fmt.Sprintf(" The %s are %s and %d more.", nouns, strings.Join(names[:most], ", "), len(names)-most)
	}
	if len(names) == 1 {
		return fmt.Sprintf(" There is only %q.", names[0])
	}
	return fmt.Sprintf(" The %s are %s and %s.", nouns, strings.Join(names[:len(names)-1], ", "), names[len(names)-1])
}
