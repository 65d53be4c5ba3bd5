// Package plug finds handler plugins, runs them as processes and talks to them.
//
// go-plugin does the handshake and the connection. The process is ours: [Launch] forks it into a process group of its own, with a clean
// environment, an empty standard input and a private directory for its socket. Whatever it writes or answers is read and bounded here, in size
// and in rate, and made fit to be shown, so that no plugin can stop or crash the host, which go-plugin alone allows. Every call has a deadline.
//
// [Process.Close] ends every process in the end, however stuck, and its group with it. When the host is killed, the kernel kills the plugin;
// one built with package sdk closes its handler first. What a plugin has moved out of its group, as daemons do, is not followed.
package plug
