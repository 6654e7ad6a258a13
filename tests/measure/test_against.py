"""Earlier code beside today's in one run: its whole tree at a revision, in processes of its own. Nothing here asserts a speed
but of a work that was made four times as long.
"""

import os
import signal
import subprocess
import sys
import textwrap
import zipfile
from pathlib import Path

import numpy as np
import pytest
import typer

from labkit import api
from labkit.cli import bench as bench_command
from labkit.core.errors import UsageError
from labkit.core.registry import registry
from labkit.engines.arm import ArmName
from labkit.measure import schedule
from labkit.measure.against.beside import beside_revision, stale_builds
from labkit.measure.against.needs import Needs, install_words
from labkit.measure.against.pairs import joined, regressions
from labkit.measure.against.revision import build, find_revision
from labkit.measure.bench import check, make_settings, plan_requests
from labkit.measure.result import Samples, Status, Table
from labkit.measure.statistics import Verdict
from labkit.reports.document.decision import compared
from labkit.reports.runs.grids import grids
from labkit.store.run import document

SHARED = """
import numpy as np

def work(image, times=10):
    for _ in range(times):
        total = int(np.sort(image).sum())
    return total

def slow(image, slow_times=10):
    return work(image, slow_times)
"""
STAGE = """
import sys
from pathlib import Path
sys.path.insert(0, str(Path(__file__).parent))
import numpy as np
import labkit as lk
from shared_{name} import slow, work

@lk.stage(
    reference="plain",
    workloads=[lk.Workload("one", lambda: (np.arange(20_000, dtype=np.uint8),))],
    split=lk.Split("rows", lambda n, image: [(image,)], lambda sums, image: sums[0]),
)
def {name}(image):
    "Sum of all pixels."

@lk.variant("{name}", kind="numpy", partial=work)
def plain(image):
    return slow(image)
"""
ADDED = """
@lk.variant("{name}", kind="numpy")
def added(image):
    return work(image) + {more}
"""


def git(folder, *words):
    identity = ["-c", "user.name=test", "-c", "user.email=test@localhost"]
    done = subprocess.run(["git", *identity, *words], cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def commit(folder):
    git(folder, "init", "--quiet")
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "-m", "one")
    return git(folder, "rev-parse", "--short=7", "HEAD")


@pytest.fixture
def project(tmp_path, monkeypatch, own_registry):
    """A repository of one stage, whose work is done in another file; its cache and results are the test's own."""
    monkeypatch.setenv("LABKIT_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("LABKIT_RESULTS", str(tmp_path / "results"))
    folder = tmp_path / "my project 한글"
    folder.mkdir()
    monkeypatch.syspath_prepend(folder)
    return Project(folder, f"of_{tmp_path.name}".replace("-", "_"))


class Project:
    def __init__(self, folder, name):
        self.folder, self.name = folder, name
        self.write()

    @property
    def shared(self):
        return self.folder / f"shared_{self.name}.py"

    @property
    def source(self):
        return self.folder / "mine.py"

    def write(self, more=None):
        self.shared.write_text(SHARED)
        added = "" if more is None else ADDED.format(name=self.name, more=more)
        self.source.write_text(STAGE.format(name=self.name) + added)

    def load(self):
        sys.modules.pop(f"shared_{self.name}", None)
        registry.load(self.source)


@pytest.fixture
def few_launches(monkeypatch):
    """As few as still make an interval for two: each executes two processes."""
    for name in ("FEWEST_LAUNCHES", "MOST_LAUNCHES"):
        monkeypatch.setattr(schedule, name, 7)


def test_a_change_outside_the_stages_file_is_a_regression_and_what_is_as_it_was_is_none(project, few_launches):
    """The one test that measures: work that another file does was made four times as long for one of two variants."""
    project.write(more=0)
    short = commit(project.folder)
    project.shared.write_text(project.shared.read_text().replace("slow_times=10", "slow_times=40"))
    project.load()
    document = api.bench(project.name, against="HEAD", budget=1.0, seed=3).document
    (found,) = document["regressions"]
    assert (found["variant"], found["before"], found["workload"]) == ("plain", f"plain_at_{short}", "one")
    assert found["ratio_high"] < 0.99
    assert {row["variant"]: row["status"] for row in document["rows"]} == dict.fromkeys(
        [f"plain_at_{short}", "plain", f"added_at_{short}", "added"], "measured"
    )
    assert document["against"]["commit"].startswith(short)
    assert document["settings"]["budget_s"] == 1.0
    assert list(registry.of(project.name)) == ["plain", "added"]  # what was brought for the run is gone


def test_what_becomes_of_earlier_code_is_told_as_of_any(project):
    told = {
        "segfaults": ("ctypes.string_at(0)", "crashed", "killed by SIGSEGV"),
        "leaves": ("os._exit(3)", "crashed", "ended with exit status 3"),
        "raises": ("raise KeyError('no such colour')", "crashed", "raised KeyError: 'no such colour' (mine.py:"),
        "hangs": ("time.sleep(60)", "timed_out", "did not end within 3 s"),
        "wrong": ("return 1", "differs", "output: is 1, expected"),
        "right": ("return work(image)", "measured", ""),
    }

    def variants(bodies):
        return "import ctypes, os, time\n" + "".join(
            f"@lk.variant('{project.name}', kind='numpy')\ndef {name}(image):\n    {body}\n"
            for name, body in bodies.items()
        )

    stage = project.source.read_text()
    project.source.write_text(stage + variants({name: body for name, (body, _, _) in told.items()}))
    commit(project.folder)
    project.source.write_text(stage + variants(dict.fromkeys(told, "return work(image)")))
    project.load()
    with beside_revision([project.name], list(told), "HEAD") as found:
        requests = plan_requests([found.stage], [old for _, old in found.pairs], None)
        rows = check(requests, make_settings(1.0, 1, time_limit_s=3.0))
    assert not [row.arm for row in rows if row.arm.partition("_at_")[0] not in {*told, "plain"}]
    for row in rows[1:]:
        _, status, words = told[row.variant.partition("_at_")[0]]
        assert (row.variant, str(row.status)) == (row.variant, status), row.reason
        assert words in (row.reason or "")


def paired(new, old):
    return Table("blur", "one", old.arm, [old, new], Samples((old.arm, new.arm)))


@pytest.mark.parametrize(
    ("now", "then", "regression"),
    [
        ({"verdict": Verdict.SLOWER}, {}, True),
        ({"verdict": Verdict.UNRESOLVED}, {}, False),
        ({"verdict": Verdict.SAME}, {}, False),
        ({"verdict": Verdict.FASTER}, {}, False),
        ({"status": Status.DIFFERS, "verdict": None}, {}, True),
        ({"status": Status.CRASHED, "verdict": None}, {}, True),
        ({"status": Status.UNAVAILABLE, "verdict": None}, {}, True),
        ({"status": Status.DIFFERS, "verdict": None}, {"status": Status.DIFFERS}, False),
    ],
)
def test_slower_than_before_or_lost_since_is_a_regression_and_nothing_else(measured, now, then, regression):
    table = paired(measured("fast", 0.9, **now), measured("fast_at_1", 1.0, **({"verdict": None} | then)))
    assert bool(regressions(table, {"fast": "fast_at_1"})) is regression


def test_what_was_not_tried_because_of_a_stop_is_no_regression(measured):
    lost = measured("fast", status=Status.UNAVAILABLE, verdict=None)
    assert not regressions(paired(lost, measured("fast_at_1", 1.0, verdict=None)), {"fast": "fast_at_1"}, stopped=True)


def test_several_pairs_are_one_table_in_which_each_stands_below_its_own_earlier_self(measurement_of, measured):
    pairs, tables = {"a": "a_at_1", "b": "b_at_1"}, []
    for new, old in pairs.items():
        tables += measurement_of(measured(old, 1.0, 0.0, verdict=None), measured(new, 0.5)).tables
    measurement = measurement_of(measured("a"))
    measurement.tables = joined(tables, pairs)
    found = document(measurement)
    (table,) = found["tables"]
    assert [launch["launch"] for launch in table["launches"]] == [0, 1, 2, 3]
    (shown,) = grids(found)
    assert [row[0].text for row in shown.rows] == ["a_at_1", "a", "b_at_1", "b"]
    assert [row[4].tone for row in shown.rows] == ["baseline", "faster", "baseline", "faster"]


def test_a_variant_that_only_one_of_the_two_has_is_told(project):
    commit(project.folder)
    project.write(more=0)
    project.load()
    with beside_revision([project.name], None, "HEAD") as found:
        assert (len(found.pairs), found.only_now, found.only_then) == (1, ("added",), ())
    git(project.folder, "commit", "--quiet", "-am", "two")
    project.write()
    project.load()
    with beside_revision([project.name], None, "HEAD") as found:
        assert (len(found.pairs), found.only_now, found.only_then) == (1, (), ("added",))


def test_an_arm_under_an_engine_lives_under_the_engines_of_its_revision(project):
    short = commit(project.folder)
    project.load()
    with beside_revision([project.name], ["plain@threads:2"], "HEAD") as found:
        assert found.pairs == (("plain@threads:2", f"plain_at_{short}@threads:2"),)
        host = registry.variant(project.name, f"plain_at_{short}").host
        with host.execute() as process:
            call = host.open(process, ArmName.parse(found.pairs[0][1]), 1)
            assert call(np.arange(100, dtype=np.uint8)) == 4950
            assert call.seconds > 0


def test_a_package_is_compared_with_itself_whole(tmp_path, project, monkeypatch):
    package = project.folder / f"pack_{project.name}"
    (package / "stage").mkdir(parents=True)
    (package / "__init__.py").touch()
    name = f"{project.name}_packed"
    source = STAGE.format(name=name).replace(
        f"from shared_{name} import slow, work", f"from {package.name}.kernel import slow, work"
    )
    (package / "stage" / "__init__.py").write_text(source)
    (package / "kernel.py").write_text("def slow(image):\n    return 1\nwork = slow\n")
    short = commit(project.folder)
    (package / "kernel.py").write_text("def slow(image):\n    return 2\nwork = slow\n")
    registry.import_folder(f"{package.name}.stage")
    with beside_revision([name], None, "HEAD") as found:
        assert found.pairs == (("plain", f"plain_at_{short}"),)
        host = registry.variant(name, f"plain_at_{short}").host
        with host.execute() as old, host.today.execute() as new:
            assert host.open(old, ArmName(f"plain_at_{short}"), 1)(np.ones(3)) == 1
            assert host.today.open(new, ArmName("plain"), 1)(np.ones(3)) == 2


def test_a_revision_is_built_once(project, capfd):
    commit(project.folder)
    for _ in range(2):
        build(find_revision(project.folder, "HEAD"))
    assert capfd.readouterr().err.count("(once)") == 1


def test_what_the_revision_needs_is_installed_for_it_alone(project, tmp_path):
    wheel(tmp_path / "wheels", "only_then", "ANSWER = 41")
    (project.folder / "requirements.txt").write_text(
        f"--no-index\n--find-links {tmp_path / 'wheels'}\nonly_then==1.0\n"
    )
    project.shared.write_text("import only_then\ndef slow(image):\n    return only_then.ANSWER\nwork = slow\n")
    short = commit(project.folder)
    (project.folder / "requirements.txt").write_text("")
    project.write()
    project.load()
    with beside_revision([project.name], None, "HEAD") as found:
        assert found.revision.own_libraries
        host = registry.variant(project.name, f"plain_at_{short}").host
        with host.execute() as process:
            assert host.open(process, ArmName(f"plain_at_{short}"), 1)(np.ones(3)) == 41


def wheel(folder, name, source):
    """A wheel of one module, written by hand."""
    folder.mkdir()
    about = f"{name}-1.0.dist-info"
    with zipfile.ZipFile(folder / f"{name}-1.0-py3-none-any.whl", "w") as file:
        file.writestr(f"{name}.py", source)
        file.writestr(f"{about}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        file.writestr(
            f"{about}/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        file.writestr(f"{about}/RECORD", "")


def test_a_source_that_is_newer_than_its_build_is_found(tmp_path):
    for name in ("fresh", "stale"):
        (tmp_path / f"{name}.cpp").touch()
        (tmp_path / f"{name}.cpython-311.so").touch()
    (tmp_path / "unbuilt.cpp").touch()
    os.utime(tmp_path / "stale.cpython-311.so", (1, 1))
    assert stale_builds(tmp_path) == [tmp_path / "stale.cpp"]


def test_needs_are_compared_without_comments_and_order(tmp_path):
    (tmp_path / "requirements.txt").write_text("b==1 # why\na==2\n")
    (tmp_path / "requirements.lock").write_text("# made by a tool\na==2\n")
    commit(tmp_path)
    (tmp_path / "requirements.txt").write_text("# both\na==2\n\nb==1\n")
    today = Needs.today(tmp_path)
    assert today == Needs.at(tmp_path, "HEAD")
    words = ["-r", tmp_path / "requirements.txt", "-c", tmp_path / "requirements.lock"]
    assert install_words(today, tmp_path) == words
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "x"\ndependencies = ["numpy>=2"]\n')
    assert Needs.today(tmp_path) != today


BROKEN = {
    "does not build": (
        "setup.py",
        "raise SystemExit('error: no header my.h')",
        "can't be built: error: no header my.h",
    ),
    "does not load": (
        "mine.py",
        "import a_module_nobody_has",
        "ModuleNotFoundError: No module named 'a_module_nobody_has'",
    ),
    "needs what nobody has": (
        "requirements.txt",
        "--no-index\nnobody_has==1",
        "can't be installed: ERROR: No matching",
    ),
    "lacks the stage": ("mine.py", "", "unknown stage"),
}


@pytest.mark.parametrize("how", BROKEN)
def test_a_revision_that_can_not_be_measured_says_why_in_one_line_and_leaves_nothing_half(project, how):
    file, text, words = BROKEN[how]
    (project.folder / file).write_text(text)
    commit(project.folder)
    (project.folder / file).unlink()
    project.write()
    project.load()
    with pytest.raises(UsageError) as told, beside_revision([project.name], None, "HEAD"):
        pass
    assert words in str(told.value)
    assert "\n" not in str(told.value)
    assert not list(Path(os.environ["LABKIT_CACHE"]).rglob("*.unfinished"))


def test_a_build_that_is_interrupted_leaves_nothing_half_and_nothing_running(project):
    pid = project.folder.parent / "pid"
    (project.folder / "setup.py").write_text(
        f"import os, time\nopen({str(pid)!r}, 'w').write(str(os.getpid()))\ntime.sleep(600)"
    )
    commit(project.folder)
    code = f"""
        from pathlib import Path
        from labkit.measure.against.revision import build, find_revision
        build(find_revision(Path({str(project.folder)!r}), "HEAD"))
    """
    builder = subprocess.Popen([sys.executable, "-c", textwrap.dedent(code)], stderr=subprocess.DEVNULL)
    while not (pid.exists() and pid.read_text()):
        assert builder.poll() is None
    builder.send_signal(signal.SIGINT)
    assert builder.wait() != 0
    assert not Path(f"/proc/{pid.read_text()}").exists()
    (home,) = (Path(os.environ["LABKIT_CACHE"]) / "revisions").iterdir()
    assert [path.suffix for path in home.iterdir()] == [".lock"]


@pytest.mark.parametrize(
    ("stages", "variants", "revision", "words"),
    [
        (None, ["nope"], "HEAD", "has no variant 'nope'; it has: plain, added"),
        (None, ["added"], "HEAD", "none of added; it has: plain"),
        (None, None, "no_such_branch", "no such revision: no_such_branch"),
        (["a", "b"], None, "HEAD", "one stage at a time"),
        ([], None, "HEAD", "one stage at a time"),
    ],
)
def test_what_can_not_be_compared_is_said(project, stages, variants, revision, words):
    commit(project.folder)
    project.write(more=0)
    project.load()
    with (
        pytest.raises(UsageError, match=words),
        beside_revision(stages or [project.name] if stages is None else stages, variants, revision),
    ):
        pass


def test_a_regression_ends_the_command_with_status_1_and_one_line(measurement_of, measured, capsys):
    old, new = measured("fast_at_1", 1.0, 0.0, verdict=None), measured("fast", 0.8, verdict=Verdict.SLOWER)
    measurement = measurement_of(old, new)
    measurement.against = {"regressions": regressions(measurement.tables[0], {"fast": "fast_at_1"})}
    with pytest.raises(typer.Exit) as end:
        bench_command.end("run", document(measurement), None)
    assert end.value.exit_code == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("labkit: regression: blur on logo: fast is 0.80")
    assert line.endswith(" as fast as fast_at_1")


def test_a_report_says_what_became_of_the_pairs_and_not_which_variant_to_use(measurement_of, measured):
    old, new = measured("fast_at_1234567", 1.0, 0.0, verdict=None), measured("fast", 0.8, verdict=Verdict.SLOWER)
    measurement = measurement_of(old, new)
    measurement.tables[0].facts["pairs"] = {"fast": "fast_at_1234567"}
    about = {"revision": "main", "commit": "1234567" * 5, "own_libraries": False, "only_now": ["new"], "only_then": []}
    found = regressions(measurement.tables[0], {"fast": "fast_at_1234567"})
    measurement.against = {"against": about, "regressions": found}
    ((_, text),) = compared(document(measurement))
    assert text.startswith("Regression: blur on logo: fast is 0.80")
    assert "against main (1234567): 1 regression in 1 comparison (1 slower)" in text
    assert text.endswith("not there yet at main (1234567), so not compared: new.")
    assert compared(document(measurement_of(old, new))) == []


def test_an_earlier_self_that_differs_from_what_is_right_today_fails_nobody(measurement_of, measured):
    old = measured("fast_at_1", 1.0, 0.0, verdict=None, status=Status.DIFFERS, median_s=None)
    measurement = measurement_of(old, measured("fast", verdict=None))
    measurement.tables[0].facts["pairs"] = {"fast": "fast_at_1"}
    bench_command.end("run", document(measurement), None)
