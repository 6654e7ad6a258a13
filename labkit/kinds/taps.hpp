// Weighed sums of rows and along them in 16 bits, with AVX2: as many taps for each output, so that no branch depends on where it
// lies.
#pragma once

#include "kinds/area.hpp"

#if defined(__AVX2__)
#include <immintrin.h>

#include <cmath>

namespace labkit {

constexpr int WEIGHT_BITS = 14, MEAN_BITS = 7;  // of a weight, and of what a row holds: 255 · 2^7 fits 16 bits with a sign
constexpr std::size_t MOST_TAPS = 34;           // of more, weights of 14 bits would be too coarse; sums in float win there

class Taps {
  public:
    // ``step`` taps are taken at a time: 2 of three channels, 8 of one. Columns count from ``origin``.
    Taps(const Axis& axis, std::size_t channels, std::size_t origin)
        : step_(channels == 3 ? 2 : 8), channels_(channels), count_(axis.spans.size()) {
        std::size_t most = 1;
        for (const Span& span : axis.spans) most = std::max(most, span.reach() - span.first);
        groups_ = (most + step_ - 1) / step_;
        const std::size_t padded = (count_ + 3) / 4 * 4;
        first_.resize(padded), weights_.resize(padded * groups_ * 8);
        std::vector<std::int16_t> of_one(groups_ * step_);
        for (std::size_t x = 0; x < count_; x++) {
            const Span& span = axis.spans[x];
            first_[x] = static_cast<std::int32_t>((span.first - origin) * channels);
            fill(span, axis.share, of_one);
            for (std::size_t group = 0; group < groups_; group++)
                for (std::size_t k = 0; k < 8; k++) {
                    const std::size_t tap = group * step_ + (channels == 3 ? k % 2 : k);
                    const std::size_t at = channels == 3 ? ((x / 2 * groups_ + group) * 2 + x % 2) * 8 : (x * groups_ + group) * 8;
                    weights_[at + k] = of_one[tap];
                }
        }
    }

    static bool suit(const Axis& axis) {
        return std::all_of(axis.spans.begin(), axis.spans.end(), [](const Span& s) { return s.reach() - s.first <= MOST_TAPS; });
    }
    std::size_t count() const { return count_; }
    std::size_t behind() const { return groups_ * step_ * channels_ + 16; }  // elements that are read behind a row's last

    // 2^21 times the pixels x and x + 1, x even, each blue, green, red and a void number.
    __m256i two_of_three(const std::int16_t* row, std::size_t x) const {
        const __m256i pairs = _mm256_setr_epi8(0, 1, 6, 7, 2, 3, 8, 9, 4, 5, 10, 11, 4, 5, 10, 11, 0, 1, 6, 7, 2, 3, 8, 9, 4, 5, 10, 11, 4,
                                               5, 10, 11);
        const std::int16_t *left = row + first_[x], *right = row + first_[x + 1];
        const std::int16_t* weights = weights_.data() + x / 2 * groups_ * 16;
        __m256i total = _mm256_setzero_si256();
        for (std::size_t group = 0; group < groups_; group++, left += 6, right += 6, weights += 16) {
            const __m256i both = _mm256_inserti128_si256(_mm256_castsi128_si256(eight(left)), eight(right), 1);
            const __m256i weight = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(weights));
            total = _mm256_add_epi32(total, _mm256_madd_epi16(_mm256_shuffle_epi8(both, pairs), weight));
        }
        return total;
    }

    // 2^21 times four pixels of one channel.
    __m128i four_of_one(const std::int16_t* row, std::size_t x) const {
        const __m128i a = _mm_hadd_epi32(one(row, x), one(row, x + 1)), b = _mm_hadd_epi32(one(row, x + 2), one(row, x + 3));
        return _mm_hadd_epi32(a, b);
    }

  private:
    std::size_t step_, channels_, count_, groups_ = 0;
    std::vector<std::int32_t> first_;
    std::vector<std::int16_t> weights_;

    static __m128i eight(const std::int16_t* from) { return _mm_loadu_si128(reinterpret_cast<const __m128i*>(from)); }

    __m128i one(const std::int16_t* row, std::size_t x) const {
        const std::int16_t *from = row + first_[x], *weights = weights_.data() + x * groups_ * 8;
        __m128i total = _mm_setzero_si128();
        for (std::size_t group = 0; group < groups_; group++)
            total = _mm_add_epi32(total, _mm_madd_epi16(eight(from + 8 * group), eight(weights + 8 * group)));
        return total;
    }

    // Whole weights that add up to 2^14: what rounding leaves goes to the largest.
    static void fill(const Span& span, float share, std::vector<std::int16_t>& to) {
        int left = 1 << WEIGHT_BITS;
        for (std::size_t k = 0; k < to.size(); k++) {
            to[k] = static_cast<std::int16_t>(std::lround(span.weight(span.first + k) * share * (1 << WEIGHT_BITS)));
            left -= to[k];
        }
        *std::max_element(to.begin(), to.end()) += static_cast<std::int16_t>(left);
    }
};

// Weights of 16 bits for the rows of one output row, of which a product's upper 16 bits are kept.
struct RowWeights {
    std::uint16_t low, high, whole;
    int shift;  // of the sum of whole rows, as far as 16 bits go

    RowWeights(const Span& rows, float share) : low(part(rows.low * share)), high(part(rows.high * share)), whole(0), shift(0) {
        const std::size_t count = rows.end - rows.whole;
        while (count > 0 && shift < MEAN_BITS && (count << (shift + 1)) <= ROWS_IN_16) shift++;
        if (count > 0) whole = part(share * static_cast<float>(1 << MEAN_BITS >> shift));
    }
    static bool suit(const Axis& axis) {
        return std::all_of(axis.spans.begin(), axis.spans.end(), [](const Span& s) { return s.end - s.whole <= ROWS_IN_16; });
    }
    std::int16_t mean(const u8* at, std::size_t stride, const Span& rows) const {
        unsigned sum = 0;
        for (std::size_t y = rows.whole; y < rows.end; y++) sum += at[y * stride];
        const auto upper = [](unsigned value, unsigned weight) { return value * weight >> 16; };
        const unsigned below = at[rows.first * stride] << MEAN_BITS, above = at[rows.last * stride] << MEAN_BITS;
        return static_cast<std::int16_t>(upper(below, low) + upper(above, high) + upper(sum << shift, whole) + 1);
    }

  private:
    static std::uint16_t part(float share) { return static_cast<std::uint16_t>(std::min(65535.0f, share * 65536 + 0.5f)); }
};

// 16 bytes a register: all of them in registers from the first row to the last.
template <std::size_t registers>
inline void mean_of_rows(const u8* at, std::size_t stride, const Span& rows, const RowWeights& weights, std::int16_t* to) {
    const auto words = [](const u8* from) { return _mm256_cvtepu8_epi16(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from))); };
    const auto upper = [](__m256i value, std::uint16_t weight) {
        return _mm256_mulhi_epu16(value, _mm256_set1_epi16(static_cast<std::int16_t>(weight)));
    };
    const u8 *const low = at + rows.first * stride, *const high = at + rows.last * stride;
    __m256i sums[registers] = {};
    for (std::size_t y = rows.whole; y < rows.end; y++)
        for (std::size_t k = 0; k < registers; k++) sums[k] = _mm256_add_epi16(sums[k], words(at + y * stride + 16 * k));
    const __m128i shift = _mm_cvtsi32_si128(weights.shift);
    for (std::size_t k = 0; k < registers; k++) {
        const __m256i below = upper(_mm256_slli_epi16(words(low + 16 * k), MEAN_BITS), weights.low);
        const __m256i above = upper(_mm256_slli_epi16(words(high + 16 * k), MEAN_BITS), weights.high);
        const __m256i whole = upper(_mm256_sll_epi16(sums[k], shift), weights.whole);
        const __m256i rest = _mm256_set1_epi16(1);  // half of what cutting off three products takes away
        const __m256i made = _mm256_add_epi16(_mm256_add_epi16(below, above), _mm256_add_epi16(whole, rest));
        _mm256_storeu_si256(reinterpret_cast<__m256i*>(to + 16 * k), made);
    }
}

// 128 times the mean of rows, to within 2, for the bytes ``begin`` to ``end`` of a row.
inline void mean_of_rows(const Picture& in, const Span& rows, float share, std::size_t begin, std::size_t end, std::int16_t* to) {
    const RowWeights weights(rows, share);
    in_chunks(begin, end, [&](auto count, std::size_t i) {
        if constexpr (count() == CHUNK)
            mean_of_rows<CHUNK / 16>(in.data + i, in.stride(), rows, weights, to + (i - begin));
        else
            to[i - begin] = weights.mean(in.data + i, in.stride(), rows);
    });
}

// Four pixels of three channels, as two_of_three gives them, as 12 bytes.
inline __m128i bytes_of_four(__m256i first, __m256i second) {
    constexpr int bits = WEIGHT_BITS + MEAN_BITS;
    const __m256i half = _mm256_set1_epi32(1 << (bits - 1));
    first = _mm256_srli_epi32(_mm256_add_epi32(first, half), bits), second = _mm256_srli_epi32(_mm256_add_epi32(second, half), bits);
    const __m256i bytes = _mm256_packus_epi16(_mm256_packs_epi32(first, second), _mm256_setzero_si256());  // 0 2, 1 3
    const __m128i all = _mm_unpacklo_epi32(_mm256_castsi256_si128(bytes), _mm256_extracti128_si256(bytes, 1));
    return _mm_shuffle_epi8(all, _mm_setr_epi8(0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, -1, -1, -1, -1));
}

// A row of bytes out of a row that holds 128 times its means.
inline void write_row(const Taps& taps, std::size_t channels, const std::int16_t* row, u8* to) {
    const std::size_t count = taps.count();
    for (std::size_t x = 0; x < count; x += 4) {
        __m128i made;
        if (channels == 3) {
            made = bytes_of_four(taps.two_of_three(row, x), taps.two_of_three(row, x + 2));
        } else {
            constexpr int bits = WEIGHT_BITS + MEAN_BITS;
            const __m128i four = _mm_srli_epi32(_mm_add_epi32(taps.four_of_one(row, x), _mm_set1_epi32(1 << (bits - 1))), bits);
            const __m128i words = _mm_packs_epi32(four, four);
            made = _mm_packus_epi16(words, words);
        }
        if (x + 4 <= count && channels == 3) {
            _mm_storel_epi64(reinterpret_cast<__m128i*>(to + 3 * x), made);
            const int rest = _mm_extract_epi32(made, 2);
            std::memcpy(to + 3 * x + 8, &rest, 4);
        } else {
            u8 bytes[16];
            _mm_storeu_si128(reinterpret_cast<__m128i*>(bytes), made);
            std::memcpy(to + channels * x, bytes, channels * std::min<std::size_t>(4, count - x));
        }
    }
}

// ``count`` pixels of half a picture of three channels, out of two rows: of 4 pixels, 12 bytes, neighbours in pairs are added up.
inline void half_row(const u8* above, const u8* below, std::size_t count, u8* to) {
    const __m256i pairs = _mm256_broadcastsi128_si256(_mm_setr_epi8(0, 3, 1, 4, 2, 5, 6, 9, 7, 10, 8, 11, -1, -1, -1, -1));
    const auto sums = [&](const u8* from) {
        const __m128i low = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
        const __m128i high = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from + 12));
        return _mm256_maddubs_epi16(_mm256_shuffle_epi8(_mm256_set_m128i(high, low), pairs), _mm256_set1_epi8(1));
    };
    std::size_t i = 0;  // 28 bytes are read and 14 written; those behind the 12 that count are written again
    for (; 2 * i + 28 <= 6 * count; i += 12) {
        const __m256i four = _mm256_add_epi16(_mm256_add_epi16(sums(above + 2 * i), sums(below + 2 * i)), _mm256_set1_epi16(2));
        const __m256i bytes = _mm256_packus_epi16(_mm256_srli_epi16(four, 2), _mm256_setzero_si256());
        _mm_storel_epi64(reinterpret_cast<__m128i*>(to + i), _mm256_castsi256_si128(bytes));
        _mm_storel_epi64(reinterpret_cast<__m128i*>(to + i + 6), _mm256_extracti128_si256(bytes, 1));
    }
    for (; i < 3 * count; i++) {
        const std::size_t k = i / 3 * 6 + i % 3;
        to[i] = static_cast<u8>((above[k] + above[k + 3] + below[k] + below[k + 3] + 2) / 4);
    }
}

}  // namespace labkit
#endif
