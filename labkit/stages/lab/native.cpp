// lab in C++17, without a gather.
//
// A level's share of X, Y and Z is one vector of a table: three look-ups and two sums give all three. Their cube roots are
// three look-ups more, in a table of 4 KiB. They are kept less 1/2, so that they are whole numbers of 16 bits with a sign, and
// pmulhrsw, (p · q + 2^14) >> 15, makes a and b of their differences.
#include "kinds/bgr.hpp"
#include "kinds/rows.hpp"

#include <algorithm>
#include <cmath>

namespace {

using labkit::u8;

using Xyz = int __attribute__((vector_size(16)));
using Pairs = std::uint64_t __attribute__((vector_size(16)));

constexpr int WEIGHTS[3][3] = {{778, 1541, 1777}, {296, 2929, 871}, {3575, 448, 73}};  // of blue, green and red, in 4096ths
constexpr int HALF = 1 << 14;
constexpr int LIGHTNESS = 296 * HALF - (16 * 255 * (1 << 15) + 50) / 100 + HALF;  // with what the roots are short of
constexpr std::size_t BLOCK = 256;                                                // pixels

struct Tables {
    Xyz share[3][256];  // of blue, green and red
    short root[2041];

    Tables() {
        for (int level = 0; level < 256; level++) {
            const double v = level / 255.0, linear = v <= 0.04045 ? v / 12.92 : std::pow((v + 0.055) / 1.055, 2.4);
            const int light = static_cast<int>(std::lrint(2040 * linear));
            for (int c = 0; c < 3; c++)
                for (int k = 0; k < 4; k++) share[c][level][k] = k < 3 ? WEIGHTS[k][c] * light + (c ? 0 : 2048) : 0;
        }
        for (int light = 0; light < 2041; light++) {
            const double v = light / 2040.0;
            const auto found = static_cast<float>(v < 216.0 / 24389.0 ? v * (841.0 / 108.0) + 16.0 / 116.0 : std::cbrt(v));
            root[light] = static_cast<short>(std::lrintf(32768.0f * found) - HALF);
        }
    }
};

struct Roots {
    alignas(64) short x[BLOCK], y[BLOCK], z[BLOCK];
};

#if defined(__AVX2__)
inline __m256i loaded(const short* from) { return _mm256_load_si256(reinterpret_cast<const __m256i*>(from)); }

// 128 + weight · (one - other), of 32 pixels.
inline __m256i difference(const short* one, const short* other, short weight) {
    const auto of_16 = [&](int at) {
        return _mm256_mulhrs_epi16(_mm256_sub_epi16(loaded(one + at), loaded(other + at)), _mm256_set1_epi16(weight));
    };
    return _mm256_xor_si256(_mm256_packs_epi16(of_16(0), of_16(16)), _mm256_set1_epi8(-128));
}
// Of 16 pixels, in 16 bits.
inline __m256i lightness(const short* y) {
    static_assert(LIGHTNESS == 107 * 32768 + 22938);
    const __m256i one = _mm256_set1_epi16(1), by = _mm256_set1_epi32(296 | 22938 << 16), roots = loaded(y);
    const __m256i low = _mm256_srai_epi32(_mm256_madd_epi16(_mm256_unpacklo_epi16(roots, one), by), 15);
    const __m256i high = _mm256_srai_epi32(_mm256_madd_epi16(_mm256_unpackhi_epi16(roots, one), by), 15);
    return _mm256_add_epi16(_mm256_packs_epi32(low, high), _mm256_set1_epi16(107));
}
#endif

}  // namespace

LABKIT_KERNEL(lab)(const labkit::Inputs& inputs, const labkit::Rows& out) {
    static const Tables tables;
    const Xyz* const blue = tables.share[0];
    const Xyz* const green = tables.share[1];
    const Xyz* const red = tables.share[2];
    const short* const root = tables.root;
    Roots of;
    const u8* from = inputs.image().row(out.begin);
    u8* to = out.row(out.begin);
    std::size_t left = (out.end - out.begin) * out.width;
    while (left) {
        const std::size_t count = std::min(BLOCK, left);
        for (std::size_t i = 0; i < count; i++) {
            const auto light = reinterpret_cast<Pairs>((blue[from[3 * i]] + green[from[3 * i + 1]] + red[from[3 * i + 2]]) >> 12);
            of.x[i] = root[light[0] & 0xFFFFFFFF];  // two moves from the vector in place of three
            of.y[i] = root[light[0] >> 32];
            of.z[i] = root[light[1]];
        }
        std::size_t i = 0;
#if defined(__AVX2__)
        const labkit::Every3rd way;
        for (; i + 32 <= count; i += 32) {
            // packed, the pixels are 0 to 7, 16 to 23, 8 to 15, 24 to 31: back into their order
            const auto ordered = [](__m256i packed) { return _mm256_permute4x64_epi64(packed, 0b11011000); };
            labkit::store_32(to + 3 * i,
                             {ordered(_mm256_packus_epi16(lightness(of.y + i), lightness(of.y + i + 16))),
                              ordered(difference(of.x + i, of.y + i, 500)), ordered(difference(of.y + i, of.z + i, 200))},
                             way);
        }
#endif
        for (; i < count; i++) {
            to[3 * i] = static_cast<u8>((296 * of.y[i] + LIGHTNESS) >> 15);
            to[3 * i + 1] = static_cast<u8>(((500 * (of.x[i] - of.y[i]) + HALF) >> 15) + 128);
            to[3 * i + 2] = static_cast<u8>(((200 * (of.y[i] - of.z[i]) + HALF) >> 15) + 128);
        }
        from += 3 * count, to += 3 * count, left -= count;
    }
}
