/* count_malloc.c - counts the calls of malloc in a program, for `postlude liquid bench`.
 *
 *     cc -shared -fPIC -O2 -o count_malloc.so count_malloc.c
 *     LD_PRELOAD=./count_malloc.so postlude liquid bench FILE --data JSON
 */
#include <stddef.h>

void *__libc_malloc(size_t bytes);
void *__libc_calloc(size_t count, size_t bytes);
void *__libc_realloc(void *old, size_t bytes);
unsigned long malloc_calls(void);

static unsigned long calls;

unsigned long
malloc_calls(void)
{
    return calls;
}

static void
count(void)
{
    __atomic_add_fetch(&calls, 1, __ATOMIC_RELAXED);
}

void *
malloc(size_t bytes)
{
    count();
    return __libc_malloc(bytes);
}

void *
calloc(size_t number, size_t bytes)
{
    count();
    return __libc_calloc(number, bytes);
}

void *
realloc(void *old, size_t bytes)
{
    count();
    return __libc_realloc(old, bytes);
}
