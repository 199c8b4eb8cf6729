/* inbound.h - what comes back: a mail that arrived, or a provider's webhook, as facts.
 *
 * Pure, as all plugs are: a Letter (base/letter.h) or a body goes in, InboundFacts come out. What follows from
 * them - suppressions, events, which message of ours is meant - is the flow's business (flow/inbound.h); here
 * is only said what stands in the mail, and where a token of ours may be found in it.
 *
 * What always holds:
 *   - a vacation reply, a challenge and a read receipt are INBOUND_AUTO: they never are bounces, whatever
 *     words they use, so they never suppress anybody;
 *   - a report is made only of an address that somebody says something about; a mail in which no recipient is
 *     found has no reports, and is kept for people to read;
 *   - `hard` is said only of what is wrong with the address itself (bounces.def), of a failure that is final.
 *
 * Rules look at form and words, never at one sender's name alone. Texts live in the arena or are constants.
 *
 * Sources: RFC 3464 (delivery reports), 3463 and IANA's registry (status codes), 5321 4.2 (reply codes), 5965
 * (ARF), 3834 (auto replies), 8098 (read receipts), 2369 and 8058 (List-Unsubscribe), 5322 3.6.4 (threads); the
 * words of servers: their own sources and documentation, named in words.def.
 */
#pragma once

#include "base/letter.h"
#include "plug/plug.h"

typedef enum InboundKind {
    INBOUND_OTHER,       /* somebody wrote to us out of the blue */
    INBOUND_REPLY,       /* somebody answered a mail */
    INBOUND_AUTO,        /* a machine answered: vacation, challenge, read receipt, confirmation */
    INBOUND_REPORT,      /* a server, or a provider, tells what became of a mail: see reports */
    INBOUND_COMPLAINT,   /* somebody pressed "this is spam": see reports for whom */
    INBOUND_UNSUBSCRIBE, /* somebody wants no more of it (List-Unsubscribe's mailto) */
    INBOUND_SETUP,       /* a provider's webhook tells about itself: see notice */
    INBOUND_KIND_COUNT
} InboundKind;

const char *inbound_kind_slug(InboundKind kind);

typedef enum BounceReason {
#define ROW(reason, slug, hard, help) reason,
#include "plug/inbound/bounces.def"
#undef ROW
    BOUNCE_REASON_COUNT
} BounceReason;

const char *bounce_slug(BounceReason reason);
const char *bounce_help(BounceReason reason);

/* When in the conversation (RFC 5321 3.3) the server said no: before RCPT it is about us, at RCPT about the recipient, behind
 * DATA about the mail. */
typedef enum BounceMoment {
    BOUNCE_AT_UNKNOWN, /* by the words, as far as they tell */
    BOUNCE_AT_CONNECT,
    BOUNCE_AT_MAIL,
    BOUNCE_AT_RCPT,
    BOUNCE_AT_DATA,
} BounceMoment;

typedef enum ReportOutcome {
    REPORT_FAILED,     /* given up */
    REPORT_DELAYED,    /* still being tried */
    REPORT_DELIVERED,  /* it has arrived */
    REPORT_COMPLAINED, /* the recipient calls it spam */
    REPORT_TOLD,       /* something that asks for nothing: an authentication failure, "not spam" */
} ReportOutcome;

/* What became of one mail at one recipient. */
typedef struct InboundReport {
    ReportOutcome outcome;
    Str recipient;       /* whom we wrote to, as far as the report knows: spec, any case */
    Str final_recipient; /* where it had been forwarded to, if that is told and another one */
    BounceMoment moment; /* where somebody knows it who was there */
    BounceReason reason;
    bool hard;    /* the address does not work: stop writing to it */
    int code;     /* SMTP reply code; 0 if none is told */
    Str enhanced; /* status code, "5.1.1"; empty if none is told */
    Str server;   /* the server that said so; may be empty */
    Str words;    /* its words, one line */
    /* Of webhooks, which speak of several mails in one body: the provider's name and our Message-ID for it,
     * with or without brackets. Empty in reports by mail: see message_ids of the facts. */
    Str provider_id;
    Str message_id;
    int64_t at; /* when it happened; 0: not told */
} InboundReport;

/* How a machine that answered by itself is to be understood. */
typedef enum AutoKind {
    AUTO_NONE,
    AUTO_VACATION, /* out of office */
    AUTO_LEFT, /* this person is not there any more: a suggestion for somebody to look, never more */
    AUTO_CHALLENGE, /* wants a click before it delivers */
    AUTO_RECEIPT,   /* says that it was displayed or deleted (RFC 8098) */
    AUTO_OTHER,     /* "we have received your message" and its like */
} AutoKind;

const char *auto_kind_slug(AutoKind kind);

typedef struct InboundFile {
    Str name; /* may be empty */
    Str type;
    size_t bytes;
} InboundFile;

typedef struct InboundFacts {
    InboundKind kind;
    /* Where a token of ours may stand, most trustworthy first: addresses the mail was delivered to (our return
     * paths, verp.h), and Message-IDs it answers or returns, as a text of them. */
    const Str *delivered_to;
    size_t delivered_to_count;
    Str message_ids;
    /* Who wrote. */
    Str from;      /* address; empty for bounces that have none */
    Str from_name; /* as they call themselves */
    Str subject;
    Str own_id;     /* its own Message-ID */
    Str subject_of; /* what it answers by its subject's looks: without Re: and AW:. A suggestion only */
    /* INBOUND_REPORT and INBOUND_COMPLAINT. */
    const InboundReport *reports;
    size_t report_count;
    Str feedback; /* of complaints: abuse, opt-out, not-spam, auth-failure ... (RFC 5965 7.3) */
    /* INBOUND_AUTO. */
    AutoKind auto_kind;
    /* True if an automatic answer to it could start a loop (RFC 3834 2): it was sent by a machine, by a list, from
     * no address, or by something that calls itself noreply. */
    bool no_answer;
    /* INBOUND_REPLY, INBOUND_OTHER, INBOUND_AUTO: what was written, without quotation and signature. */
    Str text;
    const InboundFile *files;
    size_t file_count;
    /* INBOUND_SETUP: what it tells, in words for the owner. */
    Str notice;
} InboundFacts;

/* Fills reason and hard of a no that we heard ourselves, from outcome (failed), moment, code, enhanced and words: by the same
 * rules as those of reports that come by mail, but for words that say no more than the code. */
void bounce_heard(Arena *arena, InboundReport *report);

/* Reads a mail. Cannot fail: what nothing else knows is INBOUND_OTHER. */
void inbound_read(Arena *arena, const Letter *letter, InboundFacts *ret);

/* The new words of an answer: without what it quotes and without a signature. Shared with tests. */
Str inbound_new_text(Arena *arena, Str text);

/* HTML as text: quotations left out where the mail program marks them, links as their words. */
Str inbound_html_text(Arena *arena, Str html, bool without_quotation);

/* ---- providers ---------------------------------------------------------------------------------- */

/* What a provider's signature needs. All borrowed; what a provider has no use for is empty. */
typedef struct InboundSecret {
    Str secret;  /* the setting that holds it: password, signing key, or public key; never empty */
    int64_t now; /* ms UTC: old deliveries are refused */
    Str certificate; /* PEM of the certificate that the delivery names, verified (InboundCertificate) */
    Str path_token; /* what stood behind the address's last slash, where the provider cannot sign */
} InboundSecret;

/* Who signed a delivery, as it says itself: to be fetched from there, and to be a certificate for one of the names before
 * anything signed with it counts. */
typedef struct InboundCertificate {
    Str url; /* https */
    const char *names[4];
    size_t name_count;
} InboundCertificate;

typedef struct Inbound {
    const char *name;   /* in addresses, settings, rows: ses */
    const char *title;  /* as people know it */
    const char *secret; /* the setting that holds the secret: ses.secret */
    const char *help;   /* what the owner enters where */

    /* Checks that the delivery is the provider's, over the raw body. ERR_AUTH (not genuine, or too old), ERR_INPUT (a
     * header or field is missing). */
    bool (*check)(Arena *arena, const PlugHeaders *headers, Str body, const InboundSecret *secret,
                  GError **error);

    /* Reads the body. ERR_JSON, ERR_INPUT; *ret is untouched then. Events that say nothing about delivery (opens,
     * clicks) give no report. NULL: the body is a mail; what it says is nobody's signed word. */
    bool (*read)(Arena *arena, Str body, InboundFacts *ret, GError **error);

    /* The certificate that check() wants in InboundSecret.certificate, if the delivery is meant for this shop and names one
     * at an address that can be trusted; ERR_AUTH if not. NULL for providers without one. The caller fetches and keeps it
     * (flow/signer.h). */
    bool (*certificate)(Arena *arena, Str body, const InboundSecret *secret,
                        InboundCertificate *ret, GError **error);

    /* Of a delivery that check() found genuine: its own name, the same when it is sent again; empty: its bytes are its name.
     * NULL: always so. */
    Str (*delivery)(Arena *arena, Str body);

    /* Likewise: where it is confirmed that deliveries are wanted here, the provider's own address for the owner's own
     * subscription; empty: nothing is to be confirmed. NULL: never. Fetching it is the whole answer. */
    Str (*confirm_url)(Arena *arena, Str body);
} Inbound;

const Inbound *inbound_find(Str name); /* NULL if there is none */
const Inbound *inbound_nth(size_t n);  /* NULL behind the last */
