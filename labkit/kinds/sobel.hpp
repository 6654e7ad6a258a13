// Sobel's 3×3 derivatives of a row, across and down, in 16 bits.
#pragma once

#include <cstddef>
#include <cstdint>

namespace labkit {

struct Three {
    const std::uint8_t *above, *here, *below;  // rows
};

// Calls take(x, across, down) for every pixel. Beyond the left and right border the picture is mirrored, the border not
// repeated, or where told so it is the border that is repeated.
template <bool repeated, class Take>
void each_of_row(const Three& rows, std::size_t width, Take take) {
    const std::uint8_t *const a = rows.above, *const b = rows.here, *const c = rows.below;
    const auto one = [&](std::size_t left, std::size_t x, std::size_t right) {
        const auto across = static_cast<std::int16_t>(a[right] - a[left] + 2 * (b[right] - b[left]) + c[right] - c[left]);
        const auto down = static_cast<std::int16_t>(c[left] - a[left] + 2 * (c[x] - a[x]) + c[right] - a[right]);
        take(x, across, down);
    };
    const std::size_t last = width - 1;
    one(repeated || !last ? 0 : 1, 0, last ? 1 : 0);
#pragma GCC ivdep
    for (std::size_t x = 1; x < last; x++) one(x - 1, x, x + 1);
    if (last) one(last - 1, last, repeated ? last : last - 1);
}

inline std::int16_t steepness(std::int16_t across, std::int16_t down) {
    return static_cast<std::int16_t>((across < 0 ? -across : across) + (down < 0 ? -down : down));
}

}  // namespace labkit
