"""Tables and figures of runs: text, never numbers of its own."""
