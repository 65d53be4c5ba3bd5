package cli

import (
	"cmp"
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

func newVersion(version string) *cobra.Command {
	return &cobra.Command{
		Use:               "version",
		Short:             "Print the version",
		Long:              "Prints the version of probehost, and with what and for what it was built.",
		Args:              noArguments,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := fmt.Fprint(cmd.OutOrStdout(), versionLine(version))
			return err
		},
	}
}

func versionLine(version string) string {
	return fmt.Sprintf("probehost %s (%s, %s/%s)\n", cmp.Or(version, builtFrom()), runtime.Version(), runtime.GOOS, runtime.GOARCH)
}

// builtFrom is the version that the Go tools noted: that of the module, or the commit.
func builtFrom() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" {
		return "unknown"
	}
	return info.Main.Version
}
