package console

import (
	"bytes"
	"testing"
)

func TestCut(t *testing.T) {
	for name, tt := range map[string]struct {
		line  string
		most  int
		want  string
		cells int
	}{
		"short":                {"tcp", 10, "tcp", 3},
		"exact":                {"tcp", 3, "tcp", 3},
		"long":                 {"protocol", 3, "pro", 3},
		"umlaut":               {"äöü", 2, "äö", 2},
		"wide":                 {"日本語", 6, "日本語", 6},
		"wide does not fit":    {"日本語", 5, "日本", 4},
		"fullwidth":            {"ｔｃｐ", 4, "ｔｃ", 4},
		"combining":            {"e\u0301e\u0301e\u0301", 2, "e\u0301e\u0301", 2},
		"emoji":                {"🐝🐝", 3, "🐝", 2},
		"narrow katakana":      {"ｶﾀ", 2, "ｶﾀ", 2},
		"broken bytes are one": {"\xff\xff", 1, "\xff", 1},
	} {
		t.Run(name, func(t *testing.T) {
			if got, cells := cut([]byte(tt.line), tt.most); string(got) != tt.want || cells != tt.cells {
				t.Errorf("%q of %d cells, want %q of %d", got, cells, tt.want, tt.cells)
			}
		})
	}
}

// Before it draws again, the cursor goes up by as many rows as the blocks take in a terminal that has changed its size meanwhile.
func TestResize(t *testing.T) {
	for name, tt := range map[string]struct {
		width, height int
		up            string
	}{
		"as it was": {40, 10, "\x1b[3A"},
		"wider":     {80, 10, "\x1b[3A"},
		"narrower":  {20, 10, "\x1b[5A"}, // the lines of 31 and 40 take two rows each
		"narrowest": {1, 10, "\x1b[9A"},
		"lower":     {40, 2, "\x1b[1A"},
	} {
		t.Run(name, func(t *testing.T) {
			width, height := 40, 10
			s := &screen{size: func() (int, int) { return width, height }}
			s.set("a", []byte("short\n"+string(bytes.Repeat([]byte("x"), 31))))
			s.set("b", bytes.Repeat([]byte("long"), 100))
			var first, second bytes.Buffer
			s.draw(&first, nil)
			width, height = tt.width, tt.height
			s.draw(&second, nil)
			if want := tt.up + "\r\x1b[J"; !bytes.HasPrefix(second.Bytes(), []byte(want)) {
				t.Errorf("%q, want to begin with %q", second.Bytes(), want)
			}
			if rows := bytes.Count(second.Bytes(), []byte("\n")); rows >= tt.height {
				t.Errorf("%d rows on a screen of %d", rows, tt.height)
			}
		})
	}
}
