// Package plug finds handler plugins, runs them as processes and talks to them.
//
// go-plugin does the handshake and the connection. The process is ours: [Launch] forks it into a process group of its own, with a clean
// environment, an empty standard input and a private directory for its socket, and it ends when the host does. Whatever it writes is
// read and bounded here, so that no line of it can stop or crash the host, which go-plugin's own reader allows. Every call has a
// deadline, and [Process.Close] ends every process in the end, however stuck.
package plug
