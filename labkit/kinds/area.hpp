// What a pixel of a resized picture is made of, and the rows and sums of it: for all kernels that resize.
//
// Rows first: those that lie in an output row as a whole are added up in 16 bits, in registers, 64 bytes wide; only the two at
// its edges are weighed. What is left to do along a row is then as many times less as a picture gets lower.
#pragma once

#include "kinds/rows.hpp"

#include <algorithm>
#include <cstring>
#include <type_traits>
#include <vector>

namespace labkit {

// Along one axis: ``low`` of the element at ``first``, all of those from ``whole`` to ``end``, ``high`` of the one at ``last``.
struct Span {
    std::size_t first, whole, end, last;
    float low, high;

    float weight(std::size_t k) const { return (k == first ? low : 0) + (k == last ? high : 0) + (whole <= k && k < end ? 1 : 0); }
    std::size_t reach() const { return std::max(end, last + 1); }  // behind all of them
};

struct Axis {
    std::vector<Span> spans;
    float share;  // 1 over the sum of a span's weights

    // The spans ``from`` to ``to`` of an axis of ``source`` elements that is made ``target`` long.
    static Axis area(std::size_t source, std::size_t target, std::size_t from, std::size_t to) {
        Axis axis{{}, static_cast<float>(static_cast<double>(target) / static_cast<double>(source))};
        axis.spans.reserve(to - from);
        for (std::size_t k = from; k < to; k++) {  // in parts of an element, ``target`` each
            const std::size_t begin = k * source, end = begin + source;
            Span span{begin / target, (begin + target - 1) / target, end / target, 0, 0, 0};
            const auto part = [target](std::size_t parts) { return static_cast<float>(parts) / static_cast<float>(target); };
            if (span.end < span.whole) {  // it lies inside of one element
                span.low = part(source), span.end = span.whole, span.last = span.first;
            } else {
                span.low = part(span.whole * target - begin);
                span.high = part(end - span.end * target);
                span.last = span.high > 0 ? span.end : span.first;
            }
            axis.spans.push_back(span);
        }
        return axis;
    }
    static Axis bilinear(std::size_t source, std::size_t target, std::size_t from, std::size_t to) {
        Axis axis{{}, 1};
        axis.spans.reserve(to - from);
        for (std::size_t k = from; k < to; k++) {  // in halves of an output's element, ``target`` · 2 to one of the source
            const std::size_t middle = (2 * k + 1) * source, place = middle > target ? middle - target : 0;
            const std::size_t first = std::min(place / (2 * target), source - 1), last = std::min(first + 1, source - 1);
            const float high = static_cast<float>(place % (2 * target)) / static_cast<float>(2 * target);
            axis.spans.push_back({first, first, first, last, 1 - high, high});
        }
        return axis;
    }
};

constexpr std::size_t CHUNK = 64;        // bytes whose sums stay in registers from the first row to the last
constexpr std::size_t ROWS_IN_16 = 257;  // 257 · 255 = 65535

template <std::size_t count>
inline void sum_of_rows(const u8* from, std::size_t stride, std::size_t rows, std::uint16_t* to) {
    std::uint16_t sums[count] = {};
    for (; rows > 0; rows--, from += stride)
        for (std::size_t k = 0; k < count; k++) sums[k] = static_cast<std::uint16_t>(sums[k] + from[k]);
    std::copy(sums, sums + count, to);
}

template <std::size_t count>
inline void add_rows(const u8* at, std::size_t stride, const Span& rows, float* to) {
    std::uint16_t sums[count];
    const u8 *const low = at + rows.first * stride, *const high = at + rows.last * stride;
    for (std::size_t k = 0; k < count; k++) to[k] = rows.low * static_cast<float>(low[k]) + rows.high * static_cast<float>(high[k]);
    for (std::size_t y = rows.whole; y < rows.end; y += ROWS_IN_16) {
        sum_of_rows<count>(at + y * stride, stride, std::min(ROWS_IN_16, rows.end - y), sums);
        for (std::size_t k = 0; k < count; k++) to[k] += static_cast<float>(sums[k]);
    }
}

// ``some(count, i)`` for as many bytes from i on, CHUNK or 1: all from ``begin`` to ``end``, some of them twice.
template <class Some>
inline void in_chunks(std::size_t begin, std::size_t end, const Some& some) {
    std::size_t i = begin;
    for (; i + CHUNK <= end; i += CHUNK) some(std::integral_constant<std::size_t, CHUNK>(), i);
    if (i < end && end - begin >= CHUNK) return some(std::integral_constant<std::size_t, CHUNK>(), end - CHUNK);
    for (; i < end; i++) some(std::integral_constant<std::size_t, 1>(), i);
}

// The weighed sum of rows, for the bytes ``begin`` to ``end`` of a row; ``to`` is filled from its beginning.
inline void add_rows(const Picture& in, const Span& rows, std::size_t begin, std::size_t end, float* to) {
    in_chunks(begin, end, [&](auto count, std::size_t i) { add_rows<count()>(in.data + i, in.stride(), rows, to + (i - begin)); });
}

using Four = float __attribute__((vector_size(16)));

inline Four load(const float* from) {
    Four made;
    std::memcpy(&made, from, sizeof made);
    return made;
}

// The weighed sums of a span along a row of three channels; the fourth number is void. Four numbers are read at each pixel.
inline Four add_three(const float* row, const Span& columns) {
    Four total = columns.low * load(row + 3 * columns.first) + columns.high * load(row + 3 * columns.last);
    for (std::size_t x = columns.whole; x < columns.end; x++) total += load(row + 3 * x);
    return total;
}

inline float add_one(const float* row, const Span& columns) {
    float total = columns.low * row[columns.first] + columns.high * row[columns.last];
    std::size_t x = columns.whole;
    if (columns.end - x >= 8) {
        Four four = load(row + x);
        for (x += 4; x + 4 <= columns.end; x += 4) four += load(row + x);
        total += (four[0] + four[1]) + (four[2] + four[3]);
    }
    for (; x < columns.end; x++) total += row[x];
    return total;
}

// Rows of a resized picture along any two axes, of which ``rows`` begins with the first one to be made.
inline void resize_in_float(const Picture& in, const Rows& out, const Axis& rows, const Axis& columns) {
    const float share = rows.share * columns.share;
    const auto rounded = [](float value) { return static_cast<u8>(value + 0.5f); };
    std::vector<float> sums(in.stride() + 4);
    for (std::size_t y = out.begin; y < out.end; y++) {
        add_rows(in, rows.spans[y - out.begin], 0, in.stride(), sums.data());
        u8* to = out.row(y);
        for (const Span& span : columns.spans) {
            if (in.channels == 3) {
                const Four made = add_three(sums.data(), span) * share;
                for (int c = 0; c < 3; c++) *to++ = rounded(made[c]);
            } else {
                *to++ = rounded(add_one(sums.data(), span) * share);
            }
        }
    }
}

}  // namespace labkit
