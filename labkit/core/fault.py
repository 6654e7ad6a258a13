"""What the gate says of a variant that does not keep its stage's contract."""

from __future__ import annotations


class Fault(str):
    """One line that says what is wrong; ``key`` says which check found it, for those who explain it.

    ``changed_input``, ``lazy_view``, ``memoised`` (an answer remembered, or its memory used again), else ``differs``.
    """

    key: str

    def __new__(cls, text: str, key: str = "differs") -> Fault:
        made = super().__new__(cls, text)
        made.key = key
        return made
