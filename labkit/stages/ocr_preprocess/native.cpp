// ocr_preprocess in C++17. Reading order: grey.hpp (grey levels and their histogram), otsu.hpp, majority.hpp; search.hpp and
// levels.hpp (the threshold without a histogram); then preprocess below.
//
// How it came to this (512×512 photograph, one thread of a Zen 4; the reference takes 187 µs: 54 for grey, 84 for the
// histogram, 7 to compare, 42 for the median):
//   101 µs  grey by products of bytes, a histogram beside it, the majority on 64-pixel words: 74 of these are the histogram
//    82     the counts at 16 levels and the sums at six instead: 16 for grey, 26 to count, 10 for the majority
//    62     sums in a loop for themselves, blocks of 4096 pixels, a smaller sample                        <- this file
// The majority's bits cost nothing; its 10 µs are one read and one write of the grey levels, from the last row to the first,
// because the last rows are still in the cache.
#if defined(_OPENMP)
#include <omp.h>
#endif

#include <memory>
#include <vector>

#include "kinds/rows.hpp"

#include "levels.hpp"
#include "majority.hpp"
#include "kinds/otsu.hpp"
#include "search.hpp"

namespace {

using namespace ocr;

// Otsu's threshold of a picture in bands that are counted apart (by threads, or just one).
class Threshold {
public:
    enum class Ask { every_level, some_levels, nothing };

    Threshold(const u8* pixels, std::size_t count) {
#if LABKIT_AVX512
        if (count < SMALL) return;
        plan_ = sampled_plan(pixels, count);
        ask_ = Ask::some_levels;
#else
        (void)pixels, (void)count;
#endif
    }
    Ask ask() const { return ask_; }
    const Plan& plan() const { return plan_; }
    u8 cut() const { return static_cast<u8>(cut_); }

    // What all bands together counted as it was asked.
    void take(const u64* histogram) {
        cut_ = otsu(histogram);
        ask_ = Ask::nothing;
    }
    void take(const Tally& tally) {
        if (!rounds_++) bounds_ = Bounds(static_cast<double>(tally.count), static_cast<double>(tally.sum));
        tally.tell(plan_, bounds_);
        bounds_.judge();
        // A class of less than OpenCV's FLT_EPSILON of the picture counts for nothing there: its variance is below 0.0078.
        if (bounds_.best < 0.01 || (bounds_.doubtful && rounds_ == ROUNDS) || (!bounds_.doubtful && bounds_.tied)) {
            ask_ = Ask::every_level;
        } else if (bounds_.doubtful) {
            plan_ = next_plan(bounds_);
        } else {
            cut_ = bounds_.best_level;
            ask_ = Ask::nothing;
        }
    }

private:
    static constexpr std::size_t SMALL = 1 << 14;  // pixels: below, planning takes longer than counting
    Ask ask_ = Ask::every_level;
    Plan plan_;
    Bounds bounds_{0, 0};
    int rounds_ = 0, cut_ = 0;
};

// The grey levels of some rows are kept where the result will be: no memory beside the output and a few rows of bits.
struct Part {
    const u8* pixels;
    std::size_t count, beyond;  // pixels; after the last one so many more may be read
    u8* grey;

    void count_every(bool first, u64* histogram) const {
        Counts counts;
        counts.clear();
        if (first)
            grey_and_count(pixels, count, beyond, grey, counts);
        else
            counts.add(grey, count);
        counts.add_to(histogram);
    }
#if LABKIT_AVX512
    Tally count_some(bool first, const Plan& plan) const {
        LevelCounter counter(plan);
        constexpr std::size_t GROUP = LevelCounter::GROUP, BLOCK = 4 * GROUP;  // a block's pixels fit the first-level cache
        const std::size_t whole = count / GROUP * GROUP;
        std::size_t i = 0;
        while (i < whole) {
            const std::size_t size = std::min(BLOCK, whole - i);
            if (first) to_grey(pixels + 3 * i, size, count + beyond - i - size, grey + i);
            counter.add(grey + i, size / GROUP);
            i += size;
        }
        if (first) to_grey(pixels + 3 * i, count - i, beyond, grey + i);
        Tally tally = counter.tally();
        for (; i < count; i++) tally.add_one(plan, grey[i]);
        return tally;
    }
#else
    Tally count_some(bool, const Plan&) const { return {}; }
#endif
};

void preprocess(const u8* pixels, std::size_t height, std::size_t width, u8* out) {
    Threshold threshold(pixels, height * width);
    const Part all{pixels, height * width, 0, out};
    for (bool first = true; threshold.ask() != Threshold::Ask::nothing; first = false) {
        if (threshold.ask() == Threshold::Ask::some_levels) {
            threshold.take(all.count_some(first, threshold.plan()));
        } else {
            u64 histogram[256] = {};
            all.count_every(first, histogram);
            threshold.take(histogram);
        }
    }
    Band(out, height, width, threshold.cut(), 0, height).denoise();
}

void preprocess_threaded(const u8* pixels, std::size_t height, std::size_t width, u8* out, int threads) {
    Threshold threshold(pixels, height * width);
    u64 histogram[256] = {};
    Tally tally;
    bool failed = false;
#pragma omp parallel num_threads(threads)
    {
#if defined(_OPENMP)
        const std::size_t thread = omp_get_thread_num(), teams = omp_get_num_threads();
#else
        const std::size_t thread = 0, teams = 1;
#endif
        const std::size_t begin = height * thread / teams, end = height * (thread + 1) / teams;
        const Part part{pixels + 3 * begin * width, (end - begin) * width, (height - end) * width, out + begin * width};
        for (bool first = true; threshold.ask() != Threshold::Ask::nothing; first = false) {
            if (threshold.ask() == Threshold::Ask::some_levels) {
                const Tally own = part.count_some(first, threshold.plan());
#pragma omp critical
                tally.add(own);
#pragma omp barrier
#pragma omp single
                {
                    threshold.take(tally);
                    tally = {};
                }
            } else {
                u64 own[256] = {};
                part.count_every(first, own);
#pragma omp critical
                for (int level = 0; level < 256; level++) histogram[level] += own[level];
#pragma omp barrier
#pragma omp single
                threshold.take(histogram);
            }
        }
        std::unique_ptr<Band> band;
        if (begin < end) try {
                band = std::make_unique<Band>(out, height, width, threshold.cut(), begin, end);
            } catch (const std::bad_alloc&) {
#pragma omp atomic write
                failed = true;
            }
#pragma omp barrier  // every band has read its neighbours' rows
        if (band) band->denoise();
    }
    if (failed) throw std::bad_alloc();
}

}  // namespace

LABKIT_KERNEL(ocr_preprocess)(const labkit::Inputs& inputs, const labkit::Rows& out) {
    const labkit::Picture& in = inputs.image();
    if (out.threads > 1)
        preprocess_threaded(in.data, in.height, in.width, out.data, out.threads);
    else
        preprocess(in.data, in.height, in.width, out.data);
}
