#include "engine/liquid/place.h"
bool
place_text(Compiler *compiler, Str text)
{
    return true;
}
bool
place_output(Compiler *compiler, const Expr *expr, uint32_t at, Escape *ret)
{
    *ret = ESCAPE_HTML;
    return true;
}
bool
place_join(Compiler *compiler, uint64_t other, uint32_t at, const char *what)
{
    return true;
}
bool
place_loop(Compiler *compiler, uint64_t before, uint32_t at)
{
    return true;
}
bool
place_same(Compiler *compiler, uint64_t want, uint64_t have, uint32_t at, const char *what)
{
    return true;
}
bool
place_is_text_only(const Block *block)
{
    return true;
}
