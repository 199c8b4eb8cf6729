/* filter_picture.c - QR codes and bar codes, drawn as SVG.
 *
 * {{ url | qr_code }} is the drawing itself; {{ url | qr_code: "data" }} is an address for <img src>.
 * Both have the quiet zone that their standards ask for (ISO/IEC 18004: 4 modules; ISO/IEC 15417: 10).
 * The only file that includes libqrencode. */
#include "base/encode.h"
#include "engine/liquid/inside.h"
#include "engine/liquid_shop/liquid_shop.h"

#include <qrencode.h>
#include <string.h>

enum { QR_QUIET = 4, BAR_QUIET = 10, BAR_HEIGHT = 50, TEXT_MOST = 1000, BARCODE_MOST = 80 };

/* A drawing of `width` by `height` squares, whose dark parts are `path`. */
static void
svg_add(Buf *out, size_t width, size_t height, const char *label, const Buf *path)
{
    buf_format(out,
               "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %zu %zu\" role=\"img\" "
               "aria-label=\"%s\" shape-rendering=\"crispEdges\">"
               "<path fill=\"#fff\" d=\"M0 0h%zuv%zuH0z\"/><path fill=\"#000\" d=\"",
               width, height, label, width, height);
    buf_add_str(out, buf_str(path));
    buf_add_cstr(out, "\"/></svg>");
}

static LiquidValue
svg_value(LiquidCall *call, const LiquidArgs *args, const Buf *svg)
{
    bool data = args->count && str_is(liquid_call_text(call, args->list[0]), "data");
    if (!data)
        return liquid_safe(buf_str(svg), LIQUID_SAFE_HTML);
    Buf url = {.arena = call->arena};
    buf_add_cstr(&url, "data:image/svg+xml;base64,");
    encode_add(&url, ENCODE_BASE64, buf_str(svg));
    return liquid_safe(buf_str(&url), LIQUID_SAFE_IMAGE);
}

/* ---- QR ----------------------------------------------------------------------------------- */

/* Runs of dark modules of a row become one bar each. */
static void
qr_row_add(Buf *path, const QRcode *code, int y)
{
    for (int x = 0; x < code->width; x++) {
        int run = 0;
        while (x + run < code->width && code->data[y * code->width + x + run] & 1)
            run++;
        if (run)
            buf_format(path, "M%d %dh%dv1h-%dz", x + QR_QUIET, y + QR_QUIET, run, run);
        x += run;
    }
}

static bool
qr_code_run(LiquidCall *call, LiquidValue value, const LiquidArgs *args, LiquidValue *ret)
{
    Str text = liquid_call_text(call, value);
    if (text.len == 0)
        return true;
    QRcode *code =
        text.len <= TEXT_MOST
            ? QRcode_encodeData((int)text.len, (const unsigned char *)text.at, 0, QR_ECLEVEL_M)
            : NULL;
    if (!code)
        return liquid_fail(call, "a QR code holds at most %d bytes", TEXT_MOST);
    Buf path = {.arena = call->arena}, svg = {.arena = call->arena};
    for (int y = 0; y < code->width; y++)
        qr_row_add(&path, code, y);
    size_t size = (size_t)code->width + 2 * QR_QUIET;
    QRcode_free(code);
    svg_add(&svg, size, size, "QR code", &path);
    *ret = svg_value(call, args, &svg);
    return true;
}

/* ---- Code 128 ----------------------------------------------------------------------------- */

/* Widths of bars and spaces of the 103 characters, the three starts and the stop: ISO/IEC 15417,
 * table 1. */
static const char *const CODE128[] = {
    "212222", "222122", "222221", "121223", "121322", "131222", "122213", "122312", "132212",
    "221213", "221312", "231212", "112232", "122132", "122231", "113222", "123122", "123221",
    "223211", "221132", "221231", "213212", "223112", "312131", "311222", "321122", "321221",
    "312212", "322112", "322211", "212123", "212321", "232121", "111323", "131123", "131321",
    "112313", "132113", "132311", "211313", "231113", "231311", "112133", "112331", "132131",
    "113123", "113321", "133121", "313121", "211331", "231131", "213113", "213311", "213131",
    "311123", "311321", "331121", "312113", "312311", "332111", "314111", "221411", "431111",
    "111224", "111422", "121124", "121421", "141122", "141221", "112214", "112412", "122114",
    "122411", "142112", "142211", "241211", "221114", "413111", "241112", "134111", "111242",
    "121142", "121241", "114212", "124112", "124211", "411212", "421112", "421211", "212141",
    "214121", "412121", "111143", "111341", "131141", "114113", "114311", "411113", "411311",
    "113141", "114131", "311141", "411131", "211412", "211214", "211232", "2331112"};
enum {
    CODE_TO_C = 99,
    CODE_TO_B = 100,
    START_B = 104,
    START_C = 105,
    STOP = 106,
    CHECK_MODULO = 103
};

static size_t
digits_at(Str text, size_t at)
{
    size_t count = 0;
    while (at + count < text.len && g_ascii_isdigit(text.at[at + count]))
        count++;
    return count;
}

/* The characters of the symbol: set C (two digits in one) where it is shorter, else set B. */
static size_t
code128_encode(Str text, uint8_t *codes)
{
    size_t count = 0;
    bool pairs = digits_at(text, 0) >= 4 || (text.len == 2 && digits_at(text, 0) == 2);
    codes[count++] = pairs ? START_C : START_B;
    for (size_t i = 0; i < text.len;) {
        size_t digits = digits_at(text, i);
        if (pairs && digits >= 2) {
            codes[count++] = (uint8_t)((text.at[i] - '0') * 10 + text.at[i + 1] - '0');
            i += 2;
        } else if (pairs) {
            codes[count++] = CODE_TO_B;
            pairs = false;
        } else if (digits >= 4 && digits % 2 == 0) {
            codes[count++] = CODE_TO_C;
            pairs = true;
        } else {
            codes[count++] = (uint8_t)(text.at[i++] - ' ');
        }
    }
    unsigned sum = codes[0];
    for (size_t i = 1; i < count; i++)
        sum += (unsigned)i * codes[i];
    codes[count++] = (uint8_t)(sum % CHECK_MODULO);
    codes[count++] = STOP;
    return count;
}

static bool
is_printable(Str text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.at[i] < ' ' || text.at[i] > '~')
            return false;
    return true;
}

static bool
barcode_run(LiquidCall *call, LiquidValue value, const LiquidArgs *args, LiquidValue *ret)
{
    Str text = liquid_call_text(call, value);
    uint8_t codes[2 * BARCODE_MOST + 4];
    if (text.len == 0)
        return true;
    if (text.len > BARCODE_MOST || !is_printable(text))
        return liquid_fail(call, "a bar code holds at most %d letters without accents",
                           BARCODE_MOST);
    size_t count = code128_encode(text, codes);
    size_t x = BAR_QUIET;
    Buf path = {.arena = call->arena}, svg = {.arena = call->arena};
    for (size_t i = 0; i < count; i++) {
        bool dark = true;
        for (const char *width = CODE128[codes[i]]; *width; width++, dark = !dark) {
            int run = *width - '0';
            if (dark)
                buf_format(&path, "M%zu 0h%dv%dh-%dz", x, run, BAR_HEIGHT, run);
            x += (size_t)run;
        }
    }
    svg_add(&svg, x + BAR_QUIET, BAR_HEIGHT, "Bar code", &path);
    *ret = svg_value(call, args, &svg);
    return true;
}

const LiquidFilter liquid_shop_filter_barcode = {
    "barcode",
    barcode_run,
    0,
    1,
    .type = LIQUID_TYPE_STRING,
    .help = "A Code 128 bar code: as SVG, or with \"data\" as the address of a picture."};
const LiquidFilter liquid_shop_filter_qr_code = {
    "qr_code",
    qr_code_run,
    0,
    1,
    .type = LIQUID_TYPE_STRING,
    .help = "A QR code: as SVG, or with \"data\" as the address of a picture."};
