// A table of 256 levels, looked up for many bytes at once, in registers.
#pragma once

#include <cstddef>
#include <cstdint>

#if defined(__AVX2__)
#include <immintrin.h>
#endif

namespace labkit {

#if !defined(__AVX512VBMI__) && defined(__AVX2__)
// 16 tables of 16 levels, all looked up by the lower four bits; then the upper four, one after another, choose.
inline __m256i look_up_32(const __m128i* tables, __m256i places) {
    const __m256i low = _mm256_and_si256(places, _mm256_set1_epi8(15));
    const __m256i bits[] = {_mm256_slli_epi16(places, 3), _mm256_slli_epi16(places, 2), _mm256_slli_epi16(places, 1), places};
    __m256i found[4], sixteen[4];
    for (int q = 0; q < 4; q++) {
        for (int k = 0; k < 4; k++) sixteen[k] = _mm256_shuffle_epi8(_mm256_broadcastsi128_si256(_mm_loadu_si128(tables + 4 * q + k)), low);
        found[q] = _mm256_blendv_epi8(_mm256_blendv_epi8(sixteen[0], sixteen[1], bits[0]),
                                      _mm256_blendv_epi8(sixteen[2], sixteen[3], bits[0]), bits[1]);
    }
    return _mm256_blendv_epi8(_mm256_blendv_epi8(found[0], found[1], bits[2]), _mm256_blendv_epi8(found[2], found[3], bits[2]), bits[3]);
}
#endif

// Writes table[from[i]] for each of `count` bytes.
inline void look_up(const std::uint8_t* from, std::size_t count, const std::uint8_t* table, std::uint8_t* to) {
    std::size_t i = 0;
#if defined(__AVX512VBMI__)
    const __m512i quarters[] = {_mm512_loadu_si512(table), _mm512_loadu_si512(table + 64), _mm512_loadu_si512(table + 128),
                                _mm512_loadu_si512(table + 192)};
    for (; i + 64 <= count; i += 64) {
        const __m512i places = _mm512_loadu_si512(from + i);
        const __m512i lower = _mm512_permutex2var_epi8(quarters[0], places, quarters[1]);
        const __m512i upper = _mm512_permutex2var_epi8(quarters[2], places, quarters[3]);
        _mm512_storeu_si512(to + i, _mm512_mask_blend_epi8(_mm512_movepi8_mask(places), lower, upper));
    }
#elif defined(__AVX2__)
    for (; i + 32 <= count; i += 32) {
        const __m256i places = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from + i));
        _mm256_storeu_si256(reinterpret_cast<__m256i*>(to + i), look_up_32(reinterpret_cast<const __m128i*>(table), places));
    }
#endif
    for (; i < count; i++) to[i] = table[from[i]];
}

}  // namespace labkit
