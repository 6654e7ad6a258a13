// Bilinear blending in 16-bit integers: two taps side by side with weights of 8 bits, then two rows with weights of 14.
//
// Values are taken as value - 128, so that vpmaddubsw (unsigned weights × signed values, two neighbours added) applies.
// Weights that sum to 255 instead of 256 fit a byte; the missing 1/256 is made up for by the weights of the rows:
// 255 · 16448 / 32768 = 127.998, that is 128 steps to a grey level, rounded once more at the end. A position is thus
// known to 1/510 pixel in x (cv2 4.x: 1/64), and equal neighbours give their own value, exactly.
// vpmaddubsw and vpmulhrsw do the work of 64 and 32 lanes in one instruction; the scalar code computes the same bits.
#pragma once

#include <cstdint>
#include <cstring>

// CROP_PORTABLE leaves it to the compiler, so that the code for other machines can be tested on this one.
#if defined(__AVX512F__) && defined(__AVX512BW__) && !defined(CROP_PORTABLE)
#include <immintrin.h>
#define CROP_AVX512 1
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"  // GCC 12 warns about its own AVX-512 header (bug 105593)
#endif
#endif

namespace crop {

constexpr int ROWS_SUM = 16448;

inline int mulhrs(int a, int b) { return (a * b + (1 << 14)) >> 15; }

// One channel of one pixel from its four taps; right is 0..255, lower 0..ROWS_SUM.
inline std::uint8_t blend(int a, int b, int c, int d, int right, int lower) {
    const int upper_row = (a - 128) * (255 - right) + (b - 128) * right;
    const int lower_row = (c - 128) * (255 - right) + (d - 128) * right;
    const int both = mulhrs(upper_row, ROWS_SUM - lower) + mulhrs(lower_row, lower);
    return static_cast<std::uint8_t>(mulhrs(both, 256) + 128);
}

#if CROP_AVX512
// Pairs of taps (bytes, signed) and of weights (bytes, unsigned) of two rows become words: grey levels - 128.
inline __m512i blend(__m512i upper_taps, __m512i lower_taps, __m512i pairs, __m512i upper, __m512i lower) {
    const __m512i upper_row = _mm512_maddubs_epi16(pairs, upper_taps), lower_row = _mm512_maddubs_epi16(pairs, lower_taps);
    const __m512i both = _mm512_add_epi16(_mm512_mulhrs_epi16(upper_row, upper), _mm512_mulhrs_epi16(lower_row, lower));
    return _mm512_mulhrs_epi16(both, _mm512_set1_epi16(256));
}
inline __m512i flip_sign(__m512i bytes) { return _mm512_xor_si512(bytes, _mm512_set1_epi8(-128)); }
inline __mmask64 first(int count) { return count >= 64 ? ~__mmask64{0} : (__mmask64{1} << count) - 1; }
#endif

}  // namespace crop
