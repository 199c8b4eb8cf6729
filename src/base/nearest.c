/* nearest.c - see nearest.h. Three rows of the classic table are enough for swaps. */
#include "base/nearest.h"

#include <string.h>

enum { WORD_BYTES = 64 };

static bool
same_letter(char left, char right)
{
    return g_ascii_tolower(left) == g_ascii_tolower(right);
}

size_t
nearest_distance(Str left, Str right)
{
    left.len = MIN(left.len, WORD_BYTES);
    right.len = MIN(right.len, WORD_BYTES);
    size_t rows[3][WORD_BYTES + 1] = {0};
    for (size_t k = 0; k <= right.len; k++)
        rows[0][k] = k;
    for (size_t i = 1; i <= left.len; i++) {
        size_t *row = rows[i % 3];
        const size_t *above = rows[(i + 2) % 3];
        const size_t *above2 = rows[(i + 1) % 3];
        row[0] = i;
        for (size_t k = 1; k <= right.len; k++) {
            bool same = same_letter(left.at[i - 1], right.at[k - 1]);
            row[k] = MIN(MIN(above[k], row[k - 1]) + 1, above[k - 1] + !same);
            if (i > 1 && k > 1 && same_letter(left.at[i - 1], right.at[k - 2]) &&
                same_letter(left.at[i - 2], right.at[k - 1]))
                row[k] = MIN(row[k], above2[k - 2] + 1);
        }
    }
    return rows[left.len % 3][right.len];
}

bool
nearest_is_near(Str wanted, size_t distance)
{
    return distance <= MAX(wanted.len / 3, (size_t)1);
}

const char *
nearest_name(const char *const *names, Str wanted)
{
    const char *best = NULL;
    size_t best_distance = SIZE_MAX;
    for (; *names; names++) {
        size_t distance = nearest_distance(wanted, str_of(*names));
        if (distance < best_distance) {
            best = *names;
            best_distance = distance;
        }
    }
    return best && nearest_is_near(wanted, best_distance) ? best : NULL;
}
