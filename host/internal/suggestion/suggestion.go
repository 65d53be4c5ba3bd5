// Package suggestion finds what somebody who wrote an unknown name may have meant.
package suggestion

import (
	"fmt"
	"slices"
	"strings"

	"github.com/agext/levenshtein"
)

// Nearest returns the name that is closest to given, or "" if none is close. Of equally close ones it is the first.
func Nearest(given string, names []string) string {
	if len(given) > 128 { // nobody's typo, and the distance costs the product of the lengths
		return ""
	}
	nearest, least := "", 3
	for _, name := range names {
		if strings.EqualFold(name, given) {
			return name
		}
		if len(name) > 128 {
			continue
		}
		distance := levenshtein.Distance(strings.ToLower(given), strings.ToLower(name), nil)
		if distance < least && distance < len(given) && distance < len(name) {
			nearest, least = name, distance
		}
	}
	return nearest
}

// Hint is the sentence that follows a message about an unknown name: what was probably meant, else what there is. The noun names
// several of the things in question. The hint begins with a space.
func Hint(given string, nouns string, names []string) string {
	if nearest := Nearest(given, names); nearest != "" {
		return fmt.Sprintf(" Did you mean %q?", nearest)
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
