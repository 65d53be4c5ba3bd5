package main

import (
	"bufio"
	"fmt"
	"io"
	"path"
	"strings"
)

const module = "github.com/probehost/probehost"

// skip is a line of the list: a package (relative to the module), a test of it that may skip, where wildcards
// are those of [path.Match], and the reason, which is for people only.
type skip struct {
	pkg, test string
	seen      bool
}

// readSkips reads a list. Empty lines and those that start with # do not count.
func readSkips(r io.Reader) ([]*skip, error) {
	var list []*skip
	lines := bufio.NewScanner(r)
	for n := 1; lines.Scan(); n++ {
		fields := strings.Fields(lines.Text())
		if len(fields) == 0 || strings.HasPrefix(fields[0], "#") {
			continue
		}
		if len(fields) < 3 {
			return nil, fmt.Errorf("line %d: want a package, a test and a reason", n)
		}
		if _, err := path.Match(fields[1], ""); err != nil {
			return nil, fmt.Errorf("line %d: %s: %w", n, fields[1], err)
		}
		list = append(list, &skip{pkg: fields[0], test: fields[1]})
	}
	return list, lines.Err()
}

// allowed says whether a line of the list covers this test, and notes that it was needed.
func allowed(list []*skip, pkg, test string) bool {
	pkg = strings.TrimPrefix(strings.TrimPrefix(pkg, module), "/")
	found := false
	for _, s := range list {
		// The pattern was checked when the list was read.
		if match, _ := path.Match(s.test, test); match && s.pkg == pkg {
			s.seen, found = true, true
		}
	}
	return found
}
