package main

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/probehost/probehost/sdk/sdktest"
)

// receiver is a server that answers what the test says.
type receiver struct {
	*httptest.Server
	answer func(n int, w http.ResponseWriter) // n counts requests from 1

	mu      sync.Mutex
	pids    []string // of the events of alerts that were answered with 2xx
	headers []http.Header
	times   []time.Time
}

func newReceiver(t *testing.T, answer func(n int, w http.ResponseWriter)) *receiver {
	t.Helper()
	r := &receiver{answer: answer}
	var count atomic.Int64
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		n := int(count.Add(1))
		body, err := io.ReadAll(req.Body)
		var got struct {
			Event struct {
				PID json.Number `json:"pid"`
			} `json:"event"`
		}
		if err := json.Unmarshal(body, &got); err != nil || req.Method != http.MethodPost {
			t.Errorf("%s %q: %v", req.Method, body, err)
		}
		if err != nil {
			t.Error(err)
		}
		rec := &statusWriter{ResponseWriter: w, code: 200}
		r.mu.Lock()
		r.headers, r.times = append(r.headers, req.Header), append(r.times, time.Now())
		r.mu.Unlock()
		r.answer(n, rec)
		if rec.code < 300 {
			r.mu.Lock()
			r.pids = append(r.pids, string(got.Event.PID))
			r.mu.Unlock()
		}
	}))
	t.Cleanup(r.Close)
	return r
}

type statusWriter struct {
	http.ResponseWriter
	code int
}

func (s *statusWriter) WriteHeader(code int) {
	s.code = code
	s.ResponseWriter.WriteHeader(code)
}

func (r *receiver) got() (pids string, requests int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return strings.Join(r.pids, " "), len(r.times)
}

func (r *receiver) wait(t *testing.T, pids string) {
	t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for got, _ := r.got(); got != pids; got, _ = r.got() {
		if time.Now().After(deadline) {
			t.Fatalf("received %q, want %q", got, pids)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func webhookConfigOf(url string, with object) object {
	w := object{"url": url}
	maps.Copy(w, with)
	cfg := rules(ruleBlock("r", nil))
	cfg["webhook"] = []object{w}
	return cfg
}

func fail(code int) func(int, http.ResponseWriter) {
	return func(_ int, w http.ResponseWriter) { w.WriteHeader(code) }
}

func TestWebhook(t *testing.T) {
	server := newReceiver(t, fail(204))
	s := starts()
	run := sdktest.Open(t, alertType, sdktest.Options{Config: webhookConfigOf(server.URL, object{"headers": object{"Authorization": "Bearer x"}})}, s)
	for i := range 20 {
		run.Send(s, object{"pid": i})
	}
	run.Close() // delivers what waits
	if got, _ := server.got(); got != "0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19" {
		t.Errorf("received %q", got)
	}
	if h := server.headers[0]; h.Get("Authorization") != "Bearer x" || h.Get("Content-Type") != "application/json" || !strings.HasPrefix(h.Get("User-Agent"), "probehost-alert/") {
		t.Errorf("headers %v", h)
	}
	if run.Stdout() != "" {
		t.Errorf("printed %q", run.Stdout())
	}
}

func TestWebhookAnswers(t *testing.T) {
	cases := map[string]struct {
		answer   func(n int, w http.ResponseWriter)
		requests int
		ok       bool
		want     string
	}{
		"flaky":       {func(n int, w http.ResponseWriter) { w.WriteHeader(map[int]int{1: 503, 2: 500, 3: 200}[n]) }, 3, true, ""},
		"always 500":  {fail(500), 4, false, "attempt 4: the server answered 500 Internal Server Error"},
		"bad request": {fail(400), 1, false, "attempt 1: the server answered 400 Bad Request"},
		"redirect":    {fail(302), 1, false, "the server answered 302 Found: set url to where it points"},
		"connection broken": {func(n int, w http.ResponseWriter) {
			if n < 3 {
				panic(http.ErrAbortHandler)
			}
		}, 3, true, ""},
		"too slow": {func(n int, w http.ResponseWriter) {
			if n == 1 {
				time.Sleep(300 * time.Millisecond)
			}
		}, 2, true, ""},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := newReceiver(t, c.answer)
			w := newWebhook(&webhookConfig{URL: server.URL + "/secret", Timeout: 200 * time.Millisecond, Retries: 3})
			w.pause = 2 * time.Millisecond
			err := w.deliver(t.Context(), &alert{json: []byte(`{"event":{"pid":7}}`)})
			if (err == nil) != c.ok || !strings.Contains(fmt.Sprint(err), c.want) && !c.ok {
				t.Errorf("deliver: %v, want %q", err, c.want)
			}
			if _, n := server.got(); n != c.requests {
				t.Errorf("%d requests, want %d", n, c.requests)
			}
		})
	}
}

func TestWebhookRetryAfter(t *testing.T) {
	server := newReceiver(t, func(n int, w http.ResponseWriter) {
		if n == 1 {
			w.Header().Set("Retry-After", "1")
			w.WriteHeader(429)
		}
	})
	w := newWebhook(&webhookConfig{URL: server.URL, Timeout: time.Second, Retries: 1})
	w.pause = time.Millisecond
	if err := w.deliver(t.Context(), &alert{json: []byte(`{"event":{"pid":7}}`)}); err != nil {
		t.Fatal(err)
	}
	if d := server.times[1].Sub(server.times[0]); d < 990*time.Millisecond || d > 5*time.Second {
		t.Errorf("the second attempt came after %s, the server asked for 1s", d)
	}
}

func TestRetryAfterHeader(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for text, want := range map[string]time.Duration{
		"": 0, "7": 7 * time.Second, "-7": 0, "x": 0, "99999999999999999999": 0, "1000000": maxRetryAfter,
		"Fri, 02 Jan 2026 03:04:15 GMT": 10 * time.Second, "Fri, 02 Jan 2026 03:04:00 GMT": 0, "Sat, 02 Jan 2027 03:04:00 GMT": maxRetryAfter,
	} {
		if got := retryAfter(http.Header{"Retry-After": []string{text}}, now); got != want {
			t.Errorf("Retry-After %q: %s, want %s", text, got, want)
		}
	}
}

func TestBackoff(t *testing.T) {
	w := webhook{pause: 500 * time.Millisecond}
	for attempt, full := range []time.Duration{500 * time.Millisecond, time.Second, 2 * time.Second} {
		for range 100 {
			if d := w.backoff(attempt); d < full/2 || d > full {
				t.Fatalf("attempt %d: %s, want %s to %s", attempt, d, full/2, full)
			}
		}
	}
	for _, attempt := range []int{10, 63, 64, 1000} {
		if d := w.backoff(attempt); d < maxPause/2 || d > maxPause {
			t.Errorf("attempt %d: %s", attempt, d)
		}
	}
}

// A server that never answers must not hold up events; alerts that find no room are dropped and counted.
func TestWebhookNeverBlocks(t *testing.T) {
	release := make(chan struct{})
	server := newReceiver(t, func(int, http.ResponseWriter) { <-release })
	s := starts()
	run := sdktest.Open(t, alertType, sdktest.Options{Config: webhookConfigOf(server.URL, object{"queue": 5})}, s)
	run.Send(s, object{"pid": 0})
	for _, n := server.got(); n == 0; _, n = server.got() { // the first is under way, so that the queue is empty
		time.Sleep(time.Millisecond)
	}
	begin := time.Now()
	for i := range 100 {
		run.Send(s, object{"pid": i + 1})
	}
	run.Stdout() // all are handled
	if d := time.Since(begin); d > 5*time.Second {
		t.Errorf("100 events took %s", d)
	}
	close(release)
	server.wait(t, "0 1 2 3 4 5")
	run.Close()
	var text string
	for _, l := range run.Logs() {
		text += fmt.Sprintln(l.Level, l.Message, l.Attrs)
	}
	if !strings.Contains(text, "error the queue is full: alerts are dropped") || !strings.Contains(text, "map[not_delivered:0 queue_full:95 sink:webhook ") {
		t.Errorf("logged\n%s", text)
	}
}

// Nobody listens: the plugin ends in time, and says once what is wrong, without the secret in the address.
func TestWebhookDead(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	s := starts()
	run := sdktest.Open(t, alertType, sdktest.Options{Config: webhookConfigOf("http://"+address+"/secret", object{"retries": 100})}, s)
	for i := range 10 {
		run.Send(s, object{"pid": i})
	}
	run.Stdout()
	begin := time.Now()
	run.Close()
	if d := time.Since(begin); d > 5*time.Second {
		t.Errorf("closing took %s", d)
	}
	var text string
	var failed int
	for _, l := range run.Logs() {
		line := fmt.Sprintln(l.Level, l.Message, l.Attrs)
		text += line
		if strings.Contains(line, "could not be delivered") {
			failed++
		}
	}
	if failed != 1 || !strings.Contains(text, "connection refused") || !strings.Contains(text, "not_delivered:10 queue_full:0") || strings.Contains(text, "secret") {
		t.Errorf("logged\n%s", text)
	}
}
