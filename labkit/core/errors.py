"""The one error that means «you asked for something that is not there, or not like this»."""


class UsageError(ValueError):
    """Wrong usage or input. Its text is one line: what came, where, and what would be right."""


class ArgumentError(UsageError):
    """What came for one argument won't do: it is told as ``to='a.txt'`` in Python, and as ``option`` to who typed a command."""

    def __init__(self, name: str, value: object, said: str) -> None:
        super().__init__(name, value, said)
        self.option = f"--{name}{'' if value is True else f' {value}'}: {said}"

    def __str__(self) -> str:
        name, value, said = self.args
        return f"{name}={value if value is True else str(value)!r}: {said}"


def listed(names: object) -> str:
    """Names as a readable list for the end of an error message."""
    words = [str(name) for name in names]  # type: ignore[attr-defined]
    return ", ".join(words) if words else "none"


def one_line(error: BaseException) -> str:
    """``TypeName: text``, however many lines the text has, and whether the error can give it or not."""
    try:
        text = " ".join(str(error).split())
    except Exception as nested:
        text = f"(its text raised {type(nested).__name__})"
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


class VariantFailed(RuntimeError):
    """A variant raised, crashed, hung or took too much memory while it was watched; one line that says which."""


class NotOffered(ValueError):
    """A variant can not do this workload (a format it does not read, say); not a fault of either."""


class PassedOver(UserWarning):
    """Stored runs that can't be read are left out of what is listed."""
