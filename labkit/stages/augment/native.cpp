// augment in C++17: what Python calls. Reading order: symmetry.hpp (turn, flip, table), blur.hpp, chain.hpp (all in one pass).
//
// How it came to this (all four operations with 13 taps, 256² / 1080p, ms on one thread of a 2-core Zen 4; albumentations
// takes 0.53 / 16.0, OpenCV called directly 0.28 / 9.4):
//   0.093 / 3.5    values of 16 bits in the ring, blurred along columns first; a row's taps are unaligned loads of 32 values
//   0.087 / 3.2    along rows first, on bytes: half the loads, and vpmaddubsw adds a pair and widens it in one step
//   0.079 / 3.0    GCC kept from loading all rows before it adds the first: fewer spilled registers   <- this file
// Of the last figure about a fifth is the turn, and as much reading the picture and passing the table.
#include "kinds/binding.hpp"

#include "chain.hpp"

namespace {

py::object run(const py::object& image, const py::tuple& choices, bool all_threads) {
    const labkit::Picture in = labkit::picture(image);
    const int size = choices[4].cast<int>();
    augment::Work work{in.data,
                       static_cast<std::ptrdiff_t>(in.height),
                       static_cast<std::ptrdiff_t>(in.width),
                       augment::Symmetry::of(choices[0].cast<int>(), choices[1].cast<int>()),
                       augment::Table(choices[2].cast<double>(), choices[3].cast<double>()),
                       augment::Weights(size, size > 1 ? choices[5].cast<double>() : 1.0)};
    const bool turned = work.symmetry.transpose;
    labkit::Made out(turned ? in.width : in.height, turned ? in.height : in.width, 3, true);
    work.to = out.data;
    const py::gil_scoped_release unlocked;
    const std::size_t pixels = in.height * in.width;
    augment::do_all(work, all_threads ? labkit::threads_for(pixels, 1 << 16, pixels) : 1);  // 65,536 without a blur: 20 µs
    return std::move(out.object);  // not copied: the lock is not ours here
}

}  // namespace

PYBIND11_MODULE(native, m) {
    labkit::use_numpy();
    m.def(
        "native", [](const py::object& image, const py::tuple& choices) { return run(image, choices, false); },
        py::arg("image"), py::arg("choices"),
        "C++ with SIMD on one thread: table, blur and symmetry in one pass over the picture.");
    m.def(
        "native_omp", [](const py::object& image, const py::tuple& choices) { return run(image, choices, true); },
        py::arg("image"), py::arg("choices"), "The same on all cores: OpenMP over bands of rows.");
    labkit::register_both(m, "augment");
}
