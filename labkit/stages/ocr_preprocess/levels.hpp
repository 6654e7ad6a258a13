// How many pixels lie at or below each of 16 levels, without a store a pixel: 64 pixels at a time.
//
// A table turns each grey level into a byte whose bit k says «above level k», for eight levels. Bytes of 16 vectors are added
// up bit by bit with full adders (two instructions each) before anything is counted; a bit's sum over 16 pixels is 16 in
// the last carry. Source of the adder tree: W. Muła, N. Kurz, D. Lemire, "Faster Population Counts Using AVX2 Instructions",
// The Computer Journal 61(1), 2018; of a count for every bit: "Positional population count" in R. Clausecker, D. Lemire,
// W. Muła, "Faster Positional-Population Counts for AVX2, AVX-512, and ASIMD", 2023.
#pragma once

#include "grey.hpp"
#include "kinds/otsu.hpp"
#include "search.hpp"

namespace ocr {

// What was counted of some pixels: those above each level of a plan, and the sums of min(grey, anchor).
struct Tally {
    u64 above[MOST_LEVELS] = {};
    u64 lowered[MOST_ANCHORS] = {};
    u64 count = 0, sum = 0;

    void add(const Tally& other) {
        for (int k = 0; k < MOST_LEVELS; k++) above[k] += other.above[k];
        for (int k = 0; k < MOST_ANCHORS; k++) lowered[k] += other.lowered[k];
        count += other.count;
        sum += other.sum;
    }
    void add_one(const Plan& plan, u8 grey) {
        for (int k = 0; k < plan.levels; k++) above[k] += grey > plan.level[k];
        for (int k = 0; k < plan.anchors; k++) lowered[k] += std::min<int>(grey, plan.anchor[k]);
        count++;
        sum += grey;
    }
    void tell(const Plan& plan, Bounds& bounds) const {
        for (int k = 0; k < plan.levels; k++) bounds.add(plan.level[k], static_cast<double>(count - above[k]));
        for (int k = 0; k < plan.anchors; k++) {
            const int* const place = std::find(plan.level, plan.level + plan.levels, plan.anchor[k]);
            const u64 higher = above[place - plan.level];
            bounds.add(plan.anchor[k], static_cast<double>(count - higher),
                       static_cast<double>(lowered[k] - higher * static_cast<u64>(plan.anchor[k])));
        }
    }
};

#if LABKIT_AVX512
class LevelCounter {
public:
    static constexpr int BYTES = MOST_LEVELS / 8;
    static constexpr std::size_t GROUP = 16 * 64;  // pixels

    explicit LevelCounter(const Plan& plan) : plan_(plan) {
        alignas(64) u8 numbers[256];
        for (int k = 0; k < 256; k++) numbers[k] = static_cast<u8>(k);
        for (int half = 0; half < BYTES; half++)
            for (int quarter = 0; quarter < 4; quarter++) {
                const __m512i grey = _mm512_load_si512(numbers + 64 * quarter);
                __m512i bits = _mm512_setzero_si512();
                for (int k = 0; k < 8 && 8 * half + k < plan.levels; k++) {
                    const __m512i level = _mm512_set1_epi8(static_cast<char>(plan.level[8 * half + k]));
                    const __m512i bit = _mm512_set1_epi8(static_cast<char>(1 << k));
                    bits = _mm512_or_si512(bits, _mm512_maskz_mov_epi8(_mm512_cmpgt_epu8_mask(grey, level), bit));
                }
                table_[half][quarter] = bits;
            }
        for (int k = 0; k < MOST_ANCHORS; k++) anchor_[k] = _mm512_set1_epi8(static_cast<char>(k < plan.anchors ? plan.anchor[k] : 0));
        for (auto& byte : bytes_)
            for (__m512i& bit : byte) bit = _mm512_setzero_si512();
    }
    // Counts groups · 1024 pixels.
    void add(const u8* grey, std::size_t groups) {
        while (groups) {
            const std::size_t some = std::min<std::size_t>(groups, 255 - pending_);
            State state = state_;  // in registers
            for (std::size_t k = 0; k < some; k++) sum_group(grey + k * GROUP, state.sums);
            for (std::size_t k = 0; k < some; k++) add_group(grey + k * GROUP, state);
            state_ = state;
            grey += some * GROUP;
            groups -= some;
            pending_ += some;
            if (pending_ == 255) flush();  // a byte holds no more
        }
    }
    const Tally& tally() {
        flush();
        return tally_;
    }

private:
    struct State {
        __m512i low[BYTES][4];  // the adders' ones, twos, fours and eights
        __m512i sums[MOST_ANCHORS + 1];
    };
    static void full_add(__m512i& carry, __m512i& sum, __m512i a, __m512i b) {
        const __m512i before = sum;
        sum = _mm512_ternarylogic_epi64(before, a, b, 0x96);
        carry = _mm512_ternarylogic_epi64(before, a, b, 0xE8);
    }
    __m512i bits(int half, __m512i grey, __mmask64 upper) const {
        const __m512i* const table = table_[half];
        return _mm512_mask_blend_epi8(upper, _mm512_permutex2var_epi8(table[0], grey, table[1]),
                                      _mm512_permutex2var_epi8(table[2], grey, table[3]));
    }
    // A loop for itself: together with the tables and adders it would need more than the 32 registers there are.
    void sum_group(const u8* grey, __m512i* sums) const {
        const __m512i one = _mm512_set1_epi8(1);
#pragma GCC unroll 2
        for (int k = 0; k < 16; k++) {
            const __m512i levels = _mm512_loadu_si512(grey + 64 * k);
            for (int a = 0; a < MOST_ANCHORS; a++)
                sums[a] = _mm512_dpbusd_epi32(sums[a], _mm512_min_epu8(levels, anchor_[a]), one);
            sums[MOST_ANCHORS] = _mm512_dpbusd_epi32(sums[MOST_ANCHORS], levels, one);
        }
    }
    void add_group(const u8* grey, State& state) {
        __m512i first[BYTES], carry[BYTES][4];
#pragma GCC unroll 16
        for (int k = 0; k < 16; k++) {
            const __m512i levels = _mm512_loadu_si512(grey + 64 * k);
            const __mmask64 upper = _mm512_movepi8_mask(levels);
#pragma GCC unroll 4
            for (int half = 0; half < BYTES; half++) {
                __m512i up = bits(half, levels, upper);
                if (k % 2 == 0) {
                    first[half] = up;
                    continue;
                }
                full_add(up, state.low[half][0], first[half], up);
                // As in counting: a carry waits for its second, and two of them carry on.
#pragma GCC unroll 4
                for (int place = 1; place < 4; place++) {
                    if (!(k >> place & 1)) {
                        carry[half][place] = up;
                        break;
                    }
                    full_add(up, state.low[half][place], carry[half][place], up);
                }
                if (k < 15) continue;
                for (int bit = 0; bit < 8; bit++) {
                    const __mmask64 set = _mm512_test_epi8_mask(up, _mm512_set1_epi8(static_cast<char>(1 << bit)));
                    bytes_[half][bit] = _mm512_mask_sub_epi8(bytes_[half][bit], set, bytes_[half][bit], _mm512_set1_epi8(-1));
                }
            }
        }
    }
    static u64 total(__m512i bytes) {
        return static_cast<u64>(_mm512_reduce_add_epi64(_mm512_sad_epu8(bytes, _mm512_setzero_si512())));
    }
    void flush() {
        for (int half = 0; half < BYTES; half++) {
            for (int bit = 0; bit < 8; bit++) {
                const __m512i which = _mm512_set1_epi8(static_cast<char>(1 << bit));
                u64 above = 16 * total(bytes_[half][bit]);
                for (int place = 0; place < 4; place++)
                    above += static_cast<u64>(__builtin_popcountll(_mm512_test_epi8_mask(state_.low[half][place], which))) << place;
                tally_.above[8 * half + bit] += above;
                bytes_[half][bit] = _mm512_setzero_si512();
            }
            for (__m512i& place : state_.low[half]) place = _mm512_setzero_si512();
        }
        for (int a = 0; a <= MOST_ANCHORS; a++) {
            const __m512i even = _mm512_and_si512(state_.sums[a], _mm512_set1_epi64(0xFFFFFFFF));
            const u64 found = static_cast<u64>(_mm512_reduce_add_epi64(_mm512_add_epi64(even, _mm512_srli_epi64(state_.sums[a], 32))));
            (a < MOST_ANCHORS ? tally_.lowered[a] : tally_.sum) += found;
            state_.sums[a] = _mm512_setzero_si512();
        }
        tally_.count += pending_ * GROUP;
        pending_ = 0;
    }

    Plan plan_;
    Tally tally_;
    u64 pending_ = 0;
    __m512i table_[BYTES][4], anchor_[MOST_ANCHORS], bytes_[BYTES][8];
    State state_ = {};
};
// The first plan for a picture, after looking at a 64th of it: groups of 64 pixels, scattered so that they fall on no pattern.
inline Plan sampled_plan(const u8* pixels, std::size_t count) {
    const std::size_t groups = std::clamp<std::size_t>(count / 64, 4096, 16384) / 64, apart = count / groups;
    Counts counts;
    counts.clear();
    std::size_t scatter = 0;
    for (std::size_t k = 0; k < groups; k++) {
        u8 grey[64];
        to_grey(pixels + 3 * (k * apart + scatter), 64, 0, grey);
        counts.add(grey, 64);
        scatter = (scatter + apart * 5 / 8) % (apart - 63);
    }
    u64 histogram[256] = {};
    counts.add_to(histogram);
    return first_plan(histogram, otsu(histogram));
}
#endif

}  // namespace ocr
