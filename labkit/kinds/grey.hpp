// Grey levels as cv2.COLOR_BGR2GRAY gives them: (3735 b + 19235 g + 9798 r + 2^14) >> 15.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#if !defined(LABKIT_PORTABLE) && defined(__AVX512BW__) && defined(__AVX512VL__) && defined(__AVX512VBMI__) && \
    defined(__AVX512VBMI2__) && defined(__AVX512VNNI__)
#define LABKIT_AVX512 1
#else
#define LABKIT_AVX512 0
#endif
#if !defined(LABKIT_PORTABLE) && defined(__AVX2__)
#define LABKIT_AVX2 1
#include <immintrin.h>
#else
#define LABKIT_AVX2 0
#endif

namespace labkit {

using u8 = std::uint8_t;

constexpr int BLUE = 3735, GREEN = 19235, RED = 9798, SHIFT = 15;

inline u8 grey_of(const u8* pixel) {
    return static_cast<u8>((BLUE * pixel[0] + GREEN * pixel[1] + RED * pixel[2] + (1 << (SHIFT - 1))) >> SHIFT);
}

#if LABKIT_AVX512
// 16 pixels of 3 bytes to 16 of 4, of which the last does not count.
inline __m512i spread() {
    alignas(64) u8 from[64];
    for (int k = 0; k < 64; k++) from[k] = static_cast<u8>(k / 4 * 3 + std::min(k % 4, 2));
    return _mm512_load_si512(from);
}
inline __m512i low_bytes() {
    alignas(64) u8 from[64];
    for (int k = 0; k < 64; k++) from[k] = static_cast<u8>(4 * (k % 32));
    return _mm512_load_si512(from);
}
// 16 grey levels as 32-bit numbers. A weight is 256 · high + low, each a signed byte: 3735 = 256 · 15 - 105 and so on. The
// processor multiplies four bytes and adds up the products at once; 64 · 256 is the half that rounds.
inline __m512i grey_16(__m512i bytes) {
    const __m512i pixels = _mm512_permutexvar_epi8(spread(), bytes);
    const __m512i high = _mm512_set1_epi32(15 | 75 << 8 | 38 << 16);
    const __m512i low = _mm512_set1_epi32((-105 & 255) | 35 << 8 | 70 << 16);
    static_assert(BLUE == 256 * 15 - 105 && GREEN == 256 * 75 + 35 && RED == 256 * 38 + 70 && SHIFT == 15);
    const __m512i upper = _mm512_dpbusd_epi32(_mm512_set1_epi32(64), pixels, high);
    return _mm512_srli_epi32(_mm512_dpbusd_epi32(_mm512_slli_epi32(upper, 8), pixels, low), SHIFT);
}
// 64 grey levels of 192 bytes. The last of the four loads reads 16 bytes on, unless told to stop at the end.
template <bool stop>
inline __m512i grey_64(const u8* bytes) {
    const __mmask64 whole = 0x0000FFFFFFFFFFFF;  // 48 bytes
    __m512i levels[4];
    for (int k = 0; k < 4; k++)
        levels[k] = grey_16(stop ? _mm512_maskz_loadu_epi8(whole, bytes + 48 * k) : _mm512_loadu_si512(bytes + 48 * k));
    const __m512i first = _mm512_permutex2var_epi8(levels[0], low_bytes(), levels[1]);
    const __m512i second = _mm512_permutex2var_epi8(levels[2], low_bytes(), levels[3]);
    return _mm512_inserti64x4(first, _mm512_castsi512_si256(second), 1);
}
#elif LABKIT_AVX2
// 8 grey levels as 32-bit numbers, of 4 pixels in the first 12 bytes of each half. Two products of 16 bits are added at once:
// blue and green with their weights, then red with its own and 1 with the half that rounds.
inline __m256i grey_8(__m256i bytes) {
    const __m256i blue_green = _mm256_shuffle_epi8(
        bytes, _mm256_setr_epi8(0, -1, 1, -1, 3, -1, 4, -1, 6, -1, 7, -1, 9, -1, 10, -1, 0, -1, 1, -1, 3, -1, 4, -1, 6, -1, 7, -1, 9, -1, 10, -1));
    const __m256i red = _mm256_shuffle_epi8(
        bytes, _mm256_setr_epi8(2, -1, -1, -1, 5, -1, -1, -1, 8, -1, -1, -1, 11, -1, -1, -1, 2, -1, -1, -1, 5, -1, -1, -1, 8, -1, -1, -1, 11, -1, -1, -1));
    const __m256i red_one = _mm256_or_si256(red, _mm256_set1_epi32(1 << 16));
    const __m256i sum = _mm256_add_epi32(_mm256_madd_epi16(blue_green, _mm256_set1_epi32(BLUE | GREEN << 16)),
                                         _mm256_madd_epi16(red_one, _mm256_set1_epi32(RED | (1 << (SHIFT - 1)) << 16)));
    return _mm256_srli_epi32(sum, SHIFT);
}
// 32 grey levels of 96 bytes; reads 4 bytes on.
inline __m256i grey_32(const u8* bytes) {
    __m256i levels[4];
    for (int k = 0; k < 4; k++) {
        const __m128i low = _mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes + 24 * k));
        const __m128i high = _mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes + 24 * k + 12));
        levels[k] = grey_8(_mm256_inserti128_si256(_mm256_castsi128_si256(low), high, 1));
    }
    const __m256i packed = _mm256_packus_epi16(_mm256_packus_epi32(levels[0], levels[1]), _mm256_packus_epi32(levels[2], levels[3]));
    return _mm256_permutevar8x32_epi32(packed, _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7));
}
#endif

// Writes the grey levels of count pixels; after the last of them, ``beyond`` pixels more may be read.
inline void to_grey(const u8* pixels, std::size_t count, std::size_t beyond, u8* grey) {
    std::size_t i = 0;
#if LABKIT_AVX512
    for (; i + 64 + 6 <= count + beyond && i + 64 <= count; i += 64) _mm512_storeu_si512(grey + i, grey_64<false>(pixels + 3 * i));
    for (; i + 64 <= count; i += 64) _mm512_storeu_si512(grey + i, grey_64<true>(pixels + 3 * i));
#elif LABKIT_AVX2
    for (; i + 32 + 2 <= count + beyond && i + 32 <= count; i += 32)
        _mm256_storeu_si256(reinterpret_cast<__m256i*>(grey + i), grey_32(pixels + 3 * i));
#endif
    for (; i < count; i++) grey[i] = grey_of(pixels + 3 * i);
}

}  // namespace labkit
