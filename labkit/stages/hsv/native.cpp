// hsv in C++17: 32 pixels at a time with AVX2, else in loops that the compiler turns into vectors.
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

#if defined(__AVX2__)
struct Halves {
    __m256i low, high;
};
inline Halves widened(__m256i bytes) {
    const __m256i zero = _mm256_setzero_si256();
    return {_mm256_unpacklo_epi8(bytes, zero), _mm256_unpackhi_epi8(bytes, zero)};
}
inline __m256i chosen(__m256i where, __m256i one, __m256i other) { return _mm256_blendv_epi8(other, one, where); }

// number / by, rounded to 2^-12 / scale, as the tables are: 1.5 · 2^11 leaves room for 12 bits behind the point.
inline __m256 factor(float number, __m256 by, float scale) {
    const __m256 room = _mm256_set1_ps(3072.0f / scale);
    return _mm256_sub_ps(_mm256_add_ps(_mm256_div_ps(_mm256_set1_ps(number / scale), by), room), room);
}
struct Eight {
    __m256i hue, saturation;
};
// Of 32 bits each: value and spread, and the turn times 2^16. Sums of 20 bits and their halves are exact in float32. To the hue
// 180 is added, so that none is below 0.
inline Eight divided(__m256i value, __m256i spread, __m256i turn) {
    const __m256 d = _mm256_cvtepi32_ps(spread), one = _mm256_set1_ps(1.0f);
    const __m256 hue = _mm256_mul_ps(_mm256_cvtepi32_ps(turn), factor(30.0f, _mm256_max_ps(d, one), 65536.0f));
    const __m256 saturation = _mm256_mul_ps(d, factor(255.0f, _mm256_cvtepi32_ps(value), 1.0f));
    return {_mm256_cvttps_epi32(_mm256_add_ps(hue, _mm256_set1_ps(180.5f))),
            _mm256_cvttps_epi32(_mm256_add_ps(saturation, _mm256_set1_ps(0.5f)))};
}
// 16 pixels, of 16 bits each.
inline Eight divided_16(__m256i value, __m256i spread, __m256i turn) {
    const __m256i zero = _mm256_setzero_si256(), half_turn = _mm256_set1_epi16(180);
    const Eight low = divided(_mm256_unpacklo_epi16(value, zero), _mm256_unpacklo_epi16(spread, zero), _mm256_unpacklo_epi16(zero, turn));
    const Eight high = divided(_mm256_unpackhi_epi16(value, zero), _mm256_unpackhi_epi16(spread, zero), _mm256_unpackhi_epi16(zero, turn));
    const __m256i hue = _mm256_packs_epi32(low.hue, high.hue);
    return {_mm256_min_epu16(hue, _mm256_sub_epi16(hue, half_turn)),  // below 180 the difference wraps round
            _mm256_packs_epi32(low.saturation, high.saturation)};
}
inline labkit::Bgr32 convert_32(const labkit::Bgr32& of) {
    const __m256i blue = of.first, green = of.second, red = of.third, two = _mm256_set1_epi8(2);
    const __m256i value = _mm256_max_epu8(blue, _mm256_max_epu8(green, red));
    const __m256i spread = _mm256_sub_epi8(value, _mm256_min_epu8(blue, _mm256_min_epu8(green, red)));
    const __m256i is_red = _mm256_cmpeq_epi8(value, red), is_green = _mm256_cmpeq_epi8(value, green);
    // turn = from - less + times · spread
    const __m256i from = chosen(is_red, green, chosen(is_green, blue, red)), less = chosen(is_red, blue, chosen(is_green, red, green));
    const __m256i times = _mm256_andnot_si256(is_red, _mm256_add_epi8(two, _mm256_andnot_si256(is_green, two)));
    const __m256i minus = _mm256_set1_epi16(static_cast<short>(0xFF01));  // by turns 1 and -1
    const Halves v = widened(_mm256_max_epu8(value, _mm256_set1_epi8(1))), d = widened(spread), k = widened(times);
    const __m256i low = _mm256_add_epi16(_mm256_maddubs_epi16(_mm256_unpacklo_epi8(from, less), minus), _mm256_mullo_epi16(d.low, k.low));
    const __m256i high = _mm256_add_epi16(_mm256_maddubs_epi16(_mm256_unpackhi_epi8(from, less), minus), _mm256_mullo_epi16(d.high, k.high));
    const Eight first = divided_16(v.low, d.low, low), second = divided_16(v.high, d.high, high);
    return {_mm256_packus_epi16(first.hue, second.hue), _mm256_packus_epi16(first.saturation, second.saturation), value};
}
#endif

}  // namespace

LABKIT_KERNEL(hsv)(const labkit::Inputs& inputs, const labkit::Rows& out) {
    const labkit::Picture& in = inputs.image();
    Channels channels;
    const std::size_t last = out.end * in.width;  // rows lie one after another
    std::size_t at = out.begin * in.width;
#if defined(__AVX2__)
    const labkit::Every3rd way;
    for (; at + 32 <= last; at += 32) labkit::store_32(out.data + 3 * at, convert_32(labkit::load_32(in.data + 3 * at, way)), way);
#endif
    for (; at < last; at += BLOCK) {
        const std::size_t count = std::min(BLOCK, last - at);
        labkit::split(in.data + 3 * at, count, channels.first, channels.second, channels.third);
        convert(channels, count);
        labkit::merge(channels.first, channels.second, channels.third, count, out.data + 3 * at);
    }
}
