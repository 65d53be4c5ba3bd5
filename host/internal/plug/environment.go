package plug

import (
	"os"
	"slices"
	"strings"
)

// passed are the variables that plugins get from the host's environment. All others may hold secrets that are not for them.
var passed = []string{
	"PATH", "TMPDIR", "TZ", "LANG", "LC_ALL", "LC_CTYPE", "LC_TIME", "LC_NUMERIC", "LC_MESSAGES",
	"SSL_CERT_FILE", "SSL_CERT_DIR",
	"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "all_proxy", "no_proxy",
	"GOTRACEBACK", "GODEBUG",
}

// environment returns what a plugin gets: what is passed on, then go-plugin's own variables. Later ones win.
func environment(own []string) []string {
	var env []string
	for _, v := range os.Environ() {
		name, _, _ := strings.Cut(v, "=")
		if slices.Contains(passed, name) {
			env = append(env, v)
		}
	}
	return append(env, own...)
}
