// phash in C++17: means of 32×32 (kinds/area.hpp), grey, and of the cosine transform 8×8 coefficients.
#include "kinds/area.hpp"
#include "kinds/grey.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace {

using labkit::u8;

constexpr std::size_t SMALL = 32, LOW = 8;
constexpr double MARGIN = 1;

using Cosines = std::array<std::array<double, SMALL>, LOW>;

Cosines cosines() {
    Cosines made;
    for (std::size_t u = 0; u < LOW; u++)
        for (std::size_t x = 0; x < SMALL; x++)
            made[u][x] = std::cos(std::acos(-1.0) / (2 * SMALL) * static_cast<double>(u * (2 * x + 1)));
    return made;
}

}  // namespace

LABKIT_KERNEL(phash)(const labkit::Inputs& inputs, const labkit::Rows& out) {
    static const Cosines cosine = cosines();
    const labkit::Picture& in = inputs.image();
    const labkit::Axis columns = labkit::Axis::area(in.width, SMALL, 0, SMALL);
    u8 levels[SMALL * SMALL * 3];
#pragma omp parallel for num_threads(out.threads) schedule(static)
    for (std::size_t y = 0; y < SMALL; y++) {
        const labkit::Rows row{levels, SMALL, SMALL, in.channels, 1, SMALL * in.channels, y, y + 1, 1};
        labkit::resize_in_float(in, row, labkit::Axis::area(in.height, SMALL, y, y + 1), columns);
    }
    double along[SMALL][LOW] = {}, made[LOW * LOW] = {}, order[LOW * LOW];
    for (std::size_t y = 0; y < SMALL; y++) {
        for (std::size_t x = 0; x < SMALL; x++) {
            const u8* const pixel = levels + (y * SMALL + x) * in.channels;
            const u8 grey = in.channels == 3 ? labkit::grey_of(pixel) : *pixel;
            for (std::size_t u = 0; u < LOW; u++) along[y][u] += cosine[u][x] * grey;
        }
        for (std::size_t v = 0; v < LOW; v++)
            for (std::size_t u = 0; u < LOW; u++) made[v * LOW + u] += cosine[v][y] * along[y][u];
    }
    std::copy(made, made + LOW * LOW, order);
    std::sort(order, order + LOW * LOW);
    const double median = (order[LOW * LOW / 2 - 1] + order[LOW * LOW / 2]) / 2;
    for (std::size_t k = 0; k < LOW * LOW; k++) *out.row(k) = made[k] > median + MARGIN;
}
