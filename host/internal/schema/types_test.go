package schema

import "github.com/cilium/ebpf/btf"

// Types as clang writes them into BTF.
var (
	tChar  = &btf.Int{Name: "char", Size: 1, Encoding: btf.Signed}
	tSChar = &btf.Int{Name: "signed char", Size: 1, Encoding: btf.Signed}
	tUChar = &btf.Int{Name: "unsigned char", Size: 1}
	tShort = &btf.Int{Name: "unsigned short", Size: 2}
	tInt   = &btf.Int{Name: "int", Size: 4, Encoding: btf.Signed}
	tUInt  = &btf.Int{Name: "unsigned int", Size: 4}
	tLong  = &btf.Int{Name: "unsigned long long", Size: 8}
	tInt16 = &btf.Int{Name: "unsigned __int128", Size: 16}
	tBool  = &btf.Int{Name: "_Bool", Size: 1, Encoding: btf.Bool}
	tFloat = &btf.Float{Name: "double", Size: 8}

	tU8   = typedef("__u8", tUChar)
	tU16  = typedef("__u16", tShort)
	tU32  = typedef("__u32", tUInt)
	tS32  = typedef("__s32", tInt)
	tU64  = typedef("__u64", tLong)
	tBE16 = typedef("__be16", tU16)
	tBE32 = typedef("__be32", tU32)
)

func typedef(name string, t btf.Type) *btf.Typedef { return &btf.Typedef{Name: name, Type: t} }

func array(t btf.Type, n uint32) *btf.Array { return &btf.Array{Index: tUInt, Type: t, Nelems: n} }

// m is a member at a byte offset.
func m(name string, t btf.Type, offset uint32) btf.Member {
	return btf.Member{Name: name, Type: t, Offset: btf.Bits(offset * 8)}
}

// bits is a bit field at an offset in bits.
func bits(name string, t btf.Type, offset, size uint32) btf.Member {
	return btf.Member{Name: name, Type: t, Offset: btf.Bits(offset), BitfieldSize: btf.Bits(size)}
}

func structOf(name string, size uint32, members ...btf.Member) *btf.Struct {
	return &btf.Struct{Name: name, Size: size, Members: members}
}

func unionOf(name string, size uint32, members ...btf.Member) *btf.Union {
	return &btf.Union{Name: name, Size: size, Members: members}
}
