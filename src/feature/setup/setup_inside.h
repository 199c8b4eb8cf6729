/* setup_inside.h - what the files of this room share. */
#pragma once

#include "engine/form.h"
#include "feature/account/account.h"
#include "feature/list.h"
#include "flow/owed.h"
#include "flow/section.h"

/* setup.c: settings by group. */
bool setup_page(RouteCtx *ctx, GError **error);
bool setup_save(RouteCtx *ctx, GError **error);

/* setup_live.c: what is missing to go live, going live, a test mail. */
bool live_page(RouteCtx *ctx, GError **error);
bool live_go(RouteCtx *ctx, GError **error);
bool live_test(RouteCtx *ctx, GError **error);

/* setup_senders.c: who sends what. */
bool senders_page(RouteCtx *ctx, GError **error);
bool senders_save(RouteCtx *ctx, GError **error);

/* How many mails the shop system sends as well, without a word from the owner on whose is to go. */
size_t senders_undecided(const ShopEntry *shop);

/* setup_legal.c: terms and withdrawal instruction, in versions. */
bool legal_page(RouteCtx *ctx, GError **error);
bool legal_save(RouteCtx *ctx, GError **error);

/* Has the shop any legal text? */
bool setup_has_legal(RouteCtx *ctx, bool *ret, GError **error);

/* Checks the values, sets them all or none, and makes them count at once. What cannot be is told in the form: beside
 * its field where the form has one of the key's name. False only when the store fails. *ret_saved tells. */
bool setup_set(RouteCtx *ctx, Form *form, const ShopValue *values, size_t count, bool *ret_saved,
               GError **error);

/* ---- the mails, section by section --------------------------------------------------------------------------------- */

enum { MAILS_TAGS_MOST = 16, MAILS_SECTIONS_MOST = 64 };

/* What the pages of the mails work with. What is tried is kept as a draft (mail.sections_draft) until it is used: so it
 * can be looked at as real mails before, and is there again when the page was closed. */
typedef struct Mails {
    Arena *arena;
    const ShopEntry *shop;
    SectionBook book;
    Str mail;             /* of the address; "all": what counts for all of them */
    const Owed *owed;     /* NULL for all */
    SectionChoices saved; /* what is sent */
    SectionChoices tried; /* the draft; where there is none, the same */
    const char *trouble;  /* what was set cannot be read; NULL: it can */
    const Section *
        *sections; /* of the mail as it is tried; for all, each that has something to choose */
    size_t section_count;
    const char *tags[MAILS_TAGS_MOST]; /* of the languages, NULL-terminated */
} Mails;

/* setup_mails_draft.c. mail is empty for the list of all. ERR_NOT_FOUND. */
bool mails_open(RouteCtx *ctx, Str mail, Mails *ret, GError **error);

/* The document as text; empty where nothing is chosen. */
Str mails_text(Arena *arena, const SectionChoices *choices);

/* A document with what it says of one mail replaced by this object; empty: left out. */
Str mails_with(const Mails *mails, const SectionChoices *choices, Str object);

/* What a document says of a mail, as text: two that are the same choose the same. */
Str mails_of(Arena *arena, const SectionChoices *choices, Str mail);

/* The form of the mail's page, and what it says as the object of a document. */
const FormField *mails_fields(const Mails *mails);
void mails_form_fill(const Mails *mails, Form *form);
bool mails_form_check(const Mails *mails, Form *form);
Str mails_form_object(const Mails *mails, const Form *form);

/* "items.title", "items.title.de" */
const char *
mails_field_name(Arena *arena, const Section *section, const char *setting, const char *tag);

/* setup_mails.c: the pages. */
bool mails_list(RouteCtx *ctx, GError **error);
bool mails_page(RouteCtx *ctx, GError **error);
bool mails_save(RouteCtx *ctx, GError **error);
bool mails_test(RouteCtx *ctx, GError **error);

/* setup_mails_show.c: a mail alone, as it is tried, in a frame. */
bool mails_html(RouteCtx *ctx, GError **error);
bool mails_plain(RouteCtx *ctx, GError **error);
