// Otsu's threshold as OpenCV computes it: otsu.py in C++, bit by bit.
#pragma once

#include <algorithm>
#include <cstdint>

namespace ocr {

using u64 = std::uint64_t;

// Without contraction: a fused multiply-add rounds once where OpenCV rounds twice, and decides otherwise between two
// thresholds that are equally good.
#if defined(__clang__)
#pragma STDC FP_CONTRACT OFF
#elif defined(__GNUC__)
__attribute__((optimize("fp-contract=off")))
#endif
inline int otsu(const u64* histogram) {
    constexpr double LEAST = 1.0 / (1 << 23);  // FLT_EPSILON: a class that holds less of the picture is none
    u64 count = 0, sum = 0;
    for (u64 level = 0; level < 256; level++) {
        count += histogram[level];
        sum += level * histogram[level];
    }
    const double share = 1.0 / static_cast<double>(count);
    const double mean = static_cast<double>(sum) * share;  // OpenCV adds up doubles, exactly too: the sum is below 2^53
    double low = 0, below = 0, largest = 0;
    int best = 0;
    for (int level = 0; level < 256; level++) {
        const double part = static_cast<double>(histogram[level]) * share;
        low *= below;
        below += part;
        const double above = 1.0 - below;
        if (std::min(below, above) < LEAST || std::max(below, above) > 1.0 - LEAST) continue;
        low = (low + level * part) / below;
        const double high = (mean - below * low) / above;
        const double variance = below * above * (low - high) * (low - high);
        if (variance > largest) {
            largest = variance;
            best = level;
        }
    }
    return best;
}

}  // namespace ocr
