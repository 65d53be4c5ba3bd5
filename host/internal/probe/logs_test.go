package probe

import (
	"bytes"
	"encoding/binary"
	"strings"
	"testing"

	"github.com/cilium/ebpf"
	"github.com/hashicorp/go-hclog"

	"github.com/probehost/probehost/host/internal/batch"
)

// logOf runs both programs that write log lines and returns what the host's log then has of them.
func logOf(t *testing.T, host, level hclog.Level) string {
	t.Helper()
	var out bytes.Buffer
	log := hclog.New(&hclog.LoggerOptions{Name: "probe", Level: host, Output: &out, DisableTime: true, IndependentLevels: true})
	e := newEmitter(t, "write_logs", Spec{Object: open(t, "streams"), LogLevel: level, Log: log,
		Attach: []Attach{{Program: "write_log", Interface: "lo"}}})
	for _, program := range []string{"write_logs", "write_log"} {
		if _, err := e.loader.byName[program].Run(&ebpf.RunOptions{Data: make([]byte, 64)}); err != nil {
			t.Fatal(err)
		}
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	var lines []string
	for line := range strings.Lines(out.String()) {
		if !strings.Contains(line, "program is left out") {
			lines = append(lines, line)
		}
	}
	if log.GetLevel() != host {
		t.Errorf("the host's log has level %s now", log.GetLevel())
	}
	return strings.Join(lines, "")
}

func TestLogs(t *testing.T) {
	lines := []string{
		`[ERROR] probe: error 1: program=write_logs`,
		`[WARN]  probe: warning two\x1b[2J\n: program=write_logs`,
		`[INFO]  probe: info 3: program=write_logs`,
		`[DEBUG] probe: debug 4: program=write_logs`,
		`[INFO]  probe: from the other program: program=write_log`,
	}
	for name, tt := range map[string]struct {
		level hclog.Level
		want  []string
		host  hclog.Level // of the host's log, by default debug
	}{
		"off":                     {hclog.Off, nil, 0},
		"error":                   {hclog.Error, lines[:1], 0},
		"warn":                    {hclog.Warn, lines[:2], 0},
		"info":                    {hclog.Info, []string{lines[0], lines[1], lines[2], lines[4]}, 0},
		"debug":                   {hclog.Debug, lines, 0},
		"trace is debug":          {hclog.Trace, lines, 0},
		"as the object":           {hclog.NoLevel, []string{lines[0], lines[1], lines[2], lines[4]}, 0},
		"below the host's":        {hclog.Debug, lines, hclog.Warn},
		"left to object and host": {hclog.NoLevel, lines[:2], hclog.Warn},
	} {
		t.Run(name, func(t *testing.T) {
			want := strings.Join(tt.want, "\n")
			if got := strings.TrimSpace(logOf(t, max(tt.host, hclog.Debug), tt.level)); got != want {
				t.Errorf("the log is\n%s\nwant\n%s", got, want)
			}
		})
	}
}

// TestHostileLogLines hands records to the pump that no honest program writes.
func TestHostileLogLines(t *testing.T) {
	line := func(level, program uint32, text string) []byte {
		rec := make([]byte, logHeader, logHeader+len(text))
		binary.NativeEndian.PutUint32(rec[8:], level)
		binary.NativeEndian.PutUint32(rec[12:], program)
		return append(rec, text...)
	}
	for name, tt := range map[string]struct {
		rec  []byte
		want string
	}{
		"empty":            {nil, "[WARN]  log line of the object is too short to have a level: bytes=0"},
		"short":            {make([]byte, 15), "[WARN]  log line of the object is too short to have a level: bytes=15"},
		"no text":          {line(1, 0, ""), "[ERROR] : program=first"},
		"no NUL":           {line(3, 1, "text"), "[INFO]  text: program=second"},
		"behind the NUL":   {line(3, 1, "text\x00more"), "[INFO]  text: program=second"},
		"unknown program":  {line(3, 2, "text"), "[INFO]  text: program=unknown"},
		"highest program":  {line(3, 1<<32-1, "text"), "[INFO]  text: program=unknown"},
		"unknown level":    {line(77, 0, "text"), "[INFO]  text: program=first"},
		"control chars":    {line(3, 0, "a\rb\x1b[31m\x7f\x9b"), `[INFO]  a\x0db\x1b[31m\x7f\x9b: program=first`},
		"lines":            {line(3, 0, "a\nb"), `[INFO]  a\nb: program=first`},
		"not UTF-8":        {line(3, 0, "\xff\xc3"), `[INFO]  \xff\xc3: program=first`},
		"UTF-8":            {line(3, 0, "größe"), "[INFO]  größe: program=first"},
		"right to left":    {line(3, 0, "a\u202eb"), `[INFO]  a\xe2\x80\xaeb: program=first`},
		"C1 as UTF-8":      {line(3, 0, "\u009b31m"), `[INFO]  \xc2\x9b31m: program=first`},
		"spaces and a tab": {line(3, 0, "a\tb  "), "[INFO]  a\tb: program=first"},
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			p := &logPump{programs: []string{"first", "second"},
				log: hclog.New(&hclog.LoggerOptions{Output: &out, DisableTime: true})}
			b := batch.Get()
			b.Append(tt.rec)
			p.batch(b)
			if got := strings.TrimRight(out.String(), "\n"); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestLostLogLines(t *testing.T) {
	var out bytes.Buffer
	p := &logPump{log: hclog.New(&hclog.LoggerOptions{Output: &out, DisableTime: true})}
	b := batch.Get()
	b.Gap.Lost = 7
	p.batch(b)
	if !strings.Contains(out.String(), "lost=7") {
		t.Errorf("the log is %q", out.String())
	}
}
