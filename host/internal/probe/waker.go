package probe

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// waker puts a reader to sleep until its file has something to read, time is up, or interrupt is called. One goroutine sleeps; any
// goroutine may interrupt. Once interrupted it does not let anybody sleep again.
//
// The file is watched edge-triggered: a record that a program has begun but not finished makes a ring readable, and a level-triggered
// wait would spin until it is finished. An epoll set of its own, because deadlines shorter than a millisecond have to sleep too.
type waker struct {
	epoll, stop int
	stopped     atomic.Bool
	interrupted chan struct{} // closed by interrupt
	timer       *time.Timer
}

func newWaker(fd int) (*waker, error) {
	stop, err := unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK)
	if err != nil {
		return nil, fmt.Errorf("create an eventfd: %w", err)
	}
	epoll, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("create an epoll set: %w", err), unix.Close(stop))
	}
	w := &waker{epoll: epoll, stop: stop, interrupted: make(chan struct{}), timer: time.NewTimer(time.Hour)}
	for _, watch := range []unix.EpollEvent{
		{Fd: int32(stop), Events: unix.EPOLLIN},
		{Fd: int32(fd), Events: unix.EPOLLIN | unix.EPOLLET},
	} {
		if err := unix.EpollCtl(epoll, unix.EPOLL_CTL_ADD, int(watch.Fd), &watch); err != nil {
			return nil, errors.Join(fmt.Errorf("add to an epoll set: %w", err), w.close())
		}
	}
	return w, nil
}

// wait sleeps for at most d, in whole milliseconds. It reports whether it was woken before that.
func (w *waker) wait(d time.Duration) (woken bool, err error) {
	var events [2]unix.EpollEvent
	n, err := unix.EpollWait(w.epoll, events[:], int((d+time.Millisecond-1)/time.Millisecond))
	if err != nil && !errors.Is(err, unix.EINTR) { // interrupted by a signal: as good as any other reason to look
		return false, fmt.Errorf("epoll: %w", err)
	}
	return n > 0, nil
}

// timerResolution is that of the runtime's timers.
const timerResolution = time.Millisecond

// sleep sleeps for about d, whatever arrives in the file, unless interrupted.
func (w *waker) sleep(d time.Duration) error {
	if d >= timerResolution {
		// A thread that sleeps in a system call has the runtime look every 20 microseconds whether it is still there, which costs more than
		// all the rest. A goroutine does not, but wakes up to a millisecond late.
		w.timer.Reset(d)
		select {
		case <-w.timer.C:
		case <-w.interrupted:
		}
		return nil
	}
	timeout := unix.NsecToTimespec(d.Nanoseconds())
	fds := [1]unix.PollFd{{Fd: int32(w.stop), Events: unix.POLLIN}}
	if _, err := unix.Ppoll(fds[:], &timeout, nil); err != nil && !errors.Is(err, unix.EINTR) {
		return fmt.Errorf("ppoll: %w", err)
	}
	return nil
}

func (w *waker) interrupt() {
	if w.stopped.Swap(true) {
		return
	}
	close(w.interrupted)
	one := [8]byte{1}
	_, _ = unix.Write(w.stop, one[:]) // fails only when it is signalled already
}

// interruptAfter interrupts when ctx ends, until the returned function is called.
func (w *waker) interruptAfter(ctx context.Context) (cancel func()) {
	done := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		w.interrupt()
		close(done)
	})
	return func() {
		if !stop() {
			<-done // it may still be about to write to a descriptor that the caller closes next
		}
	}
}

func (w *waker) close() error {
	w.timer.Stop()
	return errors.Join(unix.Close(w.epoll), unix.Close(w.stop))
}
