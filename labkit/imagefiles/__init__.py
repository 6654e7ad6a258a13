"""Picture files: how large one is before it is decoded, its image within limits, and its bytes again."""
