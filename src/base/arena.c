/* arena.c - memory of one request, job or template, and the growing bytes that live in it.
 *
 * Chunks double from 8 kB to 1 MB. A reset keeps the largest chunk, so a thread that works job
 * after job stops calling malloc after the first ones.
 */
#include "base/base.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct Chunk Chunk;
struct Chunk {
    Chunk *before;
    size_t room; /* bytes behind this header */
};

struct Arena {
    Chunk *chunk;
    char *at; /* next free byte of the newest chunk */
    char *end;
    size_t used;  /* bytes handed out */
    size_t limit; /* bytes; see arena_over */
};

enum {
    CHUNK_FIRST_BYTES = 8 * 1024,
    CHUNK_MOST_BYTES = 1024 * 1024,
    ALIGN_BYTES = _Alignof(max_align_t),
};

Arena *
arena_new(size_t limit_bytes)
{
    Arena *arena = g_new0(Arena, 1);
    arena->limit = limit_bytes;
    return arena;
}

static void
chunks_free(Chunk *chunk)
{
    while (chunk) {
        Chunk *before = chunk->before;
        free(chunk);
        chunk = before;
    }
}

void
arena_free(Arena *arena)
{
    if (!arena)
        return;
    chunks_free(arena->chunk);
    g_free(arena);
}

static void
arena_use_chunk(Arena *arena, Chunk *chunk)
{
    arena->chunk = chunk;
    arena->at = (char *)(chunk + 1);
    arena->end = arena->at + chunk->room;
}

void
arena_reset(Arena *arena)
{
    arena->used = 0;
    if (!arena->chunk)
        return;
    chunks_free(arena->chunk->before);
    arena->chunk->before = NULL;
    arena_use_chunk(arena, arena->chunk);
}

bool
arena_over(const Arena *arena)
{
    return arena->used > arena->limit;
}

size_t
arena_used_bytes(const Arena *arena)
{
    return arena->used;
}

static void
arena_grow(Arena *arena, size_t bytes)
{
    size_t room = arena->chunk ? MIN(arena->chunk->room * 2, CHUNK_MOST_BYTES) : CHUNK_FIRST_BYTES;
    must(bytes < SIZE_MAX / 4);
    room = MAX(room, bytes + ALIGN_BYTES);
    Chunk *chunk = malloc(sizeof *chunk + room);
    must(chunk); /* bounded inputs: only a machine out of memory gets here */
    chunk->before = arena->chunk;
    chunk->room = room;
    arena_use_chunk(arena, chunk);
}

char *
arena_bytes(Arena *arena, size_t bytes)
{
    if ((size_t)(arena->end - arena->at) < bytes || !arena->at)
        arena_grow(arena, bytes);
    char *ret = arena->at;
    arena->at += bytes;
    arena->used += bytes;
    return ret;
}

void *
arena_alloc(Arena *arena, size_t bytes)
{
    size_t pad = (size_t)(-(uintptr_t)arena->at & (ALIGN_BYTES - 1));
    if (!arena->at || (size_t)(arena->end - arena->at) < bytes + pad) {
        arena_grow(arena, bytes);
        pad = (size_t)(-(uintptr_t)arena->at & (ALIGN_BYTES - 1));
    }
    char *ret = arena->at + pad;
    arena->at = ret + bytes;
    arena->used += bytes + pad;
    memset(ret, 0, bytes);
    return ret;
}

Str
arena_copy(Arena *arena, Str text)
{
    return (Str){arena_cstr(arena, text), text.len};
}

char *
arena_cstr(Arena *arena, Str text)
{
    char *ret = arena_bytes(arena, text.len + 1);
    if (text.len)
        memcpy(ret, text.at, text.len);
    ret[text.len] = '\0';
    return ret;
}

char *
arena_format(Arena *arena, const char *format, ...)
{
    Buf buf = {.arena = arena};
    va_list args;
    va_start(args, format);
    int len = vsnprintf(NULL, 0, format, args);
    va_end(args);
    must(len >= 0);
    buf_reserve(&buf, (size_t)len + 1);
    va_start(args, format);
    vsnprintf(buf.at, (size_t)len + 1, format, args);
    va_end(args);
    return buf.at;
}

/* ---- Buf ------------------------------------------------------------------------------- */

void
buf_reserve(Buf *buf, size_t more_bytes)
{
    size_t need = buf->len + more_bytes;
    if (need <= buf->room)
        return;
    size_t room = MAX(need, MAX(buf->room * 2, (size_t)256));
    /* The newest allocation of the arena can grow in place. */
    Arena *arena = buf->arena;
    if (buf->at && buf->at + buf->room == arena->at &&
        (size_t)(arena->end - arena->at) >= room - buf->room) {
        arena->at += room - buf->room;
        arena->used += room - buf->room;
        buf->room = room;
        return;
    }
    char *at = arena_bytes(arena, room);
    if (buf->len)
        memcpy(at, buf->at, buf->len);
    buf->at = at;
    buf->room = room;
}

void
buf_add(Buf *buf, const char *bytes, size_t len)
{
    if (len == 0)
        return;
    if (buf->room - buf->len < len)
        buf_reserve(buf, len);
    memcpy(buf->at + buf->len, bytes, len);
    buf->len += len;
}

void
buf_add_str(Buf *buf, Str text)
{
    buf_add(buf, text.at, text.len);
}

void
buf_add_cstr(Buf *buf, const char *text)
{
    if (text)
        buf_add(buf, text, strlen(text));
}

void
buf_add_char(Buf *buf, char byte)
{
    if (buf->room == buf->len)
        buf_reserve(buf, 1);
    buf->at[buf->len++] = byte;
}

void
buf_add_int(Buf *buf, int64_t number)
{
    char digits[24];
    char *at = digits + sizeof digits;
    uint64_t rest = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;
    do {
        *--at = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest);
    if (number < 0)
        *--at = '-';
    buf_add(buf, at, (size_t)(digits + sizeof digits - at));
}

void
buf_format(Buf *buf, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int len = vsnprintf(NULL, 0, format, args);
    va_end(args);
    must(len >= 0);
    buf_reserve(buf, (size_t)len + 1);
    va_start(args, format);
    vsnprintf(buf->at + buf->len, (size_t)len + 1, format, args);
    va_end(args);
    buf->len += (size_t)len;
}

Str
buf_str(const Buf *buf)
{
    return (Str){buf->at, buf->len};
}

char *
buf_cstr(Buf *buf)
{
    buf_reserve(buf, 1);
    buf->at[buf->len] = '\0';
    return buf->at;
}
