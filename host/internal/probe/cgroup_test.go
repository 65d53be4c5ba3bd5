package probe

import (
	"strings"
	"testing"
)

func TestFindCgroupRoot(t *testing.T) {
	for name, tt := range map[string]struct{ mountinfo, want string }{
		"none":         {"22 27 0:21 / /proc rw,relatime - proc proc rw\n", ""},
		"unified":      {"31 24 0:28 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n", "/sys/fs/cgroup"},
		"hybrid":       {"31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw\n41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw\n", "/sys/fs/cgroup/unified"},
		"version 1":    {"31 23 0:28 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n", ""},
		"escaped":      {`41 31 0:38 / /with\040space\134and rw - cgroup2 none rw` + "\n", `/with space\and`},
		"damaged":      {"cgroup2\n - cgroup2 \n1 2 3 - cgroup2 x\n", ""},
		"first counts": {"1 1 0:1 / /a rw - cgroup2 x rw\n2 1 0:1 / /b rw - cgroup2 x rw\n", "/a"},
	} {
		t.Run(name, func(t *testing.T) {
			if got, err := findCgroupRoot(strings.NewReader(tt.mountinfo)); err != nil || got != tt.want {
				t.Errorf("got %q, %v; want %q", got, err, tt.want)
			}
		})
	}
}
