// Package lang compiles the event expressions of a configuration, and holds what its other expressions see.
//
// [Context] has the functions and constants for all that is evaluated once, when the configuration is loaded. [Predicate] and
// [Template] take an expression that speaks of `event` and the schema of a stream, and give the typed tree that [expr] evaluates over
// records. What does not mention `event` is evaluated by HCL with the context and becomes a constant of the tree.
//
// The language means what HCL means by it, with these differences: numbers are those of the fields, 64 bits wide, so that division gives
// whole numbers and arithmetic wraps around; && and || evaluate only what they need; and a string constant that is compared with a field
// stands for the number or the address that the field would show like that ("udp", "ECONNREFUSED", "10.0.0.1", "5ms", "1MiB").
//
// Every diagnostic has the range of what it is about. Expressions are as deep as the parser let them be: package config refuses files
// that are nested too deeply before they are parsed, and the compiler has a bound of its own.
package lang
