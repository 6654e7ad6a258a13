// grey in C++17: to_grey (kinds/grey.hpp) over rows that lie one after another.
#include "kinds/grey.hpp"
#include "kinds/rows.hpp"

LABKIT_KERNEL(grey)(const labkit::Inputs& inputs, const labkit::Rows& out) {
    const labkit::Picture& in = inputs.image();
    const std::size_t count = (out.end - out.begin) * in.width, beyond = (in.height - out.end) * in.width;
    labkit::to_grey(in.row(out.begin), count, beyond, out.row(out.begin));
}
