// threshold in C++17: counts in four tables at once, so that a level that comes again at once waits for no other; then a
// comparison that the compiler turns into vectors.
#include "kinds/rows.hpp"
#include "kinds/threads.hpp"
#include "kinds/otsu.hpp"

#include <cstring>
#include <vector>

namespace {

using labkit::u8;

constexpr std::size_t MOST = std::size_t{1} << 33;  // pixels of which a quarter falls into one table of 32 bits

void count(const u8* pixels, std::size_t size, std::uint64_t* histogram) {
    for (; size; ) {
        const std::size_t some = size < MOST ? size : MOST;
        std::uint32_t table[4][256] = {};
        std::size_t i = 0;
        for (; i + 8 <= some; i += 8) {
            std::uint64_t eight;
            std::memcpy(&eight, pixels + i, 8);
            for (int k = 0; k < 8; k++) table[k % 4][eight >> 8 * k & 255]++;
        }
        for (; i < some; i++) table[0][pixels[i]]++;
        for (int level = 0; level < 256; level++)
            for (const auto& one : table) histogram[level] += one[level];
        pixels += some;
        size -= some;
    }
}

}  // namespace

LABKIT_KERNEL(threshold)(const labkit::Inputs& inputs, const labkit::Rows& out) {
    const labkit::Picture& in = inputs.image();
    const std::size_t size = in.height * in.width;
    const auto parts = static_cast<std::size_t>(out.threads);
    const auto edge = [&](std::size_t part) { return size / parts * part + size % parts * part / parts; };
    int level = inputs.parameter(1);
    if (inputs.parameter(0) == 0) {
        std::vector<std::uint64_t> counts(256 * parts);
#pragma omp parallel for num_threads(out.threads) schedule(static)
        for (std::size_t part = 0; part < parts; part++)
            count(in.data + edge(part), edge(part + 1) - edge(part), counts.data() + 256 * part);
        for (std::size_t k = 256; k < counts.size(); k++) counts[k % 256] += counts[k];
        level = ocr::otsu(counts.data());
    }
    const auto most = static_cast<u8>(level);
#pragma omp parallel for num_threads(out.threads) schedule(static)
    for (std::size_t part = 0; part < parts; part++) {
        const std::size_t end = edge(part + 1);
        const u8* const from = in.data;
        u8* const to = out.data;
        for (std::size_t i = edge(part); i < end; i++) to[i] = from[i] > most ? 255 : 0;
    }
}
