package suggestion

import (
	"fmt"
	"strings"
	"testing"
)

func TestNearest(t *testing.T) {
	names := []string{"packets", "exec", "tcp_connect", "id", "tcp", "udp", "rdp"}
	for name, test := range map[string]struct{ given, want string }{
		"a letter missing":      {"pakets", "packets"},
		"letters swapped":       {"exce", "exec"},
		"first two swapped":     {"apckets", "packets"},
		"a swap is one edit":    {"tpc", "tcp"},
		"a swap and a letter":   {"tpc_conect", "tcp_connect"},
		"two swaps":             {"tpc_connetc", "tcp_connect"},
		"three edits":           {"tpc_conetc", ""},
		"a letter too many":     {"packetss", "packets"},
		"another letter":        {"tcp-connect", "tcp_connect"},
		"the first of two":      {"edp", "udp"},
		"the nearer comes last": {"rpd", "rdp"},
		"case":                  {"EXEC", "exec"},
		"case and an edit":      {"UPD", "udp"},
		"nothing like it":       {"interfaces", ""},
		"short names need care": {"xy", ""},
		"short and close":       {"ip", "id"},
		"empty":                 {"", ""},
		"hostile length":        {strings.Repeat("x", 1<<20), ""},
	} {
		t.Run(name, func(t *testing.T) {
			if got := Nearest(test.given, names); got != test.want {
				t.Errorf("Nearest(%.20q) = %q, want %q", test.given, got, test.want)
			}
		})
	}
}

func TestHint(t *testing.T) {
	many := make([]string, 25)
	for i := range many {
		many[i] = fmt.Sprintf("stream_%02d", i)
	}
	for name, test := range map[string]struct {
		given string
		names []string
		want  string
	}{
		"near": {"pakets", []string{"packets"}, ` Did you mean "packets"?`},
		"none": {"x", nil, " There are no streams."},
		"one":  {"something", []string{"packets"}, ` There is only "packets".`},
		"some": {"something", []string{"packets", "exec"}, " The streams are exec and packets."},
		"many": {"something", many, " The streams are " + strings.Join(many[:20], ", ") + " and 5 more."},
	} {
		t.Run(name, func(t *testing.T) {
			if got := Hint(test.given, "streams", test.names); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}
