"""The audit: what `optimizer.step()` really did to live parameters; the only place that knows torch."""
