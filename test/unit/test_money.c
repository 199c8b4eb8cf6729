/* Amounts: sums that overflow say so, shares are rounded once. test/base/test_money.py asks Python's
 * decimal about reading. */
#include "base/money.h"
#include "check.h"

static Money
euro(int64_t minor)
{
    return (Money){minor, "EUR"};
}

static void
reading_says_what_is_wrong(void **state)
{
    Money amount = {7, "JPY"};
    g_autoptr(GError) fine = NULL, form = NULL, unknown = NULL, big = NULL;
    assert_false(money_parse(STR("9.999"), "EUR", &amount, &fine));
    assert_string_equal(fine->message, "\"9.999\" has more digits than EUR has (2)");
    assert_false(money_parse(STR("9,99"), "EUR", &amount, &form));
    assert_string_equal(form->message, "\"9,99\" is no amount; write it like 57.98");
    assert_false(money_parse(STR("1"), "EURO", &amount, &unknown));
    assert_string_equal(unknown->message, "there is no currency \"EURO\" (three capital letters)");
    assert_false(money_parse(STR("92233720368547758.08"), "EUR", &amount, &big));
    assert_string_equal(big->message, "\"92233720368547758.08\" is more than an amount can be");
    assert_int_equal(amount.minor, 7); /* untouched */
    assert_string_equal(amount.currency, "JPY");
}

static void
rounding_is_half_away_from_zero(void **state)
{
    static const struct {
        const char *text;
        int64_t minor;
    } rows[] = {{"0.005", 1},     {"0.0049", 0}, {"-0.005", -1}, {"19.9949", 1999},
                {"19.995", 2000}, {"0.0005", 0}, {"5e-3", 1},    {"4e-3", 0},
                {"-2.675", -268}, {"1.10", 110}, {"0.9e-99", 0}, {"999.995", 100000}};
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        Money amount = {0};
        assert_true(money_parse_rounded(str_of(rows[i].text), "EUR", &amount, NULL));
        assert_int_equal(amount.minor, rows[i].minor);
    }
}

static void
sums_are_checked(void **state)
{
    Money sum = euro(1);
    assert_true(money_add(euro(150), euro(-30), &sum));
    assert_int_equal(sum.minor, 120);
    assert_true(money_subtract(euro(0), euro(1), &sum));
    assert_int_equal(sum.minor, -1);
    assert_true(money_multiply(euro(5798), 3, &sum));
    assert_int_equal(sum.minor, 17394);
    assert_string_equal(sum.currency, "EUR");
    assert_false(money_add(euro(INT64_MAX), euro(1), &sum));
    assert_false(money_subtract(euro(INT64_MIN), euro(1), &sum));
    assert_false(money_multiply(euro(INT64_MAX), 2, &sum));
    assert_false(money_add(euro(1), (Money){1, "USD"}, &sum));
    assert_int_equal(sum.minor, 17394);
}

static void
shares_are_rounded_once(void **state)
{
    static const struct {
        int64_t minor, part, whole, share;
    } rows[] = {
        {1000, 19, 119, 160}, /* the VAT in 10.00: 1.5966 */
        {1, 1, 2, 1},
        {-1, 1, 2, -1},
        {1, -1, 2, -1},
        {1, 1, -2, -1},
        {-1, -1, -2, -1},
        {3, 1, 4, 1},
        {1, 1, 3, 0},
        {INT64_MAX, 1000000, 1000000, INT64_MAX},
        {INT64_MIN, 7, 7, INT64_MIN},
        {INT64_MAX, INT64_MIN, INT64_MIN, INT64_MAX},
        {0, 5, 7, 0},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        Money share = {0};
        assert_true(money_share(euro(rows[i].minor), rows[i].part, rows[i].whole, &share));
        assert_int_equal(share.minor, rows[i].share);
    }
    Money share = euro(7);
    assert_false(money_share(euro(1), 1, 0, &share));
    assert_false(money_share(euro(INT64_MAX), 2, 1, &share));
    assert_false(money_share(euro(INT64_MIN), -1, 1, &share));
    assert_int_equal(share.minor, 7);
}

static void
showing_is_plain(void **state)
{
    g_autoptr(Arena) arena = arena_new(1000);
    assert_string_equal(money_format(arena, euro(5798)), "57.98");
    assert_string_equal(money_format(arena, euro(-5)), "-0.05");
    assert_string_equal(money_format(arena, euro(0)), "0.00");
    assert_string_equal(money_format(arena, euro(INT64_MIN)), "-92233720368547758.08");
    assert_string_equal(money_format(arena, (Money){1000, "JPY"}), "1000");
    assert_string_equal(money_format(arena, (Money){1005, "KWD"}), "1.005");
    assert_string_equal(money_format(arena, (Money){10005, "CLF"}), "1.0005");
    MoneyParts parts = money_parts(euro(-123405));
    assert_int_equal(parts.sign, -1);
    assert_int_equal(parts.units, 1234);
    assert_string_equal(parts.fraction, "05");
    assert_int_equal(money_digits("SLE"), 2); /* newer than Debian's CLDR */
    assert_int_equal(money_digits("RSD"), 2); /* 0 in CLDR */
    assert_int_equal(money_digits(""), -1);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reading_says_what_is_wrong),
        cmocka_unit_test(rounding_is_half_away_from_zero),
        cmocka_unit_test(sums_are_checked),
        cmocka_unit_test(shares_are_rounded_once),
        cmocka_unit_test(showing_is_plain),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
