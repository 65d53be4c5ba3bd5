package plug

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"
)

// testLog is a log to read from.
type testLog struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *testLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *testLog) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// options returns some for the plugin of that name, and its log.
func options(t *testing.T, name string) (Options, *testLog) {
	t.Helper()
	dir, err := os.MkdirTemp("", "plug") // t.TempDir's are too long for sockets
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		left, err := os.ReadDir(dir)
		if err != nil {
			t.Error(err)
		}
		if len(left) > 0 {
			t.Errorf("left in the runtime directory: %v", left)
		}
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	log := &testLog{}
	return Options{
		Name: name, Path: pluginPath(t, name), RuntimeDir: dir,
		Log: logger(log),
	}, log
}

func logger(log *testLog) hclog.Logger {
	return hclog.New(&hclog.LoggerOptions{Output: log, Level: hclog.Trace, DisableTime: true})
}

func TestLaunchFailures(t *testing.T) {
	for _, test := range []struct {
		plugin string
		want   string // in the error
	}{
		{"quits", "exited with status 0 before it was ready; is it a probehost plugin"},
		{"fails", "exited with status 3 before it was ready\n    no database"},
		{"panics", "exited with status 2 before it was ready\n    panic: at once"},
		{"sleeps", "was not ready within 1s; a plugin must call sdk.Main first"},
		{"mute", "was not ready within 1s"},
		{"greets", `is not a probehost plugin: the first thing that it printed is "Hello, world"`},
		{"babbles", `is not a probehost plugin: the first thing that it printed is "blabla`},
		{"futurist", "speaks version 9 of probehost's plugin protocol, this probehost version 1; build it"},
		{"alien", "speaks version 2 of go-plugin's protocol, this probehost version 1"},
		{"ancient", `speaks "netrpc" instead of gRPC`},
		{"elsewhere", `listens at tcp "192.0.2.1:80", not in the folder`},
		{"certified", "offers a certificate"},
	} {
		t.Run(test.plugin, func(t *testing.T) {
			t.Parallel()
			o, _ := options(t, test.plugin)
			o.StartTimeout = 10 * time.Second
			if strings.Contains(test.want, "within 1s") {
				o.StartTimeout = time.Second
			}
			begin := time.Now()
			p, err := Launch(t.Context(), o)
			if err == nil {
				t.Fatal("it started", p.Close(t.Context()))
			}
			if !strings.Contains(err.Error(), test.want) {
				t.Errorf("got  %v\nwant %s", err, test.want)
			}
			var e *Error
			if !errors.As(err, &e) || e.Name != test.plugin || e.Path != o.Path {
				t.Errorf("error %#v", err)
			}
			if len(err.Error()) > 4000 {
				t.Errorf("the error has %d bytes", len(err.Error()))
			}
			if d := time.Since(begin); d > 8*time.Second {
				t.Errorf("that took %s", d)
			}
		})
	}
}

func TestLaunchFiles(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string, mode os.FileMode) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	foreign := "\x7fELF\x02\x01\x01" + strings.Repeat("\x00", 9) + "\x02\x00\x16\x00" + strings.Repeat("\x00", 100) // for s390
	if runtime.GOARCH == "s390x" {
		t.Skip("needs a machine other than s390x")
	}
	for _, test := range []struct {
		name, path, want string
		is               error
	}{
		{"missing", filepath.Join(dir, "missing"), "there is no such file", os.ErrNotExist},
		{"not executable", write("text", "hello", 0o600), "not executable (chmod +x)", os.ErrPermission},
		{"interpreter missing", write("script", "#!/no/such/shell\n", 0o700), "interpreter or loader that it names is missing", os.ErrNotExist},
		{"other machine", write("foreign", foreign, 0o700), "built for another architecture", nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			o, _ := options(t, "quits")
			o.Path = test.path
			_, err := Launch(t.Context(), o)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %s", err, test.want)
			}
			if test.is != nil && !errors.Is(err, test.is) {
				t.Errorf("%v does not wrap %v", err, test.is)
			}
		})
	}
}

func TestLaunchInterrupted(t *testing.T) {
	o, _ := options(t, "sleeps")
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	time.AfterFunc(100*time.Millisecond, cancel)
	if _, err := Launch(ctx, o); err == nil || !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want a cancellation", err)
	}
}

func TestLaunchLongRuntimeDir(t *testing.T) {
	o, _ := options(t, "obedient")
	o.RuntimeDir = "/tmp/" + strings.Repeat("x", 100)
	_, err := Launch(t.Context(), o)
	if err == nil || !strings.Contains(err.Error(), "has 105 characters; a path to a socket below it may only be 107 long, so choose one of at most 78") {
		t.Errorf("got %v", err)
	}
}
