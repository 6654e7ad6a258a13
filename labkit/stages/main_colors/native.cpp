// main_colors in C++17: read the pixels twice, count exactly only where a winner can be.
//
// 1. survey   every pixel's colour falls into one of 4096 buckets; a bucket's total is an upper bound for each of its
//             colours. 16 KB of counters stay in the first-level cache.
// 2. gather   a colour can be among the n best only if its bucket's total is large. Colours of such buckets are written
//             into 256 bins. Of a photograph a ninth of the pixels is left, of noise all of them.
// 3. count    each bin alone, exactly: one bit says «seen once», only repetitions reach a counter. 8 KB of bits.
// 4. again    if the n-th best count turns out smaller than the bound of step 2, steps 2 and 3 run once more for the
//             buckets between the two. So the answer is exact whatever the picture.
//
// Steps 1 and 2 see runs of equal pixels, not pixels, and find them without a branch that depends on the picture: a
// loop over the ends of runs in 16 pixels mispredicts about once in 16 pixels, and each time costs 20 cycles.
//
// How it came to this (logo / photo / noise in ms, one thread of a Cascade Lake, image in cache, panel not counted):
//    1.5 / 11.8 / 25    loop over run ends; scatter all runs by their upper 12 bits; count each part in a table
//    1.6 / 12.7 / 9.9   blocks with many runs pixel by pixel (fewer mispredictions), ties decided by order
//    1.7 /  6.4 / 8.3   survey first, gather only what can win, into 4096 lists of 16-bit entries
//    2.2 /  6.1 / 7.4   256 bins (4096 write positions don't fit the first-level cache), wanted buckets by permutes
//    1.0 /  3.8 / 6.2   tiles: find, choose and use the runs in three loops without branches   <- this file
// Left behind: streaming stores (100 ms on noise), huge pages (no difference). The fourth row was
// timed through Python, panel included, with a second process on the machine.
#include "kinds/function.hpp"

#include <cstdlib>
#include <cstring>
#include <functional>
#include <memory>
#include <new>
#include <stdexcept>
#include <vector>

#if defined(__AVX512F__) && defined(__AVX512BW__)
#include <immintrin.h>
#endif

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"  // GCC 12 warns about its own AVX-512 header (bug 105593)
#endif

using u32 = std::uint32_t;
using u64 = std::uint64_t;

namespace {

constexpr u32 BUCKETS = 4096, BINS = 256, PLACES = 65536;
// A colour (b, g, r) is a place (b, g: 16 bits, ascending with the colour) and a bucket (12 bits). The bucket's lower
// 8 bits are the bin: red, shuffled by blue and green so that a picture's few hues spread over all buckets and bins.
// A code is place << 16 | bucket.
constexpr u32 SHUFFLE = 0x9E35;  // odd, without pattern
inline u32 shuffled(u32 place) { return (place * SHUFFLE & 0xFFFF) >> 4; }
inline u32 colour_of(u32 place, u32 bin) { return place << 8 | ((shuffled(place) ^ bin) & 0xFF); }
inline u32 code_of(u32 pixel) {
    const u32 colour = __builtin_bswap32(pixel) >> 8, place = colour >> 8;  // BGRA in memory: a<<24 | r<<16 | g<<8 | b
    return place << 16 | ((colour ^ shuffled(place)) & 0xFFF);
}

// Buckets that a winner may be in: one bit each.
struct Wanted {
    alignas(64) u32 words[BUCKETS / 32] = {};
    void add(u32 bucket) { words[bucket / 32] |= 1u << bucket % 32; }
    bool has(u32 bucket) const { return words[bucket / 32] >> bucket % 32 & 1; }
};

// The pixels come in tiles. A tile becomes runs (the last pixel of each and where it ends), then the codes and lengths of
// the opaque runs that are wanted. Both steps write every candidate and move on only past those they keep: no branch
// depends on the picture.
constexpr u32 TILE = 512;
struct Runs {
    alignas(64) u32 pixels[TILE + 16], ends[TILE + 32];  // ends[16] is the first, ends[15] the start of the first run
};
struct Chosen {
    alignas(64) u32 codes[TILE + 16], lengths[TILE + 16];
};

#if defined(__AVX512F__) && defined(__AVX512BW__)
inline u32 find_runs(const u32* pixels, u32 count, bool more, Runs& runs) {
    u32 found = 0, i = 0;
    __m512i next = _mm512_setr_epi32(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16);
    for (; i + 16 < count + more; i += 16) {  // the pixel after the tile is read if there is one
        const __m512i here = _mm512_loadu_si512(pixels + i);
        const __mmask16 last = _mm512_cmpneq_epi32_mask(here, _mm512_loadu_si512(pixels + i + 1));
        _mm512_storeu_si512(runs.pixels + found, _mm512_maskz_compress_epi32(last, here));
        _mm512_storeu_si512(runs.ends + 16 + found, _mm512_maskz_compress_epi32(last, next));
        found += static_cast<u32>(__builtin_popcount(last));
        next = _mm512_add_epi32(next, _mm512_set1_epi32(16));
    }
    for (; i < count; i++) {
        runs.pixels[found] = pixels[i];
        runs.ends[16 + found] = i + 1;
        found += i + 1 == count || pixels[i] != pixels[i + 1];
    }
    if (runs.ends[15 + found] != count) {  // a run that goes on is cut at the end of its tile
        runs.pixels[found] = pixels[count - 1];
        runs.ends[16 + found++] = count;
    }
    return found;
}
// The 4096 bits lie in eight registers; permutes look them up, no load per pixel is needed.
inline __mmask16 has(const Wanted& wanted, __m512i bucket) {
    const auto words = [&](int k) { return _mm512_load_si512(wanted.words + 16 * k); };
    const __m512i word = _mm512_srli_epi32(bucket, 5);  // permutes take its lower 5 bits
    const __mmask16 bit5 = _mm512_test_epi32_mask(word, _mm512_set1_epi32(32));
    const __mmask16 bit6 = _mm512_test_epi32_mask(word, _mm512_set1_epi32(64));
    const __m512i low = _mm512_mask_blend_epi32(bit5, _mm512_permutex2var_epi32(words(0), word, words(1)),
                                                _mm512_permutex2var_epi32(words(2), word, words(3)));
    const __m512i high = _mm512_mask_blend_epi32(bit5, _mm512_permutex2var_epi32(words(4), word, words(5)),
                                                 _mm512_permutex2var_epi32(words(6), word, words(7)));
    const __m512i bits = _mm512_mask_blend_epi32(bit6, low, high);
    const __m512i bit = _mm512_and_si512(bucket, _mm512_set1_epi32(31));
    return _mm512_test_epi32_mask(_mm512_srlv_epi32(bits, bit), _mm512_set1_epi32(1));
}
template <bool everything>
inline u32 choose(const Runs& runs, u32 count, const Wanted& wanted, Chosen& chosen) {
    const __m128i swap = _mm_set_epi32(int(0x800C0D0E), int(0x8008090A), int(0x80040506), int(0x80000102));
    u32 kept = 0;
    for (u32 k = 0; k < count; k += 16) {
        const __m512i pixel = _mm512_load_si512(runs.pixels + k);
        const __m512i colour = _mm512_shuffle_epi8(pixel, _mm512_broadcast_i32x4(swap));
        const __m512i place = _mm512_srli_epi32(colour, 8);
        const __m512i shuffle = _mm512_srli_epi32(_mm512_mullo_epi16(place, _mm512_set1_epi32(SHUFFLE)), 4);
        const __m512i bucket = _mm512_and_si512(_mm512_xor_si512(colour, shuffle), _mm512_set1_epi32(0xFFF));
        const __m512i ends = _mm512_load_si512(runs.ends + 16 + k), starts = _mm512_loadu_si512(runs.ends + 15 + k);
        __mmask16 keep = _mm512_test_epi32_mask(pixel, _mm512_set1_epi32(int(0xFF000000)));
        if (count - k < 16) keep &= static_cast<__mmask16>((1u << (count - k)) - 1);
        if constexpr (!everything) keep &= has(wanted, bucket);
        const __m512i code = _mm512_or_si512(_mm512_slli_epi32(place, 16), bucket);
        _mm512_storeu_si512(chosen.codes + kept, _mm512_maskz_compress_epi32(keep, code));
        _mm512_storeu_si512(chosen.lengths + kept, _mm512_maskz_compress_epi32(keep, _mm512_sub_epi32(ends, starts)));
        kept += static_cast<u32>(__builtin_popcount(keep));
    }
    return kept;
}
#else
inline u32 find_runs(const u32* pixels, u32 count, bool, Runs& runs) {
    u32 found = 0;
    for (u32 i = 0; i < count; i++) {
        runs.pixels[found] = pixels[i];
        runs.ends[16 + found] = i + 1;
        found += i + 1 == count || pixels[i] != pixels[i + 1];
    }
    return found;
}
template <bool everything>
inline u32 choose(const Runs& runs, u32 count, const Wanted& wanted, Chosen& chosen) {
    u32 kept = 0;
    for (u32 k = 0; k < count; k++) {
        const u32 code = code_of(runs.pixels[k]);
        chosen.codes[kept] = code;
        chosen.lengths[kept] = runs.ends[16 + k] - runs.ends[15 + k];
        kept += runs.pixels[k] >> 24 != 0 && (everything || wanted.has(code & 0xFFFF));
    }
    return kept;
}
#endif

// Calls take(code, length) for all opaque runs in wanted buckets, or in all.
template <bool everything, class Take>
inline void each_run(const u32* pixels, std::size_t count, const Wanted& wanted, Take&& take) {
    Runs runs;
    Chosen chosen;
    runs.ends[15] = 0;
    for (std::size_t i = 0; i < count; i += TILE) {
        const u32 size = static_cast<u32>(std::min<std::size_t>(TILE, count - i));
        const u32 found = find_runs(pixels + i, size, i + TILE < count, runs);
        const u32 kept = choose<everything>(runs, found, wanted, chosen);
        for (u32 k = 0; k < kept; k++) take(chosen.codes[k], chosen.lengths[k]);
    }
}

// The n best so far. A colour's key is count << 24 | ~colour: a larger key is a better colour, ties included.
class Best {
public:
    explicit Best(std::size_t n) : n_(n) {}
    bool full() const { return keys_.size() >= n_; }
    u64 worst() const { return full() ? keys_.front() : 0; }
    void offer(u64 count, u32 colour) { offer(count << 24 | (0xFFFFFF - colour)); }
    void offer(u64 key) {
        if (!full()) {
            keys_.push_back(key);
            if (full()) std::make_heap(keys_.begin(), keys_.end(), std::greater<>());
        } else if (key > keys_.front()) {
            std::pop_heap(keys_.begin(), keys_.end(), std::greater<>());
            keys_.back() = key;
            std::push_heap(keys_.begin(), keys_.end(), std::greater<>());
        }
    }
    std::vector<u64>& keys() { return keys_; }

private:
    std::size_t n_;
    std::vector<u64> keys_;
};

// What one thread knows of its band of pixels.
struct Band {
    const u32* pixels;
    std::size_t count;
    u32 totals[BUCKETS];
    std::size_t begin[BINS], end[BINS];  // its part of each bin, as places in the shared list
};

void survey(Band& band) {
    u32* const totals = band.totals;
    std::memset(totals, 0, sizeof band.totals);
    each_run<true>(band.pixels, band.count, {}, [=](u32 code, u32 length) { totals[code & 0xFFFF] += length; });
}

// Writes runs of wanted colours into their bins as place | (length - 1) << 16.
template <bool everything>
void gather(Band& band, const Wanted& wanted, u32* list) {
    std::size_t* const end = band.end;
    each_run<everything>(band.pixels, band.count, wanted, [=](u32 code, u32 length) {
        const std::size_t at = end[code % BINS]++;
        list[at] = code >> 16 | (length - 1) << 16;
        __builtin_prefetch(list + at + 16, 1);  // the next line, for writing: stores commit in order and would wait
    });
}

// Counts one bin at a time. All bits and counters are zero between two bins.
class Counter {
public:
    Counter() : counts_(static_cast<u32*>(std::calloc(PLACES, sizeof(u32))), &std::free) {  // touched where needed only
        if (!counts_) throw std::bad_alloc();
    }
    void reserve(std::size_t room) { more_.resize(std::max(more_.size(), room)); }

    void bin(u32 bin, const std::vector<Band>& bands, const u32* list, Best& best) {
        u32 *const counts = counts_.get(), *const more = more_.data();
        std::size_t repeats = 0, entries = 0;
        for (const Band& band : bands) {
            entries += band.end[bin] - band.begin[bin];
            for (std::size_t k = band.begin[bin]; k < band.end[bin]; k++) {
                const u32 place = list[k] & 0xFFFF;
                u64& word = seen_[place / 64];
                const u32 further = (list[k] >> 16) + static_cast<u32>(word >> place % 64 & 1);
                word |= u64{1} << place % 64;
                if (further) more[repeats++] = place | further << 16;  // at most TILE: 16 bits
            }
        }
        if (entries == 0) return;
        for (std::size_t k = 0; k < repeats; k++) counts[more[k] & 0xFFFF] += more[k] >> 16;
        for (std::size_t k = 0; k < repeats; k++) {
            const u32 place = more[k] & 0xFFFF;
            const u64 number = u64{counts[place]} + 1;
            if (number == 1) continue;  // met before in this loop
            counts[place] = 0;
            seen_[place / 64] &= ~(u64{1} << place % 64);
            if (number >= best.worst() >> 24) best.offer(number, colour_of(place, bin));
        }
        singles(bin, best);
        if (entries > PLACES / 256)
            std::memset(seen_, 0, sizeof seen_);
        else
            for (const Band& band : bands)
                for (std::size_t k = band.begin[bin]; k < band.end[bin]; k++) seen_[(list[k] & 0xFFFF) / 64] = 0;
    }

private:
    // Colours seen once matter only while the worst of the best was seen once too, and then only smaller ones.
    void singles(u32 bin, Best& best) const {
        for (u32 w = 0; w < PLACES / 64; w++) {
            if (best.worst() >= (u64{1} << 24 | (0xFFFFFF - (w * 64 << 8)))) return;
            for (u64 word = seen_[w]; word; word &= word - 1)
                best.offer(1, colour_of(w * 64 + static_cast<u32>(__builtin_ctzll(word)), bin));
        }
    }

    alignas(64) u64 seen_[PLACES / 64] = {};
    std::unique_ptr<u32[], decltype(&std::free)> counts_;
    std::vector<u32> more_;
};

// The smallest bucket total that step 2 looks at first. The n-th largest total is seldom below the n-th best count and
// seldom above it by half, so 5/8 of it nearly always saves step 4 (photo: 2183 for a count of 1562).
u32 first_bound(std::vector<u32> totals, std::size_t n) {
    if (n >= BUCKETS) return 1;
    std::nth_element(totals.begin(), totals.begin() + static_cast<std::ptrdiff_t>(n - 1), totals.end(), std::greater<>());
    const u32 nth = totals[n - 1], bound = std::max(1u, nth - nth / 8 * 3);
    const auto above = std::count_if(totals.begin(), totals.end(), [&](u32 total) { return total >= bound; });
    return above > BUCKETS / 2 ? 1 : bound;  // most of them (noise): then all of them, at once
}

std::vector<u64> best_keys(const u32* pixels, std::size_t count, std::size_t n, int threads) {
    if (count > UINT32_MAX) throw std::length_error("main_colors counts at most 4,294,967,295 pixels");
    std::vector<Band> bands(threads);
    std::vector<Counter> counters(threads);
    std::vector<Best> best(threads, Best(n));
#pragma omp parallel for num_threads(threads) schedule(static, 1)
    for (int t = 0; t < threads; t++) {
        const std::size_t from = count * t / threads, to = count * (t + 1) / threads;
        bands[t].pixels = pixels + from;
        bands[t].count = to - from;
        survey(bands[t]);
    }
    std::vector<u32> totals(BUCKETS);
    for (const Band& band : bands)
        for (u32 p = 0; p < BUCKETS; p++) totals[p] += band.totals[p];

    u32 bound = first_bound(totals, n), done = UINT32_MAX;
    for (;;) {
        Wanted wanted;
        for (u32 p = 0; p < BUCKETS; p++)
            if (totals[p] >= bound && totals[p] < done) wanted.add(p);
        const bool everything = bound == 1 && done == UINT32_MAX;
        std::size_t room = 0, largest = 0;
        for (u32 b = 0; b < BINS; b++) {
            const std::size_t before = room;
            for (Band& band : bands) {
                band.begin[b] = band.end[b] = room;
                for (u32 p = b; p < BUCKETS; p += BINS) room += wanted.has(p) ? band.totals[p] : 0;
            }
            largest = std::max(largest, room - before);
        }
        const std::unique_ptr<u32[]> list(new u32[room]);
        for (Counter& counter : counters) counter.reserve(largest);
#pragma omp parallel for num_threads(threads) schedule(static, 1)
        for (int t = 0; t < threads; t++)
            everything ? gather<true>(bands[t], wanted, list.get()) : gather<false>(bands[t], wanted, list.get());
#pragma omp parallel for num_threads(threads) schedule(dynamic, 4)
        for (u32 b = 0; b < BINS; b++) counters[labkit::thread()].bin(b, bands, list.get(), best[labkit::thread()]);

        Best all(n);
        for (Best& part : best)
            for (const u64 key : part.keys()) all.offer(key);
        const u32 needed = all.full() ? static_cast<u32>(all.worst() >> 24) : 1;
        if (needed >= bound) return std::move(all.keys());
        done = bound;
        bound = needed;
    }
}

labkit::Owned panel_of(const std::vector<u64>& keys) {
    constexpr std::size_t ROWS = 64, COLUMNS = 512, LINE = COLUMNS * 3;
    labkit::Owned panel = labkit::made<3>({static_cast<npy_intp>(keys.size() * ROWS), COLUMNS, 3}, NPY_UINT8);
    std::uint8_t* out = labkit::elements<std::uint8_t>(panel);
    for (const u64 key : keys) {
        const u32 colour = 0xFFFFFF - static_cast<u32>(key & 0xFFFFFF);
        for (std::size_t x = 0; x < LINE; x += 3) {
            out[x] = static_cast<std::uint8_t>(colour >> 16);
            out[x + 1] = static_cast<std::uint8_t>(colour >> 8);
            out[x + 2] = static_cast<std::uint8_t>(colour);
        }
        for (std::size_t y = 1; y < ROWS; y++) std::memcpy(out + y * LINE, out, LINE);
        out += ROWS * LINE;
    }
    return panel;
}

std::vector<u64> keys_of(PyObject* image, std::size_t n, bool all_threads) {
    const labkit::Picture in = labkit::picture(image);
    const std::size_t count = in.height * in.width;
    const labkit::Unlocked unlocked;
    // Waking a thread takes as long as 32,768 pixels.
    return best_keys(reinterpret_cast<const u32*>(in.data), count, n,
                     all_threads ? labkit::threads_for(count, 1 << 15, count) : 1);
}

PyObject* main_colors(PyObject* image, PyObject* wanted, bool all_threads) {
    const std::size_t n = PyLong_AsSize_t(wanted);
    if (PyErr_Occurred()) throw labkit::ErrorSet();
    std::vector<u64> keys = keys_of(image, n, all_threads);
    std::sort(keys.begin(), keys.end(), std::greater<>());
    const auto found = static_cast<npy_intp>(keys.size());
    const labkit::Owned colors = labkit::made<2>({found, 3}, NPY_UINT8), counts = labkit::made<1>({found}, NPY_INT64);
    for (std::size_t k = 0; k < keys.size(); k++) {
        const u32 colour = 0xFFFFFF - static_cast<u32>(keys[k] & 0xFFFFFF);
        for (std::size_t c = 0; c < 3; c++)
            labkit::elements<std::uint8_t>(colors)[3 * k + c] = static_cast<std::uint8_t>(colour >> (16 - 8 * c));
        labkit::elements<std::int64_t>(counts)[k] = static_cast<std::int64_t>(keys[k] >> 24);
    }
    const labkit::Owned stage(PyImport_ImportModule("labkit.stages.main_colors")), panel = panel_of(keys);
    return PyObject_CallMethod(stage.get(), "MainColors", "OOO", colors.get(), counts.get(), panel.get());
}

PyObject* all_colors(PyObject* image) {
    const std::vector<u64> keys = keys_of(image, SIZE_MAX, false);
    const auto found = static_cast<npy_intp>(keys.size());
    labkit::Owned packed = labkit::made<1>({found}, NPY_UINT32), counts = labkit::made<1>({found}, NPY_INT64);
    for (std::size_t k = 0; k < keys.size(); k++) {
        labkit::elements<u32>(packed)[k] = 0xFFFFFF - static_cast<u32>(keys[k] & 0xFFFFFF);
        labkit::elements<std::int64_t>(counts)[k] = static_cast<std::int64_t>(keys[k] >> 24);
    }
    return PyTuple_Pack(2, packed.get(), counts.get());
}

}  // namespace

// Packed colours (uint32) and counts (int64) of all distinct colours of one band of rows, on one thread.
LABKIT_FUNCTION(partial)(PyObject* image) {
    return labkit::called([&] { return all_colors(image); });
}
LABKIT_FUNCTION(native)(PyObject* image, PyObject* n) {
    return labkit::called([&] { return main_colors(image, n, false); });
}
LABKIT_FUNCTION(native_omp)(PyObject* image, PyObject* n) {
    return labkit::called([&] { return main_colors(image, n, true); });
}
