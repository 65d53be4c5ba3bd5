package lang

import (
	"errors"
	"fmt"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// defaultInterface is the name of the interface that the default route of IPv4 leads to, else that of IPv6, else "lo".
func defaultInterface() (string, error) {
	for _, family := range []int{unix.AF_INET, unix.AF_INET6} {
		filter := netlink.Route{Table: unix.RT_TABLE_MAIN}
		routes, err := netlink.RouteListFiltered(family, &filter, netlink.RT_FILTER_TABLE)
		if errors.Is(err, unix.EAFNOSUPPORT) || errors.Is(err, unix.EOPNOTSUPP) {
			continue // the kernel has no such family
		}
		if err != nil {
			return "", fmt.Errorf("list routes: %w", err)
		}
		index := defaultLink(routes)
		if index == 0 {
			continue
		}
		link, err := netlink.LinkByIndex(index)
		if err != nil {
			return "", fmt.Errorf("find interface %d of the default route: %w", index, err)
		}
		return link.Attrs().Name, nil
	}
	return "lo", nil
}

// defaultLink is the index of the interface that the best default route leads to, or zero.
func defaultLink(routes []netlink.Route) int {
	index, best := 0, 0
	for _, r := range routes {
		if r.Dst != nil {
			if ones, _ := r.Dst.Mask.Size(); ones != 0 || !r.Dst.IP.IsUnspecified() {
				continue
			}
		}
		link := r.LinkIndex
		if link == 0 && len(r.MultiPath) > 0 {
			link = r.MultiPath[0].LinkIndex
		}
		if link == 0 || r.Type != unix.RTN_UNICAST { // an unreachable default leads nowhere
			continue
		}
		if index == 0 || r.Priority < best {
			index, best = link, r.Priority
		}
	}
	return index
}
