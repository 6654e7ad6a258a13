// All other boxes: far from level, mirrored, much foreshortened, or reaching beyond the page.
//
// A row of the crop is a straight line across the page. It is taken in strips of up to 256 pixels, each in two loops:
// first all page positions, then 16 pixels at a time two loads of eight bytes a pixel (two taps side by side are six
// bytes) and the blending. In one loop the same instructions took three times as long: a division, a store, 8 loads and
// 20 steps of blending wait for one another, and 130 instructions of one block leave no room to begin the next.
// The loads are scalar: on the machine that this was tuned on, a gather takes twice as long as the loads it replaces.
// Where a box reaches beyond the page only the loads differ: there each tap is looked at by itself.
#pragma once

#include <algorithm>
#include <cmath>

#include "blend.hpp"
#include "geometry.hpp"

namespace crop {

using std::uint8_t;
using u64 = std::uint64_t;

constexpr int BLOCK = 16;     // pixels at a time
constexpr int STRIP = 256;    // pixels along one Line
constexpr int FRACTION = 8;   // bits of a position after the point: what a weight of one byte can tell apart

// A strip of a crop's row on the page: its first point, and how numerators and denominator grow from pixel to pixel, all
// divided by the first denominator. Positions are counted from a whole anchor up and left of the strip and so are
// positive and short: float32 has bits enough for them wherever on a page of 32766 columns the strip lies.
struct Line {
    double x, y, step_x, step_y, step_w;
    int anchor_x, anchor_y;
    bool inside, outside;  // all taps, and the two bytes after them, inside the page; or none

    Line(const Homography& map, const Page& page, int column, int row, int count) {
        const double nx = map.a * column + map.b * row + map.c, ny = map.d * column + map.e * row + map.f;
        const double w = map.g * column + map.h * row + 1;
        const double one = map.is_affine() ? 1 : 1 / w, last = map.is_affine() ? 1 : 1 / (w + map.g * (count - 1));
        const auto [low_x, high_x] = std::minmax({nx * one, (nx + map.a * (count - 1)) * last});
        const auto [low_y, high_y] = std::minmax({ny * one, (ny + map.d * (count - 1)) * last});
        const double left = std::floor(low_x) - 1, top = std::floor(low_y) - 1;
        // half a pixel is kept for rounding
        inside = low_x >= 0.5 && low_y >= 0.5 && high_x <= page.width - 2.5 && high_y <= page.height - 1.5;
        outside = high_x <= -1.5 || high_y <= -1.5 || low_x >= page.width + 0.5 || low_y >= page.height + 0.5;
        x = nx * one - left;
        y = ny * one - top;
        step_x = (map.a - left * map.g) * one;
        step_y = (map.d - top * map.g) * one;
        step_w = map.g * one;
        anchor_x = static_cast<int>(left);
        anchor_y = static_cast<int>(top);
    }
};

// The taps of a block: b g r b g r and two bytes of no meaning. Pixels 0 1 4 5 8 9 12 13 lie in the first half, so that
// packing two vectors of 8 pixels, which works in quarters of a vector, leaves them in order.
struct Taps {
    alignas(64) u64 upper[BLOCK], lower[BLOCK];
    static int place(int k) { return (k & 2) << 2 | (k & 12) >> 1 | (k & 1); }
};

inline u64 eight_bytes(const uint8_t* from) {
    u64 value;
    std::memcpy(&value, from, sizeof value);
    return value;
}

// Taps of a pixel that lies anywhere; those outside the page are 0.
inline void fetch_anywhere(const Page& page, int x, int y, u64& upper, u64& lower) {
    const auto tap = [&page](int x, int y) -> u64 {
        if (x < 0 || y < 0 || x >= page.width || y >= page.height) return 0;
        const uint8_t* from = page.pixels + y * page.stride() + 3 * x;
        return u64{from[0]} | u64{from[1]} << 8 | u64{from[2]} << 16;
    };
    upper = tap(x, y) | tap(x + 1, y) << 24;
    lower = tap(x, y + 1) | tap(x + 1, y + 1) << 24;
}

#if CROP_AVX512
struct Positions {
    __m512i x, y;  // fixed-point numbers from the anchor
};

struct Affine {
    __m512 x, y, step_x, step_y;
    explicit Affine(const Line& line) : x(all(line.x)), y(all(line.y)), step_x(all(line.step_x)), step_y(all(line.step_y)) {}
    static __m512 all(double value) { return _mm512_set1_ps(static_cast<float>(value * (1 << FRACTION))); }
    Positions operator()(int k) const {
        const __m512 at = _mm512_add_ps(_mm512_set1_ps(static_cast<float>(k)),
                                        _mm512_setr_ps(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15));
        return {_mm512_cvttps_epi32(_mm512_fmadd_ps(at, step_x, x)), _mm512_cvttps_epi32(_mm512_fmadd_ps(at, step_y, y))};
    }
};

struct Projective {
    __m512 x, y, step_x, step_y, step_w;
    explicit Projective(const Line& line)
        : x(all(line.x)), y(all(line.y)), step_x(all(line.step_x)), step_y(all(line.step_y)), step_w(all(line.step_w)) {}
    static __m512 all(double value) { return _mm512_set1_ps(static_cast<float>(value)); }
    Positions operator()(int k) const {
        const __m512 at = _mm512_add_ps(all(k), _mm512_setr_ps(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15));
        const __m512 scale = _mm512_div_ps(all(1 << FRACTION), _mm512_fmadd_ps(at, step_w, all(1)));
        return {_mm512_cvttps_epi32(_mm512_mul_ps(_mm512_fmadd_ps(at, step_x, x), scale)),
                _mm512_cvttps_epi32(_mm512_mul_ps(_mm512_fmadd_ps(at, step_y, y), scale))};
    }
};

struct Steep {

    __m512d x, y, step_x, step_y, step_w;
    explicit Steep(const Line& line)
        : x(all(line.x)), y(all(line.y)), step_x(all(line.step_x)), step_y(all(line.step_y)), step_w(all(line.step_w)) {}
    static __m512d all(double value) { return _mm512_set1_pd(value); }
    Positions operator()(int k) const {
        __m256i xs[2], ys[2];
        for (int half = 0; half < 2; half++) {
            const __m512d at = _mm512_add_pd(all(k + 8 * half), _mm512_setr_pd(0, 1, 2, 3, 4, 5, 6, 7));
            const __m512d scale = _mm512_div_pd(all(1 << FRACTION), _mm512_fmadd_pd(at, step_w, all(1)));
            xs[half] = _mm512_cvttpd_epi32(_mm512_mul_pd(_mm512_fmadd_pd(at, step_x, x), scale));
            ys[half] = _mm512_cvttpd_epi32(_mm512_mul_pd(_mm512_fmadd_pd(at, step_y, y), scale));
        }
        return {_mm512_inserti64x4(_mm512_castsi256_si512(xs[0]), xs[1], 1),
                _mm512_inserti64x4(_mm512_castsi256_si512(ys[0]), ys[1], 1)};
    }
};

// Eight pixels' taps of two rows. Broadcasts from memory under a mask run on two ports, inserts on one.
template <int first>
inline void fetch_half(const uint8_t* row, const uint8_t* next, const std::uint32_t* offset, __m512i& upper, __m512i& lower) {
    const auto taps = [](const uint8_t* from) { return static_cast<long long>(eight_bytes(from)); };
    upper = _mm512_set1_epi64(taps(row + offset[first]));
    lower = _mm512_set1_epi64(taps(next + offset[first]));
    const auto fetch = [&](__mmask8 mask, int k) {
        upper = _mm512_mask_set1_epi64(upper, mask, taps(row + offset[first + k]));
        lower = _mm512_mask_set1_epi64(lower, mask, taps(next + offset[first + k]));
    };
    fetch(1 << 1, 1);
    fetch(1 << 2, 4);
    fetch(1 << 3, 5);
    fetch(1 << 4, 8);
    fetch(1 << 5, 9);
    fetch(1 << 6, 12);
    fetch(1 << 7, 13);
}

constexpr Shuffle BESIDE({0, 3, 1, 4, 2, 5, -1, -1, 8, 11, 9, 12, 10, 13, -1, -1});  // left and right tap of a channel
constexpr Shuffle CLOSE({0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, -1, -1, -1, -1});   // b g r without a fourth byte
constexpr Shuffle BYTES_LOW({0, 0, 0, 0, 0, 0, 0, 0, 4, 4, 4, 4, 4, 4, 4, 4});       // a weight for a pixel's 8 bytes
constexpr Shuffle BYTES_HIGH({8, 8, 8, 8, 8, 8, 8, 8, 12, 12, 12, 12, 12, 12, 12, 12});
constexpr Shuffle WORDS_LOW({0, 1, 0, 1, 0, 1, 0, 1, 4, 5, 4, 5, 4, 5, 4, 5});  // a weight for a pixel's 4 words
constexpr Shuffle WORDS_HIGH({8, 9, 8, 9, 8, 9, 8, 9, 12, 13, 12, 13, 12, 13, 12, 13});

inline __m512i blend_half(__m512i upper, __m512i lower, __m512i right, __m512i below) {
    const __m512i pairs = _mm512_xor_si512(right, _mm512_set1_epi16(0x00FF));  // left = 255 - right
    return blend(flip_sign(BESIDE(upper)), flip_sign(BESIDE(lower)), pairs,
                 _mm512_sub_epi16(_mm512_set1_epi16(ROWS_SUM), below), below);
}

template <class Locate, bool inside>
inline void warp_strip(const Page& page, const Line& line, int count, uint8_t* out) {
    alignas(64) std::uint32_t offset[STRIP], rights[STRIP], belows[STRIP];  // an offset is less than 3 · 32767² < 2³²
    alignas(64) int xs[STRIP], ys[STRIP];  // these are only needed where taps may lie outside
    bool inside_too[STRIP / BLOCK];        // may this block's taps be fetched without looking?
    const __m512i stride = _mm512_set1_epi32(static_cast<int>(page.stride()));
    const Locate locate(line);
    for (int k = 0; k < count; k += BLOCK) {
        const Positions at = locate(k);
        const __m512i x = _mm512_srai_epi32(at.x, FRACTION), y = _mm512_srai_epi32(at.y, FRACTION);
        _mm512_store_si512(rights + k, at.x);  // only the lowest byte counts, and here the two lowest
        _mm512_store_si512(belows + k, _mm512_mulhi_epu16(_mm512_slli_epi32(at.y, 8), _mm512_set1_epi32(ROWS_STEP)));
        const int columns = std::min(BLOCK, count - k);
        const __m512i found = _mm512_add_epi32(_mm512_mullo_epi32(y, stride), _mm512_add_epi32(x, _mm512_add_epi32(x, x)));
        const __m512i start = _mm512_broadcastd_epi32(_mm512_castsi512_si128(found));  // for pixels past the row's end
        const auto used = static_cast<__mmask16>((1u << columns) - 1);
        _mm512_store_si512(offset + k, _mm512_mask_mov_epi32(start, used, found));
        if (!inside) {
            const __m512i on_page_x = _mm512_add_epi32(x, _mm512_set1_epi32(line.anchor_x));
            const __m512i on_page_y = _mm512_add_epi32(y, _mm512_set1_epi32(line.anchor_y));
            _mm512_store_si512(xs + k, on_page_x);
            _mm512_store_si512(ys + k, on_page_y);
            // unsigned comparison: negative is large. Three columns: two taps and two bytes more
            const __mmask16 good = _mm512_cmplt_epu32_mask(on_page_x, _mm512_set1_epi32(std::max(0, page.width - 2))) &
                                   _mm512_cmplt_epu32_mask(on_page_y, _mm512_set1_epi32(std::max(0, page.height - 1)));
            inside_too[k / BLOCK] = (good & used) == used;
        }
    }
    const uint8_t* const anchor = page.pixels + line.anchor_y * page.stride() + std::ptrdiff_t{3} * line.anchor_x;
    const uint8_t* const next = anchor + page.stride();
    for (int k = 0; k < count; k += BLOCK) {
        const int columns = std::min(BLOCK, count - k);
        __m512i upper[2], lower[2];
        if (inside || inside_too[k / BLOCK]) {
            fetch_half<0>(anchor, next, offset + k, upper[0], lower[0]);
            fetch_half<2>(anchor, next, offset + k, upper[1], lower[1]);
        } else {
            Taps taps{};
            for (int i = 0; i < columns; i++)
                fetch_anywhere(page, xs[k + i], ys[k + i], taps.upper[Taps::place(i)], taps.lower[Taps::place(i)]);
            for (int half = 0; half < 2; half++) {
                upper[half] = _mm512_load_si512(taps.upper + 8 * half);
                lower[half] = _mm512_load_si512(taps.lower + 8 * half);
            }
        }
        const __m512i right = _mm512_load_si512(rights + k), below = _mm512_load_si512(belows + k);
        const __m512i low = blend_half(upper[0], lower[0], BYTES_LOW(right), WORDS_LOW(below));
        const __m512i high = blend_half(upper[1], lower[1], BYTES_HIGH(right), WORDS_HIGH(below));
        const __m512i pixels = CLOSE(flip_sign(_mm512_packs_epi16(low, high)));
        _mm512_mask_storeu_epi8(out + 3 * k, first(3 * columns), join(pixels));
    }
}
#else
using Affine = float;
using Projective = float;
using Steep = double;

template <class Real, bool inside>
inline void warp_strip(const Page& page, const Line& line, int count, uint8_t* out) {
    constexpr int ONE = 1 << FRACTION;
    const auto x0 = static_cast<Real>(line.x), dx = static_cast<Real>(line.step_x);
    const auto y0 = static_cast<Real>(line.y), dy = static_cast<Real>(line.step_y), dw = static_cast<Real>(line.step_w);
    for (int from = 0; from < count; from += BLOCK) {
        int x[BLOCK], y[BLOCK];
        for (int k = 0; k < BLOCK; k++) {  // compilers make vectors of this
            const Real at = static_cast<Real>(from + k), scale = ONE / (1 + dw * at);
            x[k] = static_cast<int>((x0 + dx * at) * scale);
            y[k] = static_cast<int>((y0 + dy * at) * scale);
        }
        const int columns = std::min(BLOCK, count - from);
        for (int k = 0; k < columns; k++) {
            const int left = line.anchor_x + (x[k] >> FRACTION), top = line.anchor_y + (y[k] >> FRACTION);
            const int right = x[k] & (ONE - 1), below = (y[k] & (ONE - 1)) * ROWS_STEP >> FRACTION;
            u64 upper, lower;
            if (inside) {
                const uint8_t* tap = page.pixels + top * page.stride() + 3 * left;
                upper = eight_bytes(tap);
                lower = eight_bytes(tap + page.stride());
            } else {
                fetch_anywhere(page, left, top, upper, lower);
            }
            const auto byte = [](u64 taps, int n) { return static_cast<int>(taps >> (8 * n) & 255); };
            for (int c = 0; c < 3; c++)
                *out++ = blend(byte(upper, c), byte(upper, c + 3), byte(lower, c), byte(lower, c + 3), right, below);
        }
    }
}
#endif

template <class Locate>
inline void warp_rows(const Page& page, const Homography& map, Size size, Range rows, Range columns, uint8_t* out) {
    for (int y = rows.begin; y < rows.end; y++)
        for (int x = columns.begin; x < columns.end; x += STRIP) {
            const int count = std::min(STRIP, columns.end - x);
            const Line line(map, page, x, y, count);
            uint8_t* const to = out + (std::ptrdiff_t{y} * size.width + x) * 3;
            if (line.outside)
                std::memset(to, 0, std::size_t{3} * count);
            else if (line.inside)
                warp_strip<Locate, true>(page, line, count, to);
            else
                warp_strip<Locate, false>(page, line, count, to);
        }
}

// Some rows and columns of the crop of any box; out is the crop's first byte.
inline void warp_slanted(const Page& page, const Homography& map, Size size, Range rows, Range columns, uint8_t* out) {
    if (map.is_affine())
        warp_rows<Affine>(page, map, size, rows, columns, out);
    else if (is_gentle(map, size))
        warp_rows<Projective>(page, map, size, rows, columns, out);
    else
        warp_rows<Steep>(page, map, size, rows, columns, out);
}

}  // namespace crop
