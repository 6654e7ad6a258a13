// resize_crop_normalise in C++17: only what the square is made of is read, and nothing is rounded to levels in between, except of
// half a picture.
#include "kinds/area.hpp"
#include "kinds/planes.hpp"
#include "kinds/taps.hpp"

namespace {

using labkit::Axis;
using labkit::Planes;
using labkit::Span;
using labkit::u8;

// Of the whole resized picture, and where the square begins in it.
struct Window {
    std::size_t height, width, top, left;

    Window(const labkit::Picture& in, std::size_t target, std::size_t crop) {
        const std::size_t least = std::min(in.height, in.width);
        height = target * in.height / least, width = target * in.width / least;
        top = (height - crop) / 2, left = (width - crop) / 2;
    }
};

// The square's part of both axes, and the source's bytes that it is made of.
struct Square {
    Axis rows, columns;
    std::size_t origin, begin, end;

    Square(const labkit::Picture& in, const Window& window, std::size_t crop, std::size_t from, std::size_t to) {
        const auto [height, width, top, left] = window;
        rows = Axis::area(in.height, height, top + from, top + to);
        columns = Axis::area(in.width, width, left, left + crop);
        origin = columns.spans.front().first;
        std::size_t reach = 0;
        for (const Span& span : columns.spans) reach = std::max(reach, span.reach());
        begin = 3 * origin, end = 3 * reach;
    }
};

void plain(const labkit::Picture& in, Planes& planes, const Square& square, std::vector<float>& sums, const Span& row) {
    labkit::add_rows(in, row, square.begin, square.end, sums.data());
    const float share = square.rows.share * square.columns.share;
    for (std::size_t x = 0; x < square.columns.spans.size(); x++) {
        Span span = square.columns.spans[x];
        span.first -= square.origin, span.last -= square.origin, span.whole -= square.origin, span.end -= square.origin;
        const labkit::Four made = labkit::add_three(sums.data(), span) * share;
        for (int c = 0; c < 3; c++) planes.to[c][x] = made[2 - c] * planes.scale[c] + planes.shift[c];
    }
}

#if defined(__AVX2__)
// Four pixels a step; the last ones by way of a place of their own.
void write_planes(const labkit::Taps& taps, const std::int16_t* row, const Planes& planes) {
    constexpr float unit = 1.0f / (1 << (labkit::WEIGHT_BITS + labkit::MEAN_BITS));
    for (std::size_t x = 0; x < taps.count(); x += 4) {
        const __m256 first = _mm256_cvtepi32_ps(taps.two_of_three(row, x)), second = _mm256_cvtepi32_ps(taps.two_of_three(row, x + 2));
        __m128 blue = _mm256_castps256_ps128(first), green = _mm256_extractf128_ps(first, 1);
        __m128 red = _mm256_castps256_ps128(second), none = _mm256_extractf128_ps(second, 1);
        _MM_TRANSPOSE4_PS(blue, green, red, none);
        const __m128 colours[] = {red, green, blue};
        for (int c = 0; c < 3; c++) {
            const __m128 made = _mm_add_ps(_mm_mul_ps(colours[c], _mm_set1_ps(planes.scale[c] * unit)), _mm_set1_ps(planes.shift[c]));
            if (x + 4 <= taps.count()) {
                _mm_storeu_ps(planes.to[c] + x, made);
            } else {
                float four[4];
                _mm_storeu_ps(four, made);
                std::copy(four, four + (taps.count() - x), planes.to[c] + x);
            }
        }
    }
}
#endif

}  // namespace

LABKIT_KERNEL(resize_crop_normalise)(const labkit::Inputs& inputs, const labkit::Rows& out) {
    const labkit::Picture& in = inputs.image();
    const auto target = inputs.parameter<std::size_t>(0), crop = inputs.parameter<std::size_t>(1);
    const Window window(in, target, crop);
    Planes planes(inputs.parameter(2) == 1);
    const auto at = [&](std::size_t y) { planes.at(reinterpret_cast<float*>(out.data), crop, crop, y); };
    if (in.height == window.height && in.width == window.width) {
        for (std::size_t y = out.begin; y < out.end; y++) {
            at(y);
            labkit::planes_of_row(planes, in.row(window.top + y) + 3 * window.left, crop, in.end());
        }
        return;
    }
    const Square square(in, window, crop, out.begin, out.end);
#if defined(__AVX2__)
    if (in.height == 2 * window.height && in.width == 2 * window.width) {
        std::vector<u8> levels(3 * crop + 4);  // some more are read
        for (std::size_t y = out.begin; y < out.end; y++) {
            const u8* const above = in.row(2 * (window.top + y)) + 6 * window.left;
            at(y);
            labkit::half_row(above, above + in.stride(), crop, levels.data());
            labkit::planes_of_row(planes, levels.data(), crop, levels.data() + levels.size());
        }
        return;
    }
    if (labkit::Taps::suit(square.columns) && labkit::RowWeights::suit(square.rows)) {
        const labkit::Taps taps(square.columns, 3, square.origin);
        std::vector<std::int16_t> means(square.end - square.begin + taps.behind());
        for (std::size_t y = out.begin; y < out.end; y++) {
            const Span& row = square.rows.spans[y - out.begin];
            labkit::mean_of_rows(in, row, square.rows.share, square.begin, square.end, means.data());
            at(y);
            write_planes(taps, means.data(), planes);
        }
        return;
    }
#endif
    std::vector<float> sums(square.end - square.begin + 4);
    for (std::size_t y = out.begin; y < out.end; y++) {
        at(y);
        plain(in, planes, square, sums, square.rows.spans[y - out.begin]);
    }
}
