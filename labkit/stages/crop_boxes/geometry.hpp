// The size of a crop and the mapping from its pixels to the page, in float64.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>

namespace crop {

constexpr int LARGEST = 32766;

struct Page {
    const std::uint8_t* pixels;  // (height, width, 3) without gaps
    int height, width;
    std::ptrdiff_t stride() const { return std::ptrdiff_t{3} * width; }
};

struct Size {
    int width = 0, height = 0;  // both 0 for a degenerate box
    std::int64_t area() const { return std::int64_t{width} * height; }
};

// Rows or columns begin .. end - 1.
struct Range {
    int begin, end;
};

// The rule of sizes() in __init__.py, operation by operation: without contraction, because dx·dy' - dy·dx' computed with
// one rounding less falls to the other side of 1 now and then.
#if defined(__clang__)
#pragma STDC FP_CONTRACT OFF
#elif defined(__GNUC__)
__attribute__((optimize("fp-contract=off")))
#endif
inline Size size_of(const float* box, const Page& page) {
    double x[4], y[4], dx[4], dy[4], length[4];
    for (int k = 0; k < 4; k++) {
        x[k] = box[2 * k];
        y[k] = box[2 * k + 1];
        if (!std::isfinite(x[k]) || !std::isfinite(y[k])) return {};
    }
    for (int k = 0; k < 4; k++) {
        dx[k] = x[(k + 1) % 4] - x[k];
        dy[k] = y[(k + 1) % 4] - y[k];
        length[k] = std::sqrt(dx[k] * dx[k] + dy[k] * dy[k]);
    }
    const double width = std::max(length[0], length[2]), height = std::max(length[1], length[3]);
    if (!(width >= 2 && width < LARGEST + 1 && height >= 2 && height < LARGEST + 1)) return {};
    bool right = true, left = true;
    for (int k = 0; k < 4; k++) {
        const double turn = dx[k] * dy[(k + 1) % 4] - dy[k] * dx[(k + 1) % 4];
        right &= turn >= 1;
        left &= turn <= -1;
    }
    if (!right && !left) return {};
    const auto [low_x, high_x] = std::minmax({x[0], x[1], x[2], x[3]});
    const auto [low_y, high_y] = std::minmax({y[0], y[1], y[2], y[3]});
    if (high_x <= -1 || high_y <= -1 || low_x >= page.width || low_y >= page.height) return {};
    return {static_cast<int>(width), static_cast<int>(height)};
}

// Asks for the page's bytes of a box that comes later, a row at a time: they lie in two dozen rows, each in another memory
// page, where the processor's own prefetching helps little. All at once they would wait for one another, as only about a
// dozen lines can be on their way to a core; so a row is asked for whenever a row of the box at hand is done. (Asking for
// the crop's memory too was a tenth slower.)
struct Ahead {
    const std::uint8_t* from = nullptr;
    std::ptrdiff_t stride = 0;
    int rows = 0, bytes = 0;

    Ahead() = default;
    Ahead(const Page& page, const float* box) : stride(page.stride()) {
        const auto [low_x, high_x] = std::minmax({box[0], box[2], box[4], box[6]});
        const auto [low_y, high_y] = std::minmax({box[1], box[3], box[5], box[7]});
        const int left = std::max(0, static_cast<int>(low_x)), right = std::min(page.width - 1, static_cast<int>(high_x) + 1);
        const int top = std::max(0, static_cast<int>(low_y));
        const int bottom = std::min(page.height - 1, static_cast<int>(high_y) + 1);
        if (std::int64_t{right - left} * (bottom - top) > 1 << 14) return;  // enough for the second-level cache
        from = page.pixels + top * stride + 3 * left;
        bytes = 3 * (right - left);
        rows = bottom + 1 - top;
    }
    void row() {
        if (rows <= 0) return;
        for (int k = 0; k < bytes + 63; k += 64) {
            __builtin_prefetch(from + std::min(k, bytes), 0, 2);
            __asm__ volatile("");  // GCC takes a function that only prefetches for one that does nothing, and drops it
        }
        from += stride;
        rows--;
    }
    void rest() {
        while (rows > 0) row();
    }
};

// A point of the page that belongs to pixel (x, y) of the crop: ((a·x + b·y + c) / w, (d·x + e·y + f) / w) with
// w = g·x + h·y + 1.
struct Homography {
    double a, b, c, d, e, f, g, h;
    bool is_affine() const { return g == 0 && h == 0; }  // a parallelogram: no division
};

// Closed form instead of eight equations with eight unknowns (what cv2.getPerspectiveTransform solves, 1.5 µs a box).
// Source: Heckbert, Fundamentals of Texture Mapping and Image Warping (1989), section 2.2.3, scaled to pixels.
inline Homography homography(const float* box, Size size) {
    const double x0 = box[0], y0 = box[1], x1 = box[2], y1 = box[3], x2 = box[4], y2 = box[5], x3 = box[6], y3 = box[7];
    const double dx1 = x1 - x2, dx2 = x3 - x2, dy1 = y1 - y2, dy2 = y3 - y2;
    double sx = x0 - x1 + x2 - x3, sy = y0 - y1 + y2 - y3;
    if (std::max(std::abs(sx), std::abs(sy)) < 1.0 / 1024) sx = sy = 0;  // float32 corners of a rotated rectangle
    const double determinant = dx1 * dy2 - dx2 * dy1;  // a turn of the box: at least 1
    const double g = (sx * dy2 - dx2 * sy) / determinant, h = (dx1 * sy - sx * dy1) / determinant;
    const double u = 1.0 / (size.width - 1), v = 1.0 / (size.height - 1);
    return {(x1 - x0 + g * x1) * u, (x3 - x0 + h * x3) * v, x0,
            (y1 - y0 + g * y1) * u, (y3 - y0 + h * y3) * v, y0, g * u, h * v};
}

// Is float32 precise enough: is nothing shrunk to less than an eighth of the rest?
inline bool is_gentle(const Homography& map, Size size) {
    const double right = 1 + map.g * (size.width - 1), down = 1 + map.h * (size.height - 1), far = right + down - 1;
    const auto [low, high] = std::minmax({1.0, right, down, far});
    return high < 8 * low;
}

}  // namespace crop
