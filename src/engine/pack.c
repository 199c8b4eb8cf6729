/* pack.c - the one file that includes zstd.h; see pack.h. */
#include "engine/pack.h"

#include <pthread.h>
#include <zstd.h>

enum { LEVEL = 1 };

typedef struct PackContexts {
    ZSTD_CCtx *in;
    ZSTD_DCtx *out;
} PackContexts;

static pthread_key_t contexts_key;
static pthread_once_t contexts_once = PTHREAD_ONCE_INIT;

static void
contexts_free(void *arg)
{
    PackContexts *contexts = arg;
    ZSTD_freeCCtx(contexts->in);
    ZSTD_freeDCtx(contexts->out);
    g_free(contexts);
}

static void
contexts_make_key(void)
{
    must(pthread_key_create(&contexts_key, contexts_free) == 0);
}

static PackContexts *
contexts_get(void)
{
    pthread_once(&contexts_once, contexts_make_key);
    PackContexts *contexts = pthread_getspecific(contexts_key);
    if (contexts)
        return contexts;
    contexts = g_new0(PackContexts, 1);
    contexts->in = ZSTD_createCCtx();
    contexts->out = ZSTD_createDCtx();
    must(contexts->in && contexts->out);
    must(pthread_setspecific(contexts_key, contexts) == 0);
    return contexts;
}

Str
pack(Arena *arena, Str bytes)
{
    size_t room = ZSTD_compressBound(bytes.len);
    char *at = arena_bytes(arena, room);
    size_t len = ZSTD_compressCCtx(contexts_get()->in, at, room, bytes.at, bytes.len, LEVEL);
    must(!ZSTD_isError(len)); /* there is room by construction */
    return (Str){at, len};
}

bool
unpack(Arena *arena, Str packed, size_t bytes_most, Str *ret, GError **error)
{
    unsigned long long size = ZSTD_getFrameContentSize(packed.at, packed.len);
    if (size == ZSTD_CONTENTSIZE_UNKNOWN || size == ZSTD_CONTENTSIZE_ERROR || size > bytes_most)
        return fail(error, ERR_STORE, "a packed text in the store is damaged");
    char *at = arena_bytes(arena, size + 1);
    size_t len = ZSTD_decompressDCtx(contexts_get()->out, at, size, packed.at, packed.len);
    if (ZSTD_isError(len) || len != size)
        return fail(error, ERR_STORE, "a packed text in the store is damaged: %s",
                    ZSTD_isError(len) ? ZSTD_getErrorName(len) : "it is too short");
    at[len] = '\0';
    *ret = (Str){at, len};
    return true;
}
