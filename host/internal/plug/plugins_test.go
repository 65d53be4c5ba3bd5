package plug

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/probehost/probehost/sdk"
	"github.com/probehost/probehost/sdk/wire"
	"go.uber.org/goleak"
	"golang.org/x/sys/unix"
)

// The test binary is also the plugins that the tests start, by the name of the link that it is started as.
func TestMain(m *testing.M) {
	if run, ok := plugins[filepath.Base(os.Args[0])]; ok {
		run()
		return
	}
	goleak.VerifyTestMain(m)
}

var plugins = map[string]func(){
	"obedient": func() {
		sdk.Main(sdk.NewType(sdk.Info{Name: "obedient", Version: "1.2", Doc: "Does what it is told."}, open))
	},
	"rude": func() { // what go-plugin's reader cannot take, and what it would split
		fmt.Fprintln(os.Stderr, `{"@message":1}`)
		fmt.Fprintln(os.Stderr, `{"@level":{},"@message":"level"}`)
		fmt.Fprintln(os.Stderr, `{"@timestamp":7,"@message":"time","@level":"warn","n":5,"list":[1],"@x":"\u001b[2J"}`)
		fmt.Fprintln(os.Stderr, "plain \x1b[31mred")
		fmt.Fprintln(os.Stderr, strings.Repeat("x", 300_000))
		sdk.Main(sdk.NewType(sdk.Info{Name: "rude"}, open))
	},
	"reader": func() { // for the benchmark
		sdk.Main(sdk.NewType(sdk.Info{Name: "reader"}, func(_ context.Context, h *sdk.Host, _ struct{}) (sdk.Handler, error) {
			s := h.Streams()[0].Schema
			return sdk.HandlerFunc(func(_ context.Context, b *sdk.Batch) error {
				for e := range b.Events() {
					sum += e.Uint64(&s.Fields[0]) + e.Uint64(&s.Fields[1])
				}
				return nil
			}), nil
		}))
	},
	"quits":     func() {},
	"fails":     func() { fmt.Fprintln(os.Stderr, "no database"); os.Exit(3) },
	"panics":    func() { panic("at once") },
	"sleeps":    func() { time.Sleep(time.Hour) },
	"greets":    func() { fmt.Println("Hello, world"); time.Sleep(time.Hour) },
	"babbles":   func() { fmt.Print(strings.Repeat("bla", 1_000_000)) },
	"futurist":  func() { fmt.Println("1|9|unix|/tmp/x|grpc|"); time.Sleep(time.Hour) },
	"alien":     func() { fmt.Println("2|1|unix|/tmp/x|grpc|"); time.Sleep(time.Hour) },
	"ancient":   func() { fmt.Println("1|1|unix|/tmp/x|netrpc|"); time.Sleep(time.Hour) },
	"elsewhere": func() { fmt.Println("1|1|tcp|192.0.2.1:80|grpc|"); time.Sleep(time.Hour) },
	"certified": func() { // go-plugin makes a certificate part of a TLS configuration that there is not
		fmt.Printf("1|1|unix|%s/plugin1|grpc|%s\n", os.Getenv("PLUGIN_UNIX_SOCKET_DIR"), certificate())
		time.Sleep(time.Hour)
	},
	"hostile": serveHostile,
	"deaf": func() {
		signal.Ignore(unix.SIGTERM, unix.SIGHUP)
		serveHostile()
	},
	"host": func() { // not a plugin: a host, for a test that kills it
		p, err := Launch(context.Background(), Options{Name: filepath.Base(os.Args[1]), Path: os.Args[1], RuntimeDir: os.Args[2]})
		if err != nil {
			panic(err)
		}
		if len(os.Args) > 3 {
			_, err = p.Open(context.Background(), request(os.Args[3]))
		}
		if err != nil {
			panic(err)
		}
		fmt.Println(p.Pid())
		time.Sleep(time.Hour)
	},
	"mute": func() {
		path := filepath.Join(os.Getenv("PLUGIN_UNIX_SOCKET_DIR"), "plugin1")
		if _, err := net.Listen("unix", path); err != nil {
			panic(err)
		}
		fmt.Printf("1|1|unix|%s|grpc|\n", path)
		time.Sleep(time.Hour)
	},
}

var sum uint64 // keeps what the reader reads from being optimized away

type config struct {
	Do string `hcl:"do,optional" doc:"What to do with a batch." default:"print"`
}

func (c config) Validate(*sdk.Host) error {
	if c.Do == "object" {
		return sdk.Errorf(sdk.Path{"do"}, "no")
	}
	return nil
}

func open(_ context.Context, h *sdk.Host, cfg config) (sdk.Handler, error) {
	h.Log().Debug("opened", "do", cfg.Do)
	switch cfg.Do {
	case "exit at open":
		os.Exit(4)
	case "breed at open":
		if err := exec.Command("sleep", "3600").Start(); err != nil {
			return nil, err
		}
	case "environment":
		return nil, errors.New(strings.Join(os.Environ(), "\n"))
	}
	return &obedient{h, cfg.Do}, nil
}

type obedient struct {
	h  *sdk.Host
	do string
}

func (o *obedient) HandleBatch(ctx context.Context, b *sdk.Batch) error {
	switch o.do {
	case "print":
		fmt.Fprintf(o.h.Stdout(), "%d records of %s\n", b.Len(), b.Stream())
	case "stray":
		fmt.Println("stray output")
		fmt.Fprintln(os.Stderr, "stray error")
	case "wait":
		<-ctx.Done()
	case "sleep":
		time.Sleep(time.Hour)
	case "panic":
		panic("as I was told")
	case "exit":
		fmt.Fprintln(os.Stderr, "going")
		os.Exit(2)
	case "breed": // a process that outlives its parent unless somebody ends it
		cmd := exec.Command("sleep", "3600")
		if err := cmd.Start(); err != nil {
			return err
		}
		fmt.Fprintf(o.h.Stdout(), "%d\n", cmd.Process.Pid)
	}
	return nil
}

func (o *obedient) Close(context.Context) error {
	if o.do == "wait" {
		o.h.Log().Info("closed")
	}
	if o.do == "sleep at close" {
		time.Sleep(time.Hour)
	}
	_, err := fmt.Fprintln(o.h.Stdout(), "closed")
	return err
}

// pluginPath returns the path of the plugin of that name.
func pluginPath(t testing.TB, name string) string {
	t.Helper()
	if plugins[name] == nil {
		t.Fatalf("no plugin %s in this test", name)
	}
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), name)
	if err := os.Symlink(exe, path); err != nil {
		t.Fatal(err)
	}
	if name != "deaf" {
		return path
	}
	// Without the variable, package sdk does nothing for it: it is like a plugin that was built without.
	script := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(script, fmt.Appendf(nil, "#!/bin/sh\nunset %s\nexec '%s'\n", wire.CookieKey, path), 0o700); err != nil {
		t.Fatal(err)
	}
	return script
}
