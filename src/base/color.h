/* color.h - colours that can be read.
 *
 * Relative luminance and contrast as WCAG 2.2 defines them (https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio): text
 * needs 4.5 to 1.
 */
#pragma once

#include "base/base.h"

typedef struct Color {
    uint8_t red, green, blue;
} Color;

/* Reads #rgb or #rrggbb. False, and *ret untouched, if it is neither. */
bool color_parse(Str text, Color *ret);

/* "#1d4f91", in the arena. */
char *color_format(Arena *arena, Color color);

/* From 1 (the same) to 21 (black and white). */
double color_contrast(Color left, Color right);

/* For text on this colour: black or white, whichever contrasts more; it is 4.5 at least. */
Color color_on(Color ground);

/* The colour, moved towards black or white as little as it takes to have 4.5 on this ground. */
Color color_readable(Color color, Color ground);
