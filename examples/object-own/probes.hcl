probe "signals" {
  object = "./signals.bpf.o"

  stream "by_signal" { # a map: read every second
    every = "1s"
  }
}

# Who sends signals to whom.
handler "logger" "sent" {
  from  = [probe.signals.signals]
  where = !event.from_kernel && event.target != event.pid # programs in Go signal themselves all the time
  config {
    format = "text"
    fields = ["time", "signal", "pid", "comm", "uid", "target", "target_comm", "outcome"]
  }
}

# How many there are of each.
handler "counter" "by_signal" {
  from = [probe.signals.by_signal]
  config {
    key = "signal"
    sum = ["sent"]
  }
}
