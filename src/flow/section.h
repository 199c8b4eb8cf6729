/* section.h - what the mails are built from, and what a shop may choose of it.
 *
 * A section NAME is ui/mail/sections/NAME.liquid (text/NAME.liquid in the text part), and beside it NAME.schema.json:
 *
 *     {"title": "The goods", "always": true, "fixed": false,
 *      "settings": [{"name": "title", "type": "text", "label": "...", "help": "...", "default": "", "choices": [],
 *                    "usual": "mail.items.title"}]}
 *
 * always: it cannot be switched off; fixed: it stays where the mail has it. Types: text (a line), richtext (Markdown),
 * choice, switch, colour. usual: the key of i18n/ whose words stand there while
 * a text is empty. Texts may be given for each language, "other" for those that are not named. The section reads them as `section.settings.title`.
 * Which sections a mail has, and their usual order, its own template says.
 *
 * What a shop chose is one JSON document, the setting mail.sections. Mails by name, or "all":
 *
 *     {"all": {"settings": {"items": {"title": {"de": "Ihre Sachen"}}}},
 *      "order_confirmation": {"off": ["addresses"], "order": ["totals", "items"]}}
 *
 * A mail's own list or value wins over that of all, that of a language over one for every language. Of a mail's sections those
 * that `order` names come in this order, in the places that they have among themselves; the others stay.
 */
#pragma once

#include "base/json.h"
#include "engine/liquid/liquid.h"

typedef enum SectionType {
    SECTION_TEXT,
    SECTION_RICHTEXT,
    SECTION_CHOICE,
    SECTION_SWITCH,
    SECTION_COLOUR,
    SECTION_TYPES_END
} SectionType;

const char *section_type_name(SectionType type); /* as schemas have it */

typedef struct SectionSetting {
    Str name;
    SectionType type;
    Str label;
    Str help;
    Str value;         /* the default, of all but a switch */
    bool on;           /* the default of a switch */
    const Json *words; /* of a choice: what it may be */
    Str usual;         /* of a text: the key of our words; empty: nothing stands there */
} SectionSetting;

typedef struct Section {
    Str name;
    Str title;
    bool always;
    bool fixed;
    const SectionSetting *settings;
    size_t setting_count;
} Section;

/* All of them, by name; never changes. */
typedef struct SectionBook {
    const Section *list;
    size_t count;
} SectionBook;

/* Reads the schemas that are built in, into the arena. ERR_TEMPLATE names file and what is wrong: every section has a
 * schema, and every schema a section. */
bool section_book_read(Arena *arena, SectionBook *ret, GError **error);

/* One schema; the text must outlive the result. ERR_TEMPLATE, ERR_JSON. */
bool section_read(Arena *arena, Str name, Str text, Section *ret, GError **error);

const Section *section_find(const SectionBook *book, Str name);

/* What a shop chose; lives in the arena with the book. */
typedef struct SectionChoices {
    const SectionBook *book;
    const Json *document;
} SectionChoices;

/* Reads and checks mail.sections. ERR_INPUT names the place and what may stand there. */
bool section_choices_read(Arena *arena, const SectionBook *book, Str text, SectionChoices *ret,
                          GError **error);

/* The sections of a mail in its template's order, of the HTML part; count in *ret_count. NULL: there is no such mail. */
const Section **section_list(Arena *arena, const SectionBook *book, Str mail, size_t *ret_count);

/* The same as the shop has them in order, also those that are off. */
const Section **
section_list_chosen(Arena *arena, const SectionChoices *choices, Str mail, size_t *ret_count);

/* Is it off, by the mail's own list or that of all? */
bool section_is_off(const SectionChoices *choices, Str mail, Str section);

/* What `mail` (or all) itself chose for a setting, without looking further; NULL: nothing. */
const Json *section_chosen(const SectionChoices *choices, Str mail, Str section, Str setting);

/* A chosen text in a locale, which may be one for each language; NULL: there is none for this one. */
const Json *section_in_language(const Json *value, Str locale);

/* Does the shop want this mail's sections otherwise than its template has them? */
bool section_rearranged(const SectionChoices *choices, Str mail);

/* The mail's template with its sections as the shop wants them. */
Str section_arrange(Arena *arena, const SectionChoices *choices, Str mail, Str source);

/* A line of a mail's template that brings a section in; *ret_name without "text/". */
bool section_line(Str line, Str *ret_name);

/* The object `sections` of a render. choices may be NULL: nothing was chosen. All must outlive the render. */
LiquidValue section_values(Arena *arena, const SectionBook *book, const SectionChoices *choices,
                           Str mail, Str locale);

/* The root of a mail: these names, and `sections`. */
const LiquidSchema *section_schema(Arena *arena, const SectionBook *book, const LiquidSchema *root);
