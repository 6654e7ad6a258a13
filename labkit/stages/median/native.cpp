// median in C++17: one vector holds neighbouring bytes of a row, and all of them are sorted at once.
//
// Every column of `size` rows is sorted once, for all windows that it is in. A window is then a square whose columns are sorted;
// its rows are sorted too, and stay sorted downwards. Now the j-th of the i-th row has i·j - 1 values that are not above it and
// (n+1-i)·(n+1-j) - 1 not below it: what has more than half of all on one side is not the median, and as many are left out
// below as above. Of 49 values 29 are left, sorted along rows: these are merged, and the median is the middle one.
//
// A picture of three channels is one of bytes whose neighbours are three apart.
#include "kinds/rows.hpp"

#include <algorithm>
#include <cstring>
#include <vector>

#include "networks.hpp"

namespace {

using labkit::u8;
using std::ptrdiff_t;

#if defined(__AVX512BW__)
constexpr int BYTES = 64;
#elif defined(__AVX2__)
constexpr int BYTES = 32;
#else
constexpr int BYTES = 16;
#endif
typedef u8 Vector __attribute__((vector_size(BYTES)));

inline Vector load(const u8* from) {
    Vector made;
    std::memcpy(&made, from, BYTES);
    return made;
}
inline void store(Vector value, u8* to) { std::memcpy(to, &value, BYTES); }

template <int size>
struct Median {
    static constexpr median::Network SORT = median::sorting<size>();

    // Of the i-th row, from 1, the first and the last that may be the median.
    static constexpr int HALF = (size * size + 1) / 2;
    static constexpr int first(int i) {
        int j = 1;
        while ((size + 1 - i) * (size + 1 - j) > HALF) j++;
        return j;
    }
    static constexpr int last(int i) {
        int j = size;
        while (i * j > HALF) j--;
        return j;
    }
    static constexpr int left(int i) { return last(i) - first(i) + 1; }

    template <std::size_t... rows>
    static constexpr median::Network merging(std::index_sequence<rows...>) {
        return median::merging<left(static_cast<int>(rows) + 1)...>();
    }
    static constexpr median::Network MERGE = merging(std::make_index_sequence<size>());

    static constexpr int before(int i) {  // how many are left of the rows before the i-th
        int count = 0;
        for (int k = 1; k < i; k++) count += left(k);
        return count;
    }

    template <int i, std::size_t... places>
    static void row(const u8* sorted, ptrdiff_t apart, Vector* left_over, std::index_sequence<places...>) {
        Vector values[size];
#pragma GCC unroll 9
        for (int j = 0; j < size; j++) values[j] = load(sorted + j * apart);
        median::run<SORT>(values);
        ((left_over[before(i) + places] = values[SORT.order.at[first(i) - 1 + places]]), ...);
    }
    // One vector of medians; sorted[i] holds the i-th of each column.
    template <std::size_t... rows>
    static Vector of(const u8* const* sorted, ptrdiff_t at, ptrdiff_t apart, std::index_sequence<rows...>) {
        Vector left_over[before(size + 1)];
        (row<static_cast<int>(rows) + 1>(sorted[rows] + at, apart, left_over,
                                         std::make_index_sequence<left(static_cast<int>(rows) + 1)>()),
         ...);
        median::run<MERGE>(left_over);
        return left_over[MERGE.order.at[MERGE.order.count / 2]];
    }
    static Vector of(const u8* const* sorted, ptrdiff_t at, ptrdiff_t apart) {
        return of(sorted, at, apart, std::make_index_sequence<size>());
    }

    static void columns(const u8* const* rows, ptrdiff_t at, u8* const* sorted) {
        Vector column[size];
#pragma GCC unroll 9
        for (int k = 0; k < size; k++) column[k] = load(rows[k] + at);
        median::run<SORT>(column);
#pragma GCC unroll 9
        for (int k = 0; k < size; k++) store(column[SORT.order.at[k]], sorted[k] + at);
    }

    static void make(const labkit::Picture& in, const labkit::Rows& out) {
        const auto stride = static_cast<ptrdiff_t>(in.stride()), apart = static_cast<ptrdiff_t>(in.channels);
        const ptrdiff_t radius = size / 2, frame = radius * apart, last_row = static_cast<ptrdiff_t>(in.height) - 1;
        const ptrdiff_t whole = stride - stride % BYTES, room = (stride + 2 * frame + 2 * BYTES) / BYTES * BYTES;
        std::vector<u8> memory(static_cast<std::size_t>(room) * (size + 1));
        u8 *sorted[size], *const made = memory.data() + room * size;
        for (int k = 0; k < size; k++) sorted[k] = memory.data() + room * k + frame;
        u8 ends[size][BYTES] = {};
        for (auto y = static_cast<ptrdiff_t>(out.begin); y < static_cast<ptrdiff_t>(out.end); y++) {
            const u8 *rows[size], *tails[size];
            for (int k = 0; k < size; k++) {
                rows[k] = in.row(std::clamp<ptrdiff_t>(y + k - radius, 0, last_row));
                std::memcpy(ends[k], rows[k] + whole, stride - whole);
                tails[k] = ends[k] - whole;
            }
            for (ptrdiff_t at = 0; at < whole; at += BYTES) columns(rows, at, sorted);
            if (whole < stride) columns(tails, whole, sorted);
            for (u8* const one : sorted)
                for (ptrdiff_t k = 0; k < frame; k++) {
                    one[k - frame] = one[k % apart];
                    one[stride + k] = one[stride - apart + k % apart];
                }
            const u8* begin[size];
            for (int k = 0; k < size; k++) begin[k] = sorted[k] - frame;
            u8* const to = out.row(y);
            for (ptrdiff_t at = 0; at < whole; at += BYTES) store(of(begin, at, apart), to + at);
            if (whole < stride) {
                store(of(begin, whole, apart), made);
                std::memcpy(to + whole, made, stride - whole);
            }
        }
    }
};

}  // namespace

LABKIT_KERNEL(median)(const labkit::Inputs& inputs, const labkit::Rows& out) {
    switch (inputs.parameter(0)) {
        case 3: return Median<3>::make(inputs.image(), out);
        case 5: return Median<5>::make(inputs.image(), out);
        case 7: return Median<7>::make(inputs.image(), out);
        default: return Median<9>::make(inputs.image(), out);
    }
}
