"""The command line. Standard output holds the answer, standard error progress and complaints.

Exit status: 0 done, 1 a difference or regression was found, or a watched variant failed,
2 wrong usage or input, or a run that can't be stored, 130 stopped by Ctrl-C.
"""

from __future__ import annotations

import importlib
import inspect
import io
import os
import sys
import warnings
from collections.abc import Callable
from typing import Annotated

import typer

from labkit.core.errors import ArgumentError, PassedOver, UsageError, VariantFailed
from labkit.core.version import __version__

COMMANDS = {
    "list": "List stages with their variants and workloads.",
    "check": "Compare every variant with its stage's reference, on each workload and on the stage's edge cases.",
    "bench": "Check variants against the reference, time those that agree, print the tables and store the run.",
    "sweep": "Measure a curve in one interleaved run: each point as a paired ratio to the first, with its interval.",
    "profile": "Time a variant line by line, with the functions of its own that it calls; show it and store it.",
    "diff": "Profile two variants in one process and set their lines side by side, block by block: time, share, change.",
    "memory": "Tell the peak memory of one call, and what each line of the variant allocated.",
    "runs": "List the stored runs, oldest first, or show one of them again; or one stage over the runs of this machine.",
    "compare": "Compare functions as they are: checked, timed in interleaved rounds, told with intervals. Or two stored runs.",
    "report": "Write a report of stored runs: the decision on top, then tables, figures, what failed, the machine, how to "
    "redo it.",
    "doctor": "Look for what would fool whoever reads the figures, and say the way out.",
    "augment": "Augment every image of a folder into another folder, under the same relative name, on all cores.",
    "ocr-dataset": "Make K black-and-white copies of each page, each as another scanner would have seen it, ready for OCR "
    "training.",
    "lab": "Open JupyterLab on notebooks/ (loopback only, token on).",
    "serve": "Augment images over HTTP: POST an image to /augment, get the augmented one back.",
}
"""What each command does; the module of its name has the whole of it, and takes up to a second to import."""


COMPLETING = "_LABKIT_COMPLETE"


def _version(asked: bool) -> None:
    if asked:
        print(f"labkit {__version__}")
        raise typer.Exit


def commands(words: list[str]) -> typer.Typer:
    """The command line for these words: the command that they name in full, of the others what a list of them tells."""
    app = typer.Typer(
        help="Make slow image pipelines fast, and prove it: check variants of a stage against one another, time them "
        "interleaved, and keep the tables.\n\nBegin with: labkit bench main_colors --workloads logo",
        callback=root,
        rich_markup_mode="rich",
        pretty_exceptions_enable=False,
    )
    wanted = next((word for word in words if not word.startswith("-")), None)
    for name, summary in COMMANDS.items():
        command, help_text = listed, summary
        if name == wanted:
            command = whole(name)
            help_text = inspect.getdoc(command) or ""
        # A docstring's lines end where the source's do, a terminal's elsewhere: the paragraphs alone are meant.
        app.command(name, help="\n\n".join(" ".join(part.split()) for part in help_text.split("\n\n")))(command)
    return app


def root(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and exit.", is_eager=True, callback=_version)
    ] = False,
) -> None:
    """What comes before the command's name."""


def typed() -> list[str]:
    """The words after ``labkit``; while a shell completes a line, those of that line."""
    if COMPLETING in os.environ:
        line = os.environ.get("COMP_WORDS") or os.environ.get("_TYPER_COMPLETE_ARGS", "")  # bash, and the others
        return line.split()[1:]
    return sys.argv[1:] or ["--help"]


def whole(name: str) -> Callable[..., None]:
    """The function behind a command."""
    module = {"list": "list_"}.get(name, name.replace("-", "_"))
    command: Callable[..., None] = importlib.import_module(f"labkit.cli.{module}").command
    return command


def listed() -> None:
    """Stands for a command that is only listed."""


def main() -> None:
    """Run the command line; wrong usage, or a variant that failed, is one line on standard error, never a traceback."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that has no × shows ? for it
    warned = warnings.showwarning
    warnings.showwarning = lambda said, kind, *where: (
        _complain(said) if kind is PassedOver else warned(said, kind, *where)
    )
    status, words = 2, typed()
    try:
        sys.exit(commands(words)(words, prog_name="labkit", standalone_mode=False))
    except ArgumentError as error:
        complaint = error.option
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
    if os.environ.get("GITHUB_ACTIONS") == "true":
        from labkit.reports.ci.github import annotation  # it brings more than most commands need

        print(annotation("error", "not done", complaint), file=sys.stderr)
    sys.exit(status)


def _complain(text: object) -> None:
    print("labkit: " + " ".join(str(text).split()), file=sys.stderr)
