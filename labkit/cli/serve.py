"""``labkit serve``: augment images over HTTP."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from labkit.cli import options
from labkit.core.cpus import cpu_limit
from labkit.core.errors import UsageError


def command(
    host: Annotated[
        str, typer.Option(help="Address to listen on; only this machine can reach the default.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on; 0 lets the system choose.")] = 8000,
    chains: Annotated[
        str,
        typer.Option(
            metavar="A,B,FILE.yaml",
            help="Chains that requests may name, such as photo,document,hybrid; the first is the default.",
        ),
    ] = "photo",
    engine: Annotated[str, typer.Option(metavar="NAME", help="Engine that the chains run under.")] = "shared_memory",
    workers: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="Workers; all CPUs allowed when not given.")
    ] = None,
    queue: Annotated[
        int, typer.Option(metavar="N", help="Requests that may wait; beyond them the answer is 503.")
    ] = 64,
    max_bytes: Annotated[str, typer.Option(metavar="SIZE", help="Largest body of a request, such as 20M.")] = "20M",
    max_pixels: Annotated[str, typer.Option(metavar="N", help="Largest image, told before it is decoded.")] = "50M",
    time_limit: Annotated[
        float, typer.Option(metavar="S", help="Seconds until a request is given up; a worker that hangs is replaced.")
    ] = 30.0,
    connections: Annotated[
        int, typer.Option(metavar="N", help="Connections that one address may have; beyond them the answer is 503.")
    ] = 256,
) -> None:
    """Augment images over HTTP: POST an image to /augment, get the augmented one back.

    The query takes chain, seed, index and format (png or jpeg). The body is one image file (JPEG, PNG, WebP, BMP,
    TIFF), or multipart/form-data with a field image. The answer's headers tell the seed, so that it can be had again,
    and, as labkit-note, that transparency or a colour profile was dropped. GET /health and /metrics tell how the server
    is. SIGTERM, SIGHUP or Ctrl-C: it finishes what it has begun and refuses the rest with 503; a second one ends it at once.

    Example: labkit serve --port 8000 --workers 2
    """
    from labkit.engines import STARTS_PROCESSES, check_engine
    from labkit.pipelines.chains import open_chain
    from labkit.serve.limits import Limits
    from labkit.serve.run import address_of, is_loopback, listen, serve

    check_engine(engine)
    limits = Limits(
        queue,
        options.size_in_bytes(max_bytes, "--max-bytes"),
        options.number(max_pixels, "--max-pixels"),
        time_limit,
        connections,
    )
    opened = {}
    for name in options.names(chains) or []:
        word = Path(name).stem
        if word in opened:
            raise UsageError(f"--chains {chains}: two chains are called {word!r}; rename a file")
        opened[word] = open_chain(name)
    options.check_serial(engine, workers)
    crew = 1 if engine == "serial" else workers or cpu_limit()
    listener = listen(host, port)

    def ready() -> None:
        base = address_of(listener)
        print(base, flush=True)
        print(
            f"labkit serve: {engine} with {crew} worker{'s' * (crew > 1)}; try: curl --data-binary @photo.jpg "
            f"'{base}/augment?chain={next(iter(opened))}&seed=7' -o augmented.jpg",
            file=sys.stderr,
        )
        if not is_loopback(listener):
            print(f"labkit serve: other machines can reach {base}: there is no password and no TLS", file=sys.stderr)
        if engine not in STARTS_PROCESSES:
            print(f"labkit serve: engine {engine} can't end an image that hangs: it keeps its worker", file=sys.stderr)

    with listener:
        try:
            serve(opened, listener, engine=engine, workers=crew, limits=limits, ready=ready)
        except RuntimeError as error:
            print(f"labkit: {' '.join(str(error).split())}", file=sys.stderr)
            raise typer.Exit(1) from error
