// flip_rotate in C++17. Flips are copies, mirrored in registers: nothing is to be gained over cv2.flip, which moves bytes at a copy's pace.
//
// Where rows become columns, tiles are transposed in registers: 16×32 bytes, or 8×8 pixels of three bytes, which are spread to four
// and closed up again. The order in which rows are read turns the picture clockwise, that in which they are written anticlockwise.
// Tiles go along the output in strips of 64 rows, so that whole cache lines are read. OpenCV transposes bytes as quickly, pixels of
// three in 1.2 to 1.9 times this time (rough figures, one thread, with AVX2).
#include "kinds/rows.hpp"

#include <algorithm>
#include <cstring>

#if defined(__SSSE3__)
#include <immintrin.h>
#endif

namespace {

using labkit::u8;
using Step = std::ptrdiff_t;

enum Way { LEFT_RIGHT, UPSIDE_DOWN, HALF_TURN, CLOCKWISE, ANTICLOCKWISE, TRANSPOSE };

// The pixels of a row, last to first.
template <int channels>
void mirror(const u8* from, std::size_t width, u8* to) {
    std::size_t x = 0;
#if defined(__AVX2__)
    if constexpr (channels == 1) {
        const __m256i back = _mm256_broadcastsi128_si256(_mm_setr_epi8(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0));
        for (; x + 32 <= width; x += 32) {
            const __m256i bytes = _mm256_shuffle_epi8(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(from + width - 32 - x)), back);
            _mm256_storeu_si256(reinterpret_cast<__m256i*>(to + x), _mm256_permute2x128_si256(bytes, bytes, 1));
        }
    }
#endif
#if defined(__SSSE3__)
    constexpr std::size_t some = channels == 1 ? 16 : 5, before = channels == 1 ? 0 : 1;  // byte: beyond them a picture may end
    alignas(16) u8 order[16] = {};
    for (std::size_t k = 0; k < some * channels; k++)
        order[k] = static_cast<u8>(before + (some - 1 - k / channels) * channels + k % channels);
    const __m128i places = _mm_load_si128(reinterpret_cast<const __m128i*>(order));
    for (; x + 16 <= width; x += some) {  // the byte beyond five pixels is written over
        const __m128i pixels = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from + channels * (width - some - x) - before));
        _mm_storeu_si128(reinterpret_cast<__m128i*>(to + channels * x), _mm_shuffle_epi8(pixels, places));
    }
#endif
    for (; x < width; x++) std::memcpy(to + channels * x, from + channels * (width - 1 - x), channels);
}

// Makes `rows` × `columns` pixels of the output of as many columns and rows of the input.
template <int channels>
struct Tile {
    static constexpr std::size_t rows = 1, columns = 1;
    static void turn(const u8* from, Step, u8* to, Step) { std::memcpy(to, from, channels); }
};

#if defined(__AVX2__)
template <>
struct Tile<1> {
    static constexpr std::size_t rows = 32, columns = 16;
    static void turn(const u8* from, Step row, u8* to, Step out_row) {
        __m256i a[16], b[16];
        for (int k = 0; k < 16; k++) a[k] = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from + k * row));
        // four times the rows k and k + 8 are shuffled into each other, as cards are: then bytes are where they belong
        const auto shuffled = [](const __m256i (&of)[16], __m256i (&into)[16]) {
            for (int k = 0; k < 8; k++) {
                into[2 * k] = _mm256_unpacklo_epi8(of[k], of[k + 8]);
                into[2 * k + 1] = _mm256_unpackhi_epi8(of[k], of[k + 8]);
            }
        };
        shuffled(a, b), shuffled(b, a), shuffled(a, b), shuffled(b, a);
        for (int k = 0; k < 16; k++) {
            _mm_storeu_si128(reinterpret_cast<__m128i*>(to + k * out_row), _mm256_castsi256_si128(a[k]));
            _mm_storeu_si128(reinterpret_cast<__m128i*>(to + (k + 16) * out_row), _mm256_extracti128_si256(a[k], 1));
        }
    }
};
#elif defined(__SSSE3__)
template <>
struct Tile<1> {
    static constexpr std::size_t rows = 16, columns = 16;
    static void turn(const u8* from, Step row, u8* to, Step out_row) {
        __m128i a[16], b[16];
        for (int k = 0; k < 16; k++) a[k] = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from + k * row));
        const auto shuffled = [](const __m128i (&of)[16], __m128i (&into)[16]) {  // as above
            for (int k = 0; k < 8; k++) {
                into[2 * k] = _mm_unpacklo_epi8(of[k], of[k + 8]);
                into[2 * k + 1] = _mm_unpackhi_epi8(of[k], of[k + 8]);
            }
        };
        shuffled(a, b), shuffled(b, a), shuffled(a, b), shuffled(b, a);
        for (int k = 0; k < 16; k++) _mm_storeu_si128(reinterpret_cast<__m128i*>(to + k * out_row), a[k]);
    }
};
#endif

#if defined(__AVX2__)
template <>
struct Tile<3> {
    static constexpr std::size_t rows = 8, columns = 8;
    static void turn(const u8* from, Step row, u8* to, Step out_row) {
        const __m256i spread = _mm256_setr_epi8(0, 1, 2, -1, 3, 4, 5, -1, 6, 7, 8, -1, 9, 10, 11, -1,  //
                                                4, 5, 6, -1, 7, 8, 9, -1, 10, 11, 12, -1, 13, 14, 15, -1);
        const __m256i close = _mm256_setr_epi8(0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, -1, -1, -1, -1,  //
                                               0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, -1, -1, -1, -1);
        const __m256i join = _mm256_setr_epi32(0, 1, 2, 4, 5, 6, 3, 7);
        __m256i a[8], b[8];
        for (int k = 0; k < 8; k++) {  // 24 bytes
            const auto at = [&](int byte) { return _mm_loadu_si128(reinterpret_cast<const __m128i*>(from + k * row + byte)); };
            a[k] = _mm256_shuffle_epi8(_mm256_inserti128_si256(_mm256_castsi128_si256(at(0)), at(8), 1), spread);
        }
        for (int k = 0; k < 8; k += 2) b[k] = _mm256_unpacklo_epi32(a[k], a[k + 1]), b[k + 1] = _mm256_unpackhi_epi32(a[k], a[k + 1]);
        for (int k = 0; k < 8; k += 4)
            for (int half = 0; half < 2; half++) {  // columns 2 half and 2 half + 1, and those four further in the upper halves
                a[k + 2 * half] = _mm256_unpacklo_epi64(b[k + half], b[k + half + 2]);
                a[k + 2 * half + 1] = _mm256_unpackhi_epi64(b[k + half], b[k + half + 2]);
            }
        for (int k = 0; k < 8; k++) {
            const __m256i column = k < 4 ? _mm256_permute2x128_si256(a[k], a[k + 4], 0x20) : _mm256_permute2x128_si256(a[k - 4], a[k], 0x31);
            const __m256i bytes = _mm256_permutevar8x32_epi32(_mm256_shuffle_epi8(column, close), join);
            _mm_storeu_si128(reinterpret_cast<__m128i*>(to + k * out_row), _mm256_castsi256_si128(bytes));
            _mm_storel_epi64(reinterpret_cast<__m128i*>(to + k * out_row + 16), _mm256_extracti128_si256(bytes, 1));
        }
    }
};
#endif

// Output pixel (y, x) is pixel `column` of the input's row x, counted from `origin` on.
struct Plan {
    const u8* origin;
    Step right;  // bytes: a row of the input, or one back
    bool back;   // output rows are the input's columns from the last one on
    std::size_t columns;
};

// The last tiles of a row and of a strip lie over those before them.
template <int channels>
void transposed(const Plan& plan, const labkit::Rows& out) {
    using Of = Tile<channels>;
    const auto from = [&](std::size_t y, std::size_t x) {
        const std::size_t column = plan.back ? plan.columns - 1 - y : y;
        return plan.origin + static_cast<Step>(x) * plan.right + static_cast<Step>(channels * column);
    };
    if (out.width < Of::columns || out.end - out.begin < Of::rows) {
        for (std::size_t y = out.begin; y < out.end; y++)
            for (std::size_t x = 0; x < out.width; x++) std::memcpy(out.row(y) + channels * x, from(y, x), channels);
        return;
    }
    const Step down = static_cast<Step>(out.stride);
    const auto tile = [&](std::size_t y, std::size_t x) {
        const std::size_t last = y + Of::rows - 1;
        if (plan.back) Of::turn(from(last, x), plan.right, out.row(last) + channels * x, -down);
        else Of::turn(from(y, x), plan.right, out.row(y) + channels * x, down);
    };
    constexpr std::size_t strip = 64;
    static_assert(strip % Of::rows == 0);
    for (std::size_t top = out.begin; top < out.end; top += strip)
        for (std::size_t x = 0; x < out.width; x += Of::columns)
            for (std::size_t y = top; y < std::min(top + strip, out.end); y += Of::rows)
                tile(std::min(y, out.end - Of::rows), std::min(x, out.width - Of::columns));
}

template <int channels>
void lay(const labkit::Picture& in, Way way, const labkit::Rows& out) {
    if (way >= CLOCKWISE) {
        const auto row = static_cast<Step>(in.stride());
        const bool up = way == CLOCKWISE;
        return transposed<channels>({up ? in.row(in.height - 1) : in.data, up ? -row : row, way == ANTICLOCKWISE, in.width}, out);
    }
    for (std::size_t y = out.begin; y < out.end; y++) {
        const u8* const from = in.row(way == LEFT_RIGHT ? y : in.height - 1 - y);
        if (way == UPSIDE_DOWN) std::memcpy(out.row(y), from, out.stride);
        else mirror<channels>(from, in.width, out.row(y));
    }
}

}  // namespace

LABKIT_KERNEL(flip_rotate)(const labkit::Inputs& inputs, const labkit::Rows& out) {
    const labkit::Picture& in = inputs.image();
    const auto way = static_cast<Way>(inputs.parameter(0));
    if (in.channels == 3) lay<3>(in, way, out);
    else lay<1>(in, way, out);
}
