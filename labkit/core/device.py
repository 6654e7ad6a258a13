"""Is there a device that GPU variants could run on?"""

from __future__ import annotations

import ctypes


def no_device() -> str | None:
    """Why a GPU variant can't run here; None when it can. The driver is asked, not torch, whose import takes seconds."""
    try:
        driver = ctypes.CDLL("libcuda.so.1")
    except OSError:
        return "no CUDA driver: checked on cpu only (torch's CPU device)"
    count = ctypes.c_int(0)
    found = driver.cuInit(0) == 0 and driver.cuDeviceGetCount(ctypes.byref(count)) == 0 and count.value > 0
    return None if found else "no CUDA device: checked on cpu only (torch's CPU device)"
