// sobel in C++17, in loops that the compiler turns into vectors of 16 bits.
#include "kinds/rows.hpp"
#include "kinds/sobel.hpp"

LABKIT_KERNEL(sobel)(const labkit::Inputs& inputs, const labkit::Rows& out) {
    const labkit::Picture& in = inputs.image();
    const int of = inputs.parameter(0);
    for (std::size_t y = out.begin; y < out.end; y++) {
        const std::size_t last = in.height - 1;
        const labkit::Three rows{in.row(y ? y - 1 : last ? 1 : 0), in.row(y), in.row(y < last ? y + 1 : last ? last - 1 : 0)};
        std::int16_t* const to = out.row_of<std::int16_t>(y);
        if (of == 0)
            labkit::each_of_row<false>(rows, in.width, [=](auto x, auto across, auto down) { to[x] = labkit::steepness(across, down); });
        else if (of == 1)
            labkit::each_of_row<false>(rows, in.width, [=](auto x, auto across, auto) { to[x] = across; });
        else
            labkit::each_of_row<false>(rows, in.width, [=](auto x, auto, auto down) { to[x] = down; });
    }
}
