"""Run as a program: a server with the chains of these tests; its first argument holds its settings as JSON."""

import json
import sys

from labkit.serve.limits import Limits
from labkit.serve.run import address_of, listen, serve
from tests.serve.chains import CHAINS

if __name__ == "__main__":
    settings = json.loads(sys.argv[1])
    with listen("127.0.0.1", 0) as listener:
        serve(
            CHAINS,
            listener,
            engine=settings.pop("engine", "shared_memory"),
            workers=settings.pop("workers", 2),
            limits=Limits(**settings),
            ready=lambda: print(address_of(listener), flush=True),
        )
