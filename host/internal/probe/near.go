package probe

import (
	"strings"

	"github.com/probehost/probehost/host/internal/suggestion"
)

// didYouMean is a cure that names the candidate that name was probably meant to be; otherwise is the cure if there is none. The candidates
// may be all functions of a kernel.
func didYouMean(name string, candidates []string, otherwise string) string {
	for _, c := range candidates {
		if strings.HasPrefix(c, name+".") { // a variant that the compiler made: "tcp_v4_rcv.part.0"
			return "did you mean " + c + "?"
		}
	}
	if nearest := suggestion.Nearest(name, candidates); nearest != "" {
		return "did you mean " + nearest + "?"
	}
	return otherwise
}
