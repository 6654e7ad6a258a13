"""Old code against new code as arms of one run: ``labkit bench STAGE --against REVISION``.

The revision's *whole* tree is built beside today's (`revision`), so a change in a shared kernel, in an engine or in what
the project needs shows as well as one in the stage's own folder. In every launch old and new are timed in the same
interleaved rounds, each in a process of its own environment (`hosted`). `pairs` says what is compared with what, and what a
regression is.
"""
