"""Which tables are measured, with which arms, for what was asked."""

import numpy as np
import pytest

import labkit as lk
from labkit.core.errors import UsageError
from labkit.measure.bench import plan_requests


@pytest.fixture(autouse=True)
def stages(own_registry):
    for name, workloads in (("blur", ("logo", "photo", "4k")), ("decode", ("logo_png", "tiny"))):
        made = [lk.Workload(workload, lambda: (np.ones(1, np.uint8),)) for workload in workloads]

        def contract(image):
            """A stage."""

        contract.__name__ = contract.__qualname__ = name
        split = lk.Split("rows", lambda n, image: [], lambda parts, image: None)
        lk.stage(reference="plain", workloads=made, split=split)(contract)
        for variant in ("plain", "other"):
            lk.variant(name, kind="numpy", name=variant, partial=len if variant == "plain" else None)(lambda image: 0)


def tables(*arguments):
    return [(request.stage, request.workload) for request in plan_requests(*arguments)]


def arms(*arguments):
    return [str(arm) for arm in plan_requests(*arguments)[0].arms]


def test_everything_is_measured_when_nothing_is_named():
    assert tables([]) == [("blur", w) for w in ("logo", "photo", "4k")] + [("decode", w) for w in ("logo_png", "tiny")]


def test_a_pattern_picks_workloads_of_each_stage_and_leaves_out_a_stage_that_none_fits():
    assert tables([], None, ["logo*", "photo*"]) == [("blur", "logo"), ("blur", "photo"), ("decode", "logo_png")]
    assert tables([], None, ["4k"]) == [("blur", "4k")]


def test_a_pattern_that_fits_nothing_is_wrong_usage():
    with pytest.raises(
        UsageError, match=r"no workload fits 'huge'; blur has: logo, photo, 4k; decode has: logo_png, tiny"
    ):
        plan_requests([], None, ["logo", "huge"])


def test_variants_that_bring_a_partial_run_under_every_engine_but_serial():
    assert arms(["blur"]) == ["plain", "other", "plain@threads", "plain@shared_memory"]


def test_the_baseline_always_takes_part_and_comes_first():
    assert arms(["blur"], ["other"]) == ["plain", "other"]
    assert arms(["blur"], ["plain@threads"], None, "other") == ["other", "plain@threads"]


def test_an_arm_named_twice_is_measured_once():
    assert arms(["blur"], ["other", "plain", "other"]) == ["plain", "other"]
