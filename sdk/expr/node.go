// Package expr holds event expressions: conditions and templates over one record, as typed trees.
//
// The host compiles the text of an expression to a [Node] tree, checked against a stream's schema, and plugins receive the tree.
// [NewPredicate] and [NewTemplate] turn a tree into something that evaluates in tens of nanoseconds without allocating.
//
// Numbers are 64 bits wide, signed ([Int]) or unsigned ([Uint]), as the field's own sign says; arithmetic wraps around, and dividing
// by zero gives zero (the remainder: the dividend), as in the kernel. Comparing a signed with an unsigned number is exact: -1 is less than any
// unsigned. A field that a record is too short for is zero or empty. && and || and ?: evaluate only what they need.
package expr

// Type is the type of a node's value.
type Type uint8

const (
	InvalidType Type = iota
	Bool
	Int    // int64
	Uint   // uint64
	String // characters without the NUL that ends them in C
	Bytes  // fixed-size bytes: addresses
)

// Op is what a node does.
type Op uint8

const (
	InvalidOp  Op = iota
	Const         // Type says which of Bool, Int, Uint, Str holds the value
	FieldRef      // Field is the index of the field in the schema; Type follows from its kind
	Not           // Bool
	Neg           // Int; the operand may be Uint and is then taken as its two's complement
	And           // Bool, Bool
	Or            // Bool, Bool
	Cond          // Bool, then two of one Type
	Eq            // two of one Type, or Int with Uint; Bool
	Ne
	Lt // numbers
	Le
	Gt
	Ge
	Add // numbers: Uint if both are, else Int
	Sub // numbers: Int
	Mul
	Div
	Mod
	StartsWith // String, String
	EndsWith   // String, String
	Contains   // String, String: the second somewhere in the first
	Text       // any: its display as String, as in a template
	Concat     // any number of String; only as the root of a template or below it
)

// Node is one node of an expression tree. A tree is plain data: it may come from a peer, so [NewPredicate] and [NewTemplate] check it
// (arity, types, field indexes, depth) before use.
type Node struct {
	Op    Op
	Type  Type
	Args  []*Node
	Field int    // FieldRef
	Bool  bool   // Const of Bool
	Int   int64  // Const of Int
	Uint  uint64 // Const of Uint
	Str   string // Const of String or Bytes
}
