// brightness_contrast in C++17: 256 levels in float32, then look-ups in registers (kinds/look_up.hpp).
#include "kinds/look_up.hpp"
#include "kinds/rows.hpp"

namespace {

using labkit::u8;

constexpr float ROUND = 12582912.0f;  // 1.5 · 2^23: added, it leaves no room for a fraction, and halves go to the even integer

}  // namespace

LABKIT_KERNEL(brightness_contrast)(const labkit::Inputs& inputs, const labkit::Rows& out) {
    const float alpha = inputs.parameter<float>(0), beta = inputs.parameter<float>(1);
    alignas(64) u8 table[256];
    for (int level = 0; level < 256; level++) {
        float value = static_cast<float>(level) * alpha + beta;
        value = value < 0.0f ? 0.0f : value;
        value = value > 255.0f ? 255.0f : value;
        table[level] = static_cast<u8>(__builtin_bit_cast(int, value + ROUND) - __builtin_bit_cast(int, ROUND));
    }
    labkit::look_up(inputs.image().row(out.begin), (out.end - out.begin) * out.stride, table, out.row(out.begin));
}
