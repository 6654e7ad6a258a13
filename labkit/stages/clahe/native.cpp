// clahe in C++17: OpenCV's arithmetic, in its order, with one look-up a pixel in place of four.
//
// Between the middles of four tiles lies a cell, and all its pixels blend the same four tables. So these are put side by side,
// four bytes a level: one look-up of 32 bits gives all that a pixel needs. To make them costs 256 steps a cell.
#include "kinds/rows.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#if defined(__AVX2__)
#include <immintrin.h>
#endif

namespace {

using labkit::u8;
using std::ptrdiff_t;
using Table = u8[256];

constexpr int SETS = 8;  // of counts

// Where the tiles before and behind each pixel of a side are, and what share they have: as OpenCV computes it, in float32.
struct Side {
    std::vector<int> before, behind;
    std::vector<float> share_before, share_behind;
    std::vector<ptrdiff_t> begins;  // of the stretches of pixels between the same two tiles

    Side(ptrdiff_t count, ptrdiff_t size, int tiles) : before(count), behind(count), share_before(count), share_behind(count) {
        const float inverse = 1.0f / static_cast<float>(size);
        for (ptrdiff_t k = 0; k < count; k++) {
            const float at = static_cast<float>(k) * inverse - 0.5f;
            const int first = static_cast<int>(std::floor(at));
            share_behind[k] = at - static_cast<float>(first);
            share_before[k] = 1.0f - share_behind[k];
            before[k] = std::max(first, 0);
            behind[k] = std::min(first + 1, tiles - 1);
            if (k == 0 || before[k] != before[k - 1] || behind[k] != behind[k - 1]) begins.push_back(k);
        }
        begins.push_back(count);
    }
};

// A place beyond a side, mirrored without the border's pixel.
ptrdiff_t mirrored(ptrdiff_t at, ptrdiff_t count) {
    if (count == 1) return 0;
    const ptrdiff_t period = 2 * count - 2;
    at %= period;
    return at < count ? at : period - at;
}

struct Grid {
    const labkit::Picture& in;
    int columns, rows;
    ptrdiff_t high, wide;  // of a tile

    Grid(const labkit::Picture& image, int across, int down) : in(image), columns(across), rows(down) {
        const auto height = static_cast<ptrdiff_t>(image.height), width = static_cast<ptrdiff_t>(image.width);
        const bool fits = height % rows == 0 && width % columns == 0;
        high = (height + (fits ? 0 : rows - height % rows)) / rows;
        wide = (width + (fits ? 0 : columns - width % columns)) / columns;
    }

    void table(int tile, double limit, Table& made) const {
        const ptrdiff_t top = tile / columns * high, left = tile % columns * wide;
        const auto width = static_cast<ptrdiff_t>(in.width);
        int counts[SETS][256] = {};  // one after another the same level would wait for itself
        for (ptrdiff_t y = top; y < top + high; y++) {
            const u8* const row = in.row(mirrored(y, static_cast<ptrdiff_t>(in.height)));
            const ptrdiff_t inside = std::max(left, std::min(left + wide, width));
            ptrdiff_t x = left;
            for (; x + SETS <= inside; x += SETS)
                for (int k = 0; k < SETS; k++) counts[k][row[x + k]]++;
            for (; x < left + wide; x++) counts[0][row[mirrored(x, width)]]++;
        }
        const ptrdiff_t pixels = high * wide;
        for (int set = 1; set < SETS; set++)
            for (int level = 0; level < 256; level++) counts[0][level] += counts[set][level];
        if (limit > 0) deal_out(counts[0], std::max(static_cast<int>(limit * static_cast<double>(pixels) / 256), 1));
        const float scale = 255.0f / static_cast<float>(pixels);
        int sum = 0;
        for (int level = 0; level < 256; level++) {
            sum += counts[0][level];
            made[level] = static_cast<u8>(std::min(std::lrintf(static_cast<float>(sum) * scale), 255L));
        }
    }

    static void deal_out(int* counts, int most) {
        int above = 0;
        for (int level = 0; level < 256; level++) {
            above += std::max(counts[level] - most, 0);
            counts[level] = std::min(counts[level], most);
        }
        const int each = above / 256;
        int rest = above - 256 * each;
        for (int level = 0; level < 256; level++) counts[level] += each;
        if (rest == 0) return;
        for (int level = 0, step = std::max(256 / rest, 1); level < 256 && rest > 0; level += step, rest--) counts[level]++;
    }
};

// Pixels of one row between the same four tiles.
void blend(const u8* from, ptrdiff_t count, const std::uint32_t* four, const float* before, const float* behind, float above,
           float below, u8* to) {
    ptrdiff_t x = 0;
#if defined(__AVX2__)
    const __m256i low = _mm256_set1_epi32(255);
    const auto level = [&](__m256i found, int shift) { return _mm256_cvtepi32_ps(_mm256_and_si256(_mm256_srli_epi32(found, shift), low)); };
    for (; x + 8 <= count; x += 8) {
        alignas(32) std::uint32_t looked_up[8];  // quicker than a gather: 8 loads are 4 cycles, and that some 20
        for (int k = 0; k < 8; k++) looked_up[k] = four[from[x + k]];
        const __m256i found = _mm256_load_si256(reinterpret_cast<const __m256i*>(looked_up));
        const __m256 first = _mm256_loadu_ps(before + x), second = _mm256_loadu_ps(behind + x);
        const __m256 upper = _mm256_add_ps(_mm256_mul_ps(level(found, 0), first), _mm256_mul_ps(level(found, 8), second));
        const __m256 lower = _mm256_add_ps(_mm256_mul_ps(level(found, 16), first), _mm256_mul_ps(level(found, 24), second));
        const __m256 sum = _mm256_add_ps(_mm256_mul_ps(upper, _mm256_set1_ps(above)), _mm256_mul_ps(lower, _mm256_set1_ps(below)));
        const __m256i whole = _mm256_cvtps_epi32(sum);
        const __m128i words = _mm_packus_epi32(_mm256_castsi256_si128(whole), _mm256_extracti128_si256(whole, 1));
        _mm_storel_epi64(reinterpret_cast<__m128i*>(to + x), _mm_packus_epi16(words, words));
    }
#endif
    for (; x < count; x++) {
        const std::uint32_t found = four[from[x]];
        const float upper = static_cast<float>(found & 255) * before[x] + static_cast<float>(found >> 8 & 255) * behind[x];
        const float lower = static_cast<float>(found >> 16 & 255) * before[x] + static_cast<float>(found >> 24) * behind[x];
        to[x] = static_cast<u8>(std::lrintf(upper * above + lower * below));
    }
}

}  // namespace

LABKIT_KERNEL(clahe)(const labkit::Inputs& inputs, const labkit::Rows& out) {
    const labkit::Picture& in = inputs.image();
    const Grid grid(in, inputs.parameter(1), inputs.parameter(2));
    const double limit = inputs.parameter<double>(0);
    const Side across(static_cast<ptrdiff_t>(in.width), grid.wide, grid.columns);
    const Side down(static_cast<ptrdiff_t>(in.height), grid.high, grid.rows);
    std::vector<u8> room(std::size_t{256} * grid.rows * grid.columns);
    auto* const tables = reinterpret_cast<Table*>(room.data());
    const int tiles = grid.rows * grid.columns, stretches = static_cast<int>(down.begins.size()) - 1;
#pragma omp parallel num_threads(out.threads)
    {
#pragma omp for schedule(static)
        for (int tile = 0; tile < tiles; tile++) grid.table(tile, limit, tables[tile]);
        std::uint32_t four[256];
#pragma omp for schedule(dynamic)
        for (int row = 0; row < stretches; row++) {
            const ptrdiff_t top = down.begins[row], bottom = down.begins[row + 1];
            for (std::size_t column = 0; column + 1 < across.begins.size(); column++) {
                const ptrdiff_t left = across.begins[column], count = across.begins[column + 1] - left;
                const Table* const upper = tables + down.before[top] * grid.columns;
                const Table* const lower = tables + down.behind[top] * grid.columns;
                const int before = across.before[left], behind = across.behind[left];
                for (int level = 0; level < 256; level++)
                    four[level] = upper[before][level] | upper[behind][level] << 8 | lower[before][level] << 16 |
                                  static_cast<std::uint32_t>(lower[behind][level]) << 24;
                for (ptrdiff_t y = top; y < bottom; y++)
                    blend(in.row(y) + left, count, four, across.share_before.data() + left, across.share_behind.data() + left,
                          down.share_before[y], down.share_behind[y], out.row(y) + left);
            }
        }
    }
}
