/* lmtp_delivery.c - see lmtp_delivery.h. */
#include "engine/lmtp_delivery.h"

#include <sys/eventfd.h>
#include <unistd.h>

void
lmtp_box_release(LmtpBox *box)
{
    pthread_mutex_lock(&box->lock);
    bool last = --box->holders == 0;
    pthread_mutex_unlock(&box->lock);
    if (!last)
        return;
    g_array_unref(box->letters);
    close(box->wake_fd);
    pthread_mutex_destroy(&box->lock);
    g_free(box);
}

LmtpBox *
lmtp_box_new(void)
{
    int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (fd < 0)
        return NULL;
    LmtpBox *box = g_new0(LmtpBox, 1);
    *box = (LmtpBox){.holders = 1, .open = true, .wake_fd = fd};
    box->letters = g_array_new(FALSE, FALSE, sizeof(LmtpLetter));
    pthread_mutex_init(&box->lock, NULL);
    return box;
}

GArray *
lmtp_box_take(LmtpBox *box, bool close)
{
    eventfd_t count;
    eventfd_read(box->wake_fd, &count);
    pthread_mutex_lock(&box->lock);
    GArray *letters = box->letters;
    box->letters = g_array_new(FALSE, FALSE, sizeof(LmtpLetter));
    box->open = !close;
    pthread_mutex_unlock(&box->lock);
    return letters;
}

void
lmtp_parcel_free(LmtpParcel *parcel)
{
    LmtpBox *box = parcel->box;
    g_byte_array_unref(parcel->text);
    for (size_t i = 0; i < parcel->shown.count; i++)
        g_free((char *)parcel->rcpts[i].address.at);
    g_free(parcel->rcpts);
    g_free(parcel->from);
    g_free(parcel);
    lmtp_box_release(box);
}

void
lmtp_answer(LmtpDelivery *shown, size_t rcpt, LmtpVerdict verdict)
{
    LmtpParcel *parcel = (LmtpParcel *)shown;
    LmtpBox *box = parcel->box;
    must(rcpt < shown->count);
    LmtpLetter letter = {parcel, rcpt, verdict};
    pthread_mutex_lock(&box->lock);
    must(parcel->left > 0);
    bool last = --parcel->left == 0, open = box->open;
    if (open) {
        g_array_append_val(box->letters, letter);
        /* Within the lock: behind it the listener may have freed all of this. */
        eventfd_write(box->wake_fd, 1);
    }
    pthread_mutex_unlock(&box->lock);
    if (last && !open)
        lmtp_parcel_free(parcel);
}

void
lmtp_answer_all(LmtpDelivery *delivery, LmtpVerdict verdict)
{
    size_t count = delivery->count; /* the last answer takes the delivery with it */
    for (size_t i = 0; i < count; i++)
        lmtp_answer(delivery, i, verdict);
}

Str
lmtp_envelope_lines(Arena *arena, const LmtpDelivery *delivery, size_t rcpt)
{
    must(rcpt < delivery->count);
    char *lines = arena_format(arena, "Return-Path: <" STR_FMT ">\r\nDelivered-To: " STR_FMT "\r\n",
                               STR_ARG(delivery->from), STR_ARG(delivery->rcpts[rcpt].address));
    return str_of(lines);
}

LmtpParcel *
lmtp_parcel_new(LmtpBox *box, LmtpSession *session)
{
    LmtpParcel *parcel = g_new0(LmtpParcel, 1);
    size_t count = session->slots->len;
    parcel->box = box;
    parcel->left = count;
    GByteArray *text = g_steal_pointer(&session->text);
    parcel->text = text;
    parcel->from = g_strdup(session->from);
    parcel->rcpts = g_new0(LmtpRcpt, count);
    for (size_t i = 0; i < count; i++) {
        const LmtpSlot *slot = &g_array_index(session->slots, LmtpSlot, i);
        parcel->rcpts[i] = (LmtpRcpt){str_of(g_strdup(slot->address)), slot->token};
    }
    parcel->shown = (LmtpDelivery){
        .from = str_of(parcel->from),
        .mail = {text->len ? (const char *)text->data : "", text->len},
        .rcpts = parcel->rcpts,
        .count = count,
        .eight_bit = session->parameters.eight_bit,
        .utf8 = session->parameters.utf8,
    };
    pthread_mutex_lock(&box->lock);
    box->holders++;
    pthread_mutex_unlock(&box->lock);
    return parcel;
}
