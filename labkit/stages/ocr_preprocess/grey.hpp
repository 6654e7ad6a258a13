// Grey levels and how often each occurs, in one read of the image.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>

#if !defined(OCR_PORTABLE) && defined(__AVX512BW__) && defined(__AVX512VL__) && defined(__AVX512VBMI__) && \
    defined(__AVX512VBMI2__) && defined(__AVX512VNNI__)
#define OCR_AVX512 1
#include <immintrin.h>
#else
#define OCR_AVX512 0
#endif

namespace ocr {

using u8 = std::uint8_t;
using u32 = std::uint32_t;
using u64 = std::uint64_t;

constexpr int BLUE = 3735, GREEN = 19235, RED = 9798, SHIFT = 15;  // of cv2.COLOR_BGR2GRAY

inline u8 grey_of(const u8* pixel) {
    return static_cast<u8>((BLUE * pixel[0] + GREEN * pixel[1] + RED * pixel[2] + (1 << (SHIFT - 1))) >> SHIFT);
}

// Eight tables: pixels beside each other are mostly alike, and adding to the counter that was written a moment ago waits
// for that. A store a pixel remains, and a core does one a cycle.
struct Counts {
    alignas(64) u32 table[8][256];

    void clear() { std::memset(table, 0, sizeof table); }
    void add(const u8* grey, std::size_t count) {
        std::size_t i = 0;
        for (; i + 8 <= count; i += 8) add_8(grey + i);
        for (; i < count; i++) table[0][grey[i]]++;
    }
    void add_8(const u8* grey) {
        u64 levels;
        std::memcpy(&levels, grey, 8);
        for (int k = 0; k < 8; k++) table[k][levels >> 8 * k & 255]++;
    }
    void add_to(u64* histogram) const {
        for (int level = 0; level < 256; level++)
            for (int k = 0; k < 8; k++) histogram[level] += table[k][level];
    }
};

#if OCR_AVX512
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
#endif

// Writes the grey levels of count pixels; after the last of them, ``beyond`` pixels more may be read.
inline void to_grey(const u8* pixels, std::size_t count, std::size_t beyond, u8* grey) {
    std::size_t i = 0;
#if OCR_AVX512
    for (; i + 64 + 6 <= count + beyond && i + 64 <= count; i += 64) _mm512_storeu_si512(grey + i, grey_64<false>(pixels + 3 * i));
    for (; i + 64 <= count; i += 64) _mm512_storeu_si512(grey + i, grey_64<true>(pixels + 3 * i));
#endif
    for (; i < count; i++) grey[i] = grey_of(pixels + 3 * i);
}

// The same, and counts them: 64 levels while the next 64 are computed. The one waits for stores, the other does not.
inline void grey_and_count(const u8* pixels, std::size_t count, std::size_t beyond, u8* grey, Counts& counts) {
    std::size_t i = 0, counted = 0;
    for (; i + 64 <= count; i += 64) {
        to_grey(pixels + 3 * i, 64, count + beyond - i - 64, grey + i);
        for (; counted < i; counted += 8) counts.add_8(grey + counted);
    }
    to_grey(pixels + 3 * i, count - i, beyond, grey + i);
    counts.add(grey + counted, count - counted);
}

}  // namespace ocr
