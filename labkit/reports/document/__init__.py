"""The report: one file that tells a team which variant to use, and why. As HTML, Markdown or PDF."""
