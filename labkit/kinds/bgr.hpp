// Pixels of three bytes to three rows of bytes, and back, 16 at a time.
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

// The three channels of count pixels.
inline void split(const u8* pixels, std::size_t count, u8* first, u8* second, u8* third_) {
    std::size_t x = 0;
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
