/* Colours that can be read. Expected contrasts: WebAIM's checker and WCAG's own examples (#767676 is the lightest grey
 * that passes on white, #777777 the first that fails). */
#include "base/color.h"
#include "check.h"

static Color
color(const char *text)
{
    Color color = {0};
    assert_true(color_parse(str_of(text), &color));
    return color;
}

static void
test_parse(void **state)
{
    Color kept = {1, 2, 3};
    const char *const bad[] = {"",         "#",       "red",    "#12345",
                               "#1234567", "#12345g", "123456", "#12 456"};
    Arena *arena = arena_new(4096);
    assert_string_equal(color_format(arena, color("#1D4f91")), "#1d4f91");
    assert_string_equal(color_format(arena, color("#abc")), "#aabbcc");
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++)
        assert_false(color_parse(str_of(bad[i]), &kept));
    assert_int_equal(kept.red, 1);
    arena_free(arena);
}

static void
test_contrast(void **state)
{
    static const struct {
        const char *left, *right;
        double contrast;
    } known[] = {
        {"#000000", "#ffffff", 21},   {"#777777", "#ffffff", 4.48}, {"#767676", "#ffffff", 4.54},
        {"#0000ff", "#ffffff", 8.59}, {"#ff0000", "#ffffff", 4.00}, {"#1d4f91", "#1d4f91", 1},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(known); i++) {
        double found = color_contrast(color(known[i].left), color(known[i].right));
        assert_true(found > known[i].contrast - 0.01 && found < known[i].contrast + 0.01);
        assert_true(found == color_contrast(color(known[i].right), color(known[i].left)));
    }
}

/* Whatever the shop's colour is, text on it and links in it can be read. */
static void
test_always_readable(void **state)
{
    const Color grounds[] = {color("#ffffff"), color("#222220")};
    for (int step = 0; step < 16 * 16 * 16; step++) {
        Color any = {(uint8_t)(step / 256 * 17), (uint8_t)(step / 16 % 16 * 17),
                     (uint8_t)(step % 16 * 17)};
        assert_true(color_contrast(color_on(any), any) >= 4.5);
        for (size_t i = 0; i < 2; i++)
            assert_true(color_contrast(color_readable(any, grounds[i]), grounds[i]) >= 4.5);
    }
    assert_int_equal(color_readable(color("#1d4f91"), grounds[0]).blue, 0x91);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parse),
        cmocka_unit_test(test_contrast),
        cmocka_unit_test(test_always_readable),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
