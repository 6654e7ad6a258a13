// augment in C++17: what Python calls. Reading order: symmetry.hpp (turn, flip, table), blur.hpp, chain.hpp (all in one pass).
//
// How it came to this (all four operations with 13 taps, 256² / 1080p, ms on one thread of a 2-core Zen 4; albumentations
// takes 0.53 / 16.0, OpenCV called directly 0.28 / 9.4):
//   0.093 / 3.5    values of 16 bits in the ring, blurred along columns first; a row's taps are unaligned loads of 32 values
//   0.087 / 3.2    along rows first, on bytes: half the loads, and vpmaddubsw adds a pair and widens it in one step
//   0.079 / 3.0    GCC kept from loading all rows before it adds the first: fewer spilled registers   <- this file
// Of the last figure about a fifth is the turn, and as much reading the picture and passing the table.
#define NPY_NO_DEPRECATED_API NPY_1_7_API_VERSION
#include <pybind11/pybind11.h>

#include <numpy/arrayobject.h>

#if defined(_OPENMP)
#include <omp.h>
#endif

#include "chain.hpp"

namespace py = pybind11;

namespace {

int threads_for(std::ptrdiff_t pixels) {  // waking a thread costs about 20 µs: 65,536 pixels without a blur
#if defined(_OPENMP)
    return static_cast<int>(std::clamp<std::ptrdiff_t>(pixels >> 16, 1, omp_get_max_threads()));
#else
    return 1;
#endif
}

py::object run(const py::object& image, const py::tuple& choices, bool all_threads) {
    auto* const pixels = reinterpret_cast<PyArrayObject*>(image.ptr());
    const int size = choices[4].cast<int>();
    augment::Work work{static_cast<const std::uint8_t*>(PyArray_DATA(pixels)),
                       PyArray_DIM(pixels, 0),
                       PyArray_DIM(pixels, 1),
                       augment::Symmetry::of(choices[0].cast<int>(), choices[1].cast<int>()),
                       augment::Table(choices[2].cast<double>(), choices[3].cast<double>()),
                       augment::Weights(size, size > 1 ? choices[5].cast<double>() : 1.0)};
    npy_intp shape[] = {work.height, work.width, 3};
    if (work.symmetry.transpose) std::swap(shape[0], shape[1]);
    PyObject* const made = PyArray_SimpleNew(3, shape, NPY_UINT8);
    if (!made) throw py::error_already_set();
    const auto result = py::reinterpret_steal<py::object>(made);
    work.to = static_cast<std::uint8_t*>(PyArray_DATA(reinterpret_cast<PyArrayObject*>(made)));
    const py::gil_scoped_release unlocked;
    augment::do_all(work, all_threads ? threads_for(work.height * work.width) : 1);
    return result;
}

}  // namespace

PYBIND11_MODULE(native, m) {
    if (_import_array() < 0) throw py::error_already_set();
    m.def(
        "native", [](const py::object& image, const py::tuple& choices) { return run(image, choices, false); },
        py::arg("image"), py::arg("choices"),
        "C++ with SIMD on one thread: table, blur and symmetry in one pass over the picture.");
    m.def(
        "native_omp", [](const py::object& image, const py::tuple& choices) { return run(image, choices, true); },
        py::arg("image"), py::arg("choices"), "The same on all cores: OpenMP over bands of rows.");
    const py::object variant = py::module_::import("labkit.core").attr("variant");
    variant("augment", py::arg("kind") = "native")(m.attr("native"));
    variant("augment", py::arg("kind") = "native")(m.attr("native_omp"));
}
