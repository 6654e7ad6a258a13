// noise in C++17. With AVX2 32 values at once: four vectors of eight places are mixed, bits counted by looking up nibbles, and
// packed twice; the places are dealt out so that packing, which works by halves of a vector, puts them in order.
#include "kinds/rows.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>

#if defined(__AVX2__)
#include <immintrin.h>
#endif

namespace {

using labkit::u8;
using Word = std::uint32_t;

inline Word mixed(Word value, Word key) {
    value = (value ^ value >> 16) * 0x7feb352dU ^ key;
    value = (value ^ value >> 15) * 0x846ca68bU;
    return value ^ value >> 16;
}

struct Source {
    Word first, second;
    int weight;

    int at(Word place) const {
        const Word h = mixed(place ^ first, second);
        Word ones = (h & 0x5555) + (h >> 1 & 0x5555);
        ones = (ones & 0x3333) + (ones >> 2 & 0x3333);
        ones = (ones & 0x0f0f) + (ones >> 4 & 0x0f0f);
        ones = (ones & 31) + (ones >> 8);
        const int z = static_cast<int>(64 * ones + (h >> 16 & 63) + (h >> 24 & 63)) - 575;
        return (z * weight + (1 << 14)) >> 15;
    }
};

#if defined(__AVX2__)
struct Constants {
    __m256i first, second, weight;
    const __m256i one = _mm256_set1_epi32(0x7feb352d), other = _mm256_set1_epi32(static_cast<int>(0x846ca68bU));
    const __m256i nibbles = _mm256_set1_epi8(15), uniform = _mm256_set1_epi32(0x3f3f0000), counted = _mm256_set1_epi32(0x0000ffff);
    const __m256i bits = _mm256_broadcastsi128_si256(_mm_setr_epi8(0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4));
    const __m256i weights = _mm256_set1_epi32(0x01014040), ones = _mm256_set1_epi16(1), middle = _mm256_set1_epi16(575);

    explicit Constants(const Source& source)
        : first(_mm256_set1_epi32(static_cast<int>(source.first))),
          second(_mm256_set1_epi32(static_cast<int>(source.second))),
          weight(_mm256_set1_epi16(static_cast<short>(source.weight))) {}

    // z + 575 of eight places.
    __m256i drawn(__m256i places) const {
        __m256i h = _mm256_xor_si256(places, first);
        h = _mm256_mullo_epi32(_mm256_xor_si256(h, _mm256_srli_epi32(h, 16)), one);
        h = _mm256_xor_si256(h, second);
        h = _mm256_mullo_epi32(_mm256_xor_si256(h, _mm256_srli_epi32(h, 15)), other);
        h = _mm256_xor_si256(h, _mm256_srli_epi32(h, 16));
        const __m256i low = _mm256_shuffle_epi8(bits, _mm256_and_si256(h, nibbles));
        const __m256i high = _mm256_shuffle_epi8(bits, _mm256_and_si256(_mm256_srli_epi16(h, 4), nibbles));
        const __m256i parts = _mm256_or_si256(_mm256_and_si256(_mm256_add_epi8(low, high), counted), _mm256_and_si256(h, uniform));
        return _mm256_madd_epi16(_mm256_maddubs_epi16(parts, weights), ones);
    }
    // What is added to sixteen values.
    __m256i scaled(__m256i places, __m256i others) const {
        return _mm256_mulhrs_epi16(_mm256_sub_epi16(_mm256_packs_epi32(drawn(places), drawn(others)), middle), weight);
    }
};
#endif

}  // namespace

LABKIT_KERNEL(noise)(const labkit::Inputs& inputs, const labkit::Rows& out) {
    constexpr double DEVIATION = 130.63881505892496;  // sqrt(64² · 16 / 4 + 2 · (64² - 1) / 12)
    const auto seed = inputs.parameter<Word>(0);
    const Source source{mixed(seed ^ 0x9e3779b9U, 0), mixed(seed ^ 0x3c6ef372U, 0),
                        static_cast<int>(std::floor(inputs.parameter<double>(1) * 32768 / DEVIATION + 0.5))};
    const u8* const from = inputs.image().row(out.begin);
    u8* const to = out.row(out.begin);
    const std::size_t count = (out.end - out.begin) * out.stride;
    const auto place = static_cast<Word>(out.begin * out.stride);  // of the first value, modulo 2^32
    std::size_t i = 0;
#if defined(__AVX2__)
    const Constants with(source);
    const __m256i zero = _mm256_setzero_si256(), four = _mm256_set1_epi32(4);
    __m256i places = _mm256_add_epi32(_mm256_set1_epi32(static_cast<int>(place)), _mm256_setr_epi32(0, 1, 2, 3, 16, 17, 18, 19));
    for (; i + 32 <= count; i += 32) {
        const __m256i second = _mm256_add_epi32(places, four), third = _mm256_add_epi32(second, four),
                      fourth = _mm256_add_epi32(third, four);
        const __m256i levels = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from + i));
        const __m256i low = _mm256_add_epi16(_mm256_unpacklo_epi8(levels, zero), with.scaled(places, second));
        const __m256i high = _mm256_add_epi16(_mm256_unpackhi_epi8(levels, zero), with.scaled(third, fourth));
        _mm256_storeu_si256(reinterpret_cast<__m256i*>(to + i), _mm256_packus_epi16(low, high));
        places = _mm256_add_epi32(places, _mm256_set1_epi32(32));
    }
#endif
    for (; i < count; i++)
        to[i] = static_cast<u8>(std::clamp(from[i] + source.at(place + static_cast<Word>(i)), 0, 255));
}
