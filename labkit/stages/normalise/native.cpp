// normalise in C++17: bytes of three channels to three planes of float32, in one read and one write (kinds/planes.hpp).
#include "kinds/planes.hpp"

LABKIT_KERNEL(normalise)(const labkit::Inputs& inputs, const labkit::Rows& out) {
    const labkit::Picture& in = inputs.image();
    labkit::Planes planes(inputs.parameter(0) == 1);
    for (std::size_t y = out.begin; y < out.end; y++) {
        planes.at(reinterpret_cast<float*>(out.data), in.height, in.width, y);
        labkit::planes_of_row(planes, in.row(y), in.width, in.end());
    }
}
