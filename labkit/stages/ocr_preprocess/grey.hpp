// Grey levels and how often each occurs, in one read of the image.
#pragma once

#include "kinds/grey.hpp"

#include <cstring>

namespace ocr {

using labkit::to_grey;
using labkit::u8;
using u32 = std::uint32_t;
using u64 = std::uint64_t;

// Eight tables: pixels beside each other are mostly alike, and adding to the counter that was written a moment ago waits
// for that. A store a pixel remains, and a core does one a cycle.
struct Counts {
    alignas(64) u32 table[8][256];

    void clear() { std::memset(table, 0, sizeof table); }
    void add(const u8* grey, std::size_t count) {
        std::size_t i = 0;
        for (; i + 8 <= count; i += 8) add_8(grey + i);
        for (; i < count; i++) table[0][grey[i]]++;
    }
    void add_8(const u8* grey) {
        u64 levels;
        std::memcpy(&levels, grey, 8);
        for (int k = 0; k < 8; k++) table[k][levels >> 8 * k & 255]++;
    }
    void add_to(u64* histogram) const {
        for (int level = 0; level < 256; level++)
            for (int k = 0; k < 8; k++) histogram[level] += table[k][level];
    }
};

// labkit::to_grey, and counts them: 64 levels while the next 64 are computed. The one waits for stores, the other does not.
inline void grey_and_count(const u8* pixels, std::size_t count, std::size_t beyond, u8* grey, Counts& counts) {
    std::size_t i = 0, counted = 0;
    for (; i + 64 <= count; i += 64) {
        to_grey(pixels + 3 * i, 64, count + beyond - i - 64, grey + i);
        for (; counted < i; counted += 8) counts.add_8(grey + counted);
    }
    to_grey(pixels + 3 * i, count - i, beyond, grey + i);
    counts.add(grey + counted, count - counted);
}

}  // namespace ocr
