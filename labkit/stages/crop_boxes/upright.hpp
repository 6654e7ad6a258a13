// Boxes whose sides are parallel to the page's: most of a page's words.
//
// A crop is at most one pixel narrower than its box, so from one crop pixel to the next the page position moves by a
// little more than 1 and its whole part by exactly 1, except in at most two places. Between them the left taps of
// neighbouring pixels are neighbours in memory, and so are the right taps, three bytes on: no pixel is looked up by
// itself, whole vectors are loaded as they lie. Weights in x are computed once a crop, in y once a row.
#pragma once

#include <algorithm>

#include "blend.hpp"
#include "geometry.hpp"

namespace crop {

inline bool is_upright(const float* box) {
    return box[0] == box[6] && box[2] == box[4] && box[1] == box[3] && box[5] == box[7] && box[0] < box[2] && box[1] < box[7];
}
// Are all taps, to the right and below too, inside the page?
inline bool taps_inside(const float* box, const Page& page) {
    return box[0] >= 0 && box[1] >= 0 && box[4] < page.width - 1 && box[5] < page.height - 1;
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
        std::ptrdiff_t offset;  // from there to the left taps in the page's row
    };
    alignas(64) std::uint8_t right[3 * MOST + 64];
    Run runs[3];
    int count = 0;

    Columns(const Along& along, int first, int columns) {
        std::int64_t shift = -1;  // no whole part is smaller than its column
        for (int x = 0; x < columns; x++) {
            const std::int64_t position = along.at(first + x), found = Along::whole(position) - x;
            const auto weight = static_cast<std::uint32_t>(Along::fraction(position, 255)) * 0x010101u;
            std::memcpy(right + 3 * x, &weight, 4);  // the fourth byte is overwritten by the next column
            if (found != shift) {
                if (count) runs[count - 1].end = 3 * x;
                runs[count++] = {3 * x, 3 * columns, std::ptrdiff_t{3} * found};
                shift = found;
            }
        }
    }
};

#if CROP_AVX512
template <bool whole>
inline void blend_64(const std::uint8_t* upper, const std::uint8_t* lower, const std::uint8_t* right, __m512i upper_weight,
                     __m512i lower_weight, std::uint8_t* out, int count) {
    const __mmask64 mask = first(count);
    const auto load = [=](const std::uint8_t* from) {
        return whole ? _mm512_loadu_si512(from) : _mm512_maskz_loadu_epi8(mask, from);
    };
    const __m512i r = _mm512_loadu_si512(right), l = _mm512_andnot_si512(r, _mm512_set1_epi8(-1));
    const __m512i a = flip_sign(load(upper)), b = flip_sign(load(upper + 3));
    const __m512i c = flip_sign(load(lower)), d = flip_sign(load(lower + 3));
    const __m512i low = blend(_mm512_unpacklo_epi8(a, b), _mm512_unpacklo_epi8(c, d), _mm512_unpacklo_epi8(l, r),
                              upper_weight, lower_weight);
    const __m512i high = blend(_mm512_unpackhi_epi8(a, b), _mm512_unpackhi_epi8(c, d), _mm512_unpackhi_epi8(l, r),
                               upper_weight, lower_weight);
    const __m512i found = flip_sign(_mm512_packs_epi16(low, high));  // undoes the unpacking, lane by lane
    if (whole)
        _mm512_storeu_si512(out, found);
    else
        _mm512_mask_storeu_epi8(out, mask, found);
}
inline void blend_run(const std::uint8_t* upper, const std::uint8_t* lower, const std::uint8_t* right, int weight,
                      std::uint8_t* out, int count) {
    const __m512i lower_weight = _mm512_set1_epi16(static_cast<short>(weight));
    const __m512i upper_weight = _mm512_set1_epi16(static_cast<short>(ROWS_SUM - weight));
    int k = 0;
    for (; k + 64 <= count; k += 64)
        blend_64<true>(upper + k, lower + k, right + k, upper_weight, lower_weight, out + k, 64);
    if (k < count) blend_64<false>(upper + k, lower + k, right + k, upper_weight, lower_weight, out + k, count - k);
}
#else
inline void blend_run(const std::uint8_t* upper, const std::uint8_t* lower, const std::uint8_t* right, int weight,
                      std::uint8_t* __restrict out, int count) {
    for (int k = 0; k < count; k++)  // compilers make vectors of this
        out[k] = blend(upper[k], upper[k + 3], lower[k], lower[k + 3], right[k], weight);
}
#endif

// Rows begin..end of the crop of an upright box inside the page; out is the crop's first byte.
inline void warp_upright(const Page& page, const float* box, Size size, int begin, int end, std::uint8_t* out) {
    const Along across(box[0], box[2], size.width), down(box[1], box[7], size.height);
    for (int x = 0; x < size.width; x += Columns::MOST) {
        const Columns columns(across, x, std::min(Columns::MOST, size.width - x));
        for (int y = begin; y < end; y++) {
            const std::int64_t position = down.at(y);
            const std::uint8_t* upper = page.pixels + Along::whole(position) * page.stride();
            std::uint8_t* row = out + (std::ptrdiff_t{y} * size.width + x) * 3;
            const int weight = Along::fraction(position, ROWS_SUM);
            for (int k = 0; k < columns.count; k++) {
                const Columns::Run& run = columns.runs[k];
                const std::uint8_t* from = upper + run.begin + run.offset;
                blend_run(from, from + page.stride(), columns.right + run.begin, weight, row + run.begin, run.end - run.begin);
            }
        }
    }
}

}  // namespace crop
