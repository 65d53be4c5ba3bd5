package record

import "fmt"

// Schema describes the records of one stream: which fields they have, where, and how they show.
// It is immutable once it is in use; any number of goroutines may read it.
type Schema struct {
	// Fields in the order of their offsets, nested structs flattened to "outer.inner".
	Fields []Field `json:"fields"`
	// Size is the length in bytes of a whole record. A record may be shorter (a program may emit only the
	// used part of a trailing array) or longer (perf events are padded); see [Field.In].
	Size uint32 `json:"size"`
}

// Field says where in a record a value lies and what it means.
type Field struct {
	Name   string `json:"name"`
	Kind   Kind   `json:"kind"`
	Format Format `json:"format,omitempty"`
	// Offset is the field's first byte in the record.
	Offset uint32 `json:"offset"`
	// Size is the field's length in bytes: 1, 2, 4 or 8 for numbers, the whole length for text, bytes and
	// arrays. Zero marks a flexible array at the end of the record: it takes what is left.
	Size uint32 `json:"size"`
	// Elem is the size in bytes of one element of an [Array], else zero; Count of elements is Size / Elem.
	Elem uint32 `json:"elem,omitempty"`
	// Signed says that an [Enum] or the elements of an [Array] are signed. An [Int] always is, a [Uint] never.
	Signed bool `json:"signed,omitempty"`
	// BigEndian says that numbers are stored in network byte order.
	BigEndian bool `json:"big_endian,omitempty"`
	// BitOffset and BitSize locate a bit field inside the Size bytes at Offset, counted from the least
	// significant bit. BitSize is zero for all other fields.
	BitOffset uint8 `json:"bit_offset,omitempty"`
	BitSize   uint8 `json:"bit_size,omitempty"`
	// Values names the values of an [Enum], as [Field.Int] reads them.
	Values []EnumValue `json:"values,omitempty"`
	// Type is the name of the C type that the field had, for people.
	Type string `json:"type,omitempty"`
}

// EnumValue is one named value of an enum.
type EnumValue struct {
	Name  string `json:"name"`
	Value int64  `json:"value"`
}

// Kind is what a field's bytes are.
type Kind uint8

const (
	Invalid Kind = iota
	Bool         // 1 byte (or a bit field), zero is false
	Int          // two's complement, 1, 2, 4 or 8 bytes
	Uint         // 1, 2, 4 or 8 bytes
	Enum         // a number with names, signed or not, 1, 2, 4 or 8 bytes
	Text         // characters up to the first NUL, not necessarily UTF-8
	Bytes        // raw bytes, addresses among them
	Array        // Size/Elem numbers
)

var kinds = [...]string{"invalid", "bool", "int", "uint", "enum", "text", "bytes", "array"}

func (k Kind) String() string {
	if int(k) < len(kinds) {
		return kinds[k]
	}
	return fmt.Sprintf("kind(%d)", uint8(k))
}

// Format is how a field's value is shown. The zero Format shows numbers in decimal, bytes in hexadecimal.
type Format string

const (
	Plain     Format = ""
	Hex       Format = "hex"
	IPv4      Format = "ipv4"      // 4 bytes in network order
	IPv6      Format = "ipv6"      // 16 bytes
	IP        Format = "ip"        // 16 bytes; IPv4 as ::ffff:a.b.c.d, shown as a.b.c.d
	MAC       Format = "mac"       // 6 bytes
	Port      Format = "port"      // a number
	Protocol  Format = "protocol"  // IP protocol numbers by name; above 255 the categories of packets that have none
	EtherType Format = "ethertype" // Ethernet types by name
	Interface Format = "interface" // an interface index, shown by name
	User      Format = "user"      // a uid, shown by name
	Group     Format = "group"     // a gid, shown by name
	Errno     Format = "errno"     // positive or negative, by name
	Signal    Format = "signal"    // by name
	Time      Format = "time"      // ns of CLOCK_MONOTONIC, shown as wall time
	BootTime  Format = "boottime"  // ns of CLOCK_BOOTTIME, shown as wall time
	Duration  Format = "duration"  // ns
	Cgroup    Format = "cgroup"    // a cgroup v2 id
	Family    Format = "family"    // an address family by name
	TCPState  Format = "tcpstate"  // a TCP state by name
	ByteSize  Format = "size"      // bytes, shown with a unit in text
)

// Lookup returns the field of that name.
func (s *Schema) Lookup(name string) (*Field, bool) {
	for i := range s.Fields {
		if s.Fields[i].Name == name {
			return &s.Fields[i], true
		}
	}
	return nil, false
}

// Clock relates the kernel's clocks to wall time. Both are added to a reading of that clock, in nanoseconds, to get
// nanoseconds since 1970. The host measures them when it reads a batch, so that steps of the wall clock are followed.
type Clock struct {
	Monotonic int64
	Boot      int64
}
