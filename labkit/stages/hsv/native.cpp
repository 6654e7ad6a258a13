// hsv in C++17, in loops that the compiler turns into vectors.
//
// OpenCV looks both factors up in tables of rounded quotients. A look-up for each of 8 numbers takes as long as 8 look-ups; to
// divide 8 at once takes 5 cycles, and rounded to the next integer the quotients of float32 are those of the tables: all 255
// of each were compared (tests/stages/test_colours.py).
#include "kinds/bgr.hpp"
#include "kinds/rows.hpp"

#include <algorithm>

namespace {

using labkit::u8;

constexpr std::size_t BLOCK = 256;  // pixels whose channels are split at a time: they stay in the first cache
constexpr float ROUND = 12582912.0f;  // 1.5 · 2^23: added, it leaves no room for a fraction, and the number in the low bits

inline int rounded(float value) { return __builtin_bit_cast(int, value + ROUND) - __builtin_bit_cast(int, ROUND); }

inline int most(int a, int b) { return a > b ? a : b; }  // std::max takes references, and the loop below was no vector's
inline int least(int a, int b) { return a < b ? a : b; }

struct Channels {
    alignas(64) u8 first[BLOCK], second[BLOCK], third[BLOCK];
};

// Blue, green and red become hue, saturation and value, in place.
void convert(Channels& of, std::size_t count) {
    for (std::size_t x = 0; x < count; x++) {
        const int blue = of.first[x], green = of.second[x], red = of.third[x];
        const int value = most(blue, most(green, red)), spread = value - least(blue, least(green, red));
        const int by_green = value == green ? blue - red + 2 * spread : red - green + 4 * spread;
        const int turn = value == red ? green - blue : by_green;
        // where it is 0, so is what is multiplied
        const int per_value = rounded(1044480.0f / static_cast<float>(most(value, 1)));
        const int per_spread = rounded(737280.0f / (6.0f * static_cast<float>(most(spread, 1))));
        const int hue = (turn * per_spread + 2048) >> 12;
        of.first[x] = static_cast<u8>(hue + (hue < 0 ? 180 : 0));
        of.second[x] = static_cast<u8>((spread * per_value + 2048) >> 12);
        of.third[x] = static_cast<u8>(value);
    }
}

}  // namespace

LABKIT_KERNEL(hsv)(const labkit::Inputs& inputs, const labkit::Rows& out) {
    const labkit::Picture& in = inputs.image();
    Channels channels;
    const std::size_t last = out.end * in.width;  // rows lie one after another
    for (std::size_t at = out.begin * in.width; at < last; at += BLOCK) {
        const std::size_t count = std::min(BLOCK, last - at);
        labkit::split(in.data + 3 * at, count, channels.first, channels.second, channels.third);
        convert(channels, count);
        labkit::merge(channels.first, channels.second, channels.third, count, out.data + 3 * at);
    }
}
