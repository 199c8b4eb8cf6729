/* order.c - see order.h. */
#include "order.h"

#include <err.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    MARK_ORDER = 1,
    MARK_BUYER = 2,
    MARK_MOMENT = 3,
    NUMBER_CHARS = 8,
    MOMENT_CHARS = 25,
    HMAC_BYTES = 32,
};

/* A run of mark bytes in a template. */
typedef struct Slot {
    uint32_t offset;
    uint32_t mark;
} Slot;

typedef struct Template {
    const char *at;
    size_t len;
    const Slot *slots;
    size_t slot_count;
} Template;

struct Orders {
    OrderPlan plan;
    char *text; /* private copy of the file, the moment already written */
    size_t text_len;
    Slot *slots;
    Template *templates;
    size_t template_count;
    unsigned char (*signatures)[HMAC_BYTES];
};

uint64_t
order_scramble(uint64_t seed)
{
    uint64_t z = seed + 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

/* Whoever comes back is somebody with a lower number who did not. */
static uint64_t
buyer_of(const Orders *orders, uint64_t number)
{
    if (orders->plan.new_buyers)
        return number;
    while (number % 3 == 2)
        number = order_scramble(number) % number;
    return number;
}

static void
number_write(char *at, uint64_t number)
{
    for (int i = NUMBER_CHARS - 1; i >= 0; i--) {
        at[i] = (char)('0' + number % 10);
        number /= 10;
    }
}

static char *
file_map(const char *path, size_t *ret_len)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat stat;
    if (fd < 0 || fstat(fd, &stat) != 0)
        err(1, "%s", path);
    if (stat.st_size == 0)
        errx(1, "%s: empty", path);
    char *text = mmap(NULL, (size_t)stat.st_size, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
    if (text == MAP_FAILED)
        err(1, "%s", path);
    close(fd);
    *ret_len = (size_t)stat.st_size;
    return text;
}

static size_t
mark_chars(unsigned char mark)
{
    return mark == MARK_MOMENT ? MOMENT_CHARS : NUMBER_CHARS;
}

static bool
is_mark(char byte)
{
    return byte >= MARK_ORDER && byte <= MARK_MOMENT;
}

/* Finds the runs of one template; writes the moment, which is the same for all orders. */
static size_t
slots_find(const Orders *orders, char *at, size_t len, Slot *ret)
{
    size_t count = 0;
    for (size_t i = 0; i < len; i++) {
        if (!is_mark(at[i]))
            continue;
        unsigned char mark = (unsigned char)at[i];
        size_t chars = mark_chars(mark);
        if (i + chars > len)
            errx(1, "%s: a run of marks is cut off", orders->plan.templates);
        if (mark == MARK_MOMENT)
            memcpy(at + i, orders->plan.moment, MOMENT_CHARS);
        else
            ret[count++] = (Slot){.offset = (uint32_t)i, .mark = mark};
        i += chars - 1;
    }
    return count;
}

static void
templates_find(Orders *orders)
{
    size_t lines = 0, marks = 0;
    for (size_t i = 0; i < orders->text_len; i++) {
        lines += orders->text[i] == '\n';
        marks += is_mark(orders->text[i]);
    }
    orders->templates = calloc(lines + 1, sizeof *orders->templates);
    orders->slots = calloc(marks / NUMBER_CHARS + 1, sizeof *orders->slots);
    if (!orders->templates || !orders->slots)
        err(1, "memory");

    Slot *slot = orders->slots;
    char *end = orders->text + orders->text_len;
    for (char *line = orders->text; line < end;) {
        char *stop = memchr(line, '\n', (size_t)(end - line));
        if (!stop)
            errx(1, "%s: the last line is cut off", orders->plan.templates);
        size_t len = (size_t)(stop - line);
        if (len > ORDER_BODY_BYTES)
            errx(1, "%s: a line is too long", orders->plan.templates);
        size_t count = slots_find(orders, line, len, slot);
        orders->templates[orders->template_count++] =
            (Template){.at = line, .len = len, .slots = slot, .slot_count = count};
        slot += count;
        line = stop + 1;
    }
}

static size_t
body_write(const Orders *orders, uint64_t number, char *body)
{
    uint64_t buyer = buyer_of(orders, number);
    const Template *template = &orders->templates[buyer % orders->template_count];
    memcpy(body, template->at, template->len);
    for (size_t i = 0; i < template->slot_count; i++) {
        const Slot *slot = &template->slots[i];
        number_write(body + slot->offset, slot->mark == MARK_ORDER ? number : buyer);
    }
    return template->len;
}

static void
orders_sign(Orders *orders)
{
    orders->signatures = calloc(orders->plan.count + 1, HMAC_BYTES);
    char *body = malloc(ORDER_BODY_BYTES);
    if (!orders->signatures || !body)
        err(1, "memory");
    const char *secret = orders->plan.secret;
    int secret_len = (int)strlen(secret);
    for (uint64_t i = 0; i < orders->plan.count; i++) {
        size_t len = body_write(orders, orders->plan.first + i, body);
        if (!HMAC(EVP_sha256(), secret, secret_len, (unsigned char *)body, len,
                  orders->signatures[i], NULL))
            errx(1, "HMAC");
    }
    free(body);
}

Orders *
orders_new(const OrderPlan *plan)
{
    if (strlen(plan->moment) != MOMENT_CHARS)
        errx(1, "the moment must look like 2026-03-02T10:00:00+01:00");
    Orders *orders = calloc(1, sizeof *orders);
    if (!orders)
        err(1, "memory");
    orders->plan = *plan;
    orders->text = file_map(plan->templates, &orders->text_len);
    templates_find(orders);
    orders_sign(orders);
    return orders;
}

void
orders_free(Orders *orders)
{
    munmap(orders->text, orders->text_len);
    free(orders->slots);
    free(orders->templates);
    free(orders->signatures);
    free(orders);
}

size_t
order_write(const Orders *orders, uint64_t number, char *body,
            char signature[ORDER_SIGNATURE_CHARS + 1])
{
    const unsigned char *mac = orders->signatures[number - orders->plan.first];
    EVP_EncodeBlock((unsigned char *)signature, mac, HMAC_BYTES);
    return body_write(orders, number, body);
}
