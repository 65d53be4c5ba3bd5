package cli

import (
	"context"
	"fmt"

	"github.com/hashicorp/hcl/v2"
	"github.com/spf13/cobra"

	"github.com/probehost/probehost/host/internal/config"
	"github.com/probehost/probehost/host/internal/plan"
)

// defaultPath is the configuration of a command without a PATH.
const defaultPath = "probes.hcl"

func pathOf(args []string) string {
	if len(args) == 0 {
		return defaultPath
	}
	return args[0]
}

// onePath accepts no argument or one.
func onePath(_ *cobra.Command, args []string) error {
	if len(args) > 1 {
		return usageError(fmt.Errorf("one PATH is all it takes, not %d", len(args)))
	}
	return nil
}

func noArguments(_ *cobra.Command, args []string) error {
	if len(args) > 0 {
		return usageError(fmt.Errorf("it takes no arguments, and was given %q", args[0]))
	}
	return nil
}

// completePath completes the names of configuration files; the shell adds folders.
func completePath(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return []string{"hcl"}, cobra.ShellCompDirectiveFilterFileExt
}

// loadPlan reads a configuration and plans it. The files of the result are those of the diagnostics, also after errors.
func loadPlan(ctx context.Context, path string) (*plan.Plan, hcl.Diagnostics) {
	c, diags := config.Load(path)
	p, more := plan.Build(ctx, c, &plan.Processes{Dirs: plan.PluginDirs(c)})
	diags = append(diags, more...)
	config.Sort(diags)
	return p, diags
}
