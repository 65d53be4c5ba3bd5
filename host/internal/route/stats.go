package route

// HandlerStats counts the records offered to a handler. Offered = Delivered + Filtered + Dropped + Pending, at any time.
type HandlerStats struct {
	Offered   uint64
	Delivered uint64 // acknowledged by the plugin
	Filtered  uint64 // rejected by the handler's where
	Dropped   uint64 // did not fit the queue, or the plugin was gone before it acknowledged them
	Pending   uint64 // queued, or sent and not acknowledged; zero after Run
	Failed    uint64 // of the delivered ones: the handler returned an error for their batch
}

// Stats may be called at any time.
func (h *Handler) Stats() HandlerStats {
	// A record is counted as offered before it can be counted as anything else, so that Offered, read last, is never too small.
	s := HandlerStats{
		Failed: h.failed.Load(), Delivered: h.flight.delivered.Load(), Filtered: h.filtered.Load(), Dropped: h.dropped.Load(),
	}
	s.Offered = h.offered.Load()
	s.Pending = s.Offered - s.Delivered - s.Filtered - s.Dropped
	return s
}
