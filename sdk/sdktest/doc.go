// Package sdktest runs handler plugins in Go tests, without root, kernel or process.
//
//	func TestCounts(t *testing.T) {
//		starts := &sdktest.Stream{Probe: "exec", Name: "starts", Schema: sdktest.Schema(
//			sdktest.Uint("pid", 4), sdktest.Text("comm", 16),
//		)}
//		run := sdktest.Open(t, counter, sdktest.Options{Config: map[string]any{"key": "comm"}}, starts)
//		run.Send(starts, map[string]any{"pid": 1, "comm": "init"})
//		if got := run.Stdout(); got != "init 1\n" {
//			t.Errorf("got %q", got)
//		}
//	}
//
// The plugin is served by the code that serves it in production, over gRPC on a connection in memory. What it prints, shows, logs and fails to handle
// is read from the [Run]. Event expressions, which the host compiles from probes.hcl, are built by [Compare], [All], [Text] and their like.
package sdktest
