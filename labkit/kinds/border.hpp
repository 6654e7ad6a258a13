// Beyond the border of a picture.
#pragma once

#include <algorithm>
#include <cstddef>

namespace labkit {

// The place that a place beyond the border shows: mirrored there, the border itself not repeated.
inline std::ptrdiff_t mirrored(std::ptrdiff_t place, std::ptrdiff_t count) {
    if (count == 1) return 0;
    const std::ptrdiff_t period = 2 * (count - 1);
    place = ((place % period) + period) % period;
    return std::min(place, period - place);
}

}  // namespace labkit
