"""What the server says to one request: the image, or one line that says why not."""

import re
from collections.abc import AsyncIterator

import numpy as np
import pytest

from tests.serve.chains import CHAINS
from tests.serve.conftest import MOST_BYTES, MOST_PIXELS, Application
from tests.serve.pictures import JPEG, PNG, bomb, file_of, image, pixels_of


def named(value: object) -> str | None:
    """A case's name has no use for the bytes of a file, or for a very long word."""
    return "body" if isinstance(value, bytes) else str(value)[:40]


def test_the_answer_is_the_chain_applied_to_the_image(app: Application) -> None:
    answer = app.augment(PNG, "chain=stamp&seed=7&index=3")
    assert answer.status_code == 200
    np.testing.assert_array_equal(pixels_of(answer.content), CHAINS["stamp"](image(), 7, 3))


def test_a_file_in_a_form_is_taken_as_the_body_is(app: Application) -> None:
    form = app.request("POST", "/augment?seed=1", files={"image": ("name.png", PNG, "image/png")})
    assert form.status_code == 200
    assert form.content == app.augment(PNG, "seed=1").content


def test_a_form_keeps_an_image_that_looks_like_a_boundary(app: Application) -> None:
    near = PNG + b"\r\n--edg\r\n--edge-\r\n"
    body = b'--edge\r\nContent-Disposition: form-data; name="image"\r\n\r\n' + near + b"\r\n--edge--\r\n"
    answer = app.augment(body, "seed=0", headers={"content-type": "multipart/form-data; boundary=edge"})
    np.testing.assert_array_equal(pixels_of(answer.content), image())


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"This is a message in MIME.\r\n--edges\r\n", b""),
        (b"\r\n", b""),
        (b"", b"\r\nAn epilogue.\r\n--edge"),
    ],
)
@pytest.mark.parametrize("blanks", [b"", b" \t"])
def test_what_is_legal_around_a_form_is_passed_over(
    app: Application, before: bytes, after: bytes, blanks: bytes
) -> None:
    part = b"--edge" + blanks + b'\r\nContent-Disposition: form-data; name="image"\r\n\r\n' + PNG + b"\r\n--edge--"
    kind = {"content-type": "multipart/form-data; boundary=edge"}
    answer = app.augment(before + part + blanks + after, "seed=1", headers=kind)
    assert answer.content == app.augment(PNG, "seed=1").content


def test_the_headers_tell_how_to_have_the_answer_again(app: Application) -> None:
    answer = app.augment(PNG, "chain=stamp&index=5")
    told = answer.headers
    assert (told["labkit-chain"], told["labkit-index"]) == ("stamp", "5")
    assert re.fullmatch(r"total;dur=\d+\.\d+, work;dur=\d+\.\d+", told["server-timing"])
    again = app.augment(PNG, f"chain=stamp&seed={told['labkit-seed']}&index=5")
    assert again.content == answer.content


def test_requests_without_a_seed_get_different_ones(app: Application) -> None:
    assert len({app.augment(PNG).headers["labkit-seed"] for _ in range(5)}) == 5


def test_the_first_chain_is_the_default(app: Application) -> None:
    assert app.augment(PNG).headers["labkit-chain"] == next(iter(CHAINS))


@pytest.mark.parametrize(
    ("body", "query", "kind"),
    [
        (PNG, "", "png"),
        (JPEG, "", "jpeg"),
        (PNG, "format=jpeg", "jpeg"),
        (JPEG, "format=png", "png"),
        (file_of(image(), ".webp"), "", "png"),
        (file_of(image(), ".bmp"), "", "png"),
    ],
    ids=named,
)
def test_the_answer_has_the_form_of_the_input_unless_told(app: Application, body: bytes, query: str, kind: str) -> None:
    answer = app.augment(body, query)
    assert answer.headers["content-type"] == f"image/{kind}"
    assert answer.content.startswith({"png": b"\x89PNG", "jpeg": b"\xff\xd8\xff"}[kind])


@pytest.mark.parametrize(
    "pixels",
    [image()[:, :, 0], np.dstack([image(), image(1)[:, :, :1]]), image().astype(np.uint16) * 257],
    ids=["gray", "alpha", "16 bits"],
)
def test_other_kinds_of_png_become_colour(app: Application, pixels: np.ndarray) -> None:
    answer = app.augment(file_of(pixels), "seed=0")
    assert answer.status_code == 200
    wanted = np.dstack([pixels] * 3) if pixels.ndim == 2 else image()
    np.testing.assert_array_equal(pixels_of(answer.content), wanted)


def test_a_header_tells_what_of_the_file_is_not_in_the_image(app: Application) -> None:
    half = np.dstack([image(), np.full((24, 32, 1), 128, np.uint8)])
    answer = app.augment(file_of(half), "seed=0")
    assert answer.headers["labkit-note"] == "transparency was dropped: the colour beneath it shows, often black"
    assert "labkit-note" not in app.augment(PNG).headers


@pytest.mark.parametrize(
    ("body", "query", "status", "why"),
    [
        (b"", "", 400, "the body is empty; send the bytes of one image file"),
        (PNG[:20], "", 415, "the body starts with 89 50 4e 47"),
        (PNG[:-20], "", 400, "the image can't be read: truncated or damaged PNG"),
        (PNG[:300] + b"\0\0\0\0" + PNG[304:], "", 400, "the image can't be read: truncated or damaged"),
        (JPEG[:-50], "", 400, "the image can't be read: truncated or damaged"),
        (b"hello", "", 415, "the body starts with 68 65 6c 6c 6f; send the bytes of one JPEG, PNG, WebP"),
        (b"II+\0\x08\0\0\0" + 8 * b"\xff" + bytes(50), "", 415, "the body starts with 49 49 2b 00 08 00 00 00"),
        (b"GIF89a" + bytes(50), "", 415, "the body starts with 47 49 46"),
        (bytes(MOST_BYTES + 1), "", 413, "the body has more than 50,000 bytes"),
        (bomb(), "", 413, f"the image has 20000×20000 = 400,000,000 pixels; this server takes at most {MOST_PIXELS:,}"),
        (bomb(2**31 - 1), "", 413, "pixels; this server takes at most"),
        (file_of(image(0, 101, 100)), "", 413, "the image has 100×101"),
        (PNG, "chain=nope", 400, "unknown chain 'nope'; chains: stamp, slow"),
        (PNG, "chain=../../etc/passwd", 400, "unknown chain '../../etc/passwd'"),
        (PNG, "seed=-1", 400, "seed is '-1'; give a whole number from 0 to 2^63-1"),
        (PNG, "seed=1.5", 400, "seed is '1.5'; give"),
        (PNG, "seed=", 400, "seed is ''; give"),
        (PNG, "seed=%D9%A3", 400, "; give a whole number"),
        (PNG, f"seed={2**63}", 400, "seed is '9223372036854775808'; give"),
        (PNG, "seed=" + "9" * 5000, 400, "; give a whole number"),
        (PNG, "index=x", 400, "index is 'x'; give"),
        (PNG, "format=gif", 400, "format is 'gif'; give png or jpeg"),
        (PNG, "sed=7", 400, "unknown parameter 'sed'; parameters: chain, seed, index, format"),
        (PNG, "seed=1&seed=2", 400, "parameter 'seed' came twice; give it once"),
        (PNG, "chain=broken", 500, "ZeroDivisionError: of two lines"),
        (PNG, "chain=choosy", 422, "chain choosy: image is (24, 32, 3); give at least 100,000 rows"),
    ],
    ids=named,
)
def test_what_is_not_augmented_is_refused_in_one_line(
    app: Application, body: bytes, query: str, status: int, why: str
) -> None:
    answer = app.augment(body, query)
    assert (answer.status_code, list(answer.json())) == (status, ["error"])
    assert why in answer.json()["error"]
    assert "\n" not in answer.json()["error"]


def test_a_body_of_unknown_length_is_stopped_at_the_limit(app: Application) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(100):
            yield bytes(10_000)

    answer = app.augment(pieces())
    assert "content-length" not in answer.request.headers
    assert answer.status_code == 413


PART = b'--b\r\nContent-Disposition: form-data; name="%s"\r\n\r\n'


@pytest.mark.parametrize(
    ("body", "kind", "why"),
    [
        (PART % b"picture" + PNG + b"\r\n--b--\r\n", "; boundary=b", "has a field 'picture'; it takes only 'image'"),
        (b"--b--\r\n", "; boundary=b", "has no field 'image'"),
        (PART % b"image" + PNG, "; boundary=b", "is broken: it ends before its last boundary"),
        (PART % b"image" + PNG + b"\r\n--b--\r\n", "", "names no boundary"),
        (PART % b"image" + PNG + b"\r\n--b--\r\n", "; boundary=c", "is broken"),
        (2 * (PART % b"image" + PNG + b"\r\n") + b"--b--\r\n", "; boundary=b", "has two fields 'image'"),
        (PART % b"image" + b"\r\n--b--\r\n", "; boundary=b", "the body is empty"),
        (b"", "; boundary=b", "is broken"),
        (PART % b"image" + PNG + b"\r\n--b--\r\n", "; boundary=" + 300 * "x", "is broken"),
    ],
    ids=named,
)
def test_a_form_without_one_image_is_refused(app: Application, body: bytes, kind: str, why: str) -> None:
    answer = app.augment(body, headers={"content-type": "multipart/form-data" + kind})
    assert answer.status_code == 400
    assert why in answer.json()["error"]


@pytest.mark.parametrize(("method", "path", "status"), [("GET", "/augment", 405), ("POST", "/nope", 404)])
def test_other_addresses_are_refused_in_json_too(app: Application, method: str, path: str, status: int) -> None:
    answer = app.request(method, path)
    assert answer.status_code == status
    assert list(answer.json()) == ["error"]
    assert answer.json()["error"].endswith(": POST an image to /augment, or GET /health or /metrics")


def test_health_names_the_chains(app: Application) -> None:
    answer = app.request("GET", "/health")
    assert answer.status_code == 200
    assert answer.json() == {"status": "ok", "chains": list(CHAINS), "workers": 2}
