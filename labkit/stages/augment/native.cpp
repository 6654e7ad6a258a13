// augment in C++17: one read and one write of the picture, whatever the choices. Reading order: symmetry.hpp, blur.hpp, this.
//
// Turn and flip are one of eight symmetries; the table commutes with them, and so does a symmetric blur with mirrored
// borders. So a row passes the table as it is read, is blurred as it lies, and is turned as it is written.
#define NPY_NO_DEPRECATED_API NPY_1_7_API_VERSION
#include <pybind11/pybind11.h>

#include <numpy/arrayobject.h>

#if defined(_OPENMP)
#include <omp.h>
#endif

#include "blur.hpp"

namespace py = pybind11;

namespace {

using namespace augment;

// One call: what is read, what is done, where it goes.
struct Work {
    const uint8_t* from;
    ptrdiff_t height, width;
    Symmetry symmetry;
    Table table;
    Weights weights;
    uint8_t* to = nullptr;

    // Row u, place 0 of the output for source row y: rows and columns are reversed here, once for all kernels.
    ptrdiff_t out_step() const { return 3 * (symmetry.transpose ? height : width); }
};

// Source rows begin..end in the order in which they stand in the output (left_right or upside_down reverses them).
void do_rows(const Work& work, ptrdiff_t begin, ptrdiff_t end) {
    const Symmetry s = work.symmetry;
    const Look table(work.table);
    const ptrdiff_t step = 3 * work.width, out = work.out_step();
    const bool reverse_rows = s.transpose ? s.left_right : s.upside_down;
    const Rows picture = reverse_rows ? Rows{work.from + (work.height - 1) * step, -step} : Rows{work.from, step};
    // Transposed: source column x becomes output row x, or the x-th from below.
    uint8_t* const first_row = s.transpose && s.upside_down ? work.to + (work.width - 1) * out : work.to;
    const ptrdiff_t row_step = s.transpose && s.upside_down ? -out : out;
    const auto turn = [&](Rows rows, ptrdiff_t count, ptrdiff_t y, bool look) {
        look ? transpose<true>(rows, count, work.width, first_row + 3 * y, row_step, table)
             : transpose<false>(rows, count, work.width, first_row + 3 * y, row_step, table);
    };
    if (work.weights.radius == 0) {
        if (s.transpose)
            turn({picture.at(begin), picture.step}, end - begin, begin, table.changes);
        else
            for (ptrdiff_t y = begin; y < end; y++) row(picture.at(y), work.to + y * out, work.width, s.left_right, table);
        return;
    }
    Blur blur(picture, work.height, work.width, !s.transpose && s.left_right, table, work.weights);
    constexpr ptrdiff_t BAND = 32;  // blurred rows that wait in the second-level cache to be written as columns
    std::vector<uint8_t> band(s.transpose ? static_cast<std::size_t>(BAND * step) : 0);
    for (ptrdiff_t y = begin; y < end; y += ROWS) {
        const ptrdiff_t waiting = (y - begin) % BAND, last = std::min(end, y + ROWS);
        blur.next(y, last, s.transpose ? band.data() + waiting * step : work.to + y * out, s.transpose ? step : out);
        if (s.transpose && (waiting + ROWS == BAND || last == end))
            turn({band.data(), step}, last - y + waiting, y - waiting, false);
    }
}

int threads_for(ptrdiff_t pixels) {  // waking a thread costs about 20 µs
#if defined(_OPENMP)
    return static_cast<int>(std::clamp<ptrdiff_t>(pixels >> 16, 1, omp_get_max_threads()));
#else
    return 1;
#endif
}

py::object run(const py::object& image, const py::tuple& choices, bool all_threads) {
    auto* const pixels = reinterpret_cast<PyArrayObject*>(image.ptr());
    const int size = choices[4].cast<int>();
    Work work{static_cast<const uint8_t*>(PyArray_DATA(pixels)),
              PyArray_DIM(pixels, 0),
              PyArray_DIM(pixels, 1),
              Symmetry::of(choices[0].cast<int>(), choices[1].cast<int>()),
              Table(choices[2].cast<double>(), choices[3].cast<double>()),
              Weights(size, size > 1 ? choices[5].cast<double>() : 1.0)};
    npy_intp shape[] = {work.height, work.width, 3};
    if (work.symmetry.transpose) std::swap(shape[0], shape[1]);
    PyObject* const made = PyArray_SimpleNew(3, shape, NPY_UINT8);
    if (!made) throw py::error_already_set();
    const auto result = py::reinterpret_steal<py::object>(made);
    work.to = static_cast<uint8_t*>(PyArray_DATA(reinterpret_cast<PyArrayObject*>(made)));
    const int threads = all_threads ? threads_for(work.height * work.width) : 1;
    const py::gil_scoped_release unlocked;
    if (threads == 1) {
        do_rows(work, 0, work.height);
        return result;
    }
    bool failed = false;
#pragma omp parallel for num_threads(threads) schedule(static, 1)
    for (int t = 0; t < threads; t++) {
        try {
            do_rows(work, work.height * t / threads, work.height * (t + 1) / threads);
        } catch (const std::bad_alloc&) {  // must not leave its thread
#pragma omp atomic write
            failed = true;
        }
    }
    if (failed) throw std::bad_alloc();
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
