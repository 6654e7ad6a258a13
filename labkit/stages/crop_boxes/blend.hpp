// Bilinear blending in 16-bit integers: two taps side by side with weights of 8 bits, then two rows with weights of 14.
//
// Values are taken as value - 128, so that vpmaddubsw (unsigned weights × signed values, two neighbours added) applies.
// Weights that sum to 255 instead of 256 fit a byte; the missing 1/256 is made up for by the weights of the rows:
// 255 · 16448 / 32768 = 127.998, that is 128 steps to a grey level, rounded once more at the end. Equal neighbours give
// their own value, exactly. Upright boxes have their weights rounded from the exact position, others take its first 8
// bits after the point for 0..255, in x and (times 64.5) in y: wrong by at most 1/255 pixel (cv2 4.x: 1/64).
// vpmaddubsw and vpmulhrsw do the work of 64 and 32 lanes in one instruction; the scalar code computes the same bits.
#pragma once

#include <cstdint>
#include <cstring>

// LABKIT_PORTABLE leaves it to the compiler, so that the code for other machines can be tested on this one.
#if defined(__AVX512F__) && defined(__AVX512BW__) && !defined(LABKIT_PORTABLE)
#include <immintrin.h>
#define CROP_AVX512 1
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"  // GCC 12 warns about its own AVX-512 header (bug 105593)
#endif
#endif

namespace crop {

constexpr int ROWS_SUM = 16448;
constexpr int ROWS_STEP = 16512;  // ROWS_SUM / 255, that is 64.5, with 8 bits after the point

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

// Sixteen bytes, four times: what vpshufb does in each quarter of a vector.
struct alignas(64) Shuffle {
    char bytes[64];
    constexpr Shuffle(const char (&quarter)[16]) : bytes() {
        for (int k = 0; k < 64; k++) bytes[k] = quarter[k % 16];
    }
    constexpr Shuffle(const char (&quarters)[3][16]) : bytes() {  // the fourth gives zeros
        for (int k = 0; k < 64; k++) bytes[k] = k < 48 ? quarters[k / 16][k % 16] : -1;
    }
    __m512i operator()(__m512i vector) const { return _mm512_shuffle_epi8(vector, _mm512_load_si512(bytes)); }
};
// The first three quarters of a vector's quarters, side by side.
inline __m512i join(__m512i vector) {
    return _mm512_permutexvar_epi32(_mm512_setr_epi32(0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, 3, 7, 11, 15), vector);
}
#endif

}  // namespace crop
