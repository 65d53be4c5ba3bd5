package probe

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"github.com/cilium/ebpf"
	bpflink "github.com/cilium/ebpf/link"
	"golang.org/x/sys/unix"
)

// cgroupEither is the section of programs for either direction of packets.
const cgroupEither = "cgroup/skb"

func checkCgroup(s *site) error {
	if s.program.Section == cgroupEither {
		_, err := s.direction()
		return err
	}
	if s.Target != "" && s.Target != s.program.Target {
		return &Error{Attr: "target", What: fmt.Sprintf("the section %q says already what the program is for", s.program.Section), Cure: "remove target"}
	}
	return nil
}

// attachCgroup attaches to a cgroup and all below it.
func attachCgroup(s *site, prog *ebpf.Program) (*link, error) {
	at := s.spec.AttachType
	if s.program.Section == cgroupEither {
		direction, err := s.direction()
		if err != nil {
			return nil, err
		}
		if at = ebpf.AttachCGroupInetIngress; direction == "egress" {
			at = ebpf.AttachCGroupInetEgress
		}
	}
	path := s.Cgroup
	if path == "" {
		var err error
		if path, err = cgroupRoot(); err != nil {
			return nil, err
		}
	}
	var st unix.Statfs_t
	switch err := unix.Statfs(path, &st); {
	case errors.Is(err, fs.ErrNotExist):
		return nil, &Error{Attr: "cgroup", What: "there is no cgroup " + path, Err: err}
	case err != nil:
		return nil, &Error{Attr: "cgroup", What: "cannot open cgroup " + path, Err: err}
	case st.Type != unix.CGROUP2_SUPER_MAGIC:
		return nil, &Error{Attr: "cgroup", What: path + " is not a cgroup of version 2",
			Cure: "give a folder below the mount point of type cgroup2, which `mount -t cgroup2` shows"}
	}
	l, err := bpflink.AttachCgroup(bpflink.CgroupOptions{Path: path, Attach: at, Program: prog})
	switch {
	case errors.Is(err, unix.EPERM) || errors.Is(err, unix.EBUSY):
		return nil, &Error{Attr: "cgroup", What: "cgroup " + path + " has, or is below one that has, a program of this kind that bars others", Err: err}
	case err != nil:
		return nil, &Error{Attr: "cgroup", What: "attaching to cgroup " + path + " failed", Err: err}
	}
	return &link{LinkInfo: LinkInfo{Type: s.program.Section, Target: path}, hold: []io.Closer{l}}, nil
}

// cgroupRoot returns where the cgroup v2 hierarchy is mounted.
func cgroupRoot() (string, error) {
	f, err := os.Open("/proc/self/mountinfo")
	if err != nil {
		return "", &Error{Attr: "cgroup", What: "cannot find the cgroup v2 hierarchy", Err: err}
	}
	defer f.Close()
	path, err := findCgroupRoot(f)
	if err != nil {
		return "", &Error{Attr: "cgroup", What: "cannot find the cgroup v2 hierarchy", Err: err}
	}
	if path == "" {
		return "", &Error{Attr: "cgroup", What: "the cgroup v2 hierarchy is not mounted",
			Cure: "mount it with `mount -t cgroup2 cgroup2 /sys/fs/cgroup`, or say which folder with cgroup"}
	}
	return path, nil
}

// findCgroupRoot reads lines like "41 31 0:38 / /sys/fs/cgroup/unified rw,relatime shared:9 - cgroup2 cgroup2 rw".
func findCgroupRoot(mountinfo io.Reader) (string, error) {
	lines := bufio.NewScanner(mountinfo)
	for lines.Scan() {
		mount, kind, ok := strings.Cut(lines.Text(), " - ")
		if fields := strings.Fields(mount); ok && len(fields) >= 5 && strings.HasPrefix(kind, "cgroup2 ") {
			return unescapeMount.Replace(fields[4]), nil
		}
	}
	return "", lines.Err()
}

// unescapeMount undoes how the kernel writes a mount point.
var unescapeMount = strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`)
