// What every C++ file that Python calls has in common: an image as it comes, an image to be filled, how many threads are worth
// waking, and the variants' registration.
#pragma once

#define NPY_NO_DEPRECATED_API NPY_1_7_API_VERSION
#include "rows.hpp"

#include <pybind11/pybind11.h>

#include <numpy/arrayobject.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>

#if defined(_OPENMP)
#include <omp.h>
#endif

namespace py = pybind11;

namespace labkit {

// Raises what Python raises for what no kernel could read; the contract has refused it long before, with better words.
inline Picture picture(const py::object& image) {
    if (!PyArray_Check(image.ptr())) throw py::type_error("image is no numpy array");
    auto* const array = reinterpret_cast<PyArrayObject*>(image.ptr());
    const int dimensions = PyArray_NDIM(array);
    if (PyArray_TYPE(array) != NPY_UINT8 || (dimensions != 2 && dimensions != 3) || !PyArray_IS_C_CONTIGUOUS(array))
        throw py::value_error("image is not uint8 (h, w) or (h, w, c), C-contiguous");
    const npy_intp* const shape = PyArray_DIMS(array);
    return {static_cast<const u8*>(PyArray_DATA(array)), static_cast<std::size_t>(shape[0]),
            static_cast<std::size_t>(shape[1]), dimensions == 3 ? static_cast<std::size_t>(shape[2]) : 1};
}

// A new image, not initialised: (h, w) of one channel unless its third axis is wanted.
struct Made {
    py::object object;
    u8* data;

    Made(std::size_t height, std::size_t width, std::size_t channels, bool third_axis) {
        npy_intp shape[] = {static_cast<npy_intp>(height), static_cast<npy_intp>(width), static_cast<npy_intp>(channels)};
        object = py::reinterpret_steal<py::object>(PyArray_SimpleNew(third_axis ? 3 : 2, shape, NPY_UINT8));
        if (!object) throw py::error_already_set();
        data = static_cast<u8*>(PyArray_DATA(reinterpret_cast<PyArrayObject*>(object.ptr())));
    }
};

// To wake a thread takes some 20 µs: each gets ``worth`` units of work at least, and there are no more than ``most``.
inline int threads_for(std::size_t work, std::size_t worth, std::size_t most) {
#if defined(_OPENMP)
    most = std::min<std::size_t>(most, omp_get_max_threads());
    return static_cast<int>(std::clamp<std::size_t>(work / worth, 1, std::max<std::size_t>(most, 1)));
#else
    (void)work, (void)worth, (void)most;
    return 1;
#endif
}

// This thread's number among those of a parallel region.
inline int thread() {
#if defined(_OPENMP)
    return omp_get_thread_num();
#else
    return 0;
#endif
}

// Before anything else of the module: NumPy's C API.
inline void use_numpy() {
    if (_import_array() < 0) throw py::error_already_set();
}

// The module's function of this name, for one thread, becomes a variant of the stage; ``partial`` computes a part of its split.
inline void register_one(const py::module_& m, const char* stage, const char* name, const py::object& partial = py::none()) {
    const py::object variant = py::module_::import("labkit.core").attr("variant");
    variant(stage, py::arg("kind") = "native", py::arg("partial") = partial)(m.attr(name));
}

// The module's functions native (one thread) and native_omp (all cores) become variants of the stage.
inline void register_both(const py::module_& m, const char* stage, const py::object& partial = py::none()) {
    register_one(m, stage, "native", partial);
    const py::object variant = py::module_::import("labkit.core").attr("variant");
    variant(stage, py::arg("kind") = "native", py::arg("parallel") = true)(m.attr("native_omp"));
}

}  // namespace labkit
