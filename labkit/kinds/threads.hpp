// How many threads are worth waking, and which one this is.
#pragma once

#include <algorithm>
#include <cstddef>

#if defined(_OPENMP)
#include <omp.h>
#endif

namespace labkit {

// To wake a thread takes some 20 µs: each gets ``worth`` units of work at least, and there are no more than ``most``.
inline int threads_for(std::size_t work, std::size_t worth, std::size_t most) {
#if defined(_OPENMP)
    most = std::min<std::size_t>(most, omp_get_max_threads());
    return static_cast<int>(std::clamp<std::size_t>(work / worth, 1, std::max<std::size_t>(most, 1)));
#else
    (void)work, (void)worth, (void)most;
    return 1;
#endif
}

// This thread's number among those of a parallel region.
inline int thread() {
#if defined(_OPENMP)
    return omp_get_thread_num();
#else
    return 0;
#endif
}

}  // namespace labkit
