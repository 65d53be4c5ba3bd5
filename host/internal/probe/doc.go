// Package probe loads BPF objects into the kernel, attaches their programs and reads what they emit.
//
// A [Probe] goes one way: [Load] creates the maps and has the verifier check every program, with nothing attached yet;
// [Probe.Attach] attaches all of it or none; [Stream.Run] reads a stream until its context ends; [Probe.Detach] stops new events;
// [Probe.Close] frees the rest. To lose nothing at the end: Detach, end the contexts of Run, wait for Run, Close.
//
// Everything attached is held by file descriptors of this process and goes away with it, however it ends. The exception are TC
// filters on kernels before 6.6, which the kernel keeps: only Detach removes those, and [LinkInfo.Note] says so.
//
// Records reach the sink of Run packed in batches, as the kernel wrote them and in the order in which it did (perf event arrays:
// in order per CPU). What the kernel had to drop is counted in the gap of the next batch.
package probe
