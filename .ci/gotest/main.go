// Command gotest reads what `go test -json` prints and prints what go test prints without it. It fails when
// a test failed, and when a test was skipped that the list given as its argument does not allow to skip:
// a test that silently stops running is worth as much as one that was deleted.
package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: go test -json ./... | gotest LIST")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "gotest:", err)
		os.Exit(1)
	}
}

func run(listFile string, in io.Reader, out io.Writer) error {
	f, err := os.Open(listFile)
	if err != nil {
		return err
	}
	defer f.Close()
	list, err := readSkips(f)
	if err != nil {
		return fmt.Errorf("%s: %w", listFile, err)
	}

	r := newReport(out, list)
	lines := bufio.NewReader(in)
	for {
		line, err := lines.ReadBytes('\n')
		r.line(line)
		if errors.Is(err, io.EOF) {
			return r.close()
		}
		if err != nil {
			return err
		}
	}
}
