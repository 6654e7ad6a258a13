// What a C++ kernel gets: its inputs, and the rows that it is to make. It knows nothing of Python, so it compiles in a second,
// once for each path of instructions (labkit/kinds/simd.py), and other kernels may call it.
//
//     #include "kinds/rows.hpp"
//     LABKIT_KERNEL(invert)(const labkit::Inputs& in, const labkit::Rows& out) {
//         for (std::size_t y = out.begin; y < out.end; y++)
//             for (std::size_t i = 0; i < out.stride; i++) out.row(y)[i] = 255 - in.image().row(y)[i];
//     }
//
// in a stage's native.cpp, and native("invert", "C++.") in the native.py beside it, are the variants native (one thread) and
// native_omp (bands of rows on all cores). A kernel reads any row of the inputs and writes its own of the output; what it
// throws is raised in Python.
#pragma once

#include <cstddef>
#include <cstdint>

#define LABKIT_KERNEL(name) extern "C" __attribute__((visibility("default"))) void labkit_##name

namespace labkit {

using u8 = std::uint8_t;

// An array, C-contiguous: (h, w) or (h, w, channels); of one axis it is one column, further axes count as channels.
struct Picture {
    const u8* data;
    std::size_t height, width, channels, item = 1;  // item: bytes of an element

    std::size_t stride() const { return width * channels * item; }  // bytes from a row to the next
    const u8* row(std::size_t y) const { return data + y * stride(); }
    const u8* end() const { return row(height); }
};

struct Inputs {
    const Picture* pictures;
    const double* parameters;  // in the stage's order: numbers as they are, True 1, of a OneOf its place, of a tuple each

    const Picture& image(std::size_t k = 0) const { return pictures[k]; }
    template <class Number = int>
    Number parameter(std::size_t k) const {
        return static_cast<Number>(parameters[k]);
    }
};

struct Rows {
    u8* data;
    std::size_t height, width, channels, item;  // of the whole output, as of a Picture
    std::size_t stride;                         // bytes from a row to the next
    std::size_t begin, end;                     // the rows to be made
    int threads;                                // that a kernel may use which makes all rows at once, else 1

    u8* row(std::size_t y) const { return data + y * stride; }
    template <class Element>
    Element* row_of(std::size_t y) const {
        return reinterpret_cast<Element*>(row(y));
    }
};

using Kernel = void (*)(const Inputs&, const Rows&);

}  // namespace labkit
