// Threshold and majority of nine, in place: grey levels become 0 or 255.
#pragma once

#include <cstdlib>
#include <memory>
#include <new>

#include "grey.hpp"

namespace ocr {

#if LABKIT_AVX512
// A row as bits, 64 pixels a word; one word before and after it repeats the border.
class Row {
public:
    static constexpr std::size_t PAD = 8;  // words: a vector on either side may be loaded
    static std::size_t words(std::size_t width) { return (width + 7) / 8 / 8 * 8 + 3 * PAD; }

    static void threshold(const u8* grey, std::size_t width, u8 cut, u64* row) {
        const __m512i limit = _mm512_set1_epi8(static_cast<char>(cut));
        u64* const bits = row + PAD;
        std::size_t x = 0;
        for (; x + 64 <= width; x += 64) bits[x / 64] = _mm512_cmpgt_epu8_mask(_mm512_loadu_si512(grey + x), limit);
        const std::size_t rest = width - x;
        const u64 inside = (u64{1} << rest) - 1;
        bits[x / 64] = _mm512_cmpgt_epu8_mask(_mm512_maskz_loadu_epi8(inside, grey + x), limit) & inside;
        bits[-1] = bits[0] << 63;
        const u64 last = bits[(width - 1) / 64] >> (width - 1) % 64 & 1;
        bits[x / 64] |= last << rest;
    }
    // The majority of nine: columns of three are added up as two-bit numbers, then three neighbouring columns. ``^`` of
    // three is a sum's low bit, the majority of three its carry; each is one instruction for 512 pixels.
    static void majority(const u64* upper, const u64* middle, const u64* lower, std::size_t width, u8* out) {
        alignas(64) u64 white[8];
        for (std::size_t x = 0; x < width; x += 512) {
            const std::size_t at = PAD + x / 64;
            __m512i ones[3], twos[3];
            for (std::size_t k = 0; k < 3; k++) {
                const __m512i a = _mm512_loadu_si512(upper + at + k - 1), b = _mm512_loadu_si512(middle + at + k - 1);
                const __m512i c = _mm512_loadu_si512(lower + at + k - 1);
                ones[k] = _mm512_ternarylogic_epi64(a, b, c, ODD);
                twos[k] = _mm512_ternarylogic_epi64(a, b, c, MOST);
            }
            const __m512i left_one = _mm512_shldi_epi64(ones[1], ones[0], 1), left_two = _mm512_shldi_epi64(twos[1], twos[0], 1);
            const __m512i right_one = _mm512_shrdi_epi64(ones[1], ones[2], 1), right_two = _mm512_shrdi_epi64(twos[1], twos[2], 1);
            const __m512i one = _mm512_ternarylogic_epi64(left_one, ones[1], right_one, ODD);
            const __m512i two = _mm512_ternarylogic_epi64(left_one, ones[1], right_one, MOST);
            const __m512i two_more = _mm512_ternarylogic_epi64(left_two, twos[1], right_two, ODD);
            const __m512i four = _mm512_ternarylogic_epi64(left_two, twos[1], right_two, MOST);
            // one + 2 · (two + two_more) + 4 · four ≥ 5
            const __m512i any = _mm512_ternarylogic_epi64(one, two, two_more, 0xFE);
            const __m512i all = _mm512_ternarylogic_epi64(one, two, two_more, 0x80);
            _mm512_store_si512(white, _mm512_or_si512(all, _mm512_and_si512(any, four)));
            const std::size_t columns = std::min<std::size_t>(512, width - x);
            std::size_t k = 0;
            for (; k + 64 <= columns; k += 64) _mm512_storeu_si512(out + x + k, _mm512_movm_epi8(white[k / 64]));
            if (k < columns)
                _mm512_mask_storeu_epi8(out + x + k, (u64{1} << (columns - k)) - 1, _mm512_movm_epi8(white[k / 64]));
        }
    }

private:
    static constexpr int ODD = 0x96, MOST = 0xE8;  // of three bits
};
using Cell = u64;
#else
// A row as bytes 0 or 1, with one byte before and after it that repeats the border. Compilers make vectors of the loops.
class Row {
public:
    static std::size_t words(std::size_t width) { return 2 * (width + 2); }

    static void threshold(const u8* grey, std::size_t width, u8 cut, u8* row) {
        for (std::size_t x = 0; x < width; x++) row[x + 1] = grey[x] > cut;
        row[0] = row[1];
        row[width + 1] = row[width];
    }
    static void majority(const u8* upper, const u8* middle, const u8* lower, std::size_t width, u8* __restrict out) {
        constexpr std::size_t PIECE = 512;
        u8 columns[PIECE + 2];
        for (std::size_t x = 0; x < width; x += PIECE) {
            const std::size_t count = std::min(PIECE, width - x);
            for (std::size_t k = 0; k < count + 2; k++) columns[k] = static_cast<u8>(upper[x + k] + middle[x + k] + lower[x + k]);
            for (std::size_t k = 0; k < count; k++) out[x + k] = columns[k] + columns[k + 1] + columns[k + 2] >= 5 ? 255 : 0;
        }
    }
};
using Cell = u8;
#endif

// Rows begin .. end of a picture whose grey levels lie in ``image``, where black and white takes their place. It needs the
// rows above and below as they were: they are read on construction, before another thread overwrites them.
class Band {
public:
    Band(u8* image, std::size_t height, std::size_t width, u8 cut, std::size_t begin, std::size_t end)
        : image_(image), width_(width), begin_(begin), end_(end), cut_(cut), step_((Row::words(width) + 63) / 64 * 64) {
        rows_.reset(static_cast<Cell*>(std::calloc(6 * step_, sizeof(Cell))));
        if (!rows_) throw std::bad_alloc();
        read(begin == 0 ? 0 : begin - 1, 4);
        read(end == height ? height - 1 : end, 5);
    }
    // From the last row to the first: the last ones were written last and are still in the cache. Rows are turned to bits
    // one row before they are needed: a wide load waits for the narrow stores that it takes up.
    void denoise() {
        read(end_ - 1, (end_ - 1) % 4);
        if (end_ - begin_ > 1) read(end_ - 2, (end_ - 2) % 4);
        for (std::size_t y = end_; y-- > begin_;) {
            if (y >= begin_ + 2) read(y - 2, (y - 2) % 4);
            const Cell* const upper = y == begin_ ? row(4) : row((y - 1) % 4);
            const Cell* const lower = y + 1 == end_ ? row(5) : row((y + 1) % 4);
            Row::majority(upper, row(y % 4), lower, width_, image_ + y * width_);
        }
    }

private:
    Cell* row(std::size_t place) const { return rows_.get() + place * step_; }
    void read(std::size_t y, std::size_t place) { Row::threshold(image_ + y * width_, width_, cut_, row(place)); }

    struct Free {
        void operator()(void* memory) const { std::free(memory); }
    };
    u8* image_;
    std::size_t width_, begin_, end_;
    u8 cut_;
    std::size_t step_;
    std::unique_ptr<Cell[], Free> rows_;
};

}  // namespace ocr
