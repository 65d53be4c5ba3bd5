package sdk

import (
	"fmt"
	"os"
	"syscall"

	"github.com/probehost/probehost/sdk/wire"
	"golang.org/x/sys/unix"
)

// The host has the kernel kill a plugin's process when the host dies, since it cannot know whether a plugin listens to anything milder.
// This one does, and closes its handler first. The setting is that of the process's first thread, on which init runs.
func init() {
	if os.Getenv(wire.CookieKey) != wire.CookieValue {
		return
	}
	if err := unix.Prctl(unix.PR_SET_PDEATHSIG, uintptr(syscall.SIGTERM), 0, 0, 0); err != nil {
		fmt.Fprintln(os.Stderr, "the handler is not going to be closed when the host dies:", err)
	}
}

// endGroup ends all processes of the group that the host made for this one, this one included.
func endGroup() {
	if unix.Getpgrp() == os.Getpid() {
		_ = unix.Kill(0, unix.SIGKILL) // does not return
	}
}
