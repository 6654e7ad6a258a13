// threshold in C++17: a histogram where Otsu's level is wanted, then a comparison that the compiler turns into vectors.
#include "kinds/histogram.hpp"
#include "kinds/rows.hpp"
#include "kinds/threads.hpp"
#include "kinds/otsu.hpp"

#include <vector>

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
            labkit::count_levels(in.data + edge(part), edge(part + 1) - edge(part), counts.data() + 256 * part);
        for (std::size_t k = 256; k < counts.size(); k++) counts[k % 256] += counts[k];
        level = ocr::otsu(counts.data());
    }
    const auto most = static_cast<labkit::u8>(level);
#pragma omp parallel for num_threads(out.threads) schedule(static)
    for (std::size_t part = 0; part < parts; part++) {
        const std::size_t end = edge(part + 1);
        const labkit::u8* const from = in.data;
        labkit::u8* const to = out.data;
        for (std::size_t i = edge(part); i < end; i++) to[i] = from[i] > most ? 255 : 0;
    }
}
