package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

const (
	firstPause    = 500 * time.Millisecond
	maxPause      = 30 * time.Second
	maxRetryAfter = 5 * time.Minute
	maxReply      = 64 << 10 // bytes read of a reply, so that the connection can be used again
)

// webhook posts alerts to a server.
type webhook struct {
	name    string // without path and query, which often hold a secret
	url     string
	headers map[string]string
	retries int
	pause   time.Duration // after the first attempt
	client  *http.Client
}

func newWebhook(cfg *webhookConfig) *webhook {
	name := "webhook"
	if u, err := url.Parse(cfg.URL); err == nil {
		name += " " + u.Scheme + "://" + u.Host
	}
	return &webhook{
		name: name, url: cfg.URL, headers: cfg.Headers, retries: cfg.Retries, pause: firstPause,
		client: &http.Client{
			Timeout: cfg.Timeout,
			// A redirect would turn the POST into a GET without the alert.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
}

// failure is an attempt that did not go well.
type failure struct {
	err   error
	again bool          // another attempt may go well
	after time.Duration // what the server asked to wait
}

// deliver posts the alert, again and again if need be.
func (w *webhook) deliver(ctx context.Context, a *alert) error {
	for attempt := 0; ; attempt++ {
		f := w.post(ctx, a)
		if f == nil {
			return nil
		}
		if !f.again || attempt >= w.retries || ctx.Err() != nil {
			return fmt.Errorf("attempt %d: %w", attempt+1, f.err)
		}
		timer := time.NewTimer(max(w.backoff(attempt), f.after))
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return fmt.Errorf("given up after attempt %d: %w", attempt+1, f.err)
		}
	}
}

// backoff doubles with each attempt. Half of it is random, so that many hosts do not come back at once.
func (w *webhook) backoff(attempt int) time.Duration {
	d := min(w.pause<<min(attempt, 20), maxPause)
	return d/2 + rand.N(d/2+1)
}

func (w *webhook) post(ctx context.Context, a *alert) *failure {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, w.url, bytes.NewReader(a.json))
	if err != nil {
		return &failure{err: bare(err)}
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "probehost-alert/"+version)
	for name, value := range w.headers {
		req.Header.Set(name, value)
	}
	resp, err := w.client.Do(req)
	if err != nil {
		return &failure{err: bare(err), again: true}
	}
	defer resp.Body.Close()
	// Only for the connection's sake: the status says what became of the alert.
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, maxReply))
	switch code := resp.StatusCode; {
	case code >= 200 && code < 300:
		return nil
	case code == http.StatusTooManyRequests || code >= 500:
		return &failure{err: fmt.Errorf("the server answered %s", resp.Status), again: true, after: retryAfter(resp.Header, time.Now())}
	case code >= 300 && code < 400:
		return &failure{err: fmt.Errorf("the server answered %s: set url to where it points", resp.Status)}
	default:
		return &failure{err: fmt.Errorf("the server answered %s", resp.Status)}
	}
}

// retryAfter reads the header Retry-After: seconds, or a time.
func retryAfter(h http.Header, now time.Time) time.Duration {
	text := h.Get("Retry-After")
	var d time.Duration
	if n, err := strconv.ParseUint(text, 10, 31); err == nil {
		d = time.Duration(n) * time.Second
	} else if t, err := http.ParseTime(text); err == nil {
		d = t.Sub(now)
	}
	return min(max(d, 0), maxRetryAfter)
}

// bare takes the address, which may hold a secret, off an error.
func bare(err error) error {
	if e, ok := errors.AsType[*url.Error](err); ok {
		return e.Err
	}
	return err
}
