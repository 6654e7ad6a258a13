// pixelate in C++17, in loops that the compiler turns into vectors.
//
// The rows of a row of cells are added up in 16 bits, byte for byte (256 · 255 fits), in registers; what is left to do along a row is then
// as many times less as a cell is high. One row of means is written, the others are copies of it.
#include "kinds/rows.hpp"
#include "kinds/threads.hpp"

#include <algorithm>
#include <cstring>
#include <vector>

namespace {

using labkit::u8;

constexpr std::size_t CHUNK = 64;  // bytes whose sums stay in registers from the first row to the last

template <std::size_t count>
void add(const u8* from, std::size_t rows, std::size_t stride, std::uint16_t* to) {
    std::uint16_t sums[count] = {};
    for (std::size_t y = 0; y < rows; y++, from += stride)
        for (std::size_t k = 0; k < count; k++) sums[k] = static_cast<std::uint16_t>(sums[k] + from[k]);
    std::copy(sums, sums + count, to);
}

void row_of_cells(const labkit::Picture& in, const labkit::Rows& out, std::size_t top, std::size_t block, std::uint16_t* sums) {
    const std::size_t bottom = std::min(top + block, in.height), stride = in.stride(), channels = in.channels;
    const u8* const first = in.row(top);
    const std::size_t rows = bottom - top;
    std::size_t i = 0;
    for (; i + CHUNK <= stride; i += CHUNK) add<CHUNK>(first + i, rows, stride, sums + i);
    for (; i < stride; i++) add<1>(first + i, rows, stride, sums + i);
    u8* const made = out.row(top);
    for (std::size_t left = 0; left < in.width; left += block) {
        const std::size_t right = std::min(left + block, in.width);
        const auto count = static_cast<std::uint32_t>((right - left) * (bottom - top));
        if (channels == 3) {
            std::uint32_t blue = 0, green = 0, red = 0;
            for (std::size_t x = left; x < right; x++) blue += sums[3 * x], green += sums[3 * x + 1], red += sums[3 * x + 2];
            const u8 mean[] = {static_cast<u8>((2 * blue + count) / (2 * count)), static_cast<u8>((2 * green + count) / (2 * count)),
                               static_cast<u8>((2 * red + count) / (2 * count))};
            for (std::size_t x = left; x < right; x++) std::memcpy(made + 3 * x, mean, 3);
        } else {
            std::uint32_t sum = 0;
            for (std::size_t x = left; x < right; x++) sum += sums[x];
            std::memset(made + left, static_cast<int>((2 * sum + count) / (2 * count)), right - left);
        }
    }
    for (std::size_t row = top + 1; row < bottom; row++) std::memcpy(out.row(row), made, stride);
}

}  // namespace

LABKIT_KERNEL(pixelate)(const labkit::Inputs& inputs, const labkit::Rows& out) {
    const labkit::Picture& in = inputs.image();
    const auto block = inputs.parameter<std::size_t>(0);
    const auto cells = static_cast<std::ptrdiff_t>((in.height + block - 1) / block);
    std::vector<std::uint16_t> sums(in.stride() * out.threads);
#pragma omp parallel for num_threads(out.threads) schedule(static)
    for (std::ptrdiff_t cell = 0; cell < cells; cell++)
        row_of_cells(in, out, cell * block, block, sums.data() + in.stride() * labkit::thread());
}
