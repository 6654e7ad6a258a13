// How often each of 256 levels comes, in four tables at once: a level that comes again at once waits for no other.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace labkit {

// Adds the counts of `size` bytes to a histogram of 256.
inline void count_levels(const std::uint8_t* pixels, std::size_t size, std::uint64_t* histogram) {
    constexpr std::size_t MOST = std::size_t{1} << 31;  // fits into a table of 32 bits
    while (size) {
        const std::size_t some = std::min(size, MOST);
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

}  // namespace labkit
