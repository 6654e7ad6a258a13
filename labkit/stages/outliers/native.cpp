// outliers in C++17: row by row a histogram, which tells mean, contrast and entropy, and sums of the Laplacian in vectors of 16 bits.
#include "kinds/histogram.hpp"
#include "kinds/rows.hpp"
#include "kinds/threads.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

namespace {

using labkit::u8;

constexpr std::size_t SOME = 2048;  // squares up to 1020² add up to less than 2^31

struct Sums {
    std::int64_t total = 0, squares = 0;
};

void add_row(const u8* a, const u8* b, const u8* c, std::size_t width, Sums& sums) {
    const auto one = [=](std::size_t left, std::size_t x, std::size_t right) {
        return static_cast<std::int16_t>(a[x] + c[x] + b[left] + b[right] - 4 * b[x]);
    };
    const std::size_t last = width - 1, beside = last ? 1 : 0;
    for (const int border : {int{one(beside, 0, beside)}, int{one(last - beside, last, last - beside)}}) {
        sums.total += border;
        sums.squares += border * border;
        if (!last) return;
    }
    for (std::size_t begin = 1; begin < last; begin += SOME) {
        const std::size_t end = std::min(begin + SOME, last);
        int total = 0, squares = 0;
        for (std::size_t x = begin; x < end; x++) {
            const std::int16_t value = one(x - 1, x, x + 1);
            total += value;
            squares += value * value;
        }
        sums.total += total;
        sums.squares += squares;
    }
}

}  // namespace

LABKIT_KERNEL(outliers)(const labkit::Inputs& inputs, const labkit::Rows& out) {
    const labkit::Picture& in = inputs.image();
    const std::size_t width = in.width, height = in.height, bands = static_cast<std::size_t>(out.threads);
    std::vector<std::uint64_t> counts(256 * bands);
    std::int64_t total = 0, squares = 0;
#pragma omp parallel for num_threads(out.threads) schedule(static) reduction(+ : total, squares)
    for (std::size_t band = 0; band < bands; band++) {
        const std::size_t begin = height * band / bands, end = height * (band + 1) / bands, beside = height > 1 ? 1 : 0;
        Sums sums;
        for (std::size_t y = begin; y < end; y++)
            add_row(in.row(y ? y - 1 : beside), in.row(y), in.row(y + 1 < height ? y + 1 : y - beside), width, sums);
        labkit::count_levels(in.row(begin), (end - begin) * width, counts.data() + 256 * band);
        total += sums.total;
        squares += sums.squares;
    }
    for (std::size_t k = 256; k < counts.size(); k++) counts[k % 256] += counts[k];
    const auto size = static_cast<double>(width * height);
    std::uint64_t sum = 0;
    for (std::uint64_t level = 0; level < 256; level++) sum += level * counts[level];
    const auto middle = static_cast<std::int64_t>(sum / (width * height));  // deviations from it are small
    std::int64_t offsets = 0, spread = 0;
    double entropy = 0;
    for (std::int64_t level = 0; level < 256; level++) {
        const auto count = static_cast<std::int64_t>(counts[level]);
        offsets += count * (level - middle);
        spread += count * (level - middle) * (level - middle);
        const double share = static_cast<double>(count) / size;
        if (count) entropy -= share * std::log2(share);
    }
    const double offset = static_cast<double>(offsets) / size, mean = static_cast<double>(total) / size;
    const auto row = out.row_of<double>(0);
    row[0] = static_cast<double>(middle) + offset;
    row[1] = std::sqrt(std::max(0.0, static_cast<double>(spread) / size - offset * offset));
    row[2] = std::max(0.0, static_cast<double>(squares) / size - mean * mean);
    row[3] = std::max(0.0, entropy);
}
