// trim_margins in C++17: from each side inwards until something is found, so that what lies inside the box is never read.
//
// A chunk of 192 bytes is whole pixels of one or three channels and whole vectors of 16, 32 or 64 bytes: the bounds of each byte
// are made once, and whether any byte lies outside of them is a loop that the compiler turns into vectors.
#include "kinds/rows.hpp"

#include <algorithm>
#include <cstddef>

namespace {

using labkit::u8;
using Index = std::ptrdiff_t;

constexpr std::size_t CHUNK = 192;

struct Paper {
    u8 low[CHUNK], high[CHUNK];

    bool whole_chunk_differs(const u8* bytes) const {
        u8 found = 0;
        for (std::size_t k = 0; k < CHUNK; k++) found |= static_cast<u8>((bytes[k] < low[k]) | (bytes[k] > high[k]));
        return found;
    }
    bool differs(const u8* bytes, std::size_t count) const {  // at most a chunk
        if (count == CHUNK) return whole_chunk_differs(bytes);
        u8 found = 0;
        for (std::size_t k = 0; k < count; k++) found |= static_cast<u8>((bytes[k] < low[k]) | (bytes[k] > high[k]));
        return found;
    }
    bool byte_differs(const u8* bytes, std::size_t k) const { return bytes[k] < low[k] || bytes[k] > high[k]; }

    // The first byte of those from 0 to `end` that differs; `end` where none does.
    std::size_t first(const u8* bytes, std::size_t end) const {
        for (std::size_t at = 0; at < end; at += CHUNK) {
            const std::size_t count = std::min(CHUNK, end - at);
            if (!differs(bytes + at, count)) continue;
            std::size_t k = 0;
            while (!byte_differs(bytes + at, k)) k++;
            return at + k;
        }
        return end;
    }
    // One more than the last byte of those from `begin`, where a pixel begins, to `end` that differs; `begin` where none does.
    std::size_t last(const u8* bytes, std::size_t begin, std::size_t end) const {
        const std::size_t whole = (end - begin) / CHUNK * CHUNK;
        for (std::size_t at = begin + whole, to = end;; to = at, at -= CHUNK) {
            if (differs(bytes + at, to - at)) {
                std::size_t k = to - at;
                while (!byte_differs(bytes + at, k - 1)) k--;
                return at + k;
            }
            if (at == begin) return begin;
        }
    }
};

Paper paper_of(const labkit::Picture& in, int tolerance) {
    Paper made;
    const std::size_t channels = in.channels, height = in.height, width = in.width, count = height * width - std::max<Index>(height - 2, 0) * std::max<Index>(width - 2, 0);
    std::size_t counts[3][256] = {};
    const auto add = [&](const u8* pixel) {
        for (std::size_t k = 0; k < channels; k++) counts[k][pixel[k]]++;
    };
    for (std::size_t y = 0; y < height; y++) {
        const bool outer = y == 0 || y == height - 1;
        const std::size_t step = outer ? 1 : std::max<std::size_t>(width - 1, 1);
        for (std::size_t x = 0; x < width; x += step) add(in.row(y) + x * channels);
    }
    for (std::size_t k = 0; k < channels; k++) {
        int level = 0;
        for (std::size_t seen = counts[k][0]; seen <= (count - 1) / 2; seen += counts[k][level]) level++;
        for (std::size_t i = k; i < CHUNK; i += channels) {
            made.low[i] = static_cast<u8>(std::max(level - tolerance, 0));
            made.high[i] = static_cast<u8>(std::min(level + tolerance, 255));
        }
    }
    return made;
}

}  // namespace

LABKIT_KERNEL(trim_margins)(const labkit::Inputs& inputs, const labkit::Rows& out) {
    const labkit::Picture& in = inputs.image();
    const Paper paper = paper_of(in, inputs.parameter(0));
    const auto margin = inputs.parameter<Index>(1), height = static_cast<Index>(in.height), width = static_cast<Index>(in.width);
    const std::size_t stride = in.stride();
    Index top = 0, bottom = height;
    std::size_t left = stride, right = 0;  // bytes
    while (top < height && (left = paper.first(in.row(top), stride)) == stride) top++;
    if (top == height) {  // nothing
        top = 0, left = 0, right = stride;
    } else {
        while (paper.first(in.row(bottom - 1), stride) == stride) bottom--;
        for (Index y = top; y < bottom; y++) {
            left = paper.first(in.row(y), left);
            const std::size_t begin = std::max(left, right) / in.channels * in.channels;
            if (const std::size_t found = paper.last(in.row(y), begin, stride); found > begin) right = found;
        }
    }
    const auto pixels = [&](std::size_t bytes) { return static_cast<Index>(bytes / in.channels); };
    const auto to = out.row_of<std::int32_t>(0);
    to[0] = static_cast<std::int32_t>(std::max<Index>(top - margin, 0));
    to[1] = static_cast<std::int32_t>(std::max<Index>(pixels(left) - margin, 0));
    to[2] = static_cast<std::int32_t>(std::min<Index>(bottom + margin, height));
    to[3] = static_cast<std::int32_t>(std::min<Index>(pixels(right + in.channels - 1) + margin, width));
}
