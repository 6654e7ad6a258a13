// saturation in C++17: all in 16 bits.
//
// A weight of grey is 256 · high + low, so that products of bytes will do: grey = (high + (low >> 8)) >> 7, where high and low
// are the weighed sums. 8 (v - grey) is a product of bytes too, and pmulhrsw, (a · b + 2^14) >> 15, does the rest.
#include "kinds/bgr.hpp"
#include "kinds/grey.hpp"
#include "kinds/rows.hpp"

#include <algorithm>
#include <cmath>

namespace {

using labkit::u8;

inline void convert(const u8* from, int weight, u8* to) {
    const int grey = labkit::grey_of(from);
    for (int c = 0; c < 3; c++) to[c] = static_cast<u8>(std::clamp(grey + ((weight * (from[c] - grey) + 2048) >> 12), 0, 255));
}

#if defined(__AVX2__)
inline __m256i pair(int first, int second) { return _mm256_set1_epi16(static_cast<short>((first & 255) | second * 256)); }

// Grey of 16 pixels in 16 bits, from bytes of blue and green by turns, and of red and 1.
inline __m256i grey(__m256i blue_green, __m256i red_one) {
    using namespace labkit;
    static_assert(BLUE == 256 * 15 - 105 && GREEN == 256 * 75 + 35 && RED == 256 * 38 + 70 && SHIFT == 15);
    const __m256i high = _mm256_add_epi16(_mm256_maddubs_epi16(blue_green, pair(15, 75)), _mm256_maddubs_epi16(red_one, pair(38, 64)));
    const __m256i low = _mm256_add_epi16(_mm256_maddubs_epi16(blue_green, pair(-105, 35)), _mm256_maddubs_epi16(red_one, pair(70, 0)));
    return _mm256_srli_epi16(_mm256_add_epi16(high, _mm256_srai_epi16(low, 8)), SHIFT - 8);
}
struct Greys {
    __m256i low, high, bytes;
};
inline __m256i moved(__m256i channel, const Greys& greys, __m256i weight) {
    const auto half = [&](__m256i level_grey, __m256i grey) {
        return _mm256_add_epi16(grey, _mm256_mulhrs_epi16(_mm256_maddubs_epi16(level_grey, pair(8, -8)), weight));
    };
    return _mm256_packus_epi16(half(_mm256_unpacklo_epi8(channel, greys.bytes), greys.low),
                               half(_mm256_unpackhi_epi8(channel, greys.bytes), greys.high));
}
inline labkit::Bgr32 convert_32(const labkit::Bgr32& of, __m256i weight) {
    const __m256i one = _mm256_set1_epi8(1);
    const __m256i low = grey(_mm256_unpacklo_epi8(of.first, of.second), _mm256_unpacklo_epi8(of.third, one));
    const __m256i high = grey(_mm256_unpackhi_epi8(of.first, of.second), _mm256_unpackhi_epi8(of.third, one));
    const Greys greys{low, high, _mm256_packus_epi16(low, high)};
    return {moved(of.first, greys, weight), moved(of.second, greys, weight), moved(of.third, greys, weight)};
}
#endif

}  // namespace

LABKIT_KERNEL(saturation)(const labkit::Inputs& inputs, const labkit::Rows& out) {
    const u8* const from = inputs.image().row(out.begin);
    u8* const to = out.row(out.begin);
    const std::size_t count = (out.end - out.begin) * out.width;
    const int weight = static_cast<int>(std::floor(inputs.parameter<double>(0) * 4096 + 0.5));
    std::size_t i = 0;
#if defined(__AVX2__)
    const labkit::Every3rd way;
    const __m256i by = _mm256_set1_epi16(static_cast<short>(weight));
    for (; i + 32 <= count; i += 32) labkit::store_32(to + 3 * i, convert_32(labkit::load_32(from + 3 * i, way), by), way);
#endif
    for (; i < count; i++) convert(from + 3 * i, weight, to + 3 * i);
}
