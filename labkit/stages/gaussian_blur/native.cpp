// gaussian_blur in C++17, OpenCV's whole weights in 256ths, which add up to 256.
//
// Down first: 255·256 fits into 16 bits, so a row's sums are exact there, and the order of the two passes makes no difference.
// With AVX2 two rows at a time: their bytes side by side, times two weights, added by one instruction (weights over 64 are
// split, or two products would be too large for it). Across two sums at a time in 32 bits, less 2^15 so that they have a sign.
// Weights of 0, of which a wide Gaussian in 256ths has many, are left out. A row in 16 bits stays in the first-level cache.
#include "kinds/border.hpp"
#include "kinds/rows.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <vector>

#if defined(__AVX2__)
#include <immintrin.h>
#endif

namespace {

using labkit::mirrored;
using labkit::u8;
using Step = std::ptrdiff_t;

constexpr int LARGEST = 64;
constexpr std::size_t BEYOND = 32;  // elements that a vector may reach beyond a row of sums

struct Tap {
    Step place;  // from the pixel
    int weight;
};

struct Taps {
    std::vector<Tap> all;  // an even number
    Step radius;
};

// As taps.py.
Taps taps_of(double sigma) {
    const int count = static_cast<int>(std::nearbyint(6 * sigma + 1)) | 1, radius = count / 2;
    std::vector<double> exact(count);
    double sum = 0;
    for (int k = 0; k < count; k++) sum += exact[k] = std::exp(-0.5 / (sigma * sigma) * (k - radius) * (k - radius));
    std::vector<int> weights(count);
    double error = 0;
    int left = 256;
    for (int k = 0; k < radius; k++) {
        const double weight = exact[k] * (256 / sum) + error;
        weights[k] = weights[count - 1 - k] = static_cast<int>(std::nearbyint(weight));
        error = weight - weights[k];
        left -= 2 * weights[k];
    }
    weights[radius] = left;
    Taps made{{}, radius};
    for (int k = 0; k < count; k++)
        for (int weight = weights[k]; weight > 0; weight -= LARGEST) made.all.push_back({k - radius, std::min(weight, LARGEST)});
    if (made.all.size() % 2) made.all.push_back({0, 0});
    return made;
}

#if defined(__AVX2__)
__m256i pair_of(int first, int second, int bits) { return _mm256_set1_epi32(bits == 8 ? (first | second << 8) * 0x10001 : (first | second << 16)); }
__m256i load(const void* from) { return _mm256_loadu_si256(static_cast<const __m256i*>(from)); }
#endif

// Weighed sums of `count` bytes of rows, each less 2^15.
void down(const std::vector<const u8*>& rows, const std::vector<Tap>& taps, std::size_t count, std::int16_t* to) {
    std::size_t x = 0;
#if defined(__AVX2__)
    for (; x + 32 <= count; x += 32) {
        __m256i low = _mm256_set1_epi16(-32768), high = low;
        for (std::size_t k = 0; k < taps.size(); k += 2) {
            const __m256i a = load(rows[k] + x), b = load(rows[k + 1] + x), weights = pair_of(taps[k].weight, taps[k + 1].weight, 8);
            low = _mm256_add_epi16(low, _mm256_maddubs_epi16(_mm256_unpacklo_epi8(a, b), weights));
            high = _mm256_add_epi16(high, _mm256_maddubs_epi16(_mm256_unpackhi_epi8(a, b), weights));
        }
        _mm256_storeu_si256(reinterpret_cast<__m256i*>(to + x), _mm256_permute2x128_si256(low, high, 0x20));
        _mm256_storeu_si256(reinterpret_cast<__m256i*>(to + x + 16), _mm256_permute2x128_si256(low, high, 0x31));
    }
#endif
    constexpr std::size_t some = 64;
    for (; x < count; x += some) {
        const std::size_t here = std::min(some, count - x);
        std::uint16_t sums[some];
        std::fill_n(sums, some, 32768);
        for (std::size_t k = 0; k < taps.size(); k++) {
            const u8* const row = rows[k] + x;
            const auto weight = static_cast<std::uint16_t>(taps[k].weight);
            if (here == some)
                for (std::size_t j = 0; j < some; j++) sums[j] = static_cast<std::uint16_t>(sums[j] + row[j] * weight);
            else
                for (std::size_t j = 0; j < here; j++) sums[j] = static_cast<std::uint16_t>(sums[j] + row[j] * weight);
        }
        std::memcpy(to + x, sums, 2 * here);
    }
}

// The same of sums, whose neighbours are `channels` apart, rounded to bytes. All weights make 256, so 2^15 of each come back.
void across(const std::int16_t* from, const std::vector<Tap>& taps, Step channels, std::size_t count, u8* to) {
    constexpr int BACK = (256 << 15) + (1 << 15);
    std::size_t x = 0;
#if defined(__AVX2__)
    for (; x + 16 <= count; x += 16) {
        __m256i low = _mm256_set1_epi32(BACK), high = low;
        for (std::size_t k = 0; k < taps.size(); k += 2) {
            const __m256i a = load(from + static_cast<Step>(x) + channels * taps[k].place);
            const __m256i b = load(from + static_cast<Step>(x) + channels * taps[k + 1].place);
            const __m256i weights = pair_of(taps[k].weight, taps[k + 1].weight, 16);
            low = _mm256_add_epi32(low, _mm256_madd_epi16(_mm256_unpacklo_epi16(a, b), weights));
            high = _mm256_add_epi32(high, _mm256_madd_epi16(_mm256_unpackhi_epi16(a, b), weights));
        }
        const __m256i words = _mm256_packus_epi32(_mm256_srli_epi32(low, 16), _mm256_srli_epi32(high, 16));
        const __m128i bytes = _mm_packus_epi16(_mm256_castsi256_si128(words), _mm256_extracti128_si256(words, 1));
        _mm_storeu_si128(reinterpret_cast<__m128i*>(to + x), bytes);
    }
#endif
    constexpr std::size_t some = 16;
    for (; x < count; x += some) {
        const std::size_t here = std::min(some, count - x);
        int sums[some];
        std::fill_n(sums, some, BACK);
        for (const Tap& tap : taps) {
            const std::int16_t* const values = from + static_cast<Step>(x) + channels * tap.place;  // there is room behind them
            for (std::size_t j = 0; j < some; j++) sums[j] += values[j] * tap.weight;
        }
        for (std::size_t j = 0; j < here; j++) to[x + j] = static_cast<u8>(sums[j] >> 16);
    }
}

}  // namespace

LABKIT_KERNEL(gaussian_blur)(const labkit::Inputs& inputs, const labkit::Rows& out) {
    const labkit::Picture& in = inputs.image();
    const Taps taps = taps_of(inputs.parameter<double>(0));
    const auto width = static_cast<Step>(in.width), height = static_cast<Step>(in.height), channels = static_cast<Step>(in.channels);
    const Step frame = taps.radius * channels;
    std::vector<std::int16_t> sums(in.stride() + 2 * frame + BEYOND);
    std::int16_t* const middle = sums.data() + frame;
    std::vector<const u8*> rows(taps.all.size());
    for (std::size_t y = out.begin; y < out.end; y++) {
        for (std::size_t k = 0; k < rows.size(); k++)
            rows[k] = in.row(static_cast<std::size_t>(mirrored(static_cast<Step>(y) + taps.all[k].place, height)));
        down(rows, taps.all, in.stride(), middle);
        for (Step x = 1; x <= taps.radius; x++)
            for (Step channel = 0; channel < channels; channel++) {
                middle[-x * channels + channel] = middle[mirrored(-x, width) * channels + channel];
                middle[(width - 1 + x) * channels + channel] = middle[mirrored(width - 1 + x, width) * channels + channel];
            }
        across(middle, taps.all, channels, in.stride(), out.row(y));
    }
}
