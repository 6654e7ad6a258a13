// adaptive_threshold in C++17, in loops that the compiler turns into vectors.
//
// Sums of columns move down with the rows: one subtraction and one addition a pixel. A sum of 11 of them is one of 8, one of 2
// and one of 1, each the sum of two of half its size (log steps), so no pixel waits for its neighbour. Up to 15×15 all of it
// fits into 16 bits, the bound too: mean < t is sum + n/2 < n·t, with t = level + ceil(c) from 0 to 256.
#include "kinds/rows.hpp"

#include <algorithm>
#include <cmath>
#include <type_traits>
#include <vector>

namespace {

using labkit::u8;

// Of every row: the sum of `block` columns from each on, as `Number`s; `twos` and what lies behind it are room for the steps.
template <class Number>
struct Sums {
    std::size_t width;
    int block, steps = 0;
    std::vector<Number> step[7];  // sums of 1 (the columns themselves, framed), 2, 4, …

    Sums(std::size_t width_, int block_) : width(width_), block(block_) {
        while (4 << steps <= block) steps++;  // the largest power of two is taken twice: that saves a step
        for (int k = 0; k <= steps; k++) step[k].resize(width + block + 64);
    }
    Number* columns() { return step[0].data() + block / 2; }

    void frame() {
        Number* const own = columns();
        const int radius = block / 2;
        std::fill(own - radius, own, own[0]);
        std::fill(own + width, own + width + radius, own[width - 1]);
    }
    void double_up() {
        for (int k = 0; k < steps; k++) {
            const Number* const from = step[k].data();
            Number* const __restrict to = step[k + 1].data();
            const std::size_t apart = std::size_t{1} << k, count = width + block - 2 * apart;
            for (std::size_t x = 0; x < count; x++) to[x] = static_cast<Number>(from[x] + from[x + apart]);
        }
    }
};

// Black or white where the parts of a sum are so many, known when this is compiled.
template <int parts, class Number>
void write(const Number* const* from, std::size_t width, const u8* __restrict row, int above, Number count, u8* __restrict out) {
    using Signed = std::make_signed_t<Number>;
    const auto near = static_cast<Signed>(std::clamp(above, -256, 256));
    const Number* part[parts];
    std::copy(from, from + parts, part);
    for (std::size_t x = 0; x < width; x++) {
        auto sum = static_cast<Number>(count / 2);
        for (int k = 0; k < parts; k++) sum = static_cast<Number>(sum + part[k][x]);
        auto level = static_cast<Signed>(row[x] + near);
        level = level < 0 ? Signed{0} : level;
        level = level > 256 ? Signed{256} : level;
        out[x] = sum < static_cast<Number>(level * count) ? 255 : 0;
    }
}

// One row, the sums of whose columns stand framed in `sums`.
template <class Number>
void decide(Sums<Number>& sums, const u8* row, int above, u8* out) {
    sums.double_up();
    const int block = sums.block;
    const Number* part[9];
    int parts = 0;
    for (int k = sums.steps, at = 0; at < block; k -= at + (1 << k) > block)
        if (at + (1 << k) <= block) {
            part[parts++] = sums.step[k].data() + at;
            at += 1 << k;
        }
    const auto count = static_cast<Number>(block * block);
    switch (parts) {
        case 3: return write<3>(part, sums.width, row, above, count, out);
        case 4: return write<4>(part, sums.width, row, above, count, out);
        case 5: return write<5>(part, sums.width, row, above, count, out);
        case 6: return write<6>(part, sums.width, row, above, count, out);
        default: return write<7>(part, sums.width, row, above, count, out);
    }
}

template <class Number>
void threshold(const labkit::Picture& in, const labkit::Rows& out, int block, int above) {
    Sums<Number> sums(in.width, block);
    Number* const columns = sums.columns();
    const auto radius = static_cast<std::ptrdiff_t>(block / 2), last = static_cast<std::ptrdiff_t>(in.height) - 1;
    const auto row = [&](std::ptrdiff_t y) { return in.row(std::clamp<std::ptrdiff_t>(y, 0, last)); };
    const auto begin = static_cast<std::ptrdiff_t>(out.begin);
    for (std::ptrdiff_t y = begin - radius; y < begin + radius; y++) {  // the last row comes in the loop
        const u8* const from = row(y);
        for (std::size_t x = 0; x < in.width; x++) columns[x] = static_cast<Number>(columns[x] + from[x]);
    }
    for (auto y = begin; y < static_cast<std::ptrdiff_t>(out.end); y++) {
        const u8 *const next = row(y + radius), *const gone = row(y - radius - 1);
        const bool first = y == begin;  // nothing has gone yet
        if (first)
            for (std::size_t x = 0; x < in.width; x++) columns[x] = static_cast<Number>(columns[x] + next[x]);
        else
            for (std::size_t x = 0; x < in.width; x++) columns[x] = static_cast<Number>(columns[x] + next[x] - gone[x]);
        sums.frame();
        decide(sums, in.row(y), above, out.row(y));
    }
}

}  // namespace

LABKIT_KERNEL(adaptive_threshold)(const labkit::Inputs& inputs, const labkit::Rows& out) {
    const int block = inputs.parameter(0), above = static_cast<int>(std::ceil(inputs.parameter<double>(1)));
    if (block <= 15)
        threshold<std::uint16_t>(inputs.image(), out, block, above);
    else
        threshold<std::uint32_t>(inputs.image(), out, block, above);
}
