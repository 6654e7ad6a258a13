"""Arrays that tasks make use the memory of those that were freed, where the extension ``recycling`` was built.

``hold`` and ``release`` bracket an engine's life: between them freed memory is kept, at most 256 MiB of it. ``use`` says
for the calling thread whether its arrays take part.
"""

try:
    from labkit.engines.recycling import hold, release, use
except ImportError:  # built without a compiler, or a system without glibc's habits: the C library decides

    def hold() -> None: ...

    def release() -> None: ...

    def use(on: bool) -> None: ...


__all__ = ["hold", "release", "use"]
