// The whole chain: one read and one write of the picture, whatever the choices.
//
// Turn and flip are one of eight symmetries; the table commutes with them, and so does a symmetric blur with mirrored
// borders. So a row passes the table as it is read, is blurred as it lies, and is turned as it is written.
#pragma once

#include <new>

#include "blur.hpp"

namespace augment {

// One call: what is read, what is done, where it goes.
struct Work {
    const uint8_t* from;
    ptrdiff_t height, width;
    Symmetry symmetry;
    Table table;
    Weights weights;
    uint8_t* to = nullptr;
};

// Does its rows begin..end, counted from below if the symmetry reverses them.
inline void do_rows(const Work& work, ptrdiff_t begin, ptrdiff_t end) {
    const Symmetry s = work.symmetry;
    const Look table(work.table);
    const ptrdiff_t step = 3 * work.width, out_step = 3 * (s.transpose ? work.height : work.width);
    const bool from_below = s.transpose ? s.left_right : s.upside_down;
    const Rows picture = from_below ? Rows{work.from + (work.height - 1) * step, -step} : Rows{work.from, step};
    // Transposed: source column x becomes output row x, or the x-th from below.
    uint8_t* const first_row = s.transpose && s.upside_down ? work.to + (work.width - 1) * out_step : work.to;
    const ptrdiff_t row_step = s.transpose && s.upside_down ? -out_step : out_step;
    const auto turn = [&](Rows rows, ptrdiff_t count, ptrdiff_t y, bool look) {
        look ? transpose<true>(rows, count, work.width, first_row + 3 * y, row_step, table)
             : transpose<false>(rows, count, work.width, first_row + 3 * y, row_step, table);
    };
    if (work.weights.radius == 0) {
        if (s.transpose)
            turn({picture.at(begin), picture.step}, end - begin, begin, table.changes);
        else
            for (ptrdiff_t y = begin; y < end; y++)
                row(picture.at(y), work.to + y * out_step, work.width, s.left_right, table);
        return;
    }
    Blur blur(picture, work.height, work.width, !s.transpose && s.left_right, table, work.weights);
    constexpr ptrdiff_t BAND = 32;  // blurred rows that wait in the second-level cache to be written as columns
    std::vector<uint8_t> band(s.transpose ? static_cast<std::size_t>(BAND * step) : 0);
    for (ptrdiff_t y = begin; y < end; y += ROWS) {
        const ptrdiff_t waiting = (y - begin) % BAND, last = std::min(end, y + ROWS);
        if (!s.transpose) {
            blur.next(y, last, work.to + y * out_step, out_step);
            continue;
        }
        blur.next(y, last, band.data() + waiting * step, step);
        if (waiting + ROWS == BAND || last == end) turn({band.data(), step}, last - y + waiting, y - waiting, false);
    }
}

// Does all rows on `threads` threads, a band of rows each. Throws std::bad_alloc.
inline void do_all(const Work& work, int threads) {
    if (threads == 1) return do_rows(work, 0, work.height);
    bool failed = false;
#pragma omp parallel for num_threads(threads) schedule(static, 1)
    for (int t = 0; t < threads; t++) {
        try {
            do_rows(work, work.height * t / threads, work.height * (t + 1) / threads);
        } catch (const std::bad_alloc&) {  // must not leave its thread
#pragma omp atomic write
            failed = true;
        }
    }
    if (failed) throw std::bad_alloc();
}

}  // namespace augment
