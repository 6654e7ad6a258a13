// Sobel's 3×3 derivatives of a row, across and down, in 16 bits.
#pragma once

#include <cstddef>
#include <cstdint>

namespace labkit {

struct Three {
    const std::uint8_t *above, *here, *below;  // rows
};

// Writes made(across, down) of every pixel; beyond the left and right border the picture is mirrored, the border not repeated.
template <class Made>
void each_of_row(const Three& rows, std::size_t width, std::int16_t* __restrict to, Made made) {
    const std::uint8_t *const a = rows.above, *const b = rows.here, *const c = rows.below;
    const auto one = [&](std::size_t left, std::size_t x, std::size_t right) {
        const auto across = static_cast<std::int16_t>(a[right] - a[left] + 2 * (b[right] - b[left]) + c[right] - c[left]);
        const auto down = static_cast<std::int16_t>(c[left] - a[left] + 2 * (c[x] - a[x]) + c[right] - a[right]);
        return static_cast<std::int16_t>(made(across, down));
    };
    const std::size_t last = width - 1;
    to[0] = one(last ? 1 : 0, 0, last ? 1 : 0);
    for (std::size_t x = 1; x < last; x++) to[x] = one(x - 1, x, x + 1);
    if (last) to[last] = one(last - 1, last, last - 1);
}

}  // namespace labkit
