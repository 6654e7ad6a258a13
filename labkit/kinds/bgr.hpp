// Pixels of three bytes to three rows of bytes, and back; 32 at a time with AVX2, else 16.
#pragma once

#include <cstddef>
#include <cstdint>

#if defined(__SSSE3__)
#include <immintrin.h>
#endif

namespace labkit {

using u8 = std::uint8_t;

#if defined(__SSSE3__)
// Of 48 bytes in three vectors those of one channel, in order: `at` and what is 16 less or more are places in each.
inline __m128i third(const __m128i (&bytes)[3], const __m128i first) {
    const __m128i sixteen = _mm_set1_epi8(16);
    __m128i found = _mm_setzero_si128(), places = first;
    for (int k = 0; k < 3; k++) {
        const __m128i here = _mm_cmpgt_epi8(sixteen, places);  // beyond this vector: to be 0, as below it
        found = _mm_or_si128(found, _mm_shuffle_epi8(bytes[k], _mm_or_si128(places, _mm_andnot_si128(here, _mm_set1_epi8(-128)))));
        places = _mm_sub_epi8(places, sixteen);
    }
    return found;
}
#endif

#if defined(__AVX2__)
// The channels of 32 pixels: the first 16 in each lower half, the others in the upper.
struct Bgr32 {
    __m256i first, second, third;
};

// Masks and places for 48 bytes in three vectors, in which each channel takes every third byte.
struct Every3rd {
    __m256i of[3], apart[3], together[3];

    Every3rd() {
        alignas(32) signed char mask[3][32], from[3][32], to[3][32];
        for (int c = 0; c < 3; c++)
            for (int i = 0; i < 32; i++) {
                mask[c][i] = static_cast<signed char>(i % 16 % 3 == c ? -1 : 0);
                from[c][i] = static_cast<signed char>((3 * (i % 16) + c) % 16);  // of pixel i, where all vectors are laid over each other
                to[c][(i & 16) + (3 * (i % 16) + c) % 16] = static_cast<signed char>(i % 16);
            }
        for (int c = 0; c < 3; c++) {
            of[c] = _mm256_load_si256(reinterpret_cast<const __m256i*>(mask[c]));
            apart[c] = _mm256_load_si256(reinterpret_cast<const __m256i*>(from[c]));
            together[c] = _mm256_load_si256(reinterpret_cast<const __m256i*>(to[c]));
        }
    }
    // Bytes 0, 3, 6 … of the first, 1, 4 … of the second, 2, 5 … of the third.
    __m256i mixed(__m256i zeroth, __m256i first, __m256i second) const {
        return _mm256_blendv_epi8(_mm256_blendv_epi8(zeroth, first, of[1]), second, of[2]);
    }
};

// Reads and writes 96 bytes.
inline Bgr32 load_32(const u8* pixels, const Every3rd& way) {
    __m256i bytes[3];
    for (int k = 0; k < 3; k++)
        bytes[k] = _mm256_inserti128_si256(
            _mm256_castsi128_si256(_mm_loadu_si128(reinterpret_cast<const __m128i*>(pixels + 16 * k))),
            _mm_loadu_si128(reinterpret_cast<const __m128i*>(pixels + 48 + 16 * k)), 1);
    // byte i of vector k is of channel (16 k + i) % 3 = (k + i) % 3
    return {_mm256_shuffle_epi8(way.mixed(bytes[0], bytes[2], bytes[1]), way.apart[0]),
            _mm256_shuffle_epi8(way.mixed(bytes[1], bytes[0], bytes[2]), way.apart[1]),
            _mm256_shuffle_epi8(way.mixed(bytes[2], bytes[1], bytes[0]), way.apart[2])};
}
inline void store_32(u8* pixels, const Bgr32& of, const Every3rd& way) {
    const __m256i first = _mm256_shuffle_epi8(of.first, way.together[0]), second = _mm256_shuffle_epi8(of.second, way.together[1]),
                  third = _mm256_shuffle_epi8(of.third, way.together[2]);
    const __m256i bytes[3] = {way.mixed(first, second, third), way.mixed(second, third, first), way.mixed(third, first, second)};
    for (int k = 0; k < 3; k++) {
        _mm_storeu_si128(reinterpret_cast<__m128i*>(pixels + 16 * k), _mm256_castsi256_si128(bytes[k]));
        _mm_storeu_si128(reinterpret_cast<__m128i*>(pixels + 48 + 16 * k), _mm256_extracti128_si256(bytes[k], 1));
    }
}
#endif

// The three channels of count pixels.
inline void split(const u8* pixels, std::size_t count, u8* first, u8* second, u8* third_) {
    std::size_t x = 0;
#if defined(__AVX2__)
    const Every3rd way;
    for (; x + 32 <= count; x += 32) {
        const Bgr32 of = load_32(pixels + 3 * x, way);
        _mm256_storeu_si256(reinterpret_cast<__m256i*>(first + x), of.first);
        _mm256_storeu_si256(reinterpret_cast<__m256i*>(second + x), of.second);
        _mm256_storeu_si256(reinterpret_cast<__m256i*>(third_ + x), of.third);
    }
#endif
#if defined(__SSSE3__)
    const __m128i places = _mm_setr_epi8(0, 3, 6, 9, 12, 15, 18, 21, 24, 27, 30, 33, 36, 39, 42, 45);
    for (; x + 16 <= count; x += 16) {
        __m128i bytes[3];
        for (int k = 0; k < 3; k++) bytes[k] = _mm_loadu_si128(reinterpret_cast<const __m128i*>(pixels + 3 * x + 16 * k));
        u8* const to[] = {first, second, third_};
        for (int c = 0; c < 3; c++)
            _mm_storeu_si128(reinterpret_cast<__m128i*>(to[c] + x), third(bytes, _mm_add_epi8(places, _mm_set1_epi8(static_cast<char>(c)))));
    }
#endif
    for (; x < count; x++) first[x] = pixels[3 * x], second[x] = pixels[3 * x + 1], third_[x] = pixels[3 * x + 2];
}

// Count pixels of three channels.
inline void merge(const u8* first, const u8* second, const u8* third_, std::size_t count, u8* pixels) {
    std::size_t x = 0;
#if defined(__AVX2__)
    const Every3rd way;
    for (; x + 32 <= count; x += 32) {
        const auto of = [x](const u8* channel) { return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(channel + x)); };
        store_32(pixels + 3 * x, {of(first), of(second), of(third_)}, way);
    }
#endif
#if defined(__SSSE3__)
    for (; x + 16 <= count; x += 16) {
        const u8* const from[] = {first, second, third_};
        __m128i made[3] = {_mm_setzero_si128(), _mm_setzero_si128(), _mm_setzero_si128()};
        for (int c = 0; c < 3; c++) {
            const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from[c] + x));
            for (int k = 0; k < 3; k++) {
                alignas(16) signed char places[16];
                for (int i = 0; i < 16; i++) places[i] = static_cast<signed char>((16 * k + i) % 3 == c ? (16 * k + i) / 3 : -128);
                made[k] = _mm_or_si128(made[k], _mm_shuffle_epi8(bytes, _mm_load_si128(reinterpret_cast<const __m128i*>(places))));
            }
        }
        for (int k = 0; k < 3; k++) _mm_storeu_si128(reinterpret_cast<__m128i*>(pixels + 3 * x + 16 * k), made[k]);
    }
#endif
    for (; x < count; x++) pixels[3 * x] = first[x], pixels[3 * x + 1] = second[x], pixels[3 * x + 2] = third_[x];
}

}  // namespace labkit
