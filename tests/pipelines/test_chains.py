"""Chains by name and by file: the same output from (seed, index) in any process, and what is wrong with a file in one line."""

from __future__ import annotations

import io
from pathlib import Path

import albumentations as A
import cloudpickle
import cv2
import numpy as np
import pytest

from labkit.core import Exact, UsageError, registry
from labkit.engines import open_engine
from labkit.pipelines.chain_stage import Place, chain_stage
from labkit.pipelines.chains import NAMED, open_chain
from labkit.profiling.run import profile_arms
from labkit.stages.augment.draw import draw

IMAGE = cv2.GaussianBlur(np.random.default_rng(5).integers(0, 256, (96, 128, 3), dtype=np.uint8), (9, 9), 3)
SAVED = A.Compose(
    [
        A.RandomRotate90(),
        A.OneOf([A.HorizontalFlip(p=1), A.VerticalFlip(p=1)]),
        A.RandomBrightnessContrast(p=0.5),
        A.GaussianBlur(p=0.3),
        A.GaussNoise(p=0.5),
        A.AdditiveNoise(noise_type="gaussian", spatial_mode="shared", p=0.5),  # draws from OpenCV's generator
        A.CoarseDropout(p=0.5),
        A.Perspective(p=0.5),
    ]
)


def saved(folder: Path, transform: A.Compose = SAVED, name: str = "mine.yaml") -> str:
    path = folder / name
    A.save(transform, path, data_format="yaml")
    return str(path)


def many(chain: object, count: int = 24) -> list[np.ndarray]:
    return [chain(IMAGE, 3, index) for index in range(count)]


@pytest.mark.parametrize("name", [*NAMED, "file"])
def test_the_output_depends_on_seed_and_index_alone(tmp_path: Path, name: str) -> None:
    chain = open_chain(saved(tmp_path) if name == "file" else name)
    before = IMAGE.copy()
    first = [chain(IMAGE, 3, index) for index in (0, 1, 2**62)]
    np.random.seed(1)  # noqa: NPY002
    cv2.setRNGSeed(1)
    again = [cloudpickle.loads(cloudpickle.dumps(chain))(IMAGE, 3, index) for index in (2**62, 1, 0)][::-1]
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    assert all(made.dtype == np.uint8 and made.ndim in (2, 3) for made in first)
    assert np.array_equal(IMAGE, before)


@pytest.mark.parametrize("name", [*NAMED, "file"])
def test_no_two_of_many_images_and_seeds_get_the_same_draws(tmp_path: Path, name: str) -> None:
    chain = open_chain(saved(tmp_path) if name == "file" else name)
    made = [chain(IMAGE, seed, index).tobytes() for seed in (0, 1) for index in range(6)]
    assert len(set(made)) > 8  # photo may by chance turn and flip two alike


@pytest.mark.parametrize(("engine", "workers", "chunk"), [("threads", 3, 1), ("shared_memory", 2, 5)])
def test_a_chain_from_a_file_gives_the_same_under_every_engine(
    tmp_path: Path, engine: str, workers: int, chunk: int
) -> None:
    chain = open_chain(saved(tmp_path))
    with open_engine(engine, chain, workers, chunk=chunk) as opened:
        outcomes = list(opened.stream(((IMAGE, 3, index) for index in range(24)), ordered=True))
    assert [outcome.error for outcome in outcomes] == [None] * 24
    assert all(np.array_equal(a, outcome.value) for a, outcome in zip(many(chain), outcomes, strict=True))


def test_an_image_that_a_chain_does_not_take_is_refused_in_its_stages_words() -> None:
    with pytest.raises(UsageError, match=r"image is too small: its shape is \(9, 40, 3\); give at least 30 rows"):
        open_chain("document")(np.ascontiguousarray(IMAGE[:9, :40]), 0, 0)


def test_a_chain_from_a_file_sees_red_first_as_its_transforms_expect(tmp_path: Path) -> None:
    chain = open_chain(saved(tmp_path, A.Compose([A.ToGray(p=1)])))
    red = np.zeros((8, 8, 3), np.uint8)
    red[:, :, 2] = 200
    gray = int(cv2.cvtColor(red, cv2.COLOR_BGR2GRAY)[0, 0])
    assert abs(int(chain(red, 0, 0)[0, 0, 0]) - gray) <= 1
    assert np.array_equal(open_chain(saved(tmp_path, A.Compose([A.NoOp()])))(IMAGE, 0, 0), IMAGE)


def test_the_identity_of_a_file_follows_its_content(tmp_path: Path) -> None:
    first = open_chain(saved(tmp_path)).identity
    assert open_chain(saved(tmp_path)).identity == first
    assert open_chain(saved(tmp_path, A.Compose([A.NoOp()]))).identity != first


def nameless() -> str:
    text = io.StringIO()
    with pytest.warns(UserWarning, match="lambda"):
        transform = A.Compose([A.NoOp(), A.OneOf([A.Lambda(name="mine", image=lambda image, **_: image)])])
    A.save(transform, text, data_format="yaml")
    return text.getvalue()


ONE = "transform: {__class_fullname__: %s}"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", "holds no transform; write it with albumentations.save(chain, 'bad.yaml', data_format='yaml')"),
        ("[1, 2]", "holds no transform"),
        ("transform: Blur", "holds no transform"),
        ("a: [1", "is not valid YAML at line 1: "),
        ("!!python/object/apply:os.system ['true']", "is not valid YAML at line 1: could not determine a constructor"),
        (ONE % "Nope", "albumentations has no transform 'Nope'"),
        (ONE % "Flip", "albumentations has no transform 'Flip'"),
        ("transform: {p: 1}", "a transform without __class_fullname__"),
        (ONE % "Compose, transforms: 3", "transforms of Compose is a int; give a list"),
        (ONE % "Compose, transforms: [3]", "a transform without __class_fullname__"),
        (ONE % "Compose, transforms: [{__class_fullname__: Nope}]", "albumentations has no transform 'Nope'"),
        (ONE % "Blur, blur_limt: 3, p: 1", "Argument(s) 'blur_limt' are not valid for transform Blur; correct"),
        (ONE % "Resize, height: tall, width: 3, p: 1", "can't be rebuilt: "),
        (None, "holds a Lambda (mine), whose function no file can hold; use a transform of albumentations that does"),
    ],
)
def test_what_is_wrong_with_a_file_is_one_line(tmp_path: Path, text: str | None, line: str) -> None:
    path = tmp_path / "bad.yaml"
    path.write_text(nameless() if text is None else text)
    with pytest.raises(UsageError) as error:
        open_chain(str(path))
    assert str(error.value).startswith("chain bad.yaml")
    assert line in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("name", "line"),
    [
        (
            "nope",
            "unknown chain 'nope'; give photo, document, hybrid, ocr, or a FILE.yaml of steps or that albumentations.save wrote",
        ),
        ("nope.yaml", "chain nope.yaml: No such file or directory; give a YAML file"),
        ("mine.json", "unknown chain 'mine.json'"),
    ],
)
def test_an_unknown_chain_is_refused_in_one_line(name: str, line: str) -> None:
    with pytest.raises(UsageError) as error:
        open_chain(name)
    assert line in str(error.value)


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "picture.yaml").write_bytes(b"\xff\xd8\xff")
    with pytest.raises(UsageError, match=r"picture.yaml is no text; give a YAML file"):
        open_chain(str(tmp_path / "picture.yaml"))


def written(folder: Path, text: str, name: str = "steps.yaml") -> str:
    (folder / name).write_text(text)
    return str(folder / name)


TWICE = """
steps:
  - stage: augment
    variant: cv2
  - albumentations: mine.yaml
  - stage: augment
    variant: cv2
  - stage: grey
"""


def test_steps_run_one_after_the_other_and_each_draws_for_itself(tmp_path: Path) -> None:
    saved(tmp_path, A.Compose([A.NoOp()]))
    chain = open_chain(written(tmp_path, TWICE))
    assert [step.words for step in chain.steps] == [
        "augment by cv2",
        "albumentations' mine.yaml",
        "augment by cv2",
        "grey by native",
    ]
    by_hand = registry.variant("augment", "cv2").function
    assert by_hand is not None
    twice = 0
    for index in range(20):
        made = cloudpickle.loads(cloudpickle.dumps(chain))(IMAGE, 3, index)
        once = by_hand(IMAGE, draw(3, index))
        same_again = by_hand(once, draw(3, index))
        twice += made.shape == same_again.shape[:2] and np.array_equal(
            made, cv2.cvtColor(same_again, cv2.COLOR_BGR2GRAY)
        )
        assert made.ndim == 2
    assert twice < 20  # the second step of a stage draws otherwise than the first
    assert chain.identity != open_chain(written(tmp_path, TWICE.replace("cv2", "native"))).identity


STEP = "steps: [{stage: augment}, %s]"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("steps: 3", "steps is a int; give a list of at least one step"),
        ("steps: []", "steps is a list; give a list of at least one step"),
        (STEP % "grey", "step 2: it is 'grey'; give stage: NAME"),
        (STEP % "{stage: grey, varant: native}", "step 2: it is {'stage': 'grey', 'varant': 'native'}; give stage"),
        (STEP % "{stage: gray}", "step 2: unknown stage 'gray'; stages: "),
        (STEP % "{stage: grey, variant: fastest}", "step 2: stage grey has no variant 'fastest'; it has: "),
        (STEP % "{stage: grey, variant: torch}", "step 2: grey by torch can't be a step here: "),
        (STEP % "{stage: crop_boxes}", "does not take one image, so it can't be a step of a chain"),
        (STEP % "{stage: grey, parameters: {size: 3}}", "step 2: stage grey has no parameter 'size'; it has: none"),
        (STEP % "{stage: main_colors, parameters: {n: 0}}", "step 2: n is 0; give an integer ≥ 1"),
        (STEP % "{stage: main_colors, parameters: [3]}", "step 2: parameters is a list; give names and values"),
        (STEP % "{albumentations: none.yaml}", "No such file or directory; give a YAML file"),
    ],
)
def test_what_is_wrong_with_a_step_is_one_line_that_says_which(tmp_path: Path, text: str, line: str) -> None:
    with pytest.raises(UsageError) as error:
        open_chain(written(tmp_path, text, "bad.yaml"))
    assert str(error.value).startswith("chain bad.yaml")
    assert line in str(error.value)
    assert "\n" not in str(error.value)


def test_a_chain_is_a_stage_with_a_variant_for_each_kind_that_all_steps_have(tmp_path: Path) -> None:
    name = chain_stage(open_chain(written(tmp_path, "steps: [{stage: augment}, {stage: grey}]", "turn it.yaml")))
    assert name == "turn_it_chain"
    found = registry.of(name)
    assert list(found) == ["reference", "python", "numpy", "numba", "cython", "chosen"]  # native is what was chosen
    stage, place = registry.stage(name), Place(3, 5)
    expected = open_chain(str(tmp_path / "turn it.yaml"))(IMAGE, 3, 5)
    for variant in found.values():
        assert variant.function is not None
        assert stage.agreement.difference(variant.function(IMAGE, place), expected) is None
    images = [IMAGE, IMAGE[:40].copy()]
    many = registry.variant(f"{name}_many", "chosen")
    assert many.partial is not None
    assert many.function is not None
    assert (
        Exact().difference(many.function(images, 3), [many.partial(image, 3, k) for k, image in enumerate(images)])
        is None
    )


def test_what_a_threshold_makes_of_a_difference_of_one_is_no_difference_but_another_turn_is(tmp_path: Path) -> None:
    text = "steps: [{stage: augment}, {stage: ocr_preprocess, variant: native}]"
    name = chain_stage(open_chain(written(tmp_path, text, "thresholded.yaml")))
    rule, reference = registry.stage(name).agreement, registry.variant(name, "reference").function
    variants = [variant.function for variant in registry.of(name).values() if variant.kind in ("numba", "native")]
    random = np.random.default_rng(1)
    otherwise = 0
    for k in range(20):
        image = random.integers(0, 256, (*random.integers(1, 60, 2), 3), np.uint8)
        expected = reference(image, Place(7, k))
        assert {rule.difference(variant(image, Place(7, k)), expected) for variant in variants} == {None}
        turned = reference(np.ascontiguousarray(image[::-1, ::-1]), Place(7, k))
        otherwise += rule.difference(turned, expected) is not None
    assert otherwise > 15


def test_a_profile_of_a_chain_has_a_block_for_each_step(tmp_path: Path) -> None:
    name = chain_stage(open_chain(written(tmp_path, "steps: [{stage: augment}, {stage: grey}]", "profiled.yaml")))
    (made,) = profile_arms(name, ["chosen"], "256", calls=3)
    lines = [line for function in made.functions if function.name == name for line in function.lines if line.hits]
    assert [(line.block, line.source.strip()) for line in lines[:2]] == [
        ("augment", "image = step_0(image, *place)"),
        ("grey", "image = step_1(image, *place)"),
    ]
