// Package route takes batches from the streams of the probes to the handlers that subscribed to them.
//
// A [Stream] filters a batch once, by the stream's own condition, and offers it to its handlers. Each [Handler] has a queue of its own,
// bounded in bytes, and a goroutine that sends what is queued to the plugin process: a slow handler delays nobody else. A batch that
// does not fit the queue is dropped, newest first, and counted; the next batch of that stream tells the handler how much is missing.
//
// For every handler, at any time: offered = delivered + filtered + dropped + pending, all in records.
// Batches of one stream arrive in order. Between streams there is no order.
package route
