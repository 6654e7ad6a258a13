// ycrcb in C++17: all in 16 bits.
//
// A weight of luma is 256 · high + low, so that products of bytes will do: luma = (high + (low >> 8)) >> 6, where high and low
// are the weighed sums. A difference of colour is one product: pmulhrsw gives (a · b + 2^14) >> 15, with a = 2 (r - y).
#include "kinds/bgr.hpp"
#include "kinds/rows.hpp"

#include <algorithm>

namespace {

using labkit::u8;

constexpr int BLUE = 1868, GREEN = 9617, RED = 4899, OF_RED = 11682, OF_BLUE = 9241;

inline void convert(const u8* from, u8* to) {
    const int blue = from[0], green = from[1], red = from[2];
    const int luma = (BLUE * blue + GREEN * green + RED * red + 8192) >> 14;
    const int of_red = (((red - luma) * OF_RED + 8192) >> 14) + 128, of_blue = (((blue - luma) * OF_BLUE + 8192) >> 14) + 128;
    to[0] = static_cast<u8>(luma);
    to[1] = static_cast<u8>(std::min(of_red, 255));  // none is below 0
    to[2] = static_cast<u8>(std::min(of_blue, 255));
}

#if defined(__AVX2__)
inline __m256i pair(int first, int second) { return _mm256_set1_epi16(static_cast<short>((first & 255) | second * 256)); }

// Luma of 16 pixels in 16 bits, from bytes of blue and green by turns, and of red and 1.
inline __m256i luma(__m256i blue_green, __m256i red_one) {
    static_assert(BLUE == 256 * 7 + 76 && GREEN == 256 * 38 - 111 && RED == 256 * 19 + 35);
    const __m256i high = _mm256_add_epi16(_mm256_maddubs_epi16(blue_green, pair(7, 38)), _mm256_maddubs_epi16(red_one, pair(19, 32)));
    const __m256i low = _mm256_add_epi16(_mm256_maddubs_epi16(blue_green, pair(76, -111)), _mm256_maddubs_epi16(red_one, pair(35, 0)));
    return _mm256_srli_epi16(_mm256_add_epi16(high, _mm256_srai_epi16(low, 8)), 6);
}
// 128 + weight · (channel - luma), of 32 pixels.
inline __m256i difference(__m256i channel, __m256i low_luma, __m256i high_luma, int weight) {
    const __m256i zero = _mm256_setzero_si256(), by = _mm256_set1_epi16(static_cast<short>(weight));
    const __m256i low = _mm256_sub_epi16(_mm256_unpacklo_epi8(channel, zero), low_luma);
    const __m256i high = _mm256_sub_epi16(_mm256_unpackhi_epi8(channel, zero), high_luma);
    const __m256i packed = _mm256_packs_epi16(_mm256_mulhrs_epi16(_mm256_add_epi16(low, low), by),
                                              _mm256_mulhrs_epi16(_mm256_add_epi16(high, high), by));
    return _mm256_xor_si256(packed, _mm256_set1_epi8(-128));
}
inline labkit::Bgr32 convert_32(const labkit::Bgr32& of) {
    const __m256i one = _mm256_set1_epi8(1);
    const __m256i low = luma(_mm256_unpacklo_epi8(of.first, of.second), _mm256_unpacklo_epi8(of.third, one));
    const __m256i high = luma(_mm256_unpackhi_epi8(of.first, of.second), _mm256_unpackhi_epi8(of.third, one));
    return {_mm256_packus_epi16(low, high), difference(of.third, low, high, OF_RED), difference(of.first, low, high, OF_BLUE)};
}
#endif

}  // namespace

LABKIT_KERNEL(ycrcb)(const labkit::Inputs& inputs, const labkit::Rows& out) {
    const u8* const from = inputs.image().row(out.begin);
    u8* const to = out.row(out.begin);
    const std::size_t count = (out.end - out.begin) * out.width;
    std::size_t i = 0;
#if defined(__AVX2__)
    const labkit::Every3rd way;
    for (; i + 32 <= count; i += 32) labkit::store_32(to + 3 * i, convert_32(labkit::load_32(from + 3 * i, way)), way);
#endif
    for (; i < count; i++) convert(from + 3 * i, to + 3 * i);
}
