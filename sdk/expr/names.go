package expr

import "fmt"

var types = [...]string{"invalid", "bool", "int", "uint", "string", "bytes"}

func (t Type) String() string {
	if int(t) < len(types) {
		return types[t]
	}
	return fmt.Sprintf("type(%d)", uint8(t))
}

var ops = [...]string{
	InvalidOp: "invalid", Const: "const", FieldRef: "field", Not: "not", Neg: "neg", And: "and", Or: "or", Cond: "cond",
	Eq: "eq", Ne: "ne", Lt: "lt", Le: "le", Gt: "gt", Ge: "ge", Add: "add", Sub: "sub", Mul: "mul", Div: "div", Mod: "mod",
	StartsWith: "startswith", EndsWith: "endswith", Contains: "contains", Text: "text", Concat: "concat",
}

func (op Op) String() string {
	if int(op) < len(ops) {
		return ops[op]
	}
	return fmt.Sprintf("op(%d)", uint8(op))
}
