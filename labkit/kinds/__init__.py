"""What all variants of a kind share: loops read three ways, arrays computed two ways, C++ that is given rows."""

from labkit.kinds.arrays import arrays
from labkit.kinds.device import gpu
from labkit.kinds.loops import loops
from labkit.kinds.native import function, native

__all__ = ["arrays", "function", "gpu", "loops", "native"]
