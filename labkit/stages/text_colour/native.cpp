// text_colour in C++17: k-means with two clusters of pixels, whose border is a plane.
//
// Which side of the plane a pixel is on costs three products: 16 pixels at once in 16 bits, which are sure unless the pixel is within
// a tenth of a level of the plane; of 32 pixels with an unsure one among them each is decided in float64. The sums of one side
// come from bytes under a mask. A histogram of colours in place of the pixels would have to be filled first, and text is done after
// a few steps.
#include "kinds/bgr.hpp"
#include "kinds/rows.hpp"
#include "kinds/threads.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace {

using labkit::u8;
using Number = std::int64_t;

constexpr int ROUNDS = 20;  // as in __init__.py

struct Plane {
    double of[3], place;

    bool below(const u8* pixel) const { return (pixel[0] * of[0] + pixel[1] * of[1]) + pixel[2] * of[2] > place; }
};

struct Sums {
    Number count = 0, of[3] = {};

    void add(const u8* pixel) {
        count++;
        for (int c = 0; c < 3; c++) of[c] += pixel[c];
    }
    bool operator==(const Sums& other) const { return count == other.count && std::equal(of, of + 3, other.of); }
};

#if defined(__AVX2__)
inline Number sum_of(__m256i fours) {
    alignas(32) Number each[4];
    _mm256_store_si256(reinterpret_cast<__m256i*>(each), fours);
    return each[0] + each[1] + each[2] + each[3];
}

// The plane in 16 bits: a channel's level v counts (128 v · of) >> 15, rounded.
struct Coarse {
    __m256i of[3], surely, perhaps;

    explicit Coarse(const Plane& plane) {
        const double widest = std::max({std::fabs(plane.of[0]), std::fabs(plane.of[1]), std::fabs(plane.of[2])});
        const double scale = widest > 0 ? 8191 / widest : 0;  // three times 255 · 8191 / 256 fit
        for (int c = 0; c < 3; c++) of[c] = _mm256_set1_epi16(static_cast<short>(std::lrint(plane.of[c] * scale)));
        // each channel is off by half a step of its product and by 255 / 512 for its factor: three, and one for the place
        const double place = std::clamp(plane.place * scale / 256, -32000.0, 32000.0);
        surely = _mm256_set1_epi16(static_cast<short>(std::ceil(place) + 4));
        perhaps = _mm256_set1_epi16(static_cast<short>(std::floor(place) - 4));
    }
};

template <class Unpack>
inline __m256i along(const labkit::Bgr32& pixels, const Coarse& plane, Unpack unpack) {
    const auto part = [&](__m256i channel, __m256i factor) {  // bytes as 128 v
        return _mm256_mulhrs_epi16(_mm256_srli_epi16(unpack(_mm256_setzero_si256(), channel), 1), factor);
    };
    return _mm256_add_epi16(_mm256_add_epi16(part(pixels.first, plane.of[0]), part(pixels.second, plane.of[1])),
                            part(pixels.third, plane.of[2]));
}
#endif

Sums beyond(const u8* pixels, std::size_t count, const Plane& plane) {
    Sums sums;
    std::size_t i = 0;
#if defined(__AVX2__)
    const labkit::Every3rd way;
    const Coarse coarse(plane);
    const __m256i zero = _mm256_setzero_si256();
    __m256i blue = zero, green = zero, red = zero;
    for (; i + 32 <= count; i += 32) {
        const labkit::Bgr32 of = labkit::load_32(pixels + 3 * i, way);
        const __m256i low = along(of, coarse, [](__m256i a, __m256i b) { return _mm256_unpacklo_epi8(a, b); });
        const __m256i high = along(of, coarse, [](__m256i a, __m256i b) { return _mm256_unpackhi_epi8(a, b); });
        const auto past = [&](__m256i place) {
            return _mm256_packs_epi16(_mm256_cmpgt_epi16(low, place), _mm256_cmpgt_epi16(high, place));
        };
        const __m256i sure = past(coarse.surely), perhaps = past(coarse.perhaps);
        const auto bits = static_cast<std::uint32_t>(_mm256_movemask_epi8(sure));
        if (bits != static_cast<std::uint32_t>(_mm256_movemask_epi8(perhaps))) {
            for (std::size_t k = i; k < i + 32; k++)
                if (plane.below(pixels + 3 * k)) sums.add(pixels + 3 * k);
            continue;
        }
        sums.count += __builtin_popcount(bits);
        blue = _mm256_add_epi64(blue, _mm256_sad_epu8(_mm256_and_si256(of.first, sure), zero));
        green = _mm256_add_epi64(green, _mm256_sad_epu8(_mm256_and_si256(of.second, sure), zero));
        red = _mm256_add_epi64(red, _mm256_sad_epu8(_mm256_and_si256(of.third, sure), zero));
    }
    sums.of[0] += sum_of(blue), sums.of[1] += sum_of(green), sums.of[2] += sum_of(red);
#endif
    for (; i < count; i++)
        if (plane.below(pixels + 3 * i)) sums.add(pixels + 3 * i);
    return sums;
}

// Adds the sums of the levels of count pixels, and of their squares.
void measure(const u8* pixels, std::size_t count, Number* sums, Number* squares) {
    std::size_t i = 0;
#if defined(__AVX2__)
    const labkit::Every3rd way;
    const __m256i zero = _mm256_setzero_si256();
    while (i + 32 <= count) {
        __m256i sum[3] = {zero, zero, zero}, square[3] = {zero, zero, zero};
        const std::size_t end = std::min(count, i + 32 * 4096);  // 4096 times 4 · 255² are less than 2^31
        for (; i + 32 <= end; i += 32) {
            const labkit::Bgr32 of = labkit::load_32(pixels + 3 * i, way);
            const __m256i channels[] = {of.first, of.second, of.third};
            for (int c = 0; c < 3; c++) {
                const __m256i low = _mm256_unpacklo_epi8(channels[c], zero), high = _mm256_unpackhi_epi8(channels[c], zero);
                sum[c] = _mm256_add_epi64(sum[c], _mm256_sad_epu8(channels[c], zero));
                square[c] = _mm256_add_epi32(square[c], _mm256_add_epi32(_mm256_madd_epi16(low, low), _mm256_madd_epi16(high, high)));
            }
        }
        for (int c = 0; c < 3; c++) {
            alignas(32) std::int32_t eight[8];
            _mm256_store_si256(reinterpret_cast<__m256i*>(eight), square[c]);
            for (const int one : eight) squares[c] += one;
            sums[c] += sum_of(sum[c]);
        }
    }
#endif
    for (; i < count; i++)
        for (int c = 0; c < 3; c++) {
            const int level = pixels[3 * i + c];
            sums[c] += level;
            squares[c] += level * level;
        }
}

Plane between(const Sums& all, const Sums& second) {
    Plane plane;
    double half[3];
    for (int c = 0; c < 3; c++) {
        const double here = static_cast<double>(second.of[c]) / static_cast<double>(second.count);
        const double there = static_cast<double>(all.of[c] - second.of[c]) / static_cast<double>(all.count - second.count);
        plane.of[c] = here - there;
        half[c] = (there + here) * 0.5;
    }
    plane.place = (half[0] * plane.of[0] + half[1] * plane.of[1]) + half[2] * plane.of[2];
    return plane;
}

void write(const Sums& sums, u8* to) {
    for (int c = 0; c < 3; c++) to[c] = static_cast<u8>((2 * sums.of[c] + sums.count) / (2 * sums.count));
}

}  // namespace

LABKIT_KERNEL(text_colour)(const labkit::Inputs& inputs, const labkit::Rows& out) {
    const labkit::Picture& in = inputs.image();
    const auto count = static_cast<Number>(in.height * in.width);
    const auto bands = static_cast<Number>(out.threads);
    const auto begin = [&](Number band) { return static_cast<std::size_t>(count / bands * band + std::min(band, count % bands)); };
    Number sums[3] = {}, squares[3] = {};
#pragma omp parallel for num_threads(out.threads) schedule(static) reduction(+ : sums, squares)
    for (Number band = 0; band < bands; band++)
        measure(in.data + 3 * begin(band), begin(band + 1) - begin(band), sums, squares);
    Sums all{count, {sums[0], sums[1], sums[2]}}, second;
    int widest = 0;
    double spread[3];
    for (int c = 0; c < 3; c++) {
        const auto sum = static_cast<double>(sums[c]);
        spread[c] = static_cast<double>(squares[c]) - sum * (sum / static_cast<double>(count));
        if (spread[c] > spread[widest]) widest = c;
    }
    Plane plane{{}, static_cast<double>(sums[widest]) / static_cast<double>(count)};
    plane.of[widest] = 1;
    for (int step = 0; step < ROUNDS && spread[widest] > 0; step++) {
        Number above = 0, blue = 0, green = 0, red = 0;
#pragma omp parallel for num_threads(out.threads) schedule(static) reduction(+ : above, blue, green, red)
        for (Number band = 0; band < bands; band++) {
            const Sums part = beyond(in.data + 3 * begin(band), begin(band + 1) - begin(band), plane);
            above += part.count, blue += part.of[0], green += part.of[1], red += part.of[2];
        }
        const Sums found{above, {blue, green, red}};
        if (found == second) break;
        second = found;
        if (above == 0 || above == count) break;
        plane = between(all, second);
    }
    if (second.count == 0 || second.count == count) {
        write(all, out.row(0));
        write(all, out.row(1));
        return;
    }
    const Sums first{count - second.count, {all.of[0] - second.of[0], all.of[1] - second.of[1], all.of[2] - second.of[2]}};
    const bool text = first.count <= second.count;  // the first one is
    write(first, out.row(text ? 0 : 1));
    write(second, out.row(text ? 1 : 0));
}
