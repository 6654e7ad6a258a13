"""What there is: every stage and variant, found in labkit itself, in installed packages, in files and in notebook cells."""

from __future__ import annotations

import importlib
import importlib.util
import os
import pkgutil
import sys
import warnings
import zlib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import replace
from functools import partial
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar, cast

import cloudpickle

from labkit.core.errors import UsageError, listed, one_line
from labkit.core.many import many_of_stage, many_of_variant
from labkit.core.stage import KINDS, Stage, define_stage
from labkit.core.unbuilt import why_unbuilt
from labkit.core.variant import Variant, check_signature, define_variant, with_partial
from labkit.core.workload import Workload

Function = TypeVar("Function", bound=Callable[..., Any])
PIPELINES = "labkit.pipelines"
HOMES = ("labkit.stages", PIPELINES)
ENTRY_POINTS = "labkit.stages"
LOADED = "labkit_loaded_"  # so begins the name of a module that is a loaded file
_loads: ContextVar[bool] = ContextVar("loads", default=False)
COMPILED = {".pyx": "cython", ".c": "native", ".cpp": "native"}


class Registry:
    """Stages by name, and their variants by name. Discovery happens on the first question.

    After :meth:`import_only` it happens on the first question that what was imported can't answer.
    """

    def __init__(self) -> None:
        self.stages: dict[str, Stage] = {}
        self.variants: dict[str, dict[str, Variant]] = {}
        self.origins: dict[str, str] = {}
        self.chains: dict[str, str] = {}  # of a stage made of a chain, what names it: photo, or a YAML file
        self.compared: dict[str, list[str]] = {}  # of one made of functions, what the command to compare them was given
        self.brought: list[
            Stage | Variant | Path
        ] = []  # what discovery does not find, in order: cells and loaded files
        self._state = "new"
        self._suffix = ""

    def stage(self, name: str) -> Stage:
        if self._state != "partial" or name not in self.stages:
            self.discover()
        if name not in self.stages:
            raise UsageError(f"unknown stage {name!r}; stages: {listed(sorted(self.stages))}")
        return self.stages[name]

    def variant(self, stage: str, name: str) -> Variant:
        known = self.variants.get(stage, {})
        if self._state != "partial" or name not in known:
            known = self.of(stage)
        if name not in known:
            raise UsageError(f"stage {stage} has no variant {name!r}; it has: {listed(known)}")
        return known[name]

    def of(self, stage: str) -> dict[str, Variant]:
        """The variants of a stage, the reference first."""
        self.discover()
        reference = self.stage(stage).reference
        found = self.variants.get(stage, {})
        return dict(sorted(found.items(), key=lambda item: (item[0] != reference, KINDS.index(item[1].kind))))

    def add_stage(self, stage: Stage, origin: str) -> None:
        if self._suffix:
            return  # earlier code is held to today's contract
        if stage.name in self.stages and self.origins[stage.name] != origin:
            raise UsageError(
                f"stage {stage.name} exists already (from {self.origins[stage.name]}); stages: {listed(sorted(self.stages))}"
            )
        self.stages[stage.name] = stage
        self.origins[stage.name] = origin
        self._remember(stage)
        if stage.many is not None:
            many = many_of_stage(stage)
            self.stages[many.name] = many
            self.origins[many.name] = origin

    def add_variant(self, variant: Variant) -> None:
        if self._suffix:
            variant = replace(variant, name=variant.name + self._suffix)
        if variant.stage not in self.stages:
            self.discover()
        if variant.stage not in self.stages:
            raise UsageError(
                f"variant {variant.name}: unknown stage {variant.stage!r}; stages: {listed(sorted(self.stages))}"
            )
        check_signature(variant, self.stages[variant.stage])
        known = self.variants.setdefault(variant.stage, {})
        earlier = known.get(variant.name)
        if earlier and earlier.origin != variant.origin:
            raise UsageError(
                f"stage {variant.stage} has a variant {variant.name} already (from {earlier.origin}); it has: {listed(known)}"
            )
        stage = self.stages[variant.stage]
        known[variant.name] = with_partial(variant, stage)
        self._remember(variant)
        if stage.many is not None:
            many = many_of_variant(variant, stage)
            self.variants.setdefault(many.stage, {})[many.name] = many

    def _remember(self, thing: Stage | Variant | Path) -> None:
        if self._state != "discovering":
            known = [_identity(earlier) for earlier in self.brought]
            place = known.index(_identity(thing)) if _identity(thing) in known else len(known)
            self.brought[place : place + 1] = [thing]  # a stage stays before its variants

    def discover(self) -> None:
        """Import every stage folder of labkit and every package that offers stages by an entry point; once.

        What can't be imported is left out with a warning. Raises UsageError when two stages or variants share a name.
        """
        if self._state not in ("new", "partial"):
            return
        self._state = "discovering"
        try:
            for home in HOMES:
                package = importlib.import_module(home)
                for found in pkgutil.iter_modules(package.__path__, home + "."):
                    if found.ispkg:
                        self._bring(found.name, partial(self.import_folder, found.name))
            for point in entry_points(group=ENTRY_POINTS):
                self._bring(f"entry point {point.name} = {point.value}", partial(self._import_point, point))
        except BaseException:
            self._state = "new"
            raise
        self._state = "ready"

    def modules_of(self, wanted: Collection[tuple[str, str]]) -> set[str] | None:
        """The modules that define these (stage, variant), but for loaded files; None where all may be asked for.

        That is so with a pipeline, which asks for other stages while it runs.
        """
        origins = {self.origins.get(self.stage(stage).name, "") for stage, _ in wanted}
        if any(origin.startswith(PIPELINES + ".") for origin in origins):
            return None
        origins |= {self.variant(stage, name).origin for stage, name in wanted}
        modules = {module for module, colon, _ in (origin.partition(":") for origin in origins) if colon}
        return {module for module in modules if not module.startswith(LOADED)}

    def import_only(self, modules: Collection[str]) -> None:
        """Import these modules, and all others with the first question that these can't answer."""
        self._state = "discovering"
        for module in modules:
            self._bring(module, partial(importlib.import_module, module))
        self._state = "partial"

    def _bring(self, what: str, bring: Callable[[], object]) -> None:
        """One folder or package that can't be imported must not cost the others."""
        try:
            bring()
        except UsageError:
            raise
        except Exception as error:
            warnings.warn(f"{what} is left out: {one_line(error)}", stacklevel=2)

    def _import_point(self, point: EntryPoint) -> None:
        module = point.load()
        if isinstance(module, ModuleType) and hasattr(module, "__path__"):
            self.import_folder(module.__name__)

    def import_folder(self, name: str) -> None:
        """Import a stage's package and each file in it; a file that can't be imported costs only its own variants."""
        package = importlib.import_module(name)
        own = (stage for stage, origin in self.origins.items() if origin.startswith(f"{name}:"))
        stage = next(own, name.rpartition(".")[2])
        sources = {path.stem: path for path in Path(package.__path__[0]).iterdir() if path.suffix in COMPILED}
        modules = {found.name for found in pkgutil.iter_modules(package.__path__)}
        for stem in sorted((modules | sources.keys()) - {"__init__"}):
            if stem.startswith("_"):
                continue
            kind = COMPILED[sources[stem].suffix] if stem in sources else "library"
            try:
                if stem not in modules:
                    raise ImportError(why_unbuilt(sources[stem]))
                importlib.import_module(f"{name}.{stem}")
            except UsageError:
                raise
            except ImportError as error:
                self._mark_missing(stage, stem, kind, str(error))
            except Exception as error:
                self._mark_missing(stage, stem, kind, one_line(error))

    @contextmanager
    def renaming(self, suffix: str) -> Iterator[None]:
        """Within this context variants register under their name + ``suffix``, and stages not at all."""
        self._suffix = suffix
        try:
            yield
        finally:
            self._suffix = ""

    def _mark_missing(self, stage: str, name: str, kind: str, reason: str) -> None:
        if name in self.variants.get(stage, {}):
            return  # it was defined before the file's error
        origin = f"{stage}/{name}"
        self.add_variant(Variant(stage, name, kind, missing=lambda: reason, origin=origin, summary="not importable"))

    def load(self, path: str | Path, names: Mapping[str, Any] | None = None) -> ModuleType:
        """Run a Python file that defines stages or variants of the user's own, in place of what it defined before.

        It finds modules beside it, as with ``python FILE``. ``names``, a notebook's for example, are what it finds as if it
        had defined them: what it brings then goes to other processes whole, as a cell's functions do; without names they
        load the file themselves. Gives the module; raises UsageError, and leaves all as it was, when it can't be run.
        """
        path = Path(path).absolute()
        if not os.path.isfile(path):  # Path's own raises for a name that is too long
            raise UsageError(f"--load {path}: no such file; give a Python file that defines stages or variants")
        if self._state != "partial":
            self.discover()
        name = module_of(path)
        spec = importlib.util.spec_from_file_location(name, path)
        if spec is None or spec.loader is None:
            raise UsageError(f"--load {path}: not a Python file (its name must end in .py)")
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        stages, origins, brought = dict(self.stages), dict(self.origins), list(self.brought)
        variants = {stage: dict(known) for stage, known in self.variants.items()}
        self.forget(path)
        others = list(self.brought)
        vars(module).update(names or {})
        search = list(sys.path)
        if str(path.parent) not in search:
            sys.path.insert(0, str(path.parent))
        outer = _loads.set(True)
        try:
            spec.loader.exec_module(module)
        except BaseException as error:
            self.stages, self.origins, self.brought, self.variants = stages, origins, brought, variants
            del sys.modules[name]
            sys.path[:] = search
            if not isinstance(error, Exception | SystemExit):
                raise  # Ctrl-C
            what = str(error) if isinstance(error, UsageError) else one_line(error)
            raise UsageError(f"--load {path}: {what}") from error
        finally:
            _loads.reset(outer)
        cloudpickle.register_pickle_by_value(module)  # an engine's workers are sent its functions whole
        if not names:
            self.brought = others
            self._remember(path)
        return module

    def forget_stage(self, name: str) -> None:
        """Take out a stage, with its variants, that was made in this process; nothing where there is none."""
        self.stages.pop(name, None)
        self.origins.pop(name, None)
        self.variants.pop(name, None)
        self.brought = [
            t for t in self.brought if isinstance(t, Path) or name not in (t.name, getattr(t, "stage", None))
        ]

    def forget(self, path: str | Path) -> None:
        """Take out what a loaded file has defined."""
        path = Path(path).absolute()
        own = f"{module_of(path)}:"
        for known in self.variants.values():
            for name in [name for name, variant in known.items() if variant.origin.startswith(own)]:
                del known[name]
        for name in [name for name, origin in self.origins.items() if origin.startswith(own)]:
            del self.stages[name], self.origins[name]
        self.brought = [thing for thing in self.brought if thing != path and self._knows(thing)]

    def _knows(self, thing: Stage | Variant | Path) -> bool:
        if isinstance(thing, Variant):
            return thing.name in self.variants.get(thing.stage, {})
        return isinstance(thing, Path) or thing.name in self.stages


def refuse_while_loading() -> None:
    """Raise UsageError where a loaded file asks for a measurement: each measuring process loads it, and would measure in turn."""
    if _loads.get():
        raise UsageError('it measures while it is loaded; put such calls under: if __name__ == "__main__":')


def module_of(path: Path) -> str:
    """The name under which a loaded file is imported: two folders may hold files of the same name."""
    return f"{LOADED}{path.stem}_{zlib.crc32(str(path).encode()):08x}"


def _identity(thing: Stage | Variant | Path) -> object:
    """What makes a later thing take the place of an earlier one."""
    return thing if isinstance(thing, Path) else (getattr(thing, "stage", None), thing.name)


registry = Registry()


def stage(
    *, reference: str, workloads: Iterable[Workload] | None = None, **facts: Any
) -> Callable[[Function], Function]:
    """Decorator: the function becomes the contract of a new stage.

    Its docstring says what goes in and comes out, its annotations and its body check the input. Facts are those of
    :func:`labkit.core.stage.define_stage`: ``edge_cases``, ``try_also``, ``agreement``, ``floor_bytes``, ``split``,
    ``items``, ``empty_cells``, ``many``, ``in_place``; of an annotated image (:mod:`labkit.core.contract`) most of them follow.

    Raises UsageError when the name is taken.
    """

    def decorate(contract: Function) -> Function:
        given = None if workloads is None else list(workloads)
        made = define_stage(contract, reference=reference, workloads=given, **facts)
        registry.add_stage(made, f"{contract.__module__}:{contract.__qualname__}")
        return cast(Function, made.contract)

    return decorate


def variant(stage: str, kind: str, name: str | None = None, **facts: Any) -> Callable[[Function], Function]:
    """Decorator: the function becomes a variant of a stage.

    ``arm=True`` says that the function is a context manager's factory whose callable is the variant. Other facts are
    those of :class:`labkit.core.variant.Variant`: ``partial``, ``requires``, ``missing``, ``summary``.

    Raises UsageError for an unknown stage or kind, a name that is taken, or another signature than the stage's.
    """

    def decorate(function: Function) -> Function:
        registry.add_variant(define_variant(function, stage, kind, name, **facts))
        return function

    return decorate
