// Package expr holds event expressions: conditions and templates over one record, as typed trees.
//
// The host compiles the text of an expression to a [Node] tree, checked against a stream's schema, and plugins receive the tree.
// [NewPredicate] and [NewTemplate] turn a tree into something that evaluates in tens of nanoseconds without allocating.
//
// Numbers are 64 bits wide, signed ([Int]) or unsigned ([Uint]), as the field's own sign says. Arithmetic wraps around; its
// operands are taken as bits of the result's type. Division rounds toward zero, the remainder has the dividend's sign, and dividing by
// zero gives zero (the remainder: the dividend), as in the kernel. Comparing a signed with an unsigned number is exact: -1 is less than
// any unsigned. A field that a record is too short for is zero or empty. && and || and ?: evaluate only what they need.
//
// A text field's value ends before its first NUL. [Bytes] are equal when their lengths and all their bytes are. An array has no
// value of its own: only [Text] takes it.
//
// [Text] shows a field as [record.Field.AppendText] does, and other numbers in decimal. Of a [Cond] it shows the branch taken. The root
// of a template, the arguments of [Concat] and of [Text], and the branches of a [Cond] in one of these places are template positions.
// There, a text field shows as under [Text], so that nothing in a record reaches a terminal unescaped; constants show as they are.
// Elsewhere Concat is not allowed, and neither is the Text of a time, which needs a clock.
package expr

// Type is the type of a node's value.
type Type uint8

const (
	InvalidType Type = iota
	Bool
	Int    // int64
	Uint   // uint64
	String // characters without the NUL that ends them in C
	Bytes  // raw bytes: addresses
)

// Op is what a node does.
type Op uint8

const (
	InvalidOp Op = iota
	Const        // Type says which of Bool, Int, Uint, Str holds the value
	FieldRef     // Field is the index of the field in the schema; Type follows from its kind
	Not          // Bool
	Neg          // Int; the operand may be Uint and is then taken as its two's complement
	And          // two or more Bool
	Or           // two or more Bool
	Cond         // Bool, then two of one Type
	Eq           // two of one Type, or Int with Uint; the result is Bool, as for all comparisons
	Ne
	Lt // two numbers
	Le
	Gt
	Ge
	Add        // two numbers: Uint if both are, else Int
	Sub        // two numbers: Int
	Mul        // as Add
	Div        // as Add
	Mod        // as Add
	StartsWith // String, String
	EndsWith   // String, String
	Contains   // String, String: the second somewhere in the first
	Text       // any: its display as String
	Concat     // any number of String; only in a template
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
