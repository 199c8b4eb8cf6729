/* inbound_inside.h - what the files of plug/inbound share among themselves. */
#pragma once

#include "plug/inbound/inbound.h"

/* ---- scan.c: small tools over texts ---------------------------------------------------------- */

/* The next mail address in the text from *at on; moves *at behind it, *ret_from (may be NULL) is where it starts. */
bool scan_address(Str text, size_t *at, Str *ret, size_t *ret_from);

/* The address of an address field: `Ana <ana@x>`, `rfc822; <ana@x>`. Empty if there is none. */
Str scan_first_address(Str text);

/* Small letters, each run of white space one blank: what patterns are matched on. */
Str scan_fold(Arena *arena, Str text);

/* Whether the pattern's pieces (parted by *) stand in the folded text, in this order and near each other. */
bool scan_like(Str folded, const char *pattern);

/* The first status code (RFC 3463) in the text, x.y.z, no part of a network address or a longer number. */
bool scan_enhanced(Str text, Str *ret);

/* The first SMTP reply code that tells of a failure, 0 if there is none. */
int scan_code(Str text);

bool scan_has_nocase(Str text, const char *words);
bool scan_starts(Str text, const char *start);

/* ---- bounces ------------------------------------------------------------------------------------ */

/* The notice that a server wrote, and what it gave back of our mail. */
typedef struct Returned {
    Str notice; /* its words for people; LF */
    const LetterField *fields;
    size_t field_count; /* of our mail's header; 0 if nothing came back */
} Returned;

/* returned.c */
void returned_read(Arena *arena, const Letter *letter, Returned *ret);

/* reason.c: fills reason, hard, code and enhanced of a report from its outcome, what its fields say and `words`, which
 * may be longer than report->words. `around` is what else was said: it tells at which moment of the conversation the
 * words fell, where they do not say so themselves. */
void bounce_explain(Arena *arena, Str words, Str around, InboundReport *report);

enum { REPORTS_MOST = 200 };

/* A list that grows up to REPORTS_MOST. */
typedef struct Reports {
    InboundReport *list;
    size_t count;
} Reports;

/* The report on this address, made if there is none; NULL if there are too many. */
InboundReport *reports_of(Reports *reports, Str recipient);

/* dsn.c: reports from message/delivery-status, wherever it stands. */
void dsn_read(Arena *arena, const Letter *letter, const Returned *returned, Reports *ret);

/* notice.c: reports from a server's own prose; and the words it says about one address. */
void notice_read(Arena *arena, const Letter *letter, const Returned *returned, Reports *ret);
Str notice_words(Arena *arena, Str notice, Str recipient);

/* bounce.c: is it a report, and what does it tell? by_form: asks for one that says so in its form (RFC 6522), or
 * that comes from a machine's name with something returned; else any that reads like one. */
bool bounce_read(Arena *arena, const Letter *letter, bool by_form, InboundFacts *ret);

/* complaint.c */
bool complaint_read(Arena *arena, const Letter *letter, InboundFacts *ret);

/* auto.c: fills auto_kind and no_answer; true if a machine wrote it. */
bool auto_read(Arena *arena, const Letter *letter, InboundFacts *ret);

/* ses.c: a notification of SES by itself, as SNS mails it to people. */
bool ses_notification_read(Arena *arena, Str json, InboundFacts *ret, GError **error);

/* For senders who cannot sign: an HTTP login whose password is the secret, or the secret in the address. */
bool inbound_login(Arena *arena, const PlugHeaders *headers, const InboundSecret *secret,
                   GError **error);

/* The words of a letter as text, HTML converted; quotation left out if asked for. */
Str letter_words(Arena *arena, const Letter *letter, bool without_quotation);
