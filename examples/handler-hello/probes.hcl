probe "exec" {
  object = builtin.exec
}

plugin "hello" {
  path = "./hello"
}

handler "hello" "everybody" {
  from = [probe.exec.starts]
  config {
    greeting = "hi"
  }
}
