/* lmtp_delivery.h - a mail that left its connection, and the answers that come back for it.
 *
 * The hook may hold a mail for as long as it likes. Answers from other threads are left in the
 * letter box that the listener and all mails share; the last of them frees it, so an answer may
 * come when connection and listener are long gone.
 *
 * Part of the LMTP room.
 */
#pragma once

#include "engine/lmtp_session.h"

#include <pthread.h>

typedef struct LmtpParcel LmtpParcel;

/* An answer on its way to the listener's thread. */
typedef struct LmtpLetter {
    LmtpParcel *parcel;
    size_t rcpt;
    LmtpVerdict verdict;
} LmtpLetter;

typedef struct LmtpBox {
    pthread_mutex_t lock;
    int holders; /* under lock, as all the rest: the listener and each delivery */
    bool open;   /* the listener still reads */
    int wake_fd;
    GArray *letters;
} LmtpBox;

struct LmtpParcel {
    LmtpDelivery shown; /* first: what the hook has */
    LmtpBox *box;
    void *conn; /* the listener's thread only; NULL when it does not wait any more */
    char *from;
    GByteArray *text;
    LmtpRcpt *rcpts;
    size_t left; /* under the box's lock: recipients without an answer */
    size_t read; /* the listener's thread: answers read */
};

/* NULL when no descriptor is left. The first holder is the caller. */
LmtpBox *lmtp_box_new(void);
void lmtp_box_release(LmtpBox *box);

/* Takes the letters out, yours to free. With close, the listener will not read any more: whoever
 * answers last then frees the mail. */
GArray *lmtp_box_take(LmtpBox *box, bool close);

/* Takes the mail out of a session in LMTP_PHASE_WAIT. */
LmtpParcel *lmtp_parcel_new(LmtpBox *box, LmtpSession *session);
void lmtp_parcel_free(LmtpParcel *parcel);
