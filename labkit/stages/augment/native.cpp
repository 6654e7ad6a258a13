// augment in C++17: the kernel. Reading order: symmetry.hpp (turn, flip, table), blur.hpp, chain.hpp (all in one pass).
//
// How it came to this (all four operations with 13 taps, 256² / 1080p, ms on one thread of a 2-core Zen 4; albumentations
// takes 0.53 / 16.0, OpenCV called directly 0.28 / 9.4):
//   0.093 / 3.5    values of 16 bits in the ring, blurred along columns first; a row's taps are unaligned loads of 32 values
//   0.087 / 3.2    along rows first, on bytes: half the loads, and vpmaddubsw adds a pair and widens it in one step
//   0.079 / 3.0    GCC kept from loading all rows before it adds the first: fewer spilled registers   <- this file
// Of the last figure about a fifth is the turn, and as much reading the picture and passing the table.
#include "kinds/rows.hpp"

#include "chain.hpp"

LABKIT_KERNEL(augment)(const labkit::Inputs& inputs, const labkit::Rows& out) {
    const labkit::Picture& in = inputs.image();
    const int size = inputs.parameter(4);
    const augment::Work work{in.data,
                             static_cast<std::ptrdiff_t>(in.height),
                             static_cast<std::ptrdiff_t>(in.width),
                             augment::Symmetry::of(inputs.parameter(0), inputs.parameter(1)),
                             augment::Table(inputs.parameter<double>(2), inputs.parameter<double>(3)),
                             augment::Weights(size, size > 1 ? inputs.parameter<double>(5) : 1.0),
                             out.data};
    augment::do_all(work, out.threads);
}
