// The eight symmetries of a picture, and the table of values on the way: every pixel is read once and written once.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>

// LABKIT_PORTABLE: compile what machines without AVX run. VBMI has the byte permutes across a whole register.
#if defined(__AVX2__) && !defined(LABKIT_PORTABLE)
#include <immintrin.h>
#endif
#if defined(__AVX512BW__) && defined(__AVX512VBMI__) && !defined(LABKIT_PORTABLE)
#define AUGMENT_VBMI 1
#else
#define AUGMENT_VBMI 0
#endif

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"  // GCC 12 warns about its own AVX-512 header (bug 105593)
#pragma GCC diagnostic ignored "-Wuninitialized"
#endif

namespace augment {

using std::ptrdiff_t;
using std::uint8_t;

// Transposed first (or not), then rows and columns reversed (or not).
struct Symmetry {
    bool transpose, left_right, upside_down;

    // Quarter turns anticlockwise, then a flip: bit 0 left to right, bit 1 upside down.
    static Symmetry of(int turns, int flip) {
        const bool odd = turns & 1, back = turns == 2;
        return {odd, (back || turns == 3) != bool(flip & 1), (back || turns == 1) != bool(flip & 2)};
    }
};

// What each of the 256 values becomes; `changes` says whether any does.
struct Table {
    alignas(64) uint8_t values[256];
    bool changes;

    // Float32 arithmetic as albumentations has it: each operation rounded by itself, clipped, truncated.
    Table(double alpha, double beta) : changes(alpha != 1 || beta != 0) {
        const float factor = static_cast<float>(alpha), offset = static_cast<float>(beta);
        for (int k = 0; k < 256; k++) {
            const volatile float product = static_cast<float>(k) * factor;  // volatile: no fused multiply-add
            values[k] = static_cast<uint8_t>(std::min(255.0f, std::max(0.0f, product + offset)));
        }
    }
};

#if AUGMENT_VBMI
// 64 bytes through the table: two permutes of 128 entries each, and each byte's upper bit chooses between them.
struct Look {
    __m512i part[4];
    bool changes;
    explicit Look(const Table& table) : changes(table.changes) {
        for (int k = 0; k < 4; k++) part[k] = _mm512_load_si512(table.values + 64 * k);
    }
    template <bool look>
    __m512i up(__m512i bytes) const {
        if constexpr (!look) return bytes;
        const __m512i low = _mm512_permutex2var_epi8(part[0], bytes, part[1]);
        const __m512i high = _mm512_permutex2var_epi8(part[2], bytes, part[3]);
        return _mm512_mask_blend_epi8(_mm512_movepi8_mask(bytes), low, high);
    }
};
inline __mmask64 first(ptrdiff_t bytes) { return bytes >= 64 ? ~0ull : (1ull << bytes) - 1; }

// 21 pixels in a register, last to first.
inline __m512i mirror() {
    alignas(64) uint8_t order[64] = {};
    for (int k = 0; k < 63; k++) order[k] = static_cast<uint8_t>(3 * (20 - k / 3) + k % 3);
    return _mm512_load_si512(order);
}

template <bool look>
void copy_row(const uint8_t* from, uint8_t* to, ptrdiff_t width, const Look& table) {
    for (ptrdiff_t k = 0; k < 3 * width; k += 64) {
        const __mmask64 mask = first(3 * width - k);
        _mm512_mask_storeu_epi8(to + k, mask, table.up<look>(_mm512_maskz_loadu_epi8(mask, from + k)));
    }
}

template <bool look>
void mirror_row(const uint8_t* from, uint8_t* to, ptrdiff_t width, const Look& table) {
    const __m512i order = mirror();
    const uint8_t* read = from + 3 * width;
    ptrdiff_t left = width;
    for (; left > 21; left -= 21, to += 63) {  // a byte more than is right is stored, and then stored over
        read -= 63;
        const __m512i pixels = _mm512_maskz_loadu_epi8(first(63), read);
        _mm512_storeu_si512(to, _mm512_permutexvar_epi8(order, table.up<look>(pixels)));
    }
    const __m512i pixels = _mm512_maskz_loadu_epi8(first(3 * left), from);
    alignas(64) uint8_t last[64];
    _mm512_store_si512(last, table.up<look>(pixels));
    for (ptrdiff_t k = 0; k < left; k++) std::memcpy(to + 3 * k, last + 3 * (left - 1 - k), 3);
}

// One tile: `rows` times `columns` pixels, each at most 16. 16 rows of 48 bytes become dwords, are transposed in four steps
// of 16 shuffles each, and become bytes again.
template <bool look>
void transpose_tile(const uint8_t* from, ptrdiff_t step, uint8_t* to, ptrdiff_t to_step, int rows, int columns,
                    const Look& table) {
    const __m512i spread = _mm512_set_epi8(
        63, 47, 46, 45, 63, 44, 43, 42, 63, 41, 40, 39, 63, 38, 37, 36, 63, 35, 34, 33, 63, 32, 31, 30, 63, 29, 28, 27, 63, 26,
        25, 24, 63, 23, 22, 21, 63, 20, 19, 18, 63, 17, 16, 15, 63, 14, 13, 12, 63, 11, 10, 9, 63, 8, 7, 6, 63, 5, 4, 3, 63, 2,
        1, 0);
    const __m512i gather = _mm512_set_epi8(
        63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 62, 61, 60, 58, 57, 56, 54, 53, 52, 50, 49, 48, 46, 45,
        44, 42, 41, 40, 38, 37, 36, 34, 33, 32, 30, 29, 28, 26, 25, 24, 22, 21, 20, 18, 17, 16, 14, 13, 12, 10, 9, 8, 6, 5, 4,
        2, 1, 0);
    const __mmask64 read = first(3 * columns), write = first(3 * rows);
    __m512i a[16], b[16];
#pragma GCC unroll 16
    for (int k = 0; k < 16; k++) {
        const __m512i pixels = _mm512_maskz_loadu_epi8(k < rows ? read : 0, from + k * step);
        a[k] = _mm512_permutexvar_epi8(spread, table.up<look>(pixels));
    }
#pragma GCC unroll 8
    for (int k = 0; k < 16; k += 2) {
        b[k] = _mm512_unpacklo_epi32(a[k], a[k + 1]);
        b[k + 1] = _mm512_unpackhi_epi32(a[k], a[k + 1]);
    }
#pragma GCC unroll 4
    for (int k = 0; k < 16; k += 4) {
        a[k] = _mm512_unpacklo_epi64(b[k], b[k + 2]);
        a[k + 1] = _mm512_unpackhi_epi64(b[k], b[k + 2]);
        a[k + 2] = _mm512_unpacklo_epi64(b[k + 1], b[k + 3]);
        a[k + 3] = _mm512_unpackhi_epi64(b[k + 1], b[k + 3]);
    }
#pragma GCC unroll 4
    for (int k = 0; k < 4; k++) {  // a[4m + k] holds columns k, k + 4, k + 8, k + 12 of rows 4m to 4m + 3
        const __m512i even = _mm512_shuffle_i32x4(a[k], a[k + 4], 0x88), odd = _mm512_shuffle_i32x4(a[k], a[k + 4], 0xDD);
        const __m512i even2 = _mm512_shuffle_i32x4(a[k + 8], a[k + 12], 0x88);
        const __m512i odd2 = _mm512_shuffle_i32x4(a[k + 8], a[k + 12], 0xDD);
        b[k] = _mm512_shuffle_i32x4(even, even2, 0x88);
        b[k + 8] = _mm512_shuffle_i32x4(even, even2, 0xDD);
        b[k + 4] = _mm512_shuffle_i32x4(odd, odd2, 0x88);
        b[k + 12] = _mm512_shuffle_i32x4(odd, odd2, 0xDD);
    }
    if (columns == 16) {
#pragma GCC unroll 16
        for (int k = 0; k < 16; k++)
            _mm512_mask_storeu_epi8(to + k * to_step, write, _mm512_permutexvar_epi8(gather, b[k]));
    } else {
        for (int k = 0; k < columns; k++)
            _mm512_mask_storeu_epi8(to + k * to_step, write, _mm512_permutexvar_epi8(gather, b[k]));
    }
}
#else
struct Look {
    const uint8_t* values;
    bool changes;
    explicit Look(const Table& table) : values(table.values), changes(table.changes) {}
    template <bool look>
    uint8_t up(uint8_t value) const {
        return look ? values[value] : value;
    }
};

template <bool look>
void copy_row(const uint8_t* from, uint8_t* to, ptrdiff_t width, const Look& table) {
    for (ptrdiff_t k = 0; k < 3 * width; k++) to[k] = table.up<look>(from[k]);
}

template <bool look>
void mirror_row(const uint8_t* from, uint8_t* to, ptrdiff_t width, const Look& table) {
    for (ptrdiff_t x = 0; x < width; x++)
        for (int c = 0; c < 3; c++) to[3 * x + c] = table.up<look>(from[3 * (width - 1 - x) + c]);
}

template <bool look>
void transpose_tile(const uint8_t* from, ptrdiff_t step, uint8_t* to, ptrdiff_t to_step, int rows, int columns,
                    const Look& table) {
    for (int x = 0; x < columns; x++)
        for (int y = 0; y < rows; y++)
            for (int c = 0; c < 3; c++) to[x * to_step + 3 * y + c] = table.up<look>(from[y * step + 3 * x + c]);
}
#endif

// A row of `width` pixels, reversed or not, through the table or not.
inline void row(const uint8_t* from, uint8_t* to, ptrdiff_t width, bool reverse, const Look& table) {
    if (reverse)
        table.changes ? mirror_row<true>(from, to, width, table) : mirror_row<false>(from, to, width, table);
    else if (table.changes)
        copy_row<true>(from, to, width, table);
    else
        std::memcpy(to, from, static_cast<std::size_t>(3 * width));
}

// A picture's pixels, in rows that lie `step` bytes apart (negative: the last row lies first).
struct Rows {
    const uint8_t* pixels;
    ptrdiff_t step;
    const uint8_t* at(ptrdiff_t y) const { return pixels + y * step; }
};

// Writes `rows` of a picture `width` pixels wide as columns: pixel (x, y) goes to row x, place y of `to`.
template <bool look>
void transpose(Rows from, ptrdiff_t rows, ptrdiff_t width, uint8_t* to, ptrdiff_t to_step, const Look& table) {
    constexpr ptrdiff_t BLOCK = 64, TILE = 16;  // pixels: a block's 64 rows of 3 cache lines stay in the first-level cache
    for (ptrdiff_t y0 = 0; y0 < rows; y0 += BLOCK)
        for (ptrdiff_t x0 = 0; x0 < width; x0 += BLOCK)
            for (ptrdiff_t x = x0; x < std::min(width, x0 + BLOCK); x += TILE)
                for (ptrdiff_t y = y0; y < std::min(rows, y0 + BLOCK); y += TILE)
                    transpose_tile<look>(from.at(y) + 3 * x, from.step, to + x * to_step + 3 * y, to_step,
                                         static_cast<int>(std::min(TILE, rows - y)),
                                         static_cast<int>(std::min(TILE, width - x)), table);
}

}  // namespace augment
