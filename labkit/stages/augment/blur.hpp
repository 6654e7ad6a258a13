// A symmetric separable blur in 16 bits: values with 6 bits of fraction, weights with 15.
//
// A pair of values that share a weight is added first (at most 2 · 255 · 64 = 32640: it fits), then multiplied; vpmulhrsw
// gives the rounded upper half of the product, again with 6 bits of fraction. Each product is off by up to 1/128 of a level,
// of 2 · 11 products (21 taps, both directions) by up to 0.18 in sum; the weights' rounding adds up to 2 · 21 · 255 / 65536
// = 0.17. So before its only rounding to an integer a value is off by less than 0.4: at most one level in the end.
#pragma once

#include <cmath>
#include <vector>

#include "kinds/border.hpp"
#include "symmetry.hpp"

namespace augment {

using labkit::mirrored;

#if defined(__AVX512BW__) && !defined(LABKIT_PORTABLE)
constexpr int WIDTH = 64;  // bytes in a vector
#elif defined(__AVX2__) && !defined(LABKIT_PORTABLE)
constexpr int WIDTH = 32;
#else
constexpr int WIDTH = 16;
#endif
constexpr int FRACTION = 6, LANES = WIDTH / 2, MOST = 31;  // bits, values of 16 bits in a vector, the largest radius
using Lanes [[gnu::vector_size(WIDTH), gnu::aligned(2), gnu::may_alias]] = std::int16_t;  // loads and stores anywhere

inline Lanes load(const std::int16_t* from) { return *reinterpret_cast<const Lanes*>(from); }
inline void store(std::int16_t* to, Lanes value) { *reinterpret_cast<Lanes*>(to) = value; }

// Weight k is that of the taps at distance k, times 32768; with their mirror images they sum up to 32768.
struct Weights {
    int radius;
    std::vector<std::int16_t> at;

    Weights(int size, double sigma) : radius(size / 2), at(static_cast<std::size_t>(radius) + 1) {
        std::vector<double> exact;
        double sum = 0;
        for (int k = 0; k <= radius; k++) {
            exact.push_back(k ? std::exp(-0.5 * (k / sigma) * (k / sigma)) : 1);
            sum += k ? 2 * exact.back() : 1;
        }
        int middle = 32768;
        for (int k = 1; k <= radius; k++) {
            at[k] = static_cast<std::int16_t>(std::lround(exact[k] / sum * 32768));
            middle -= 2 * at[k];
        }
        at[0] = static_cast<std::int16_t>(std::min(middle, 32767));
    }
};

// Twice LANES sums, in the order in which bytes are unpacked; `narrow` puts them back into theirs.
struct Sums {
    Lanes low, high;
};

// Three kinds of machine: what differs is here (1080p, 13 taps: 2.2 ms, 4.9 ms, and 29 ms where nothing is known of the
// vectors, since GCC then multiplies in 32 bits). `times` is the rounded upper half of a product; `single` and `pair` are
// (a) · 64 and (a + b) · 64 of a vector of bytes each; `narrow` drops the fraction and stores at most `count` bytes.
#if defined(__AVX512BW__) && !defined(LABKIT_PORTABLE)
inline Lanes times(Lanes value, Lanes weight) { return (Lanes)_mm512_mulhrs_epi16((__m512i)value, (__m512i)weight); }
inline Sums sums(__m512i a, __m512i b) {
    const __m512i factors = _mm512_set1_epi8(1 << FRACTION);
    return {(Lanes)_mm512_maddubs_epi16(_mm512_unpacklo_epi8(a, b), factors),
            (Lanes)_mm512_maddubs_epi16(_mm512_unpackhi_epi8(a, b), factors)};
}
inline Sums single(const uint8_t* a) { return sums(_mm512_loadu_si512(a), _mm512_setzero_si512()); }
inline Sums pair(const uint8_t* a, const uint8_t* b) { return sums(_mm512_loadu_si512(a), _mm512_loadu_si512(b)); }
inline void narrow(uint8_t* to, Lanes low, Lanes high, ptrdiff_t count) {
    const __mmask64 mask = count >= WIDTH ? ~0ull : (1ull << count) - 1;
    const __m512i one = _mm512_srli_epi16((__m512i)low, FRACTION), two = _mm512_srli_epi16((__m512i)high, FRACTION);
    _mm512_mask_storeu_epi8(to, mask, _mm512_packus_epi16(one, two));
}
#elif defined(__AVX2__) && !defined(LABKIT_PORTABLE)
inline Lanes times(Lanes value, Lanes weight) { return (Lanes)_mm256_mulhrs_epi16((__m256i)value, (__m256i)weight); }
inline Sums sums(__m256i a, __m256i b) {
    const __m256i factors = _mm256_set1_epi8(1 << FRACTION);
    return {(Lanes)_mm256_maddubs_epi16(_mm256_unpacklo_epi8(a, b), factors),
            (Lanes)_mm256_maddubs_epi16(_mm256_unpackhi_epi8(a, b), factors)};
}
inline __m256i bytes(const uint8_t* from) { return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from)); }
inline Sums single(const uint8_t* a) { return sums(bytes(a), _mm256_setzero_si256()); }
inline Sums pair(const uint8_t* a, const uint8_t* b) { return sums(bytes(a), bytes(b)); }
inline void narrow(uint8_t* to, Lanes low, Lanes high, ptrdiff_t count) {
    const __m256i one = _mm256_srli_epi16((__m256i)low, FRACTION), two = _mm256_srli_epi16((__m256i)high, FRACTION);
    const __m256i packed = _mm256_packus_epi16(one, two);
    if (count >= WIDTH)
        _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), packed);
    else if (count > 0)
        std::memcpy(to, &packed, static_cast<std::size_t>(count));
}
#else
using Wide [[gnu::vector_size(2 * WIDTH)]] = std::int32_t;
using Bytes [[gnu::vector_size(WIDTH / 2)]] = uint8_t;
inline Lanes times(Lanes value, Lanes weight) {
    const Wide product = __builtin_convertvector(value, Wide) * __builtin_convertvector(weight, Wide);
    return __builtin_convertvector((product + 0x4000) >> 15, Lanes);
}
inline Lanes half(const uint8_t* from) {
    Bytes bytes;
    std::memcpy(&bytes, from, sizeof bytes);
    return __builtin_convertvector(bytes, Lanes) << FRACTION;
}
inline Sums single(const uint8_t* a) { return {half(a), half(a + LANES)}; }
inline Sums pair(const uint8_t* a, const uint8_t* b) { return {half(a) + half(b), half(a + LANES) + half(b + LANES)}; }
inline void narrow(uint8_t* to, Lanes low, Lanes high, ptrdiff_t count) {
    for (int k = 0; k < std::min<ptrdiff_t>(WIDTH, count); k++)
        to[k] = static_cast<uint8_t>(std::min(255, (k < LANES ? low[k] : high[k - LANES]) >> FRACTION));
}
#endif

// Every lane of vector k is the weight of the taps at distance k.
template <int R>
struct Spread {
    Lanes at[R ? R + 1 : MOST + 1];
    explicit Spread(const Weights& weights) {
        for (int k = 0; k <= (R ? R : weights.radius); k++) at[k] = Lanes{} + weights.at[static_cast<std::size_t>(k)];
    }
};

// Blurs along a row: `from` has 3 · radius bytes beyond either end, and may be read a vector further. R: the radius if > 0.
template <int R>
void along_row(const uint8_t* from, const Weights& weights, ptrdiff_t count, std::int16_t* to) {
    const int radius = R ? R : weights.radius;
    const Spread<R> spread(weights);
    for (ptrdiff_t k = 0; k < count; k += WIDTH) {
        Sums taps = single(from + k), sum = {times(taps.low, spread.at[0]), times(taps.high, spread.at[0])};
#pragma GCC unroll 16
        for (int d = 1; d <= radius; d++) {
            taps = pair(from + k - 3 * d, from + k + 3 * d);
            sum.low += times(taps.low, spread.at[d]);
            sum.high += times(taps.high, spread.at[d]);
        }
        store(to + k, sum.low);
        store(to + k + LANES, sum.high);
    }
}

constexpr int ROWS = 4;  // rows that are blurred together: a row's values are loaded once for all of them

// Blurs LANES columns of ROWS rows; `rows` points to 2 · radius + ROWS rows.
template <int R>
inline void column(const std::int16_t* const* rows, int radius, const Spread<R>& spread, ptrdiff_t k, Lanes* sum) {
    Lanes above[ROWS], below[ROWS];
#pragma GCC unroll 4
    for (int i = 0; i < ROWS; i++) {
        above[i] = below[i] = load(rows[radius + i] + k);
        sum[i] = times(above[i], spread.at[0]) + static_cast<std::int16_t>(1 << (FRACTION - 1));  // to the nearest
    }
#pragma GCC unroll 16
    for (int d = 1; d <= radius; d++) {
#pragma GCC unroll 4
        for (int i = ROWS - 1; i > 0; i--) above[i] = above[i - 1];
#pragma GCC unroll 4
        for (int i = 0; i < ROWS - 1; i++) below[i] = below[i + 1];
        above[0] = load(rows[radius - d] + k);
        below[ROWS - 1] = load(rows[radius + ROWS - 1 + d] + k);
#pragma GCC unroll 4
        for (int i = 0; i < ROWS; i++) sum[i] += times(above[i] + below[i], spread.at[d]);
        asm volatile("" : "+r"(rows));  // else GCC loads all rows first and has no registers left
    }
}

// Blurs along columns and rounds: the first `wanted` of ROWS rows, `step` bytes apart.
template <int R>
void along_columns(const std::int16_t* const* rows, const Weights& weights, ptrdiff_t count, ptrdiff_t wanted, uint8_t* to,
                   ptrdiff_t step) {
    const int radius = R ? R : weights.radius;
    const Spread<R> spread(weights);
    for (ptrdiff_t k = 0; k < count; k += WIDTH) {
        Lanes low[ROWS], high[ROWS];
        column<R>(rows, radius, spread, k, low);
        column<R>(rows, radius, spread, k + LANES, high);
        if (wanted == ROWS) {
#pragma GCC unroll 4
            for (int i = 0; i < ROWS; i++) narrow(to + i * step + k, low[i], high[i], count - k);
        } else {
            for (int i = 0; i < wanted; i++) narrow(to + i * step + k, low[i], high[i], count - k);
        }
    }
}

// A picture that is blurred row after row. A row passes the table, is blurred along itself and then waits in a ring until
// all rows that need it are done.
class Blur {
public:
    Blur(Rows picture, ptrdiff_t height, ptrdiff_t width, bool reverse, const Look& table, const Weights& weights)
        : picture_(picture), height_(height), width_(width), reverse_(reverse), table_(table), weights_(weights),
          slots_(std::min<ptrdiff_t>(height, 2 * weights.radius + 2 * ROWS)), step_((3 * width + 63) / 64 * 64),
          ring_(static_cast<std::size_t>(slots_ * step_)), row_(static_cast<std::size_t>(step_ + 6 * weights.radius + 64)),
          rows_(static_cast<std::size_t>(2 * weights.radius + ROWS)) {}

    // Blurs rows begin..end (at most ROWS) into `to`, `to_step` bytes apart. Rows must be asked for from top to bottom.
    void next(ptrdiff_t begin, ptrdiff_t end, uint8_t* to, ptrdiff_t to_step) {
        switch (weights_.radius) {
            case 1: return next<1>(begin, end, to, to_step);
            case 2: return next<2>(begin, end, to, to_step);
            case 3: return next<3>(begin, end, to, to_step);
            case 4: return next<4>(begin, end, to, to_step);
            case 5: return next<5>(begin, end, to, to_step);
            case 6: return next<6>(begin, end, to, to_step);
            case 7: return next<7>(begin, end, to, to_step);
            case 8: return next<8>(begin, end, to, to_step);
            case 9: return next<9>(begin, end, to, to_step);
            case 10: return next<10>(begin, end, to, to_step);
            default: return next<0>(begin, end, to, to_step);
        }
    }

private:
    template <int R>
    void next(ptrdiff_t begin, ptrdiff_t end, uint8_t* to, ptrdiff_t to_step) {
        const int radius = weights_.radius;
        if (taken_ < 0) taken_ = std::max<ptrdiff_t>(0, begin - radius - ROWS);
        for (; taken_ < std::min(height_, begin + ROWS + radius); taken_++) take<R>(taken_);
        for (ptrdiff_t k = 0; k < 2 * radius + ROWS; k++)
            rows_[static_cast<std::size_t>(k)] = slot(mirrored(begin - radius + k, height_));
        along_columns<R>(rows_.data(), weights_, 3 * width_, end - begin, to, to_step);
    }

    std::int16_t* slot(ptrdiff_t y) { return ring_.data() + y % slots_ * step_; }

    template <int R>
    void take(ptrdiff_t y) {
        uint8_t* const middle = row_.data() + 3 * weights_.radius;
        row(picture_.at(y), middle, width_, reverse_, table_);
        for (ptrdiff_t d = 1; d <= weights_.radius; d++) {
            std::memcpy(middle - 3 * d, middle + 3 * mirrored(-d, width_), 3);
            std::memcpy(middle + 3 * (width_ - 1 + d), middle + 3 * mirrored(width_ - 1 + d, width_), 3);
        }
        along_row<R>(middle, weights_, 3 * width_, slot(y));
    }

    Rows picture_;
    ptrdiff_t height_, width_;
    bool reverse_;
    const Look& table_;
    const Weights& weights_;
    ptrdiff_t slots_, step_, taken_ = -1;
    std::vector<std::int16_t> ring_;
    std::vector<uint8_t> row_;
    std::vector<const std::int16_t*> rows_;
};

}  // namespace augment
