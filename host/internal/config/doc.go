// Package config reads probes.hcl: a file, or all *.hcl files of a folder, into a [Config].
//
// Everything in a Config keeps its source range, so that whoever finds out later that something is wrong with it can point there.
// What can be known from the files alone is checked here: syntax, names of blocks and arguments, types, bounds, duplicates, and that
// references name probes that exist. What needs the objects and the plugins is checked by package plan.
//
// All diagnostics are collected: one mistake does not hide the next, nor make other things look wrong. A block with an error of syntax in
// it is left out, and so is what would only follow from it. Something that is planned but not built yet is reported as
// "Not supported yet", as distinct from an unknown name.
package config
