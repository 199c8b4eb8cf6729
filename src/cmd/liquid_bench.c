/* liquid_bench.c - `postlude liquid bench`: how fast a template renders and parses here.
 *
 * Every thread renders the same program into an arena of its own, which is reset after each render:
 * what a server does. After the first renders no memory is asked of malloc any more: mallinfo2 tells
 * the bytes that were kept, and with bench/liquid/count_malloc.c loaded every single call is counted.
 */
#include "cmd/liquid_inside.h"

#include "base/limits.h"

#include <malloc.h>
#include <pthread.h>
#include <stdio.h>
#include <time.h>

/* There when count_malloc.c is. */
extern unsigned long malloc_calls(void) __attribute__((weak));

enum { WARM_UP = 200, SLICE = 64, THREADS_MOST = 64 };

typedef struct Runner {
    const Liquid *liquid;
    const LiquidData *data;
    int64_t until_us;
    uint64_t renders;
    double cpu_seconds; /* that these took: what others on the machine do does not count */
    size_t bytes;
    size_t arena_bytes;
    bool failed;
} Runner;

static double
cpu_seconds(void)
{
    struct timespec now;
    must(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now) == 0);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static bool
render_once(Runner *runner, Arena *arena)
{
    Buf out = {.arena = arena};
    arena_reset(arena);
    buf_reserve(&out, 16 * 1024);
    if (!liquid_render(runner->liquid, runner->data, arena, &out, NULL))
        return false;
    runner->bytes = out.len;
    runner->arena_bytes = arena_used_bytes(arena);
    return true;
}

static void *
runner_run(void *argument)
{
    Runner *runner = argument;
    g_autoptr(Arena) arena = arena_new(LIMIT_ARENA_BYTES);
    for (int i = 0; i < WARM_UP && !runner->failed; i++)
        runner->failed = !render_once(runner, arena);
    double before = cpu_seconds();
    while (!runner->failed && g_get_monotonic_time() < runner->until_us) {
        for (int i = 0; i < SLICE && !runner->failed; i++)
            runner->failed = !render_once(runner, arena);
        runner->renders += SLICE;
    }
    runner->cpu_seconds = cpu_seconds() - before;
    return NULL;
}

static bool
renders_measure(const LiquidVerb *verb, const Liquid *liquid, const LiquidData *data)
{
    Runner runners[THREADS_MOST];
    pthread_t threads[THREADS_MOST];
    int count = CLAMP(verb->threads, 1, THREADS_MOST);
    int64_t start = g_get_monotonic_time();
    int64_t until = start + (int64_t)verb->seconds * G_USEC_PER_SEC;
    for (int i = 0; i < count; i++) {
        runners[i] = (Runner){.liquid = liquid, .data = data, .until_us = until};
        must(pthread_create(&threads[i], NULL, runner_run, &runners[i]) == 0);
    }
    uint64_t renders = 0;
    double cpu = 0;
    bool failed = false;
    for (int i = 0; i < count; i++) {
        pthread_join(threads[i], NULL);
        renders += runners[i].renders;
        cpu += runners[i].cpu_seconds;
        failed = failed || runners[i].failed;
    }
    double seconds = (double)(g_get_monotonic_time() - start) / G_USEC_PER_SEC;
    printf(
        "render: %.0f per second (%.0f per second of processor time), %d thread%s, %zu bytes each, "
        "%zu bytes of arena\n",
        (double)renders / seconds, (double)renders / MAX(cpu, 1e-9), count, count == 1 ? "" : "s",
        runners[0].bytes, runners[0].arena_bytes);
    return !failed;
}

/* What malloc is asked for, and does not get back, while one warm thread renders. */
static void
memory_measure(const Liquid *liquid, const LiquidData *data)
{
    Runner runner = {.liquid = liquid, .data = data};
    g_autoptr(Arena) arena = arena_new(LIMIT_ARENA_BYTES);
    for (int i = 0; i < WARM_UP; i++)
        render_once(&runner, arena);
    size_t before = mallinfo2().uordblks;
    unsigned long calls = malloc_calls ? malloc_calls() : 0;
    for (int i = 0; i < WARM_UP; i++)
        render_once(&runner, arena);
    calls = malloc_calls ? malloc_calls() - calls : 0;
    printf("memory: %zd bytes more after %d renders", (ssize_t)(mallinfo2().uordblks - before),
           WARM_UP);
    if (malloc_calls)
        printf(", %lu calls of malloc", calls);
    putchar('\n');
}

static bool
parses_measure(const LiquidVerb *verb, Str source, const LiquidOptions *options)
{
    int64_t start = g_get_monotonic_time();
    int64_t until = start + (int64_t)verb->seconds * G_USEC_PER_SEC;
    uint64_t parses = 0;
    double before = cpu_seconds();
    while (g_get_monotonic_time() < until) {
        for (int i = 0; i < SLICE; i++, parses++) {
            g_autoptr(Liquid) liquid =
                liquid_compile(str_of(verb->file), source, options, NULL, NULL);
            if (!liquid)
                return false;
        }
    }
    double seconds = (double)(g_get_monotonic_time() - start) / G_USEC_PER_SEC;
    double cpu = cpu_seconds() - before;
    printf("parse: %.0f per second (%.0f per second of processor time)\n", (double)parses / seconds,
           (double)parses / MAX(cpu, 1e-9));
    return true;
}

int
liquid_verb_bench(const LiquidVerb *verb)
{
    g_autoptr(Arena) arena = arena_new(LIMIT_ARENA_BYTES);
    g_autoptr(GError) error = NULL;
    Str source;
    LiquidOptions options;
    LiquidData data;
    if (!liquid_verb_file(verb->file, arena, &source, &error) ||
        !liquid_verb_options(verb, arena, &options, &error) ||
        !liquid_verb_data(verb, arena, &data, &error))
        return liquid_verb_fail(error);
    g_autoptr(Liquid) liquid = liquid_compile(str_of(verb->file), source, &options, NULL, &error);
    if (!liquid)
        return liquid_verb_fail(error);
    printf("mode: %s\n", options.html ? "html" : "plain");
    if (!renders_measure(verb, liquid, &data))
        return 1;
    memory_measure(liquid, &data);
    return parses_measure(verb, source, &options) ? 0 : 1;
}
