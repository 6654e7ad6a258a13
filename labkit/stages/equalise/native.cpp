// equalise in C++17: counts in four tables at once, then look-ups in registers.
#include "kinds/histogram.hpp"
#include "kinds/look_up.hpp"
#include "kinds/rows.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

namespace {

using labkit::u8;

// What each level becomes: OpenCV's arithmetic in float32, in its order.
void make_table(const std::uint64_t* counts, std::uint64_t total, u8* table) {
    int first = 0;
    while (counts[first] == 0) first++;
    std::fill_n(table, 256, static_cast<u8>(counts[first] == total ? first : 0));
    if (counts[first] == total) return;
    const float scale = 255.0f / static_cast<float>(total - counts[first]);
    std::uint64_t below = 0;
    for (int level = first + 1; level < 256; level++) {
        below += counts[level];
        table[level] = static_cast<u8>(std::min(std::lrintf(static_cast<float>(below) * scale), 255L));
    }
}

}  // namespace

LABKIT_KERNEL(equalise)(const labkit::Inputs& inputs, const labkit::Rows& out) {
    const labkit::Picture& in = inputs.image();
    const std::size_t size = in.height * in.width, parts = static_cast<std::size_t>(out.threads);
    const auto edge = [&](std::size_t part) { return size / parts * part + size % parts * part / parts; };
    std::vector<std::uint64_t> counts(256 * parts);
    alignas(64) u8 table[256];
#pragma omp parallel num_threads(out.threads)
    {
#pragma omp for schedule(static)
        for (std::size_t part = 0; part < parts; part++)
            labkit::count_levels(in.data + edge(part), edge(part + 1) - edge(part), counts.data() + 256 * part);
#pragma omp single
        {
            for (std::size_t k = 256; k < counts.size(); k++) counts[k % 256] += counts[k];
            make_table(counts.data(), size, table);
        }
#pragma omp for schedule(static)
        for (std::size_t part = 0; part < parts; part++)
            labkit::look_up(in.data + edge(part), edge(part + 1) - edge(part), table, out.data + edge(part));
    }
}
