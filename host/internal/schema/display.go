package schema

import (
	"github.com/cilium/ebpf/btf"

	"github.com/probehost/probehost/sdk/record"
)

// display says how values of a type are shown.
type display struct {
	format   record.Format
	min, max uint32 // size in bytes
	// kind is Bytes for addresses, whatever type holds them; otherwise the type is a number.
	kind      record.Kind
	bigEndian bool
}

func address(format record.Format, size uint32) display {
	return display{format: format, min: size, max: size, kind: record.Bytes}
}

func number(format record.Format, minSize, maxSize uint32) display {
	return display{format: format, min: minSize, max: maxSize}
}

func network(format record.Format, size uint32) display {
	return display{format: format, min: size, max: size, bigEndian: true}
}

// displays holds the names that say how a value is shown: the typedefs of probe.bpf.h, and those types of the kernel's
// headers that leave no doubt.
var displays = map[string]display{
	"ipv4_addr":       address(record.IPv4, 4),
	"ipv6_addr":       address(record.IPv6, 16),
	"ip_addr":         address(record.IP, 16),
	"mac_addr":        address(record.MAC, 6),
	"struct in_addr":  address(record.IPv4, 4),
	"struct in6_addr": address(record.IPv6, 16),

	"be16_port": network(record.Port, 2),
	"__be16":    network(record.Plain, 2),
	"__be32":    network(record.Plain, 4),
	"__be64":    network(record.Plain, 8),

	"port_number":   number(record.Port, 2, 2),
	"ip_proto":      number(record.Protocol, 1, 1),
	"ip_proto16":    number(record.Protocol, 2, 2),
	"ip_proto32":    number(record.Protocol, 4, 4),
	"ether_type":    number(record.EtherType, 2, 2),
	"if_index":      number(record.Interface, 4, 4),
	"user_id":       number(record.User, 4, 4),
	"group_id":      number(record.Group, 4, 4),
	"errno_code":    number(record.Errno, 4, 4),
	"signal_number": number(record.Signal, 4, 4),
	"ktime_ns":      number(record.Time, 8, 8),
	"boottime_ns":   number(record.BootTime, 8, 8),
	"duration_ns":   number(record.Duration, 8, 8),
	"cgroup_id":     number(record.Cgroup, 8, 8),
	"addr_family":   number(record.Family, 2, 2),
	"tcp_state":     number(record.TCPState, 1, 4),
	"byte_count":    number(record.ByteSize, 8, 8),
	"byte_count32":  number(record.ByteSize, 4, 4),
	"hex8":          number(record.Hex, 1, 1),
	"hex16":         number(record.Hex, 2, 2),
	"hex32":         number(record.Hex, 4, 4),
	"hex64":         number(record.Hex, 8, 8),
}

// fits reports whether a type without typedefs can be shown so.
func (d display) fits(under btf.Type) bool {
	switch u := under.(type) {
	case *btf.Int:
		if u.Encoding == btf.Bool {
			return false
		}
	case *btf.Array, *btf.Struct, *btf.Union:
		if d.kind != record.Bytes {
			return false
		}
	default:
		return false
	}
	size, err := btf.Sizeof(under)
	return err == nil && size >= int(d.min) && size <= int(d.max)
}
