"""The command line. Standard output holds the answer, standard error progress and complaints.

Exit status: 0 done, 1 a difference or regression was found, or a watched variant failed,
2 wrong usage or input, 130 stopped by Ctrl-C.
"""

from __future__ import annotations

import inspect
import io
import os
import sys
import warnings

import typer

try:  # what they need takes a second or two to import, in which people press Ctrl-C too
    from labkit.cli import (
        augment,
        bench,
        check,
        compare,
        diff,
        doctor,
        lab,
        list_,
        memory,
        ocr_dataset,
        profile,
        report,
        runs,
        serve,
        sweep,
    )
    from labkit.core.errors import UsageError, VariantFailed
    from labkit.store import PassedOver
except KeyboardInterrupt:
    sys.exit(130)

app = typer.Typer(
    help="Make slow image pipelines fast, and prove it: check variants of a stage against one another, time them "
    "interleaved, and keep the tables.\n\nBegin with: labkit bench main_colors --workloads logo",
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
)
for name, command in (
    ("list", list_.command),
    ("check", check.command),
    ("bench", bench.command),
    ("sweep", sweep.command),
    ("profile", profile.command),
    ("diff", diff.command),
    ("memory", memory.command),
    ("runs", runs.command),
    ("compare", compare.command),
    ("report", report.command),
    ("doctor", doctor.command),
    ("augment", augment.command),
    ("ocr-dataset", ocr_dataset.command),
    ("lab", lab.command),
    ("serve", serve.command),
):
    told = inspect.getdoc(command) or ""
    # A docstring's lines end where the source's do, a terminal's elsewhere: the paragraphs alone are meant.
    app.command(name, help="\n\n".join(" ".join(part.split()) for part in told.split("\n\n")))(command)


def main() -> None:
    """Run the command line; wrong usage, or a variant that failed, is one line on standard error, never a traceback."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that has no × shows ? for it
    warned = warnings.showwarning
    warnings.showwarning = lambda said, kind, *where: (
        _complain(said) if kind is PassedOver else warned(said, kind, *where)
    )
    status = 2
    try:
        sys.exit(app(sys.argv[1:] or ["--help"], prog_name="labkit", standalone_mode=False))
    except UsageError as error:
        complaint = str(error)
    except VariantFailed as error:
        complaint, status = str(error), 1
    except typer.exceptions.TyperException as error:
        complaint = f"{error.format_message()} (see labkit --help)"
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # whoever read us has left; nothing to complain to
        sys.exit(0)
    except OSError as error:
        complaint = f"{error.filename or 'output'}: {error.strerror or error}"
    except (typer.Abort, KeyboardInterrupt):
        sys.exit(130)
    _complain(complaint)
    sys.exit(status)


def _complain(text: object) -> None:
    print("labkit: " + " ".join(str(text).split()), file=sys.stderr)
