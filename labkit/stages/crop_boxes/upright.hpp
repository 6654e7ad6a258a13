// Boxes whose rows run along the page's rows: exactly (upright ones, most of a page's words) or nearly (level ones).
//
// A crop is at most one pixel narrower than its box, so from one crop pixel to the next the page position moves by a
// little more than 1 and its whole part by exactly 1, except in at most two places. Between them the left taps of
// neighbouring pixels are neighbours in memory, and so are the right taps, three bytes on: no pixel is looked up by
// itself, whole vectors are loaded as they lie. Weights in x are computed once a crop, in y once a row.
// The same holds for a word turned by a few degrees, but there the runs are shorter (they also end where the line changes
// from one of the page's rows to the next) and lie elsewhere in each row of the crop: see Level below.
#pragma once

#include <algorithm>

#include "blend.hpp"
#include "geometry.hpp"

namespace crop {

inline bool is_upright(const float* box) {
    return box[0] == box[6] && box[2] == box[4] && box[1] == box[3] && box[5] == box[7] && box[0] < box[2] && box[1] < box[7];
}
// A position on the page along one side, as a fixed-point number with 32 bits after the point. The step is rounded down:
// the far corner is never passed.
struct Along {
    std::int64_t start, step;
    Along(double from, double to, int size)
        : start(static_cast<std::int64_t>(from * 4294967296.0)),
          step(static_cast<std::int64_t>((to - from) / (size - 1) * 4294967296.0)) {}
    std::int64_t at(int k) const { return start + step * k; }
    static std::int64_t whole(std::int64_t position) { return position >> 32; }
    // The pixels of ``wanted`` whose two taps along this side lie within a page of so many rows or columns.
    Range inside(Range wanted, int most) const {
        while (wanted.begin < wanted.end && whole(at(wanted.begin)) < 0) wanted.begin++;
        while (wanted.begin < wanted.end && whole(at(wanted.end - 1)) > most - 2) wanted.end--;
        return wanted;
    }
    // The fraction in steps of 1 / scale, rounded.
    static int fraction(std::int64_t position, int scale) {
        return static_cast<int>(((position & 0xFFFFFFFF) * scale + 0x80000000) >> 32);
    }
};

// Some columns of a crop: each byte's weight, and the runs in which taps lie side by side.
struct Columns {
    static constexpr int MOST = 512;
    struct Run {
        int begin, end;         // bytes of the crop's row, counted from the first of these columns
        std::ptrdiff_t offset;  // from the byte of the same number in the page's row to the left taps
    };
    alignas(64) std::uint8_t right[3 * MOST + 64];
    Run runs[3];
    int count = 0;

    Columns(const Along& along, int first, int columns) {
        std::int64_t shift = INT64_MIN;
        const auto begin_run = [&](int x, std::int64_t found) {
            if (count) runs[count - 1].end = 3 * x;
            runs[count++] = {3 * x, 3 * columns, std::ptrdiff_t{3} * found};
            shift = found;
        };
#if CROP_AVX512
        // sixteen columns at a time: each one's weight, three times, and where the shift changes
        constexpr Shuffle threefold({{0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4, 5}, {5, 5, 6, 6, 6, 7, 7, 7, 8, 8, 8, 9, 9, 9, 10, 10},
                                     {10, 11, 11, 11, 12, 12, 12, 13, 13, 13, 14, 14, 14, 15, 15, 15}});
        const __m512i lanes = _mm512_setr_epi64(0, 1, 2, 3, 4, 5, 6, 7), half = _mm512_set1_epi64(0x80000000);
        const __m512i eight = _mm512_set1_epi64(8), advance = _mm512_set1_epi64(8 * along.step);
        __m512i at = _mm512_add_epi64(_mm512_set1_epi64(along.at(first)), _mm512_mullo_epi64(lanes, _mm512_set1_epi64(along.step)));
        __m512i column = _mm512_add_epi64(lanes, _mm512_set1_epi64(first));
        for (int x = 0; x < columns; x += 16) {
            __m128i weights[2];
            for (int k = 0; k < 2; k++) {
                const __m512i fraction = _mm512_and_si512(at, _mm512_set1_epi64(0xFFFFFFFF));
                const __m512i times = _mm512_sub_epi64(_mm512_slli_epi64(fraction, 8), fraction);  // · 255
                weights[k] = _mm512_cvtepi64_epi8(_mm512_srli_epi64(_mm512_add_epi64(times, half), 32));
                const __m512i found = _mm512_sub_epi64(_mm512_srai_epi64(at, 32), column);
                __mmask8 others = _mm512_cmpneq_epi64_mask(found, _mm512_set1_epi64(shift));
                while (others) {
                    const int next = x + 8 * k + __builtin_ctz(others);
                    if (next >= columns) break;
                    begin_run(next, Along::whole(along.at(first + next)) - first - next);
                    others &= _mm512_cmpneq_epi64_mask(found, _mm512_set1_epi64(shift));
                }
                at = _mm512_add_epi64(at, advance);
                column = _mm512_add_epi64(column, eight);
            }
            const __m512i both = _mm512_broadcast_i32x4(_mm_unpacklo_epi64(weights[0], weights[1]));
            _mm512_storeu_si512(right + 3 * x, threefold(both));  // 48 bytes, and 16 that are overwritten by the next
        }
#else
        for (int x = 0; x < columns; x++) {
            const std::int64_t position = along.at(first + x), found = Along::whole(position) - first - x;
            std::memset(right + 3 * x, Along::fraction(position, 255), 3);
            if (found != shift) begin_run(x, found);
        }
#endif
    }
};

#if CROP_AVX512
// 64 bytes from their left and right taps in two rows; lower weights of the rows as words, in the order of unpacking.
inline __m512i blend_bytes(__m512i a, __m512i b, __m512i c, __m512i d, __m512i right, __m512i low_weight, __m512i high_weight) {
    const __m512i left = _mm512_andnot_si512(right, _mm512_set1_epi8(-1)), sum = _mm512_set1_epi16(ROWS_SUM);
    a = flip_sign(a), b = flip_sign(b), c = flip_sign(c), d = flip_sign(d);
    const __m512i low = blend(_mm512_unpacklo_epi8(a, b), _mm512_unpacklo_epi8(c, d), _mm512_unpacklo_epi8(left, right),
                              _mm512_sub_epi16(sum, low_weight), low_weight);
    const __m512i high = blend(_mm512_unpackhi_epi8(a, b), _mm512_unpackhi_epi8(c, d), _mm512_unpackhi_epi8(left, right),
                               _mm512_sub_epi16(sum, high_weight), high_weight);
    return flip_sign(_mm512_packs_epi16(low, high));  // undoes the unpacking, lane by lane
}
template <bool whole>
inline void blend_64(const std::uint8_t* upper, const std::uint8_t* lower, const std::uint8_t* right, __m512i weight,
                     std::uint8_t* out, int count) {
    const __mmask64 mask = first(count);
    const auto load = [=](const std::uint8_t* from) {
        return whole ? _mm512_loadu_si512(from) : _mm512_maskz_loadu_epi8(mask, from);
    };
    const __m512i found = blend_bytes(load(upper), load(upper + 3), load(lower), load(lower + 3), _mm512_loadu_si512(right),
                                      weight, weight);
    if (whole)
        _mm512_storeu_si512(out, found);
    else
        _mm512_mask_storeu_epi8(out, mask, found);
}
inline void blend_run(const std::uint8_t* upper, const std::uint8_t* lower, const std::uint8_t* right, int weight,
                      std::uint8_t* out, int count) {
    const __m512i weights = _mm512_set1_epi16(static_cast<short>(weight));
    int k = 0;
    for (; k + 64 <= count; k += 64)
        blend_64<true>(upper + k, lower + k, right + k, weights, out + k, 64);
    if (k < count) blend_64<false>(upper + k, lower + k, right + k, weights, out + k, count - k);
}
#else
inline void blend_run(const std::uint8_t* upper, const std::uint8_t* lower, const std::uint8_t* right, int weight,
                      std::uint8_t* __restrict out, int count) {
    for (int k = 0; k < count; k++)  // compilers make vectors of this
        out[k] = blend(upper[k], upper[k + 3], lower[k], lower[k + 3], right[k], weight);
}
#endif

// Some rows and columns of the crop of an upright box, all of whose taps lie inside the page; out is the crop's first byte.
inline void warp_upright(const Page& page, const Along& across, const Along& down, Size size, Range rows, Range columns,
                         std::uint8_t* out, Ahead& ahead) {
    for (int x = columns.begin; x < columns.end; x += Columns::MOST) {
        const Columns line(across, x, std::min(Columns::MOST, columns.end - x));
        for (int y = rows.begin; y < rows.end; y++) {
            ahead.row();
            const std::int64_t position = down.at(y);
            const std::uint8_t* upper = page.pixels + Along::whole(position) * page.stride() + std::ptrdiff_t{3} * x;
            std::uint8_t* row = out + (std::ptrdiff_t{y} * size.width + x) * 3;
            const int weight = Along::fraction(position, ROWS_SUM);
            for (int k = 0; k < line.count; k++) {
                const Columns::Run& run = line.runs[k];
                const std::uint8_t* from = upper + run.begin + run.offset;
                blend_run(from, from + page.stride(), line.right + run.begin, weight, row + run.begin, run.end - run.begin);
            }
        }
    }
}

#if CROP_AVX512
constexpr int BEND = 16;            // pixels whose positions are computed at a time
constexpr int LONGEST = 256;        // pixels of a row at a time
constexpr int ONE_PIXEL = 1 << 16;  // positions are fixed-point numbers from a whole anchor up and left of the box

// Is the box inside the page, and do its rows climb by less than a fifth, at a scale near 1? Then 21 pixels, a vector's
// worth, fall into some three runs. (A box that fails goes the way of the slanted ones: more runs would cost more.)
inline bool is_level(const float* box, const Page& page, Size size, const Homography& map) {
    for (int k = 0; k < 8; k += 2)  // half a pixel is kept for rounding
        if (!(box[k] >= 0.5 && box[k] <= page.width - 1.5 && box[k + 1] >= 0.5 && box[k + 1] <= page.height - 1.5))
            return false;
    const auto climbs_little = [&](int from, int to) {
        const float dx = box[to] - box[from], dy = box[to + 1] - box[from + 1];
        return dx > 0.7f * static_cast<float>(size.width) && std::abs(dy) < 0.2f * dx;
    };
    return climbs_little(0, 2) && climbs_little(6, 4) && box[1] <= box[7] && box[3] <= box[5] &&
           std::max(size.width, size.height) <= 4096 && is_gentle(map, size);  // float32 is precise enough
}

inline __m512i zero_to_fifteen() { return _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15); }

// Positions of 16 pixels; x is the position less the pixel's column, so that it is the same all along a run.
struct Bend {
    __m512i x, y;
};

// Along a row of a parallelogram positions grow evenly: an addition brings the next sixteen.
struct Evenly {
    double a, b, c, d, e, f;
    __m512i lanes_x, lanes_y, step_x, step_y, x, y;

    Evenly(const Homography& map, int anchor_x, int anchor_y)
        : a((map.a - 1) * ONE_PIXEL), b(map.b * ONE_PIXEL), c((map.c - anchor_x) * ONE_PIXEL), d(map.d * ONE_PIXEL),
          e(map.e * ONE_PIXEL), f((map.f - anchor_y) * ONE_PIXEL) {
        const int one_x = static_cast<int>(std::lrint(a)), one_y = static_cast<int>(std::lrint(d));
        lanes_x = _mm512_mullo_epi32(zero_to_fifteen(), _mm512_set1_epi32(one_x));
        lanes_y = _mm512_mullo_epi32(zero_to_fifteen(), _mm512_set1_epi32(one_y));
        step_x = _mm512_set1_epi32(BEND * one_x);
        step_y = _mm512_set1_epi32(BEND * one_y);
    }
    void start(int column, int row) {
        x = _mm512_add_epi32(lanes_x, _mm512_set1_epi32(static_cast<int>(a * column + b * row + c)));
        y = _mm512_add_epi32(lanes_y, _mm512_set1_epi32(static_cast<int>(d * column + e * row + f)));
    }
    Bend next() {
        const Bend found{x, y};
        x = _mm512_add_epi32(x, step_x);
        y = _mm512_add_epi32(y, step_y);
        return found;
    }
};

struct InPerspective {
    double a, b, c, d, e, f, g, h;
    __m512 step_x, step_y, step_w, x, y, w, at;
    __m512i columns;

    static __m512 all(double value) { return _mm512_set1_ps(static_cast<float>(value)); }
    InPerspective(const Homography& map, int anchor_x, int anchor_y)
        : a((map.a - anchor_x * map.g) * ONE_PIXEL), b((map.b - anchor_x * map.h) * ONE_PIXEL),
          c((map.c - anchor_x) * ONE_PIXEL), d((map.d - anchor_y * map.g) * ONE_PIXEL),
          e((map.e - anchor_y * map.h) * ONE_PIXEL), f((map.f - anchor_y) * ONE_PIXEL), g(map.g), h(map.h), step_x(all(a)),
          step_y(all(d)), step_w(all(g)) {}
    void start(int column, int row) {
        x = all(a * column + b * row + c);
        y = all(d * column + e * row + f);
        w = all(g * column + h * row + 1);
        at = _mm512_cvtepi32_ps(zero_to_fifteen());
        columns = _mm512_add_epi32(zero_to_fifteen(), _mm512_set1_epi32(column));
        columns = _mm512_mullo_epi32(columns, _mm512_set1_epi32(ONE_PIXEL));
    }
    Bend next() {
        const __m512 divisor = _mm512_fmadd_ps(at, step_w, w), guess = _mm512_rcp14_ps(divisor);
        // one step of Newton's method turns 14 good bits into all 24, in half the time of a division
        const __m512 scale = _mm512_fmadd_ps(guess, _mm512_fnmadd_ps(divisor, guess, all(1)), guess);
        const __m512i found_x = _mm512_cvttps_epi32(_mm512_mul_ps(_mm512_fmadd_ps(at, step_x, x), scale));
        const __m512i found_y = _mm512_cvttps_epi32(_mm512_mul_ps(_mm512_fmadd_ps(at, step_y, y), scale));
        const Bend found{_mm512_sub_epi32(found_x, columns), found_y};
        at = _mm512_add_ps(at, all(BEND));
        columns = _mm512_add_epi32(columns, _mm512_set1_epi32(BEND * ONE_PIXEL));
        return found;
    }
};

// Up to 256 pixels of a row of a level box: how they lie, then the blending.
struct Level {
    alignas(64) std::uint8_t right[3 * LONGEST + 64], below[3 * LONGEST + 64];  // each byte's weights
    alignas(64) int shift[LONGEST];  // from a pixel's place in the crop to its left upper tap, in bytes: one for each run
    alignas(64) std::uint16_t begins[LONGEST / BEND + 4];  // a bit for each pixel: is its shift another than the last one's?

    template <class Positions>
    Level(Positions positions, int column, int row, int count, std::ptrdiff_t stride) {
        // the first 8 bits after the point, for b, g and r
        constexpr Shuffle weights({1, 1, 1, 5, 5, 5, 9, 9, 9, 13, 13, 13, -1, -1, -1, -1});
        positions.start(column, row);
        __m512i before = _mm512_setzero_si512();
        for (int k = 0; k < count; k += BEND) {
            const Bend at = positions.next();
            const __m512i x = _mm512_srai_epi32(at.x, 16), y = _mm512_srai_epi32(at.y, 16);
            const __m512i rows = _mm512_mullo_epi32(y, _mm512_set1_epi32(static_cast<int>(stride)));
            const __m512i found = _mm512_add_epi32(rows, _mm512_add_epi32(x, _mm512_add_epi32(x, x)));
            const __mmask16 other = _mm512_cmpneq_epi32_mask(found, _mm512_alignr_epi32(found, before, 15));
            before = found;
            begins[k / BEND] = other;
            _mm512_store_si512(shift + k, found);
            _mm512_storeu_si512(right + 3 * k, join(weights(at.x)));  // and 16 bytes more, overwritten by the next
            _mm512_storeu_si512(below + 3 * k, join(weights(at.y)));
        }
    }

    // from: where the first pixel's left upper tap would lie with a shift of 0.
    void blend_along(const std::uint8_t* from, std::ptrdiff_t stride, int count, std::uint8_t* out) const {
        for (int k = 0; k < 3 * count; k += 64) {
            const __mmask64 used = first(3 * count - k);
            __m512i a, b, c, d;
            // The first run as if it went on to the end, and over it the second from its begin, and so on. Masked bytes
            // are not read: nothing outside the page is.
            const std::uint8_t* taps = from + k + shift[k / 3];
            a = _mm512_maskz_loadu_epi8(used, taps);
            b = _mm512_maskz_loadu_epi8(used, taps + 3);
            c = _mm512_maskz_loadu_epi8(used, taps + stride);
            d = _mm512_maskz_loadu_epi8(used, taps + stride + 3);
            const int next = k / 3 + 1, others = std::clamp(count - next, 0, 21);  // pixels after the first in these 64 bytes
            std::uint64_t bits;
            std::memcpy(&bits, reinterpret_cast<const char*>(begins) + next / 8, sizeof bits);
            for (bits = bits >> next % 8 & ((1 << others) - 1); bits; bits &= bits - 1) {
                const int pixel = next + __builtin_ctzll(bits);
                const __mmask64 rest = used & ~first(3 * pixel - k);
                taps = from + k + shift[pixel];
                a = _mm512_mask_loadu_epi8(a, rest, taps);
                b = _mm512_mask_loadu_epi8(b, rest, taps + 3);
                c = _mm512_mask_loadu_epi8(c, rest, taps + stride);
                d = _mm512_mask_loadu_epi8(d, rest, taps + stride + 3);
            }
            const __m512i weights = _mm512_load_si512(below + k), zero = _mm512_setzero_si512();
            const auto rows = [](__m512i bytes) { return _mm512_mulhi_epu16(bytes, _mm512_set1_epi16(ROWS_STEP)); };
            _mm512_mask_storeu_epi8(out + k, used, blend_bytes(a, b, c, d, _mm512_load_si512(right + k),
                                                               rows(_mm512_unpacklo_epi8(zero, weights)),
                                                               rows(_mm512_unpackhi_epi8(zero, weights))));
        }
    }
};

template <class Positions>
inline void warp_level(const Page& page, const float* box, const Homography& map, Size size, int begin, int end,
                       std::uint8_t* out, Ahead& ahead) {
    const int left = static_cast<int>(std::min(box[0], box[6])), top = static_cast<int>(std::min(box[1], box[3]));
    const std::ptrdiff_t stride = page.stride();
    const Positions positions(map, left - 1, top - 1);
    const std::uint8_t* const anchor = page.pixels + (top - 1) * stride + std::ptrdiff_t{3} * (left - 1);
    for (int y = begin; y < end; y++, ahead.row())
        for (int x = 0; x < size.width; x += LONGEST) {
            const int count = std::min(LONGEST, size.width - x);
            const Level level(positions, x, y, count, stride);
            level.blend_along(anchor + 3 * x, stride, count, out + (std::ptrdiff_t{y} * size.width + x) * 3);
        }
}

// Rows begin..end of the crop of a level box; out is the crop's first byte.
inline void warp_level(const Page& page, const float* box, const Homography& map, Size size, int begin, int end,
                       std::uint8_t* out, Ahead& ahead) {
    if (map.is_affine())
        warp_level<Evenly>(page, box, map, size, begin, end, out, ahead);
    else
        warp_level<InPerspective>(page, box, map, size, begin, end, out, ahead);
}
#endif

}  // namespace crop
