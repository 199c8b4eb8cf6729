/* pack.c - the one file that includes zstd.h and zdict.h; see pack.h. */
#include "engine/pack.h"

#include <pthread.h>
#include <stdatomic.h>
#include <zdict.h>
#include <zstd.h>

enum {
    LEVEL = 1,
    LEVEL_DICT =
        3, /* with a dictionary it is the quicker one for what is below 16 kB, and packs closer */
    CONTENT_LEAST = 128, /* bytes: ZDICT_CONTENTSIZE_MIN, which only static linking shows */
};

struct PackDict {
    _Atomic int users;
    uint32_t id;
    ZSTD_CDict *in;
    ZSTD_DDict *out;
};

/* ---- contexts, one pair for each thread --------------------------------------------------------- */

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

/* ---- dictionaries ------------------------------------------------------------------------------- */

PackDict *
pack_dict_new(Str bytes)
{
    uint32_t id = ZSTD_getDictID_fromDict(bytes.at, bytes.len);
    if (id == 0 || bytes.len > PACK_DICT_MOST_BYTES)
        return NULL;
    g_autoptr(PackDict) dict = g_new0(PackDict, 1);
    atomic_init(&dict->users, 1);
    dict->id = id;
    dict->in = ZSTD_createCDict(bytes.at, bytes.len, LEVEL_DICT);
    dict->out = ZSTD_createDDict(bytes.at, bytes.len);
    /* Damaged ones are refused here, not at each body. */
    return dict->in && dict->out ? g_steal_pointer(&dict) : NULL;
}

PackDict *
pack_dict_ref(PackDict *dict)
{
    if (dict)
        atomic_fetch_add(&dict->users, 1);
    return dict;
}

void
pack_dict_unref(PackDict *dict)
{
    if (!dict || atomic_fetch_sub(&dict->users, 1) > 1)
        return;
    ZSTD_freeCDict(dict->in);
    ZSTD_freeDDict(dict->out);
    g_free(dict);
}

uint32_t
pack_dict_id(const PackDict *dict)
{
    return dict->id;
}

bool
pack_dict_finish(Arena *arena, uint32_t id, Str content, const Str *samples, size_t count, Str *ret)
{
    Buf joined = {.arena = arena};
    size_t *sizes = arena_new_of(arena, size_t, count);
    for (size_t i = 0; i < count; i++) {
        buf_add_str(&joined, samples[i]);
        sizes[i] = samples[i].len;
    }
    if (content.len < CONTENT_LEAST)
        return false;
    size_t room = content.len + 16 * 1024; /* tables of what is frequent: about 200 bytes */
    char *at = arena_bytes(arena, room);
    ZDICT_params_t params = {.compressionLevel = LEVEL_DICT, .dictID = id};
    size_t len = ZDICT_finalizeDictionary(at, room, content.at, content.len, joined.at, sizes,
                                          (unsigned)count, params);
    if (ZDICT_isError(len))
        return false;
    *ret = (Str){at, len};
    return true;
}

/* ---- both ways ---------------------------------------------------------------------------------- */

Str
pack(Arena *arena, const PackDict *dict, Str bytes)
{
    ZSTD_CCtx *context = contexts_get()->in;
    size_t room = ZSTD_compressBound(bytes.len);
    char *at = arena_bytes(arena, room);
    size_t len = dict ? ZSTD_compress_usingCDict(context, at, room, bytes.at, bytes.len, dict->in)
                      : ZSTD_compressCCtx(context, at, room, bytes.at, bytes.len, LEVEL);
    must(!ZSTD_isError(len)); /* there is room by construction */
    return (Str){at, len};
}

uint32_t
pack_needs(Str packed)
{
    return ZSTD_getDictID_fromFrame(packed.at, packed.len);
}

bool
unpack(Arena *arena, const PackDict *dict, Str packed, size_t bytes_most, Str *ret, GError **error)
{
    ZSTD_DCtx *context = contexts_get()->out;
    unsigned long long size = ZSTD_getFrameContentSize(packed.at, packed.len);
    if (size == ZSTD_CONTENTSIZE_UNKNOWN || size == ZSTD_CONTENTSIZE_ERROR || size > bytes_most)
        return fail(error, ERR_STORE, "a packed text in the store is damaged");
    char *at = arena_bytes(arena, size + 1);
    size_t len =
        dict ? ZSTD_decompress_usingDDict(context, at, size, packed.at, packed.len, dict->out)
             : ZSTD_decompressDCtx(context, at, size, packed.at, packed.len);
    if (ZSTD_isError(len) || len != size)
        return fail(error, ERR_STORE, "a packed text in the store is damaged: %s",
                    ZSTD_isError(len) ? ZSTD_getErrorName(len) : "it is too short");
    at[len] = '\0';
    *ret = (Str){at, len};
    return true;
}
