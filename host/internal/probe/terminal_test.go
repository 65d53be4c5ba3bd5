package probe

import (
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

const typed = "true a line that was typed"

// typeIntoBash types a line into an interactive bash: only that calls readline.
func typeIntoBash(t testing.TB) int {
	t.Helper()
	terminal, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skip("needs a pseudo-terminal: ", err)
	}
	defer terminal.Close()
	if err := unix.IoctlSetPointerInt(int(terminal.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetInt(int(terminal.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	end, err := os.OpenFile("/dev/pts/"+strconv.Itoa(n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("/bin/bash", "--norc", "--noprofile", "-i")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = end, end, end
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	err = cmd.Start()
	end.Close()
	if err != nil {
		t.Skip("needs bash: ", err)
	}
	if _, err := terminal.WriteString(typed + "\nexit\n"); err != nil {
		t.Fatal(err)
	}
	go func() { // bash waits for somebody to read what it prints
		var p [512]byte
		for {
			if _, err := terminal.Read(p[:]); err != nil {
				return
			}
		}
	}()
	if err := cmd.Wait(); err != nil {
		t.Error("bash:", err)
	}
	return cmd.Process.Pid
}
