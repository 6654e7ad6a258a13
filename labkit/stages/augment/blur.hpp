// A symmetric separable blur in 16 bits: values with 6 bits of fraction, weights with 15.
//
// A pair of values that share a weight is added first (at most 2 · 255 · 64 = 32640: it fits), then multiplied; vpmulhrsw
// gives the rounded upper half of the product, again with 6 bits of fraction. Each product is off by up to 1/128 of a level,
// of 2 · 11 products (21 taps, both directions) by up to 0.18 in sum; the weights' rounding adds up to 2 · 21 · 255 / 65536
// = 0.17. So before its only rounding to an integer a value is off by less than 0.4: at most one level in the end.
#pragma once

#include <cmath>
#include <vector>

#include "symmetry.hpp"

namespace augment {

constexpr int FRACTION = 6, LANES = 32;
using Lanes [[gnu::vector_size(64), gnu::aligned(2), gnu::may_alias]] = std::int16_t;  // loads and stores anywhere

inline Lanes times(Lanes value, Lanes weight) {
#if AUGMENT_AVX512
    return (Lanes)_mm512_mulhrs_epi16((__m512i)value, (__m512i)weight);
#else
    Lanes product;
    for (int k = 0; k < LANES; k++) product[k] = static_cast<std::int16_t>((value[k] * weight[k] + 0x4000) >> 15);
    return product;
#endif
}
inline Lanes load(const std::int16_t* from) { return *reinterpret_cast<const Lanes*>(from); }
inline void store(std::int16_t* to, Lanes value) { *reinterpret_cast<Lanes*>(to) = value; }
inline Lanes all(std::int16_t value) { return Lanes{} + value; }

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

// The place that a place beyond the border shows: mirrored there, the border itself not repeated.
inline ptrdiff_t mirrored(ptrdiff_t place, ptrdiff_t count) {
    if (count == 1) return 0;
    const ptrdiff_t period = 2 * (count - 1);
    place = ((place % period) + period) % period;
    return std::min(place, period - place);
}

constexpr int ROWS = 4;  // rows that are blurred together: a row's values are loaded once for all of them

// Blurs along columns: `rows` points to 2 · radius + ROWS rows; gives ROWS rows `step` values apart. R: the radius if > 0.
template <int R>
void along_columns(const std::int16_t* const* rows, const Weights& weights, ptrdiff_t count, std::int16_t* to, ptrdiff_t step) {
    const int radius = R ? R : weights.radius;
    for (ptrdiff_t k = 0; k < count; k += LANES) {
        Lanes above[ROWS], below[ROWS], sum[ROWS];
        const Lanes middle = all(weights.at[0]);
#pragma GCC unroll 4
        for (int i = 0; i < ROWS; i++) {
            above[i] = below[i] = load(rows[radius + i] + k);
            sum[i] = times(above[i], middle);
        }
#pragma GCC unroll 16
        for (int d = 1; d <= radius; d++) {
            const Lanes weight = all(weights.at[static_cast<std::size_t>(d)]);
#pragma GCC unroll 4
            for (int i = ROWS - 1; i > 0; i--) above[i] = above[i - 1];
#pragma GCC unroll 4
            for (int i = 0; i < ROWS - 1; i++) below[i] = below[i + 1];
            above[0] = load(rows[radius - d] + k);
            below[ROWS - 1] = load(rows[radius + ROWS - 1 + d] + k);
#pragma GCC unroll 4
            for (int i = 0; i < ROWS; i++) sum[i] += times(above[i] + below[i], weight);
        }
#pragma GCC unroll 4
        for (int i = 0; i < ROWS; i++) store(to + i * step + k, sum[i]);
    }
}

inline void narrow(uint8_t* to, Lanes value, ptrdiff_t count) {
#if AUGMENT_AVX512
    const __mmask32 mask = count >= LANES ? ~0u : (1u << count) - 1;
    _mm512_mask_cvtusepi16_storeu_epi8(to, mask, _mm512_srli_epi16((__m512i)value, FRACTION));
#else
    for (int k = 0; k < std::min<ptrdiff_t>(LANES, count); k++)
        to[k] = static_cast<uint8_t>(std::min(255, value[k] >> FRACTION));
#endif
}

// Blurs along a row and rounds: `from` has 3 · radius values beyond either end of its `count`.
template <int R>
void along_row(const std::int16_t* from, const Weights& weights, ptrdiff_t count, uint8_t* to) {
    const int radius = R ? R : weights.radius;
    for (ptrdiff_t k = 0; k < count; k += LANES) {
        Lanes sum = times(load(from + k), all(weights.at[0])) + all(1 << (FRACTION - 1));
#pragma GCC unroll 16
        for (int d = 1; d <= radius; d++)
            sum += times(load(from + k - 3 * d) + load(from + k + 3 * d), all(weights.at[static_cast<std::size_t>(d)]));
        narrow(to + k, sum, count - k);
    }
}

// A picture that is blurred row after row. Rows pass the table, wait in a ring until all that need them are done.
class Blur {
public:
    Blur(Rows picture, ptrdiff_t height, ptrdiff_t width, bool reverse, const Look& table, const Weights& weights)
        : picture_(picture), height_(height), width_(width), reverse_(reverse), table_(table), weights_(weights),
          slots_(std::min<ptrdiff_t>(height, 2 * weights.radius + 2 * ROWS)),
          pad_((3 * weights.radius + LANES - 1) / LANES * LANES), step_((3 * width + LANES - 1) / LANES * LANES + 2 * pad_ + LANES),
          ring_(static_cast<std::size_t>(slots_ * step_)), blurred_(static_cast<std::size_t>(ROWS * step_)),
          row_(static_cast<std::size_t>(3 * width + 64)), rows_(static_cast<std::size_t>(2 * weights.radius + ROWS)) {}

    // Blurs rows begin..end (at most ROWS) into `to`, `to_step` bytes apart. Rows must be asked for from top to bottom.
    void next(ptrdiff_t begin, ptrdiff_t end, uint8_t* to, ptrdiff_t to_step) {
        const int radius = weights_.radius;
        if (taken_ < 0) taken_ = std::max<ptrdiff_t>(0, begin - radius - ROWS);
        for (; taken_ < std::min(height_, begin + ROWS + radius); taken_++) take(taken_);
        for (ptrdiff_t k = 0; k < 2 * radius + ROWS; k++)
            rows_[static_cast<std::size_t>(k)] = slot(mirrored(begin - radius + k, height_));
        switch (radius) {
            case 1: return both<1>(end - begin, to, to_step);
            case 2: return both<2>(end - begin, to, to_step);
            case 3: return both<3>(end - begin, to, to_step);
            case 4: return both<4>(end - begin, to, to_step);
            case 5: return both<5>(end - begin, to, to_step);
            case 6: return both<6>(end - begin, to, to_step);
            case 7: return both<7>(end - begin, to, to_step);
            case 8: return both<8>(end - begin, to, to_step);
            case 9: return both<9>(end - begin, to, to_step);
            case 10: return both<10>(end - begin, to, to_step);
            default: return both<0>(end - begin, to, to_step);
        }
    }

private:
    std::int16_t* slot(ptrdiff_t y) { return ring_.data() + y % slots_ * step_; }

    void take(ptrdiff_t y) {
        row(picture_.at(y), row_.data(), width_, reverse_, table_);
        std::int16_t* const to = slot(y);
        for (ptrdiff_t k = 0; k < 3 * width_; k++) to[k] = static_cast<std::int16_t>(row_[static_cast<std::size_t>(k)] << FRACTION);
    }

    template <int R>
    void both(ptrdiff_t count, uint8_t* to, ptrdiff_t to_step) {
        along_columns<R>(rows_.data(), weights_, 3 * width_, blurred_.data() + pad_, step_);
        for (ptrdiff_t i = 0; i < count; i++) {
            std::int16_t* const values = blurred_.data() + pad_ + i * step_;
            for (ptrdiff_t d = 1; d <= weights_.radius; d++) {
                std::memcpy(values - 3 * d, values + 3 * mirrored(-d, width_), 6);
                std::memcpy(values + 3 * (width_ - 1 + d), values + 3 * mirrored(width_ - 1 + d, width_), 6);
            }
            along_row<R>(values, weights_, 3 * width_, to + i * to_step);
        }
    }

    Rows picture_;
    ptrdiff_t height_, width_;
    bool reverse_;
    const Look& table_;
    const Weights& weights_;
    ptrdiff_t slots_, pad_, step_, taken_ = -1;
    std::vector<std::int16_t> ring_, blurred_;
    std::vector<uint8_t> row_;
    std::vector<const std::int16_t*> rows_;
};

}  // namespace augment
