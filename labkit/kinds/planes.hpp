// Bytes of three channels to planes of float32, scaled and shifted: for the kernels that make what a network takes.
//
// A shuffle takes one channel's bytes of 4 neighbours straight to numbers of 32 bits: nothing is widened in between.
#pragma once

#include "kinds/rows.hpp"

#if defined(__SSE4_1__)
#include <immintrin.h>
#endif

namespace labkit {

constexpr double MEAN[] = {0.485, 0.456, 0.406}, STD[] = {0.229, 0.224, 0.225};

struct Planes {
    float scale[3], shift[3];
    float* to[3] = {};  // the rows of red, green and blue that are written now

    explicit Planes(bool unit) {
        for (int c = 0; c < 3; c++) {
            scale[c] = static_cast<float>(unit ? 1.0 / 255 : 1 / (255 * STD[c]));
            shift[c] = static_cast<float>(unit ? 0.0 : -MEAN[c] / STD[c]);
        }
    }
    void at(float* planes, std::size_t height, std::size_t width, std::size_t y) {
        for (std::size_t c = 0; c < 3; c++) to[c] = planes + (c * height + y) * width;
    }
    void write(const u8* pixel, std::size_t x) const {
        for (int c = 0; c < 3; c++) to[c][x] = pixel[2 - c] * scale[c] + shift[c];
    }
};

#if defined(__AVX2__)
constexpr std::size_t STEP = 8;

// The bytes of channel 0 in 4 pixels of 12 bytes, each the lowest of 32 bits; those of the others lie behind them.
inline __m256i spread(int channel) {
    const __m256i first = _mm256_broadcastsi128_si256(_mm_setr_epi8(0, -1, -1, -1, 3, -1, -1, -1, 6, -1, -1, -1, 9, -1, -1, -1));
    return _mm256_add_epi8(first, _mm256_and_si256(_mm256_set1_epi32(channel), _mm256_set1_epi32(0xFF)));
}
inline void write_some(const Planes& planes, const u8* pixels, std::size_t x) {
    const __m128i low = _mm_loadu_si128(reinterpret_cast<const __m128i*>(pixels));
    const __m128i high = _mm_loadu_si128(reinterpret_cast<const __m128i*>(pixels + 12));
    const __m256i bytes = _mm256_inserti128_si256(_mm256_castsi128_si256(low), high, 1);
    for (int c = 0; c < 3; c++) {
        const __m256 values = _mm256_cvtepi32_ps(_mm256_shuffle_epi8(bytes, spread(2 - c)));
        const __m256 scaled = _mm256_mul_ps(values, _mm256_set1_ps(planes.scale[c]));
        _mm256_storeu_ps(planes.to[c] + x, _mm256_add_ps(scaled, _mm256_set1_ps(planes.shift[c])));
    }
}
#elif defined(__SSE4_1__)
constexpr std::size_t STEP = 4;

inline void write_some(const Planes& planes, const u8* pixels, std::size_t x) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(pixels));
    const __m128i first = _mm_setr_epi8(0, -1, -1, -1, 3, -1, -1, -1, 6, -1, -1, -1, 9, -1, -1, -1);
    for (int c = 0; c < 3; c++) {
        const __m128 values = _mm_cvtepi32_ps(_mm_shuffle_epi8(bytes, _mm_add_epi8(first, _mm_set1_epi32(2 - c))));
        const __m128 scaled = _mm_mul_ps(values, _mm_set1_ps(planes.scale[c]));
        _mm_storeu_ps(planes.to[c] + x, _mm_add_ps(scaled, _mm_set1_ps(planes.shift[c])));
    }
}
#else
constexpr std::size_t STEP = 1;

inline void write_some(const Planes& planes, const u8* pixels, std::size_t x) { planes.write(pixels, x); }
#endif

// ``count`` pixels of a row; bytes may be read up to ``end``.
inline void planes_of_row(const Planes& planes, const u8* row, std::size_t count, const u8* end) {
    std::size_t x = 0;
    for (; row + 3 * (x + STEP) + 4 <= end && x + STEP <= count; x += STEP) write_some(planes, row + 3 * x, x);
    for (; x < count; x++) planes.write(row + 3 * x, x);
}

}  // namespace labkit
