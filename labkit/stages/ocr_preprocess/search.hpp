// Otsu's threshold from a few counts instead of a histogram.
//
// A histogram costs a store a pixel, which was two thirds of all the time. How many pixels lie at or below a given level is
// cheap (levels.hpp), so: count at 16 levels, bound the variance at all others, and count on only where the bound leaves a
// doubt. With n(t) the share of the pixels at or below t and s(t) their sum, the variance between the classes is
// (mean · n - s)² / (n (1 - n)). Its sublevel sets are convex in (n, s), so over a polygon it is largest at a corner. Between
// two counted levels the points (n, s) lie in a triangle: s is convex in n, no level is below the one nor above the other.
// Its third corner gives the bound. A sample of the picture says beforehand which 16 levels decide. On photographs and pages
// one or two rounds do. (Where the doubt remains, as between two equally good levels, every level is counted after all.)
#pragma once

#include <algorithm>
#include <cstdint>

namespace ocr {

constexpr int MOST_LEVELS = 16, MOST_ANCHORS = 6, ROUNDS = 4;

// What to count: at each level the pixels at or below it; at the anchors, which are levels too, also their sum.
struct Plan {
    int levels = 0, anchors = 0;
    int level[MOST_LEVELS], anchor[MOST_ANCHORS];

    void add(int value) { level[levels++] = value; }
    bool full() const { return levels == MOST_LEVELS; }
};

// What is known of a picture's levels.
class Bounds {
public:
    struct Gap {
        int begin, end;  // the levels in doubt lie between these
        double bound;
    };
    Gap doubts[2 + MOST_LEVELS * ROUNDS];
    int doubtful = 0;
    double best = 0;
    int best_level = 0;
    bool tied = false;

    Bounds(double count, double sum) : count_(count), sum_(sum), scale_(1 / (count * count)) {
        known_[0] = {-1, 0, 0, 0};
        known_[1] = {255, count, sum, sum};
        size_ = 2;
    }
    bool has(int level) const {
        return std::any_of(known_, known_ + size_, [=](const Known& known) { return known.level == level; });
    }
    void add(int level, double below) { insert({level, below, 0, sum_}); }
    void add(int level, double below, double sum) { insert({level, below, sum, sum}); }

    // Finds the best level among those whose variance is known, and the gaps where a better one may hide.
    void judge() {
        for (int k = 1; k < size_; k++) tighten(known_[k - 1], known_[k]);
        for (int k = size_ - 1; k > 0; k--) tighten(known_[k - 1], known_[k]);
        best = 0;
        double best_below = 0;
        for (int k = 1; k < size_ - 1; k++) {
            if (!known_[k].exact()) continue;
            const double found = variance(known_[k].below, known_[k].low);
            if (found <= best) continue;
            best = found;
            best_level = known_[k].level;
            best_below = known_[k].below;
        }
        const double enough = best - doubt();
        tied = false;
        for (int k = 1; k < size_ - 1; k++)  // a level that no pixel has makes no other picture
            tied |= known_[k].exact() && known_[k].below != best_below && variance(known_[k].below, known_[k].low) >= enough;
        doubtful = 0;
        for (int k = 1; k < size_; k++) {
            const Known &from = known_[k - 1], &to = known_[k];
            if (from.below == to.below) continue;
            const double bound = largest_between(from, to);
            if (bound >= enough) doubts[doubtful++] = {from.level, to.level, bound};
        }
    }
    // OpenCV's own rounding is below this: its shares are exact to some 1e-14, and (mean difference)² is at most 65025.
    double doubt() const { return std::max(1e-6, 1e-9 * best); }

private:
    struct Known {
        int level;
        double below;      // pixels at or below the level
        double low, high;  // their sum lies between these
        bool exact() const { return low == high; }
    };
    void insert(Known known) {
        int k = size_;
        while (known_[k - 1].level > known.level) k--;
        if (known_[k - 1].level == known.level) {  // an anchor now
            known_[k - 1] = known;
            return;
        }
        std::copy_backward(known_ + k, known_ + size_, known_ + size_ + 1);
        known_[k] = known;
        size_++;
    }
    static void tighten(Known& from, Known& to) {
        const double pixels = to.below - from.below;
        to.low = std::max(to.low, from.low + pixels * (from.level + 1));
        to.high = std::min(to.high, from.high + pixels * to.level);
        from.low = std::max(from.low, to.low - pixels * to.level);
        from.high = std::min(from.high, to.high - pixels * (from.level + 1));
    }
    double variance(double below, double sum) const {
        if (below <= 0 || below >= count_) return 0;
        const double share = sum_ * below - sum * count_;
        return share * share / (below * (count_ - below)) * scale_;
    }
    double largest_between(const Known& from, const Known& to) const {
        double bound = 0;
        if (!from.exact()) bound = std::max(bound, variance(from.below, from.low));
        if (!to.exact()) bound = std::max(bound, variance(to.below, to.low));
        if (to.level - from.level < 2) return bound;
        const double lowest = from.level + 1, highest = to.level;
        const double corner = (to.low - to.below * highest - from.low + from.below * lowest) / (lowest - highest);
        const double below = std::clamp(corner, from.below, to.below);
        return std::max(bound, variance(below, from.low + (below - from.below) * lowest));
    }

    double count_, sum_, scale_;
    Known known_[2 + MOST_LEVELS * ROUNDS];
    int size_;
};

// The levels around the sample's threshold, and those that would leave no doubt if the picture were its sample.
inline Plan first_plan(const std::uint64_t* histogram, int guess) {
    double below[256], sum[256], count = 0, total = 0;
    for (int level = 0; level < 256; level++) {
        below[level] = count += static_cast<double>(histogram[level]);
        sum[level] = total += static_cast<double>(histogram[level]) * level;
    }
    Plan plan;
    Bounds bounds(count, total);
    const auto add = [&](int level, bool anchor) {
        plan.add(level);
        if (anchor) {
            plan.anchor[plan.anchors++] = level;
            bounds.add(level, below[level], sum[level]);
        } else {
            bounds.add(level, below[level]);
        }
    };
    int left = std::max(guess - 4, 0), right = std::min(guess + 4, 254);
    for (int level = left; level <= right; level++) add(level, level == guess);
    while (!plan.full()) {
        bounds.judge();
        const Bounds::Gap* worst = nullptr;
        for (int k = 0; k < bounds.doubtful; k++) {
            const Bounds::Gap& gap = bounds.doubts[k];
            if (gap.end - gap.begin > 1 && (!worst || gap.bound > worst->bound)) worst = &gap;
        }
        if (worst) {  // nearer to the guess, where the variance is larger
            const int third = std::max(1, (worst->end - worst->begin) / 3);
            add(worst->begin >= guess ? worst->begin + third : worst->end - third, plan.anchors < MOST_ANCHORS);
            continue;
        }
        while (left >= 0 && bounds.has(left)) left--;
        while (right < 255 && bounds.has(right)) right++;
        if (left >= 0) add(left, false);
        if (right < 255 && !plan.full()) add(right, false);
        if (left < 0 && right > 254) break;
    }
    std::sort(plan.level, plan.level + plan.levels);
    return plan;
}

// The levels in doubt, or so many of them that the gaps get small.
inline Plan next_plan(const Bounds& bounds) {
    struct Piece {
        int begin, end;
        bool operator<(const Piece& other) const { return end - begin < other.end - other.begin; }
    };
    Piece heap[2 * MOST_LEVELS * ROUNDS];
    int pieces = 0;
    Plan plan;
    for (int k = 0; k < bounds.doubtful; k++) heap[pieces++] = {bounds.doubts[k].begin, bounds.doubts[k].end};
    std::make_heap(heap, heap + pieces);
    while (pieces && !plan.full()) {
        std::pop_heap(heap, heap + pieces);
        const Piece piece = heap[--pieces];
        if (piece.end - piece.begin < 2) break;
        const int middle = (piece.begin + piece.end) / 2;
        plan.add(middle);
        for (const Piece half : {Piece{piece.begin, middle}, Piece{middle, piece.end}}) {
            heap[pieces++] = half;
            std::push_heap(heap, heap + pieces);
        }
    }
    if (!plan.levels && bounds.doubtful) {  // all are counted, but no sum is known there
        const Bounds::Gap& worst = bounds.doubts[0];
        plan.add(worst.begin < 0 ? worst.end : worst.begin);
    }
    std::sort(plan.level, plan.level + plan.levels);
    const int anchors = std::min(plan.levels, MOST_ANCHORS);
    for (int k = 0; k < anchors; k++) plan.anchor[plan.anchors++] = plan.level[plan.levels * k / anchors];
    return plan;
}

}  // namespace ocr
