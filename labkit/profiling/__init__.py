"""By line, by memory, and the difference of two profiles: shares of time, never speed-ups."""
