"""An HTTP server that augments images: a bounded line of requests before a persistent engine.

``picture`` is what a worker does for a request; ``line`` admits requests and brings each answer to the request it
belongs to; ``request`` reads them, ``augment`` answers them, ``app`` puts the addresses together, ``run`` serves until
it is told to stop.
"""
