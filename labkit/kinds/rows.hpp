// Rows in, rows out: what every C++ kernel over the rows of one image has in common. A kernel says which rows it makes; the
// binding, the refusals, the allocation, the GIL and the threads are here.
//
//     void invert(const labkit::Picture& in, const labkit::Rows& out) {
//         for (std::size_t y = out.begin; y < out.end; y++)
//             for (std::size_t i = 0; i < out.stride; i++) out.row(y)[i] = 255 - in.row(y)[i];
//     }
//     PYBIND11_MODULE(native, m) { labkit::rows(m, "invert", labkit::Gives::same, invert, "C++.", py::arg("image")); }
//
// gives the variants native (one thread) and native_omp (bands of rows on all cores; a kernel that has more to do with a byte
// wakes threads sooner: labkit::rows<1 << 18>). Parameters of the stage follow those two of the kernel, and their py::arg that of
// the image. A kernel reads any row of the input and writes its own of the output.
#pragma once

#include "binding.hpp"

#include <exception>
#include <string>

namespace labkit {

struct Rows {
    u8* data;
    std::size_t stride;      // bytes from a row to the next
    std::size_t begin, end;  // the rows to be made

    u8* row(std::size_t y) const { return data + y * stride; }
};

enum class Gives { same, grey };  // an image of the input's form, or one channel

// Bytes of the input that a light kernel gets through in the time that waking a thread takes, some 20 to 80 µs.
constexpr std::size_t WORTH_A_THREAD = std::size_t{1} << 21;

template <std::size_t worth, class Kernel>
py::object make_rows(const py::object& image, Gives gives, bool threaded, const Kernel& kernel) {
    const Picture in = picture(image);
    const std::size_t channels = gives == Gives::grey ? 1 : in.channels, stride = in.width * channels;
    Made out(in.height, in.width, channels,
                   gives == Gives::same && PyArray_NDIM(reinterpret_cast<PyArrayObject*>(image.ptr())) == 3);
    const py::gil_scoped_release unlocked;
    const int threads = threaded ? threads_for(in.end() - in.data, worth, in.height) : 1;
    if (threads == 1) {
        kernel(in, Rows{out.data, stride, 0, in.height});
        return std::move(out.object);  // not copied: the lock is not ours here
    }
    std::exception_ptr failed;
#pragma omp parallel for num_threads(threads) schedule(static, 1)
    for (int band = 0; band < threads; band++) try {
            kernel(in, Rows{out.data, stride, in.height * band / threads, in.height * (band + 1) / threads});
        } catch (...) {
#pragma omp critical
            failed = std::current_exception();
        }
    if (failed) std::rethrow_exception(failed);
    return std::move(out.object);  // not copied: the lock is not ours here
}

template <std::size_t worth = WORTH_A_THREAD, class... Parameters, class... Names>
void rows(py::module_& m, const char* stage, Gives gives, void (*kernel)(const Picture&, const Rows&, Parameters...),
          const std::string& summary, const Names&... names) {
    static_assert(sizeof...(Names) == sizeof...(Parameters) + 1, "name the image and each parameter");
    use_numpy();
    for (const bool threaded : {false, true}) {
        const std::string doc = threaded ? "The same on all cores: OpenMP over bands of rows." : summary;
        m.def(
            threaded ? "native_omp" : "native",
            [=](const py::object& image, Parameters... parameters) {
                return make_rows<worth>(image, gives, threaded,
                                        [&](const Picture& in, const Rows& out) { kernel(in, out, parameters...); });
            },
            names..., doc.c_str());
    }
    register_both(m, stage);
}

}  // namespace labkit
