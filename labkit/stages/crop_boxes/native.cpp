// crop_boxes in C++17. Reading order: geometry.hpp (sizes and homography), loop below, then the SIMD kernels:
// blend.hpp (the arithmetic), upright.hpp and slanted.hpp (two ways to bring taps together).
//
// How it came to this (the workload `page`: 2.3 million pixels, 57 % of the boxes upright; ms on one thread / on two, of a
// 2.5 GHz Cascade Lake with two cores; the reference takes 90, cv2 without Python's detours 32):
//   83          the plain loop: 36 ns a pixel
//    9.2        upright boxes as whole vectors (0.6 ns a pixel), others 16 at a time: positions first, then taps
//    6.2 / 3.8  the next box's rows are prefetched: waiting for memory had been a third of it
//    6.0 / 3.6  allocation beside the computing, blocks inside the page in boxes that reach beyond it
//    5.5 / 3.1  no division for parallelograms
//    5.1 / 2.8  level boxes: whole vectors for words turned by a few degrees too
//    5.0 / 2.8  three boxes ahead, a row at a time
// and on a 3.7 GHz Zen 4 with two cores (the reference takes 39, the best cv2 variant 15), with page and crops pushed out of
// the cache by the arm before:
//    2.6 / 1.5  the same
//    2.5 / 1.4  weights of 16 columns at a time; of an upright box beyond the border only what lies outside goes pixel by pixel
//    2.4 / 1.4  a thread claims its next boxes before it needs them, so that it always knows what to ask for  <- this file
// Of this on one thread, 0.5 is allocation. With page and crops in the cache, an upright box takes 0.65 ns a pixel, a level
// one 1.6 (a parallelogram) or 1.9 (in perspective), and another slanted one above 2; the rest is waiting for the page.
#include "kinds/function.hpp"

#include <atomic>
#include <thread>
#include <vector>

#include "slanted.hpp"
#include "upright.hpp"

using std::uint8_t;

namespace {

using crop::Homography;
using crop::Page;
using crop::Size;

// A call's inputs, borrowed, and its crops.
struct Work {
    Page page;
    const float* boxes;
    std::vector<Size> sizes;
    std::vector<uint8_t*> crops;
    labkit::Owned list;

    Work(PyObject* page_array, PyObject* boxes_array) : list(PyList_New(PyArray_DIM(labkit::array_of(boxes_array), 0))) {
        const labkit::Picture pixels = labkit::picture(page_array);
        PyArrayObject* const corners = labkit::array_of(boxes_array);
        page = {pixels.data, static_cast<int>(pixels.height), static_cast<int>(pixels.width)};
        boxes = static_cast<const float*>(PyArray_DATA(corners));
        const auto count = static_cast<std::size_t>(PyArray_DIM(corners, 0));
        crops.resize(count);
        for (std::size_t k = 0; k < count; k++) sizes.push_back(crop::size_of(box(k), page));
    }
    const float* box(std::size_t k) const { return boxes + 8 * k; }

    // Makes the array of one crop, with the GIL. False with a Python error set.
    bool allocate(std::size_t k) {
        npy_intp shape[] = {sizes[k].height, sizes[k].width, 3};
        PyObject* const made = PyArray_SimpleNew(3, shape, NPY_UINT8);
        if (!made) return false;
        PyList_SET_ITEM(list.get(), static_cast<Py_ssize_t>(k), made);
        crops[k] = static_cast<uint8_t*>(PyArray_DATA(labkit::array_of(made)));
        return true;
    }
};

// The plain loop: a division, four taps and three weighted means a pixel.
void warp_plainly(const Page& page, const float* box, Size size, uint8_t* out) {
    const Homography map = crop::homography(box, size);
    const auto tap = [&page](int x, int y, int channel) {
        const bool inside = x >= 0 && y >= 0 && x < page.width && y < page.height;
        return inside ? page.pixels[y * page.stride() + 3 * x + channel] : 0;
    };
    for (int row = 0; row < size.height; row++)
        for (int column = 0; column < size.width; column++) {
            const double w = 1 / (map.g * column + map.h * row + 1);
            const double x = (map.a * column + map.b * row + map.c) * w, y = (map.d * column + map.e * row + map.f) * w;
            const int left = static_cast<int>(std::floor(x)), top = static_cast<int>(std::floor(y));
            const float right = static_cast<float>(x - left), lower = static_cast<float>(y - top);
            for (int c = 0; c < 3; c++) {
                const float above = tap(left, top, c) * (1 - right) + tap(left + 1, top, c) * right;
                const float below = tap(left, top + 1, c) * (1 - right) + tap(left + 1, top + 1, c) * right;
                *out++ = static_cast<uint8_t>(above * (1 - lower) + below * lower + 0.5f);
            }
        }
}

PyObject* loop(PyObject* page, PyObject* boxes) {
    Work work(page, boxes);
    for (std::size_t k = 0; k < work.sizes.size(); k++)
        if (!work.allocate(k)) throw labkit::ErrorSet();
    const labkit::Unlocked unlocked;
    for (std::size_t k = 0; k < work.sizes.size(); k++)
        if (work.sizes[k].width) warp_plainly(work.page, work.box(k), work.sizes[k], work.crops[k]);
    return work.list.release();
}

// Some rows of one crop: what a thread takes at a time. Large crops are cut, so that threads share them too.
struct Piece {
    std::size_t box;
    int begin, end;
};

// Of an upright box that reaches beyond the page, what lies inside goes the quick way all the same.
void warp_upright(const Page& page, const float* box, Size size, crop::Range rows, uint8_t* crop, crop::Ahead& ahead) {
    const crop::Along across(box[0], box[2], size.width), down(box[1], box[7], size.height);
    const crop::Range all{0, size.width}, inner = down.inside(rows, page.height), columns = across.inside(all, page.width);
    crop::warp_upright(page, across, down, size, inner, columns, crop, ahead);
    if (inner.end - inner.begin == rows.end - rows.begin && columns.end - columns.begin == size.width) return;
    const Homography map = crop::homography(box, size);
    crop::warp_slanted(page, map, size, {rows.begin, inner.begin}, all, crop);
    crop::warp_slanted(page, map, size, inner, {0, columns.begin}, crop);
    crop::warp_slanted(page, map, size, inner, {columns.end, size.width}, crop);
    crop::warp_slanted(page, map, size, {inner.end, rows.end}, all, crop);
}

void warp(const Work& work, const Piece& piece, crop::Ahead& ahead) {
    const float* const box = work.box(piece.box);
    const Size size = work.sizes[piece.box];
    uint8_t* const crop = work.crops[piece.box];
    const crop::Range rows{piece.begin, piece.end};
    if (crop::is_upright(box)) {
        warp_upright(work.page, box, size, rows, crop, ahead);
        return;
    }
    const Homography map = crop::homography(box, size);
#if CROP_AVX512
    if (crop::is_level(box, work.page, size, map)) {
        crop::warp_level(work.page, box, map, size, piece.begin, piece.end, crop, ahead);
        return;
    }
#endif
    crop::warp_slanted(work.page, map, size, rows, {0, size.width}, crop);
}

// Pieces in consecutive groups of about the same area: group g is begins[g] .. begins[g + 1].
struct Plan {
    static constexpr std::int64_t AREA = 1 << 14;  // pixels: 10 to 40 µs
    std::vector<Piece> pieces;
    std::vector<std::size_t> begins{0};

    explicit Plan(const std::vector<Size>& sizes) {
        std::int64_t area = 0;
        for (std::size_t k = 0; k < sizes.size(); k++) {
            const Size size = sizes[k];
            if (!size.width) continue;
            const int rows = static_cast<int>(std::max<std::int64_t>(1, AREA / size.width));
            for (int y = 0; y < size.height; y += rows) {
                const int end = std::min(size.height, y + rows);
                pieces.push_back({k, y, end});
                area += std::int64_t{size.width} * (end - y);
                if (area < AREA) continue;
                begins.push_back(pieces.size());
                area = 0;
            }
        }
        if (begins.back() != pieces.size()) begins.push_back(pieces.size());
    }
    int groups() const { return static_cast<int>(begins.size()) - 1; }
};

// The calling thread keeps the GIL and allocates, the others compute what is allocated already; then it lets go of the GIL
// and computes too. Allocating 1528 small arrays takes a tenth of a single thread's time: done first, by itself, it would be
// a sixth of the time of two.
PyObject* simd(PyObject* page, PyObject* boxes, bool all_threads) {
    Work work(page, boxes);
    const Plan plan(work.sizes);
    const std::size_t groups = plan.groups();
    const int threads = all_threads ? labkit::threads_for(groups, 1, groups) : 1;
    std::atomic<std::size_t> allocated{0};
    std::atomic<int> next{0};
    std::atomic<bool> failed{false};
    std::atomic<int> busy{0};
    constexpr int LOOKS = 200;  // some 80 µs
    constexpr std::size_t NONE = ~std::size_t{0}, LEAD = 3;  // boxes between asking for a page's bytes and reading them
    const auto box_of = [&](std::size_t k) { return work.box(plan.pieces[k].box); };
    const auto compute = [&] {
        std::size_t at = 0, stop = 0;
        const auto claim = [&]() -> std::size_t {  // a group is claimed when its first box's bytes are to be asked for
            if (at == stop) {
                const int group = next++;
                if (group >= plan.groups()) return NONE;
                at = plan.begins[group], stop = plan.begins[group + 1];
            }
            return at++;
        };
        std::size_t queue[LEAD];
        for (std::size_t& k : queue)
            if ((k = claim()) != NONE) crop::Ahead(work.page, box_of(k)).rest();
        for (std::size_t turn = 0; queue[turn] != NONE && !failed; turn = (turn + 1) % LEAD) {
            const Piece& piece = plan.pieces[queue[turn]];
            queue[turn] = claim();
            crop::Ahead ahead;
            if (queue[turn] != NONE) ahead = crop::Ahead(work.page, box_of(queue[turn]));
            while (allocated.load(std::memory_order_acquire) <= piece.box && !failed) std::this_thread::yield();
            if (!failed) warp(work, piece, ahead);
            ahead.rest();
        }
    };
#pragma omp parallel num_threads(threads)
    {
        if (labkit::thread() == 0) {
            for (std::size_t k = 0; k < work.sizes.size() && !failed; k++) {
                failed = !work.allocate(k);
                allocated.store(k + 1, std::memory_order_release);
            }
            if (!failed) {
                const labkit::Unlocked unlocked;
                compute();
                // Asleep at the barrier, this thread would be woken some 40 µs after the last group is done: it looks
                // for as long as a group takes before it goes to sleep.
                for (int look = 0; look < LOOKS && busy; look++) std::this_thread::yield();
            }
        } else {
            busy++;
            compute();
            busy--;
        }
    }
    if (failed) throw labkit::ErrorSet();
    return work.list.release();
}

}  // namespace

LABKIT_FUNCTION(native_loop)(PyObject* page, PyObject* boxes) {
    return labkit::called([&] { return loop(page, boxes); });
}
LABKIT_FUNCTION(native)(PyObject* page, PyObject* boxes) {
    return labkit::called([&] { return simd(page, boxes, false); });
}
LABKIT_FUNCTION(native_omp)(PyObject* page, PyObject* boxes) {
    return labkit::called([&] { return simd(page, boxes, true); });
}
