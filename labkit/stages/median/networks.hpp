// Sorting networks that are made while this is compiled, for values that are vectors: a comparator is a minimum and a maximum.
//
// Source: K. E. Batcher, "Sorting networks and their applications", AFIPS 1968; D. E. Knuth, The Art of Computer Programming,
// vol. 3, 5.3.4 (merging any two lengths).
#pragma once

#include <cstddef>
#include <utility>

namespace median {

// Wires in the order of their values.
struct Wires {
    int at[81] = {}, count = 0;

    constexpr void add(int wire) { at[count++] = wire; }
    constexpr Wires every_other(int first) const {
        Wires found;
        for (int k = first; k < count; k += 2) found.add(at[k]);
        return found;
    }
};

struct Network {
    int low[512] = {}, high[512] = {}, count = 0;  // comparators in order: the lesser to the one wire, the greater to the other
    Wires order;

    constexpr void compare(int one, int other) { low[count] = one, high[count++] = other; }

    constexpr Wires merge(const Wires& a, const Wires& b) {
        if (a.count == 0) return b;
        if (b.count == 0) return a;
        Wires made;
        if (a.count == 1 && b.count == 1) {
            compare(a.at[0], b.at[0]);
            made.add(a.at[0]), made.add(b.at[0]);
            return made;
        }
        const Wires first = merge(a.every_other(0), b.every_other(0)), second = merge(a.every_other(1), b.every_other(1));
        made.add(first.at[0]);
        int k = 0;
        for (; k < second.count && k + 1 < first.count; k++) {
            compare(second.at[k], first.at[k + 1]);
            made.add(second.at[k]), made.add(first.at[k + 1]);
        }
        for (int rest = k + 1; rest < first.count; rest++) made.add(first.at[rest]);
        for (; k < second.count; k++) made.add(second.at[k]);
        return made;
    }
    constexpr Wires sort(int begin, int end) {
        Wires made;
        if (end - begin == 1) {
            made.add(begin);
            return made;
        }
        const int middle = (begin + end) / 2;
        const Wires left = sort(begin, middle), right = sort(middle, end);
        return merge(left, right);
    }
};

template <int count>
constexpr Network sorting() {
    Network made;
    made.order = made.sort(0, count);
    return made;
}

// Merges lists that lie one after another, of these lengths.
template <int... lengths>
constexpr Network merging() {
    Network made;
    int begin = 0;
    const auto next = [&](int length) {
        Wires list;
        for (int k = 0; k < length; k++) list.add(begin + k);
        begin += length;
        made.order = made.merge(made.order, list);
    };
    (next(lengths), ...);
    return made;
}

template <class Vector>
inline void exchange(Vector& low, Vector& high) {
    const Vector least = low < high ? low : high;
    high = low < high ? high : low;
    low = least;
}

template <const Network& network, class Vector, std::size_t... steps>
inline void run(Vector* values, std::index_sequence<steps...>) {
    (exchange(values[network.low[steps]], values[network.high[steps]]), ...);
}

// Sorts as far as its results are used: what nobody reads the compiler leaves out.
template <const Network& network, class Vector>
inline void run(Vector* values) {
    run<network>(values, std::make_index_sequence<network.count>());
}

}  // namespace median
