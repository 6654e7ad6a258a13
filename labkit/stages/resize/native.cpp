// resize in C++17: sums of rows, then weighed sums along them (kinds/area.hpp); with AVX2 in 16 bits (kinds/taps.hpp), where half
// the size is made of bytes alone.
#include "kinds/area.hpp"
#include "kinds/taps.hpp"

using labkit::Axis;

#if defined(__AVX2__)
namespace {

void in_16_bits(const labkit::Picture& in, const labkit::Rows& out, const Axis& rows, const Axis& columns) {
    const labkit::Taps taps(columns, in.channels, 0);
    std::vector<std::int16_t> means(in.stride() + taps.behind());
    for (std::size_t y = out.begin; y < out.end; y++) {
        labkit::mean_of_rows(in, rows.spans[y - out.begin], rows.share, 0, in.stride(), means.data());
        labkit::write_row(taps, in.channels, means.data(), out.row(y));
    }
}

}  // namespace
#endif

LABKIT_KERNEL(resize)(const labkit::Inputs& inputs, const labkit::Rows& out) {
    const labkit::Picture& in = inputs.image();
    if (in.height == out.height && in.width == out.width) {
        std::memcpy(out.row(out.begin), in.row(out.begin), (out.end - out.begin) * out.stride);
        return;
    }
    const bool linear = inputs.parameter(2) == 1;
    const auto axis = [linear](std::size_t source, std::size_t target, std::size_t from, std::size_t to) {
        return linear ? Axis::bilinear(source, target, from, to) : Axis::area(source, target, from, to);
    };
    const Axis rows = axis(in.height, out.height, out.begin, out.end), columns = axis(in.width, out.width, 0, out.width);
#if defined(__AVX2__)
    if (in.channels == 3 && in.height == 2 * out.height && in.width == 2 * out.width) {
        for (std::size_t y = out.begin; y < out.end; y++) labkit::half_row(in.row(2 * y), in.row(2 * y + 1), out.width, out.row(y));
        return;
    }
    if (labkit::Taps::suit(columns) && labkit::RowWeights::suit(rows)) return in_16_bits(in, out, rows, columns);
#endif
    labkit::resize_in_float(in, out, rows, columns);
}
