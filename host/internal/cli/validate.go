package cli

import (
	"fmt"

	"github.com/spf13/cobra"
)

const validateLong = `Checks everything that can be known without the kernel: syntax, names, types, the
programs and streams of each object, conditions, and the config of each handler
against what its plugin takes. For the last, the plugins are started and asked.

All errors are shown at once. It needs no root, and changes nothing.`

func newValidate() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "validate [PATH]",
		Short: "Check a configuration",
		Long:  validateLong,
		Example: `  probehost validate
  probehost validate /etc/probehost
  probehost validate --json | jq '.diagnostics[] | "\(.file):\(.start.line): \(.summary)"'`,
		Args:              onePath,
		ValidArgsFunction: completePath,
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx, stop := interruptible(cmd)
			defer stop()
			path := pathOf(args)
			p, diags := loadPlan(ctx, path)
			if err := ctx.Err(); err != nil {
				return fmt.Errorf("interrupted: %w", err)
			}
			if asJSON {
				if err := writeJSON(cmd.OutOrStdout(), newJSONReport(diags)); err != nil {
					return err
				}
				return failed(diags)
			}
			if err := report(cmd.ErrOrStderr(), p.Config.Files, diags); err != nil {
				return err
			}
			_, err := fmt.Fprintf(cmd.OutOrStdout(), "%s is valid: %s, %s read, %s.\n", path, count(len(p.Probes), "probe"),
				count(len(p.Streams), "stream"), count(len(p.Handlers), "handler"))
			return err
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the result as JSON on standard output")
	return cmd
}
