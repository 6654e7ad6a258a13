// ocr_preprocess in C++17. Reading order: grey.hpp (grey levels and their histogram), otsu.hpp, majority.hpp, then preprocess.
#define NPY_NO_DEPRECATED_API NPY_1_7_API_VERSION
#include <pybind11/pybind11.h>

#include <numpy/arrayobject.h>

#include <memory>
#include <vector>

#if defined(_OPENMP)
#include <omp.h>
#endif

#include "majority.hpp"
#include "otsu.hpp"

namespace py = pybind11;

namespace {

using namespace ocr;

// The grey levels are kept where the result will be: no memory beside the output and a few rows of bits.
void preprocess(const u8* pixels, std::size_t height, std::size_t width, u8* out) {
    Counts counts;
    counts.clear();
    grey_and_count(pixels, height * width, 0, out, counts);
    u64 histogram[256] = {};
    counts.add_to(histogram);
    Band(out, height, width, static_cast<u8>(otsu(histogram)), 0, height).denoise();
}

void preprocess_threaded(const u8* pixels, std::size_t height, std::size_t width, u8* out, int threads) {
    u64 histogram[256] = {};
    int cut = 0;
    bool failed = false;
#pragma omp parallel num_threads(threads)
    {
#if defined(_OPENMP)
        const std::size_t thread = omp_get_thread_num(), all = omp_get_num_threads();
#else
        const std::size_t thread = 0, all = 1;
#endif
        const std::size_t begin = height * thread / all, end = height * (thread + 1) / all;
        Counts counts;
        counts.clear();
        grey_and_count(pixels + 3 * begin * width, (end - begin) * width, (height - end) * width, out + begin * width, counts);
#pragma omp critical
        counts.add_to(histogram);
#pragma omp barrier
#pragma omp single
        cut = otsu(histogram);
        std::unique_ptr<Band> band;
        if (begin < end) try {
                band = std::make_unique<Band>(out, height, width, static_cast<u8>(cut), begin, end);
            } catch (const std::bad_alloc&) {
#pragma omp atomic write
                failed = true;
            }
#pragma omp barrier  // every band has read its neighbours' rows
        if (band) band->denoise();
    }
    if (failed) throw std::bad_alloc();
}

// A small picture isn't worth waking threads for (waking one costs about 20 µs).
int threads_for(std::size_t pixels, std::size_t height) {
#if defined(_OPENMP)
    const std::size_t most = std::min<std::size_t>(height, omp_get_max_threads());
    return static_cast<int>(std::clamp<std::size_t>(pixels >> 16, 1, most));
#else
    return 1;
#endif
}

py::object call(const py::object& image, bool threaded) {
    auto* const array = reinterpret_cast<PyArrayObject*>(image.ptr());
    npy_intp shape[] = {PyArray_DIM(array, 0), PyArray_DIM(array, 1)};
    const py::object made = py::reinterpret_steal<py::object>(PyArray_SimpleNew(2, shape, NPY_UINT8));
    if (!made) throw py::error_already_set();
    auto* const out = static_cast<u8*>(PyArray_DATA(reinterpret_cast<PyArrayObject*>(made.ptr())));
    const auto* const pixels = static_cast<const u8*>(PyArray_DATA(array));
    const std::size_t height = shape[0], width = shape[1];
    const py::gil_scoped_release unlocked;
    const int threads = threaded ? threads_for(height * width, height) : 1;
    if (threads > 1)
        preprocess_threaded(pixels, height, width, out, threads);
    else
        preprocess(pixels, height, width, out);
    return made;
}

}  // namespace

PYBIND11_MODULE(native, m) {
    if (_import_array() < 0) throw py::error_already_set();
    m.def(
        "native", [](const py::object& image) { return call(image, false); }, py::arg("image"),
        "C++ with SIMD on one thread: grey and histogram in one read, then 64 pixels a word of bits.");
    m.def(
        "native_omp", [](const py::object& image) { return call(image, true); }, py::arg("image"),
        "The same on all cores: OpenMP over bands of rows, which meet to find the threshold.");
    const py::object variant = py::module_::import("labkit.core").attr("variant");
    for (const char* name : {"native", "native_omp"})
        variant("ocr_preprocess", py::arg("kind") = "native")(m.attr(name));
}
