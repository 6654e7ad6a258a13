// affine in C++17: OpenCV's whole steps, so that every pixel is OpenCV's.
//
// Of each row of the output three parts are told apart by searching the steps along it, which only rise or only fall: where nothing of
// the picture is met (zeros), where the border is (each neighbour is asked for), and where all four neighbours are inside. There, with
// AVX2, eight places are computed at once; each pixel's neighbours are two loads, of two bytes, or eight of which six count, which
// is less than a gather takes; a product of bytes blends along the row, one of 16 bits across rows.
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

using labkit::u8;
using Long = std::int64_t;

struct Span {
    std::size_t begin, end;

    Span operator&(const Span& other) const {
        const std::size_t last = std::min(end, other.end);
        return {std::min(std::max(begin, other.begin), last), last};
    }
};

// What each column adds to a position, in 1024ths of a pixel.
struct Steps {
    std::vector<std::int32_t> of;
    double a_column;  // without rounding

    Steps(double part, std::size_t width) : of(width), a_column(part * 1024) {
        for (std::size_t x = 0; x < width; x++) of[x] = static_cast<std::int32_t>(std::lrint(part * static_cast<double>(x) * 1024));
    }
    // The first column that is not `before`, which is about where the steps reach `value`: so it is found beside that place.
    template <class Before>
    std::size_t first_not(Before before, Long value) const {
        if (std::fabs(a_column) < 0.1) return static_cast<std::size_t>(std::partition_point(of.begin(), of.end(), before) - of.begin());
        const double about = std::clamp(static_cast<double>(value) / a_column, 0.0, static_cast<double>(of.size()));
        std::size_t x = static_cast<std::size_t>(about);
        while (x > 0 && !before(of[x - 1])) x--;
        while (x < of.size() && before(of[x])) x++;
        return x;
    }
    // The columns whose position, with `row` added, has a whole part from first to last.
    Span within(Long row, Long first, Long last) const {
        const Long low = first * 1024 - row, high = last * 1024 + 1023 - row;
        if (a_column < 0)
            return {first_not([=](std::int32_t step) { return step > high; }, high),
                    first_not([=](std::int32_t step) { return step >= low; }, low)};
        return {first_not([=](std::int32_t step) { return step < low; }, low),
                first_not([=](std::int32_t step) { return step <= high; }, high)};
    }
};

struct Warp {
    const labkit::Picture& in;
    Steps across, down;
    Long height, width;

    Warp(const labkit::Inputs& inputs)
        : in(inputs.image()),
          across(inputs.parameter<double>(0), in.width),
          down(inputs.parameter<double>(3), in.width),
          height(static_cast<Long>(in.height)),
          width(static_cast<Long>(in.width)) {}
};

// Pixel x of a row of the output, whose neighbours may be outside of the input.
template <int channels>
void on_border(const Warp& warp, std::int32_t row_x, std::int32_t row_y, std::size_t x, u8* to) {
    const int from_x = (warp.across.of[x] + row_x) >> 5, from_y = (warp.down.of[x] + row_y) >> 5;
    const Long i = from_x >> 5, j = from_y >> 5;
    const int a = from_x & 31, b = from_y & 31;
    int sums[channels];
    std::fill(sums, sums + channels, 512);
    for (int k = 0; k < 4; k++) {
        const Long column = i + k % 2, row = j + k / 2;
        if (column < 0 || column >= warp.width || row < 0 || row >= warp.height) continue;
        const int weight = (k % 2 ? a : 32 - a) * (k / 2 ? b : 32 - b);
        const u8* const pixel = warp.in.row(static_cast<std::size_t>(row)) + channels * column;
        for (int c = 0; c < channels; c++) sums[c] += weight * pixel[c];
    }
    for (int c = 0; c < channels; c++) to[channels * x + c] = static_cast<u8>(sums[c] >> 10);
}

template <int channels>
void inside(const Warp& warp, std::int32_t row_x, std::int32_t row_y, std::size_t x, u8* to) {
    const int from_x = (warp.across.of[x] + row_x) >> 5, from_y = (warp.down.of[x] + row_y) >> 5;
    const int a = from_x & 31, b = from_y & 31;
    const std::size_t stride = warp.in.stride();
    const u8* const pixel = warp.in.data + static_cast<std::size_t>(from_y >> 5) * stride + channels * (from_x >> 5);
    for (int c = 0; c < channels; c++) {
        const int upper = pixel[c] * (32 - a) + pixel[c + channels] * a;
        const int lower = pixel[c + stride] * (32 - a) + pixel[c + stride + channels] * a;
        to[channels * x + c] = static_cast<u8>((upper * (32 - b) + lower * b + 512) >> 10);
    }
}

#if defined(__AVX2__)
// Of eight pixels of the output: where each one's first neighbour is in bytes, and the weights, as pairs of bytes and of 16 bits.
struct Eight {
    alignas(32) std::uint32_t at[8];
    __m256i beside, below;

    Eight(const Warp& warp, std::int32_t row_x, std::int32_t row_y, std::size_t x, int channels) {
        const auto position = [x](const Steps& steps, std::int32_t row) {  // in 32nds
            const __m256i along = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(steps.of.data() + x));
            return _mm256_srai_epi32(_mm256_add_epi32(along, _mm256_set1_epi32(row)), 5);
        };
        const __m256i from_x = position(warp.across, row_x), from_y = position(warp.down, row_y);
        const __m256i rest = _mm256_set1_epi32(31), all = _mm256_set1_epi32(32);
        const __m256i a = _mm256_and_si256(from_x, rest), b = _mm256_and_si256(from_y, rest);
        const __m256i pair = _mm256_or_si256(_mm256_sub_epi32(all, a), _mm256_slli_epi32(a, 8));
        beside = _mm256_or_si256(pair, _mm256_slli_epi32(pair, 16));
        below = _mm256_or_si256(_mm256_sub_epi32(all, b), _mm256_slli_epi32(b, 16));
        const __m256i row = _mm256_mullo_epi32(_mm256_srai_epi32(from_y, 5), _mm256_set1_epi32(static_cast<int>(warp.in.stride())));
        const __m256i column = _mm256_mullo_epi32(_mm256_srai_epi32(from_x, 5), _mm256_set1_epi32(channels));
        _mm256_store_si256(reinterpret_cast<__m256i*>(at), _mm256_add_epi32(row, column));  // below 2^32: sides are below 2^15
    }
};

inline __m256i blended(__m256i neighbours, __m256i beside, __m256i below) {
    const __m256i sums = _mm256_madd_epi16(_mm256_maddubs_epi16(neighbours, beside), below);
    return _mm256_srli_epi32(_mm256_add_epi32(sums, _mm256_set1_epi32(512)), 10);
}

inline void blend_8_grey(const Warp& warp, const Eight& eight, u8* to) {
    const u8 *const upper = warp.in.data, *const lower = upper + warp.in.stride();
    const auto words = [&](const u8* row) {  // the first neighbour and the one beside it
        const auto word = [&](int k) {
            std::uint16_t two;
            std::memcpy(&two, row + eight.at[k], 2);
            return static_cast<short>(two);
        };
        return _mm_setr_epi16(word(0), word(1), word(2), word(3), word(4), word(5), word(6), word(7));
    };
    const __m128i above = words(upper), under = words(lower);
    const __m256i neighbours = _mm256_inserti128_si256(_mm256_castsi128_si256(_mm_unpacklo_epi16(above, under)),
                                                       _mm_unpackhi_epi16(above, under), 1);
    const __m256i levels = blended(neighbours, eight.beside, eight.below);
    const __m128i halves = _mm_packus_epi32(_mm256_castsi256_si128(levels), _mm256_extracti128_si256(levels, 1));
    _mm_storel_epi64(reinterpret_cast<__m128i*>(to), _mm_packus_epi16(halves, halves));
}

inline void blend_8_bgr(const Warp& warp, const Eight& eight, u8* to) {
    // bytes of two neighbours above, b g r b' g' r', and from 8 on of two below: to pairs of a channel, above and below by turns
    const __m256i pairs = _mm256_broadcastsi128_si256(_mm_setr_epi8(0, 3, 8, 11, 1, 4, 9, 12, 2, 5, 10, 13, -1, -1, -1, -1));
    const __m256i close = _mm256_broadcastsi128_si256(_mm_setr_epi8(0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, -1, -1, -1, -1));
    const __m256i join = _mm256_setr_epi32(0, 1, 2, 4, 5, 6, 3, 7);
    const u8 *const upper = warp.in.data, *const lower = upper + warp.in.stride();
    const auto four = [&](int k) {
        const __m128i above = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(upper + eight.at[k]));
        return _mm_unpacklo_epi64(above, _mm_loadl_epi64(reinterpret_cast<const __m128i*>(lower + eight.at[k])));
    };
    const auto two = [&](auto index) {  // pixels k and k + 4
        constexpr int k = decltype(index)::value;
        const __m256i neighbours = _mm256_inserti128_si256(_mm256_castsi128_si256(four(k)), four(k + 4), 1);
        constexpr int every = k * 0x55;
        return blended(_mm256_shuffle_epi8(neighbours, pairs), _mm256_shuffle_epi32(eight.beside, every),
                       _mm256_shuffle_epi32(eight.below, every));
    };
    using std::integral_constant;
    const __m256i first = _mm256_packus_epi32(two(integral_constant<int, 0>{}), two(integral_constant<int, 1>{}));
    const __m256i second = _mm256_packus_epi32(two(integral_constant<int, 2>{}), two(integral_constant<int, 3>{}));
    const __m256i bytes = _mm256_permutevar8x32_epi32(_mm256_shuffle_epi8(_mm256_packus_epi16(first, second), close), join);
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to), _mm256_castsi256_si128(bytes));
    _mm_storel_epi64(reinterpret_cast<__m128i*>(to + 16), _mm256_extracti128_si256(bytes, 1));
}
#endif

template <int channels>
void make_row(const Warp& warp, std::int32_t row_x, std::int32_t row_y, u8* to) {
    constexpr Long spare = channels == 3 ? 3 : 2;  // columns that a load of eight bytes, or of two, needs from the first one on
    const Span met = warp.across.within(row_x, -1, warp.width - 1) & warp.down.within(row_y, -1, warp.height - 1);
    const Span whole = warp.across.within(row_x, 0, warp.width - spare) & warp.down.within(row_y, 0, warp.height - 2) & met;
    std::memset(to, 0, channels * met.begin);
    std::memset(to + channels * met.end, 0, channels * (warp.in.width - met.end));
    std::size_t x = met.begin;
    for (; x < std::min(whole.begin, met.end); x++) on_border<channels>(warp, row_x, row_y, x, to);
#if defined(__AVX2__)
    for (; x + 8 <= whole.end; x += 8) {
        const Eight eight(warp, row_x, row_y, x, channels);
        if constexpr (channels == 3) blend_8_bgr(warp, eight, to + 3 * x);
        else blend_8_grey(warp, eight, to + x);
    }
#endif
    for (; x < whole.end; x++) inside<channels>(warp, row_x, row_y, x, to);
    for (; x < met.end; x++) on_border<channels>(warp, row_x, row_y, x, to);
}

}  // namespace

LABKIT_KERNEL(affine)(const labkit::Inputs& inputs, const labkit::Rows& out) {
    const Warp warp(inputs);
    const auto start = [&](int part, std::size_t y) {  // and half a 32nd
        const double at = inputs.parameter<double>(part) * static_cast<double>(y) + inputs.parameter<double>(part + 1);
        return static_cast<std::int32_t>(std::lrint(at * 1024)) + 16;
    };
    for (std::size_t y = out.begin; y < out.end; y++) {
        if (warp.in.channels == 3) make_row<3>(warp, start(1, y), start(4, y), out.row(y));
        else make_row<1>(warp, start(1, y), start(4, y), out.row(y));
    }
}
