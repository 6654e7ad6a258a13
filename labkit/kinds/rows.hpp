// Rows in, rows out: what every C++ kernel over the rows of one image has in common. A kernel says which rows it makes; the
// binding, the refusals, the allocation, the GIL and the threads are here.
//
//     void invert(const labkit::Picture& in, const labkit::Rows& out) {
//         for (std::size_t y = out.begin; y < out.end; y++)
//             for (std::size_t i = 0; i < out.stride; i++) out.row(y)[i] = 255 - in.row(y)[i];
//     }
//     PYBIND11_MODULE(native, m) { labkit::rows(m, "invert", labkit::Gives::same, invert, "C++.", py::arg("image")); }
//
// gives the variants native (one thread) and native_omp (bands of rows on all cores). Parameters of the stage follow those two
// of the kernel, and their py::arg that of the image. A kernel reads any row of the input and writes its own of the output.
#pragma once

#define NPY_NO_DEPRECATED_API NPY_1_7_API_VERSION
#include <pybind11/pybind11.h>

#include <numpy/arrayobject.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <string>

#if defined(_OPENMP)
#include <omp.h>
#endif

namespace py = pybind11;

namespace labkit {

using u8 = std::uint8_t;

struct Picture {
    const u8* data;
    std::size_t height, width, channels;

    const u8* row(std::size_t y) const { return data + y * width * channels; }
    const u8* end() const { return row(height); }
};

struct Rows {
    u8* data;
    std::size_t stride;      // bytes from a row to the next
    std::size_t begin, end;  // the rows to be made

    u8* row(std::size_t y) const { return data + y * stride; }
};

enum class Gives { same, grey };  // an image of the input's form, or one channel

// To wake a thread takes some 20 µs; a core reads about so many bytes in that time, or computes with fewer.
constexpr std::size_t WORTH_A_THREAD = std::size_t{1} << 18;

inline int threads_for(const Picture& image) {
#if defined(_OPENMP)
    const std::size_t most = std::min<std::size_t>(image.height, omp_get_max_threads());
    return static_cast<int>(std::clamp<std::size_t>((image.end() - image.data) / WORTH_A_THREAD, 1, most));
#else
    (void)image;
    return 1;
#endif
}

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

template <class Kernel>
py::object make_rows(const py::object& image, Gives gives, bool threaded, const Kernel& kernel) {
    const Picture in = picture(image);
    auto* const array = reinterpret_cast<PyArrayObject*>(image.ptr());
    const int dimensions = gives == Gives::grey ? 2 : PyArray_NDIM(array);
    const py::object made =
        py::reinterpret_steal<py::object>(PyArray_SimpleNew(dimensions, PyArray_DIMS(array), NPY_UINT8));
    if (!made) throw py::error_already_set();
    auto* const out = static_cast<u8*>(PyArray_DATA(reinterpret_cast<PyArrayObject*>(made.ptr())));
    const std::size_t stride = in.width * (gives == Gives::grey ? 1 : in.channels);
    const py::gil_scoped_release unlocked;
    const int threads = threaded ? threads_for(in) : 1;
    if (threads == 1) {
        kernel(in, Rows{out, stride, 0, in.height});
        return made;
    }
    std::exception_ptr failed;
#pragma omp parallel for num_threads(threads) schedule(static, 1)
    for (int band = 0; band < threads; band++) try {
            kernel(in, Rows{out, stride, in.height * band / threads, in.height * (band + 1) / threads});
        } catch (...) {
#pragma omp critical
            failed = std::current_exception();
        }
    if (failed) std::rethrow_exception(failed);
    return made;
}

template <class... Parameters, class... Names>
void rows(py::module_& m, const char* stage, Gives gives, void (*kernel)(const Picture&, const Rows&, Parameters...),
          const std::string& summary, const Names&... names) {
    static_assert(sizeof...(Names) == sizeof...(Parameters) + 1, "name the image and each parameter");
    if (_import_array() < 0) throw py::error_already_set();
    const py::object variant = py::module_::import("labkit.core").attr("variant");
    for (const bool threaded : {false, true}) {
        const char* const name = threaded ? "native_omp" : "native";
        const std::string doc = threaded ? "The same on all cores: OpenMP over bands of rows." : summary;
        m.def(
            name,
            [=](const py::object& image, Parameters... parameters) {
                return make_rows(image, gives, threaded,
                                 [&](const Picture& in, const Rows& out) { kernel(in, out, parameters...); });
            },
            names..., doc.c_str());
        variant(stage, py::arg("kind") = "native", py::arg("parallel") = threaded)(m.attr(name));
    }
}

}  // namespace labkit
