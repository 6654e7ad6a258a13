// The limit arm: a plain copy by several threads, each its own contiguous share.
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <stdexcept>

namespace py = pybind11;

namespace {

constexpr std::size_t kPage = 4096;  // shares begin on pages, so that threads never share one

void copy(py::array_t<std::uint8_t, py::array::c_style> target, py::array_t<std::uint8_t, py::array::c_style> source,
          int threads) {
    const auto size = static_cast<std::size_t>(source.size());
    if (target.size() != source.size()) throw std::invalid_argument("target and source differ in size");
    std::uint8_t* to = target.mutable_data();
    const std::uint8_t* from = source.data();
    py::gil_scoped_release release;
    const std::size_t share = (size / threads / kPage + 1) * kPage;
#pragma omp parallel for num_threads(threads) schedule(static, 1) if (threads > 1)
    for (int part = 0; part < threads; ++part) {
        const std::size_t begin = std::min(size, part * share);
        std::memcpy(to + begin, from + begin, std::min(size, begin + share) - begin);
    }
}

}  // namespace

PYBIND11_MODULE(stream_copy, m) {
    m.doc() = "A plain copy of bytes, in threads: the limit that stages are set against.";
    m.def("copy", &copy, py::arg("target").noconvert(), py::arg("source").noconvert(), py::arg("threads"),
          "Copy source to target (uint8, same size) with `threads` threads.");
}
