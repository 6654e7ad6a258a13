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


def test_unasked_the_kernel_that_was_quickest_when_probed_comes_under_threads_and_shared_memory():
    lk.variant("blur", kind="numpy", name="quick", partial=len)(lambda image: 0)
    (request,) = plan_requests(["blur"], None, ["4k"])
    assert [str(arm) for arm in request.arms] == ["plain", "other", "quick"]
    costs = {"plain": 2.0, "other": 0.1, "quick": 1.0}
    assert [str(arm) for arm in request.under_engines(costs)] == ["quick@threads", "quick@shared_memory"]
    costs.pop("quick")  # it differs, say
    assert [str(arm) for arm in request.under_engines(costs)] == ["plain@threads", "plain@shared_memory"]
    assert request.under_engines({"other": 0.1}) == []


def test_an_arm_that_is_there_already_is_not_added():
    (request,) = plan_requests(["blur"], None, ["4k"], "plain@threads")
    assert [str(arm) for arm in request.under_engines({"plain": 1.0})] == ["plain@shared_memory"]


def test_what_is_named_is_measured_and_nothing_else():
    (request,) = plan_requests(["blur"], ["other", "plain@threads"], ["4k"])
    assert [str(arm) for arm in request.arms] == ["plain", "other", "plain@threads"]
    assert request.under_engines({"plain": 1.0, "other": 1.0}) == []


def test_a_variant_that_uses_all_cores_by_itself_comes_under_no_engine():
    split = lk.Split("rows", lambda n, image: [], lambda parts, image: None, partial_of=lambda function: function)

    @lk.stage(reference="one", workloads=[lk.Workload("w", lambda: ())], split=split)
    def cores(image):
        """A stage."""

    lk.variant("cores", kind="numpy", name="one")(lambda image: 0)
    lk.variant("cores", kind="native", name="all_of_them", parallel=True)(lambda image: 0)
    (request,) = plan_requests(["cores"])
    assert request.under_engines({"one": 1.0, "all_of_them": 0.1})[0].variant == "one"


def test_the_baseline_always_takes_part_and_comes_first():
    assert arms(["blur"], ["other"]) == ["plain", "other"]
    assert arms(["blur"], ["plain@threads"], None, "other") == ["other", "plain@threads"]


def test_an_arm_named_twice_is_measured_once():
    assert arms(["blur"], ["other", "plain", "other"]) == ["plain", "other"]
