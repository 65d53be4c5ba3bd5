package sdk

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
)

func TestDiagnostics(t *testing.T) {
	a := Errorf(Path{"rule", 2, "when"}, "bad: %w", io.EOF)
	b := Errorf(nil, "all bad")
	for _, test := range []struct {
		name string
		err  error
		want []string // path and summary of each
	}{
		{"none", nil, nil},
		{"plain", io.EOF, []string{"|EOF"}},
		{"path", a, []string{"rule 2 when|bad: EOF"}},
		{"no path", b, []string{"|all bad"}},
		{"joined", errors.Join(a, nil, errors.Join(b, io.EOF)), []string{"rule 2 when|bad: EOF", "|all bad", "|EOF"}},
		{"wrapped", fmt.Errorf("open: %w", a), []string{"rule 2 when|open: rule[2].when: bad: EOF"}},
		{"not UTF-8", Errorf(Path{"a\xff"}, "open \xfe: %w", io.EOF), []string{"a\ufffd|open \ufffd: EOF"}}, // protobuf refuses such text
		{"several wrapped", fmt.Errorf("%w and %w", io.EOF, io.ErrNoProgress), []string{"|EOF and " + io.ErrNoProgress.Error()}},
	} {
		t.Run(test.name, func(t *testing.T) {
			var got []string
			for _, d := range diagnostics(test.err) {
				var path []string
				for _, s := range d.Path {
					if s.GetName() != "" {
						path = append(path, s.GetName())
					} else {
						path = append(path, fmt.Sprint(s.GetIndex()))
					}
				}
				got = append(got, strings.Join(path, " ")+"|"+d.Summary)
			}
			if fmt.Sprint(got) != fmt.Sprint(test.want) {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
	if !errors.Is(a, io.EOF) {
		t.Error("the cause is lost")
	}
}

func TestErrorfPanics(t *testing.T) {
	for _, step := range []any{1.5, -1, nil, uint(1)} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("a step %#v was taken", step)
				}
			}()
			_ = Errorf(Path{"a", step}, "x")
		}()
	}
}
