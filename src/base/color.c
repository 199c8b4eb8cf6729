/* color.c - see color.h. */
#include "base/color.h"

#include <math.h>

enum { STEPS = 64 };

static const Color black = {0, 0, 0}, white = {255, 255, 255};
static const double readable = 4.5, white_light = 0.2126 + 0.7152 + 0.0722;

bool
color_parse(Str text, Color *ret)
{
    int digits[6];
    if ((text.len != 4 && text.len != 7) || text.at[0] != '#')
        return false;
    bool brief = text.len == 4;
    for (size_t i = 0; i < 6; i++) {
        digits[i] = g_ascii_xdigit_value(text.at[1 + (brief ? i / 2 : i)]);
        if (digits[i] < 0)
            return false;
    }
    *ret = (Color){(uint8_t)(digits[0] * 16 + digits[1]), (uint8_t)(digits[2] * 16 + digits[3]),
                   (uint8_t)(digits[4] * 16 + digits[5])};
    return true;
}

char *
color_format(Arena *arena, Color color)
{
    return arena_format(arena, "#%02x%02x%02x", color.red, color.green, color.blue);
}

static double
channel_light(uint8_t channel)
{
    double part = channel / 255.0;
    return part <= 0.04045 ? part / 12.92 : pow((part + 0.055) / 1.055, 2.4);
}

static double
color_light(Color color)
{
    return 0.2126 * channel_light(color.red) + 0.7152 * channel_light(color.green) +
           0.0722 * channel_light(color.blue);
}

static double
light_contrast(double one, double other)
{
    return (MAX(one, other) + 0.05) / (MIN(one, other) + 0.05);
}

double
color_contrast(Color left, Color right)
{
    return light_contrast(color_light(left), color_light(right));
}

Color
color_on(Color ground)
{
    double light = color_light(ground);
    return light_contrast(white_light, light) >= light_contrast(0, light) ? white : black;
}

static uint8_t
channel_mix(uint8_t from, uint8_t to, int step)
{
    return (uint8_t)(from + (to - from) * step / STEPS);
}

Color
color_readable(Color color, Color ground)
{
    double light = color_light(ground);
    if (light_contrast(color_light(color), light) >= readable)
        return color; /* nearly always */
    Color end = color_on(ground), mixed = color;
    for (int step = 1; step <= STEPS && light_contrast(color_light(mixed), light) < readable;
         step++)
        mixed = (Color){channel_mix(color.red, end.red, step),
                        channel_mix(color.green, end.green, step),
                        channel_mix(color.blue, end.blue, step)};
    return mixed;
}
