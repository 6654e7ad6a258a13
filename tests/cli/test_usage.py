"""Wrong usage is one line on standard error that says what would be right; help has an example."""

import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest

from labkit.cli import COMMANDS, whole
from labkit.core.registry import Registry
from tests.cli.conftest import Labkit

IN_ALL = "it has: plain, whole, cuda"


@pytest.mark.parametrize("command", COMMANDS)
def test_help_has_an_example_that_the_command_takes(labkit: Labkit, command: str) -> None:
    said = labkit(command, "--help")
    text = " ".join(said.out.split())
    assert said.status == 0
    example = re.search(rf"Example: labkit {command}\b([^│╭]*)", text)
    assert example is not None
    for option in re.findall(r"--\w+", example.group(1)):
        assert f"{option} " in text.replace(example.group(0), "")


@pytest.mark.parametrize("words", [(), ("--help",)])
def test_help_names_every_command_and_a_first_step(labkit: Labkit, words: tuple[str, ...]) -> None:
    said = labkit(*words)
    assert all(f" {command} " in said.out for command in COMMANDS)
    assert "Begin with: labkit bench main_colors" in said.out
    assert said.err == ""


@pytest.mark.parametrize(
    ("words", "line"),
    [
        ("nope", "No such command 'nope'"),
        ("bench nope", "unknown stage 'nope'; stages: lines"),
        ("check nope", "unknown stage 'nope'; stages: lines"),
        ("bench lines --variants nope", f"stage lines has no variant 'nope'; {IN_ALL}"),
        ("check lines --variants whole,nope", f"stage lines has no variant 'nope'; {IN_ALL}"),
        ("bench lines --baseline nope", f"stage lines has no variant 'nope'; {IN_ALL}"),
        ("bench lines --workloads nope", "no workload fits 'nope'; lines has: small, big"),
        ("check lines --workloads small,nope", "no workload fits 'nope'; lines has: small, big"),
        ("bench lines --variants plain@nope", "unknown engine 'nope'; engines: serial, threads, processes, chunks"),
        ("bench lines --variants plain@", "arm 'plain@': give a variant, or variant@engine, such as native@threads"),
        ("bench lines --variants @threads", "arm '@threads': give a variant, or variant@engine"),
        (
            "bench lines --variants whole@threads",
            "whole@threads: whole brings no partial, so it can't run under an engine; these do: plain",
        ),
        ("bench lines --variants plain,,whole", "'plain,,whole' holds an empty name; give names with commas between"),
        ("bench lines --workloads=", "'' holds an empty name; give names with commas between"),
        ("bench lines --budget -1", "budget is -1.0; give seconds above 0"),
        ("bench lines --budget 0", "budget is 0.0; give seconds above 0"),
        ("bench lines --budget nan", "budget is nan; give seconds above 0"),
        ("bench lines --time-limit 0", "time limit is 0.0; give seconds above 0, at most 1000000"),
        ("check lines --time-limit inf", "time limit is inf; give seconds above 0, at most 1000000"),
        ("bench lines --budget ten", "Invalid value for '--budget'"),
        ("bench lines --threads 0", "threads is 0; give a whole number from 1 to "),
        ("check lines --threads -2", "threads is -2; give a whole number from 1 to "),
        ("bench lines --threads 1.5", "Invalid value for '--threads'"),
        ("bench lines --seed -1", "Invalid value for '--seed'"),
        ("bench --load missing.py", "missing.py: no such file; give a Python file that defines stages or variants"),
        ("list --load .", "no such file; give a Python file"),
        ("bench lines --frobnicate", "No such option: --frobnicate"),
        ("bench lines --against HEAD --baseline", "Option '--baseline' requires an argument"),
        ("bench --against HEAD", "--against compares one stage at a time; name one"),
        ("list extra", "Got unexpected extra argument(s) (extra)"),
        ("runs nope", "run 'nope' does not exist in "),
        ("compare nope last", "run 'nope' does not exist in "),
        ("compare last", "compare takes two runs; 1 were given"),
        ("lab nowhere", "nowhere is no folder; run this in the project's folder, or name a folder of notebooks"),
    ],
)
def test_wrong_usage_is_one_line_that_says_what_would_be_right(
    labkit: Labkit, toy: Registry, results: Path, words: str, line: str
) -> None:
    said = labkit(*words.split())
    assert said.status == 2
    assert said.out == ""
    assert said.err.startswith("labkit: ")
    assert said.err.count("\n") == 1
    assert line in said.err


@pytest.mark.parametrize("command", ["list", "check", "bench"])
def test_an_error_in_a_loaded_file_is_one_line(labkit: Labkit, toy: Registry, tmp_path: Path, command: str) -> None:
    file = tmp_path / "mine.py"
    file.write_text("import labkit as lk\n@lk.variant('lines', kind='numpy')\ndef mine(picture, n): ...\n")
    said = labkit(command, "--load", file)
    assert (said.status, said.out) == (2, "")
    assert said.err == (
        f"labkit: --load {file}: variant mine takes (picture, n), but stage lines asks for lines(image: Any) -> None\n"
    )


def test_ctrl_c_while_a_command_is_imported_is_no_traceback() -> None:
    code = (
        "import sys\n"
        "sys.argv[1:] = ['bench']\n"
        "class Pressed:\n"
        "    def find_spec(self, name, *_):\n"
        "        if name == 'labkit.api':\n"
        "            raise KeyboardInterrupt\n"
        "sys.meta_path.insert(0, Pressed())\n"
        "from labkit.cli import main\n"
        "main()\n"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert (said.returncode, said.stdout, said.stderr) == (130, "", "")


def test_no_command_brings_what_only_some_of_its_uses_need() -> None:
    code = (
        "import sys\n"
        "from labkit.cli import COMMANDS, whole\n"
        "print([whole(name) for name in COMMANDS])\n"
        "sys.exit(bool({'uvicorn', 'starlette', 'matplotlib'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_list_of_commands_needs_nothing_that_only_some_of_them_need() -> None:
    code = (
        "import sys\n"
        "from labkit.cli import main\n"
        "try:\n"
        "    main()\n"
        "finally:\n"
        "    print(*{name.partition('.')[0] for name in sys.modules}, *sys.modules, file=sys.stderr)\n"
    )
    said = subprocess.run([sys.executable, "-c", code, "--help"], capture_output=True, text=True, check=True)
    heavy = {"cv2", "jinja2", "line_profiler", "matplotlib", "numba", "pandas", "psutil", "pyarrow", "scipy", "uvicorn"}
    own = {"labkit.api", "labkit.measure", "labkit.reports", "labkit.stages", "labkit.store"}
    assert (heavy | own) & set(said.stderr.split()) == set()


@pytest.mark.parametrize("name", COMMANDS)
def test_the_list_says_of_each_command_what_its_own_help_begins_with(name: str) -> None:
    own = inspect.getdoc(whole(name)) or ""
    assert " ".join(own.split("\n\n")[0].split()) == COMMANDS[name]
