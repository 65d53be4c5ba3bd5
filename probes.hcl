# What probehost watches when it is not told otherwise: `sudo probehost run`.
# `probehost schema` lists the streams and fields, `probehost plugins` what handlers take.

# Packets, counted in the kernel by protocol and read once a second.
probe "packets" {
  object = builtin.packets

  attach "count_packets" {
    interface = default_interface() # or one of your own: "eth0"
  }
  stream "protocols" {
    every = "1s"
  }
}

# Programs that start and end.
probe "exec" {
  object = builtin.exec
}

# Connections that programs on this machine make. Of the ways to see them, the first that the kernel takes.
probe "connect" {
  object   = builtin.tcp_connect
  first_of = ["connect_fentry", "connect_kprobe", "connect_tracepoint"]
}

# A live table of the packets.
handler "counter" "traffic" {
  from = [probe.packets.protocols]

  config {
    key = event.protocol
    top = 10
  }
}

# A line for each program that starts.
handler "logger" "programs" {
  from = [probe.exec.starts]

  config {
    format = "text" # or "json"
    fields = [event.pid, event.parent_comm, event.args]
  }
}

# A line for each connection, also those that fail.
handler "logger" "connections" {
  from = [probe.connect]

  config {
    format = "text"
    fields = [event.pid, event.comm, event.daddr, event.dport, event.result]
  }
}

# A message when root runs something from a folder that everybody may write to.
handler "alert" "watch" {
  from = [probe.exec.starts]

  config {
    rule "root runs from /tmp" {
      when     = event.uid == 0 && startswith(event.filename, "/tmp/")
      message  = "${event.parent_comm} ran ${event.filename} as root (pid ${event.pid})"
      throttle = "10s"
    }
  }
}
