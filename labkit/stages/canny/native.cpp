// canny in C++17: derivatives, steepness and thin lines row by row, in 16 bits and in registers and the first cache.
//
// OpenCV compares |y|·2^15 with |x|·13573 in 32 bits, one candidate after another. The product is no multiple of 2^15 unless x is 0
// (13573 is odd, x below 2^11), so |y|·2^15 < |x|·13573 is |y| <= floor(|x|·13573 / 2^15), the upper half of a product of 16
// bits; and |y|·2^15 > |x|·(13573 + 2^16) is |y| > that + 2·|x|. So all pixels of a vector are decided at once.
//
// Of the strong pixels only those go onto the stack that have a weak neighbour: with 1 for weak and 2 for strong, the lowest
// bit of its neighbours' «or» tells.
#include "kinds/rows.hpp"
#include "kinds/sobel.hpp"
#include "kinds/threads.hpp"

#include <algorithm>
#include <cstring>
#include <exception>
#include <vector>

#if defined(__AVX2__)
#include <immintrin.h>
#endif

namespace {

using labkit::u8;
using i16 = std::int16_t;
using Index = std::ptrdiff_t;

constexpr u8 WEAK = 1, STRONG = 2;
constexpr int TAN = 13573;

struct Bounds {
    i16 low, high;
};

// WEAK or STRONG where a row's pixels are steeper than both neighbours in their direction; `around` are the rows of steepness
// above, here and below, each with a place on either side.
void thin(const i16* across, const i16* down, const i16* const* around, std::size_t width, Bounds bounds, u8* made) {
    const i16 *const above = around[0], *const here = around[1], *const below = around[2];
    std::size_t x = 0;
#if defined(__AVX2__)
    const auto load = [](const i16* from) { return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from)); };
    const __m256i low = _mm256_set1_epi16(bounds.low), high = _mm256_set1_epi16(bounds.high), tan = _mm256_set1_epi16(TAN);
    const __m256i one = _mm256_set1_epi16(1);
    for (; x + 16 <= width; x += 16) {
        const __m256i m = load(here + x), above_low = _mm256_cmpgt_epi16(m, low);
        __m128i answer = _mm_setzero_si128();
        if (!_mm256_testz_si256(above_low, above_low)) {
            const __m256i dx = load(across + x), dy = load(down + x);
            const __m256i ax = _mm256_abs_epi16(dx), ay = _mm256_abs_epi16(dy), twice = _mm256_add_epi16(ax, ax);
            const __m256i part = _mm256_mulhi_epu16(twice, tan);
            const __m256i steeper = _mm256_cmpgt_epi16(ay, part);  // than 22.5°
            const __m256i upright = _mm256_cmpgt_epi16(ay, _mm256_add_epi16(part, twice));
            const __m256i rising = _mm256_srai_epi16(_mm256_xor_si256(dx, dy), 15);
            __m256i before = _mm256_blendv_epi8(load(above + x - 1), load(above + x + 1), rising);
            __m256i after = _mm256_blendv_epi8(load(below + x + 1), load(below + x - 1), rising);
            after = _mm256_add_epi16(after, one);  // m > after is m + 1 > after + 1
            before = _mm256_blendv_epi8(before, load(above + x), upright);
            after = _mm256_blendv_epi8(after, load(below + x), upright);
            before = _mm256_blendv_epi8(load(here + x - 1), before, steeper);
            after = _mm256_blendv_epi8(load(here + x + 1), after, steeper);
            const __m256i largest = _mm256_and_si256(_mm256_cmpgt_epi16(m, before), _mm256_cmpgt_epi16(_mm256_add_epi16(m, one), after));
            const __m256i edge = _mm256_and_si256(largest, above_low), strong = _mm256_cmpgt_epi16(m, high);
            const __m256i value = _mm256_and_si256(edge, _mm256_sub_epi16(one, strong));
            answer = _mm_packs_epi16(_mm256_castsi256_si128(value), _mm256_extracti128_si256(value, 1));
        }
        _mm_storeu_si128(reinterpret_cast<__m128i*>(made + x), answer);
    }
#endif
    for (; x < width; x++) {
        const i16 m = here[x];
        u8 value = 0;
        if (m > bounds.low) {
            const int ax = across[x] < 0 ? -across[x] : across[x], ay = down[x] < 0 ? -down[x] : down[x], part = 2 * ax * TAN >> 16;
            bool largest;
            if (ay <= part)
                largest = m > here[static_cast<Index>(x) - 1] && m >= here[x + 1];
            else if (ay > part + 2 * ax)
                largest = m > above[x] && m >= below[x];
            else if ((across[x] ^ down[x]) < 0)
                largest = m > above[x + 1] && m > below[static_cast<Index>(x) - 1];
            else
                largest = m > above[static_cast<Index>(x) - 1] && m > below[x + 1];
            if (largest) value = m > bounds.high ? STRONG : WEAK;
        }
        made[x] = value;
    }
}

void thin_band(const labkit::Picture& in, Index begin, Index end, Bounds bounds, const labkit::Rows& out) {
    const auto height = static_cast<Index>(in.height);
    const std::size_t width = in.width, apart = width + 2;
    std::vector<i16> room(7 * apart);
    i16 *steep[3], *across[2], *down[2];
    for (int k = 0; k < 3; k++) steep[k] = room.data() + k * apart + 1;
    for (int k = 0; k < 2; k++) across[k] = room.data() + (3 + k) * apart, down[k] = room.data() + (5 + k) * apart;
    const auto row = [&](Index y) { return in.row(std::clamp<Index>(y, 0, height - 1)); };
    for (Index y = begin - 1; y <= end; y++) {
        i16 *const m = steep[(y + 3) % 3], *const dx = across[y & 1], *const dy = down[y & 1];
        if (y < 0 || y >= height)
            std::fill(m, m + width, i16{0});
        else
            labkit::each_of_row<true>({row(y - 1), row(y), row(y + 1)}, width, [=](auto x, auto a, auto d) {
                dx[x] = a, dy[x] = d, m[x] = labkit::steepness(a, d);
            });
        if (y <= begin) continue;
        const Index made = y - 1;
        const i16* const around[] = {steep[(made + 2) % 3], steep[(made + 3) % 3], steep[(made + 4) % 3]};
        thin(across[made & 1], down[made & 1], around, width, bounds, out.row(made));
    }
}

struct Place {
    std::uint32_t y, x;
};

// Makes strong what is weak and joined to this pixel, and calls found(y, x) for it.
template <class Found>
void join_neighbours(const labkit::Rows& out, Place place, Found found) {
    const auto stride = static_cast<Index>(out.stride);
    u8* const pixel = out.row(place.y) + place.x;
    const int top = place.y ? -1 : 0, bottom = place.y + 1 < out.height ? 1 : 0;
    const int left = place.x ? -1 : 0, right = place.x + 1 < out.width ? 1 : 0;
    for (int dy = top; dy <= bottom; dy++)
        for (int dx = left; dx <= right; dx++)
            if (u8& other = pixel[dy * stride + dx]; other == WEAK) {
                other = STRONG;
                found(Place{place.y + dy, place.x + dx});
            }
}

// Makes strong what is joined to a strong pixel.
void join(const labkit::Rows& out) {
    const std::size_t width = out.width;  // a byte that is stored might else be part of it
    std::vector<Place> stack;
    std::vector<u8> columns(width + 2), wanted(width + 32);
    u8 *const v = columns.data() + 1, *const w = wanted.data();
    for (std::size_t y = 0; y < out.height; y++) {
        const u8 *const row = out.row(y), *const a = y ? out.row(y - 1) : row, *const c = y + 1 < out.height ? out.row(y + 1) : row;
#pragma GCC ivdep
        for (std::size_t x = 0; x < width; x++) v[x] = a[x] | row[x] | c[x];
#pragma GCC ivdep
        for (std::size_t x = 0; x < width; x++) {
            const auto at = static_cast<Index>(x);
            w[x] = static_cast<u8>(row[x] >> 1 & (v[at - 1] | v[at] | v[at + 1]) & 1);
        }
        for (std::size_t x = 0; x < width; x += 32) {
            std::uint64_t eight[4];
            std::memcpy(eight, w + x, 32);
            if (!(eight[0] | eight[1] | eight[2] | eight[3])) continue;
            for (int k = 0; k < 4; k++)
                for (std::uint64_t left = eight[k]; left; left &= left - 1)
                    stack.push_back({static_cast<std::uint32_t>(y), static_cast<std::uint32_t>(x + 8 * k + __builtin_ctzll(left) / 8)});
        }
        while (!stack.empty()) {
            const Place place = stack.back();
            stack.pop_back();
            join_neighbours(out, place, [&](Place found) { stack.push_back(found); });
        }
    }
}

}  // namespace

LABKIT_KERNEL(canny)(const labkit::Inputs& inputs, const labkit::Rows& out) {
    const labkit::Picture& in = inputs.image();
    const int first = inputs.parameter(0), second = inputs.parameter(1);
    const Bounds bounds{static_cast<i16>(std::min(first, second)), static_cast<i16>(std::max(first, second))};
    const auto height = static_cast<Index>(in.height);
    const std::size_t width = in.width;
    const Index bands = out.threads;
    std::exception_ptr failed;
#pragma omp parallel for num_threads(out.threads) schedule(static)
    for (Index band = 0; band < bands; band++) try {
            thin_band(in, height * band / bands, height * (band + 1) / bands, bounds, out);
        } catch (...) {
#pragma omp critical(canny_failed)
            failed = std::current_exception();
        }
    if (failed) std::rethrow_exception(failed);
    join(out);
#pragma omp parallel for num_threads(out.threads) schedule(static)
    for (Index y = 0; y < height; y++) {
        u8* const row = out.row(y);
        for (std::size_t x = 0; x < width; x++) row[x] = row[x] == STRONG ? 255 : 0;
    }
}
