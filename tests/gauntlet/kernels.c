/* Kernels whose work grows exactly with the rows they are given, for every harness alike.

   chain   FNV-1a checksum of five passes: each step waits for the one before, so it is bound by latency; all rows stay in
           a core's own cache, so it is never bound by memory, and a tenth of the rows is a tenth of the time.
   stream  sum of all bytes: bound by memory bandwidth (the buffer is larger than the caches).
   placed  adds to 64 KB, two times a row, into memory of the caller's own: where that begins within a page, beside
           where the source does, changes its time by several per cent.
   spin    chain, after which a thread of its own goes on spinning for a while, as OpenMP's threads do by default.

   As a library for Python, and with -DPROGRAM as a program for harnesses that time whole commands. */

#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#define CHAIN_ROW 500
#define CHAIN_PASSES 5
#define STREAM_ROW 131072
#define PLACED_ROW 65536
#define PAGE 4096
#define SPIN_NS 5000000

/* What every harness reads: the same bytes everywhere, none of them zero, no two rows alike. */
void fill(uint8_t *buffer, int64_t bytes)
{
    uint64_t state = 88172645463325252ULL; /* xorshift64, G. Marsaglia, "Xorshift RNGs" (2003) */
    for (int64_t i = 0; i + 8 <= bytes; i += 8) {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        memcpy(buffer + i, &state, 8);
    }
}

uint64_t chain(const uint8_t *buffer, int64_t rows)
{
    uint32_t state = 2166136261u;
    for (int pass = 0; pass < CHAIN_PASSES; pass++)
        for (int64_t i = 0; i < rows * CHAIN_ROW; i++)
            state = (state ^ buffer[i]) * 16777619u;
    return state;
}

uint64_t stream(const uint8_t *buffer, int64_t rows)
{
    uint64_t sum[8] = {0};
    for (int64_t i = 0; i < rows * STREAM_ROW; i += 64)
        for (int lane = 0; lane < 8; lane++) {
            uint64_t word;
            memcpy(&word, buffer + i + 8 * lane, 8);
            sum[lane] += word;
        }
    return sum[0] + sum[1] + sum[2] + sum[3] + sum[4] + sum[5] + sum[6] + sum[7];
}

uint64_t placed(const uint8_t *buffer, uint8_t *own, int64_t rows)
{
    for (int64_t row = 0; row < 2 * rows; row++)
        for (int64_t i = 0; i < PLACED_ROW; i += 32) {
            uint8_t block[32];
            memcpy(block, buffer + i, 32);
            for (int lane = 0; lane < 32; lane++)
                block[lane] += (uint8_t)row;
            memcpy(own + i, block, 32);
        }
    return own[0];
}

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t begin = PTHREAD_COND_INITIALIZER;
static int64_t due_ns;
static int started;

static int64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000000000LL + now.tv_nsec;
}

static void *spinner(void *unused)
{
    (void)unused;
    for (;;) {
        pthread_mutex_lock(&mutex);
        while (due_ns <= now_ns())
            pthread_cond_wait(&begin, &mutex);
        int64_t end = due_ns;
        pthread_mutex_unlock(&mutex);
        while (now_ns() < end)
            ;
    }
    return NULL;
}

uint64_t spin(const uint8_t *buffer, int64_t rows)
{
    uint64_t answer = chain(buffer, rows);
    pthread_mutex_lock(&mutex);
    if (!started) {
        pthread_t thread;
        started = pthread_create(&thread, NULL, spinner, NULL) == 0 && pthread_detach(thread) == 0;
    }
    due_ns = now_ns() + SPIN_NS;
    pthread_cond_signal(&begin);
    pthread_mutex_unlock(&mutex);
    return answer;
}

#ifdef PROGRAM
#include <stdio.h>

int main(int count, char **words)
{
    if (count != 4 || (strcmp(words[1], "chain") && strcmp(words[1], "stream") && strcmp(words[1], "spin") &&
                       strcmp(words[1], "placed"))) {
        fprintf(stderr, "usage: %s chain|stream|spin|placed ROWS CALLS\n", words[0]);
        return 2;
    }
    int64_t rows = atoll(words[2]), calls = atoll(words[3]);
    int streams = strcmp(words[1], "stream") == 0;
    uint64_t (*kernel)(const uint8_t *, int64_t) = streams ? stream : strcmp(words[1], "spin") ? chain : spin;
    int64_t bytes = rows * (streams ? STREAM_ROW : CHAIN_ROW);
    uint8_t *buffer = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (buffer == MAP_FAILED)
        return 1;
    fill(buffer, bytes);
    uint64_t answer = 0;
    if (strcmp(words[1], "placed") == 0) {
        uint8_t *own = malloc(PLACED_ROW + PAGE);
        if (!own)
            return 1;
        own += now_ns() / 64 * 16 % PAGE; /* the clock's last digits: another place in every process */
        for (int64_t call = 0; call < calls; call++)
            answer += placed(buffer, own, rows);
        return answer == 1;
    }
    for (int64_t call = 0; call < calls; call++)
        answer += kernel(buffer, rows);
    return answer == 1; /* the work can't be left out */
}
#endif
