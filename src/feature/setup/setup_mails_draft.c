/* setup_mails_draft.c - what is chosen of the mails: the document that is saved and the one that is tried, and the form
 * that changes one mail of it. */
#include "feature/setup/setup_inside.h"

#include "base/color.h"
#include "base/json_write.h"
#include "base/limits.h"
#include "engine/asset.h"

#include <string.h>

enum { LINE_BYTES = LIMIT_TEXT_BYTES / 16 /* as section_choice.c has it */, ORDER_BYTES = 2048 };

/* ---- opening -------------------------------------------------------------------------------------------------------- */

static bool
is_all(const Mails *mails)
{
    return !mails->owed;
}

/* The languages that are whole: those of a region only say what it says otherwise. */
static void
tags_read(Mails *mails)
{
    size_t first, count = asset_below("i18n/", &first), tags = 0;
    for (size_t i = 0; i < count && tags < MAILS_TAGS_MOST - 1; i++) {
        Str file = str_of(asset_nth(first + i)->name);
        Str tag = str_sub(file, strlen("i18n/"), file.len - strlen("i18n/") - strlen(".json"));
        if (str_ends(file, ".json") && !memchr(tag.at, '-', tag.len))
            mails->tags[tags++] = arena_cstr(mails->arena, tag);
    }
}

/* What an older version took may be nothing now: then it is told, and the mails are as usual until it is set again. */
static void
choices_read(Mails *mails, Setting setting, SectionChoices *ret)
{
    g_autoptr(GError) problem = NULL;
    Str text = shop_setting(mails->shop, setting);
    text = arena_copy(mails->arena, text.len ? text : STR("{}"));
    if (section_choices_read(mails->arena, &mails->book, text, ret, &problem))
        return;
    mails->trouble = arena_cstr(mails->arena, str_of(problem->message));
    must(section_choices_read(mails->arena, &mails->book, STR("{}"), ret, NULL));
}

/* For all mails: those that leave something to choose, first as they stand in the mail that has the most. */
static void
sections_of_all(Mails *mails)
{
    size_t count = 0, total = 0;
    const Section **first =
        section_list(mails->arena, &mails->book, str_of(owed_nth(0)->name), &count);
    const Section **list = arena_new_of(mails->arena, const Section *, count + mails->book.count);
    for (size_t i = 0; i < count + mails->book.count; i++) {
        const Section *section = i < count ? first[i] : &mails->book.list[i - count];
        bool known = !section->setting_count && section->always;
        for (size_t j = 0; j < total; j++)
            known |= list[j] == section;
        if (!known)
            list[total++] = section;
    }
    mails->sections = list;
    mails->section_count = total;
}

bool
mails_open(RouteCtx *ctx, Str mail, Mails *ret, GError **error)
{
    Mails mails = {.arena = ctx->arena, .shop = route_staff(ctx)->shop, .mail = mail};
    bool all = str_is(mail, "all");
    mails.owed = mail.len && !all ? owed_find(mail) : NULL;
    if (mail.len && !all && !mails.owed)
        return fail(error, ERR_NOT_FOUND, "there is nothing at this address");
    if (!section_book_read(mails.arena, &mails.book, error))
        return false;
    choices_read(&mails, SETTING_MAIL_SECTIONS, &mails.saved);
    mails.tried = mails.saved;
    if (shop_setting(mails.shop, SETTING_MAIL_SECTIONS_DRAFT).len)
        choices_read(&mails, SETTING_MAIL_SECTIONS_DRAFT, &mails.tried);
    tags_read(&mails);
    if (mails.owed)
        mails.sections = section_list_chosen(mails.arena, &mails.tried, mail, &mails.section_count);
    else
        sections_of_all(&mails);
    *ret = mails;
    ret->tried.book = ret->saved.book = &ret->book;
    return true;
}

/* ---- documents ------------------------------------------------------------------------------------------------------ */

static Str
json_text_of(Arena *arena, const Json *value)
{
    Buf buf = {.arena = arena};
    JsonWriter out = {.buf = &buf};
    json_put_value(&out, value);
    json_put_done(&out);
    return buf_str(&buf);
}

Str
mails_text(Arena *arena, const SectionChoices *choices)
{
    return json_len(choices->document) ? json_text_of(arena, choices->document) : STR("");
}

Str
mails_of(Arena *arena, const SectionChoices *choices, Str mail)
{
    const Json *object = json_find(choices->document, mail);
    return json_len(object) ? json_text_of(arena, object) : STR("");
}

Str
mails_with(const Mails *mails, const SectionChoices *choices, Str object)
{
    Buf buf = {.arena = mails->arena};
    JsonWriter out = {.buf = &buf};
    bool any = object.len > 0;
    json_put_object(&out);
    for (size_t i = 0; i < json_len(choices->document); i++) {
        Str key = json_key(choices->document, i);
        if (str_eq(key, mails->mail))
            continue;
        any = true;
        json_put_key_text(&out, key);
        json_put_value(&out, json_nth(choices->document, i));
    }
    if (object.len) {
        json_put_key_text(&out, mails->mail);
        json_put_value(&out, json_parse(mails->arena, object.at, object.len, NULL));
    }
    json_put_end(&out);
    json_put_done(&out);
    return any ? buf_str(&buf) : STR("");
}

/* What would count for the mail if it had chosen nothing of its own. */
static SectionChoices
without_own(const Mails *mails)
{
    SectionChoices choices = {.book = &mails->book};
    Str text = mails_with(mails, &mails->tried, STR(""));
    must(section_choices_read(mails->arena, &mails->book, text.len ? text : STR("{}"), &choices,
                              NULL));
    return choices;
}

/* ---- the form ------------------------------------------------------------------------------------------------------- */

const char *
mails_field_name(Arena *arena, const Section *section, const char *setting, const char *tag)
{
    return arena_format(arena, STR_FMT ".%s%s%s", STR_ARG(section->name), setting, tag ? "." : "",
                        tag ? tag : "");
}

static const char *
setting_name(const Mails *mails, const SectionSetting *setting)
{
    return arena_cstr(mails->arena, setting->name);
}

/* Of a choice its words, of a switch yes and no; empty first: as it would be. */
static const char *const *
setting_words(const Mails *mails, const SectionSetting *setting)
{
    static const char *const yes_no[] = {"", "yes", "no", NULL};
    if (setting->type == SECTION_SWITCH)
        return yes_no;
    size_t count = json_len(setting->words);
    const char **words = arena_new_of(mails->arena, const char *, count + 2);
    words[0] = "";
    for (size_t i = 0; i < count; i++)
        words[i + 1] = json_str(json_nth(setting->words, i));
    return words;
}

static bool
is_text(const SectionSetting *setting)
{
    return setting->type == SECTION_TEXT || setting->type == SECTION_RICHTEXT;
}

static size_t
setting_fields(const Mails *mails, const Section *section, const SectionSetting *setting,
               FormField *ret)
{
    const char *name = setting_name(mails, setting);
    bool chosen = setting->type == SECTION_CHOICE || setting->type == SECTION_SWITCH;
    FormField field = {
        .name = mails_field_name(mails->arena, section, name, NULL),
        .kind = setting->type == SECTION_RICHTEXT ? FORM_BLOCK
                : chosen                          ? FORM_CHOICE
                                                  : FORM_LINE,
        .label = arena_format(mails->arena, STR_FMT ", " STR_FMT, STR_ARG(section->title),
                              STR_ARG(setting->label)),
        .most_bytes = setting->type == SECTION_RICHTEXT ? LIMIT_TEXT_BYTES : LINE_BYTES,
        .choices = chosen ? setting_words(mails, setting) : NULL,
    };
    size_t count = 0;
    ret[count++] = field;
    for (size_t i = 0; is_text(setting) && mails->tags[i]; i++) {
        field.name = mails_field_name(mails->arena, section, name, mails->tags[i]);
        ret[count++] = field;
    }
    return count;
}

/* How the page is looked at, and the rest that every page of a mail has. */
static const FormField common_fields[] = {
    {"order", FORM_LINE, "Order of the sections", .most_bytes = ORDER_BYTES},
    {"version", FORM_LINE, "Version"},
    {"do", FORM_LINE, "Step"},
    {"language", FORM_LINE, "Language", .most_bytes = 35},
    {"width", FORM_LINE, "Width", .most_bytes = 10},
    {"light", FORM_LINE, "Light", .most_bytes = 10},
    {"part", FORM_LINE, "Part", .most_bytes = 10},
    {"shown", FORM_LINE, "Mail shown", .most_bytes = 40},
};

const FormField *
mails_fields(const Mails *mails)
{
    FormField *fields = arena_new_of(mails->arena, FormField, 2 * FORM_FIELDS_MOST);
    size_t count = 0;
    for (size_t i = 0; i < mails->section_count; i++) {
        const Section *section = mails->sections[i];
        must(count + (section->setting_count + 1) * (MAILS_TAGS_MOST + 1) < 2 * FORM_FIELDS_MOST);
        for (size_t j = 0; j < section->setting_count; j++)
            count += setting_fields(mails, section, &section->settings[j], &fields[count]);
        if (!section->always)
            fields[count++] =
                (FormField){.name = mails_field_name(mails->arena, section, "on", NULL),
                            .kind = FORM_CHECK,
                            .label = arena_cstr(mails->arena, section->title)};
    }
    for (size_t i = 0; i < G_N_ELEMENTS(common_fields); i++)
        fields[count++] = common_fields[i];
    must(count <= FORM_FIELDS_MOST);
    return fields;
}

static void
setting_fill(const Mails *mails, const Section *section, const SectionSetting *setting, Form *form)
{
    const char *name = setting_name(mails, setting);
    const char *field = mails_field_name(mails->arena, section, name, NULL);
    const Json *chosen = section_chosen(&mails->tried, mails->mail, section->name, setting->name);
    bool on;
    if (setting->type == SECTION_SWITCH) {
        form_set(form, field, !json_bool(chosen, &on) ? STR("") : on ? STR("yes") : STR("no"));
        return;
    }
    bool many = json_type(chosen) == JSON_OBJECT;
    form_set(form, field, json_text(many ? json_get(chosen, "other") : chosen));
    for (size_t i = 0; is_text(setting) && many && mails->tags[i]; i++)
        form_set(form, mails_field_name(mails->arena, section, name, mails->tags[i]),
                 json_text(json_get(chosen, mails->tags[i])));
}

void
mails_form_fill(const Mails *mails, Form *form)
{
    Buf order = {.arena = mails->arena};
    for (size_t i = 0; i < mails->section_count; i++) {
        const Section *section = mails->sections[i];
        for (size_t j = 0; j < section->setting_count; j++)
            setting_fill(mails, section, &section->settings[j], form);
        if (!section->always)
            form_set(form, mails_field_name(mails->arena, section, "on", NULL),
                     section_is_off(&mails->tried, mails->mail, section->name) ? STR("")
                                                                               : STR("1"));
        if (order.len)
            buf_add_char(&order, ',');
        buf_add_str(&order, section->name);
    }
    form_set(form, "order", buf_str(&order));
}

bool
mails_form_check(const Mails *mails, Form *form)
{
    Color color;
    for (size_t i = 0; i < mails->section_count; i++) {
        const Section *section = mails->sections[i];
        for (size_t j = 0; j < section->setting_count; j++) {
            const SectionSetting *setting = &section->settings[j];
            const char *name =
                mails_field_name(mails->arena, section, setting_name(mails, setting), NULL);
            Str value = form_value(form, name);
            if (setting->type == SECTION_COLOUR && value.len && !color_parse(value, &color))
                form_wrong(form, name, "A colour is written like #1d4f91.");
        }
    }
    return form_is_fine(form);
}

/* ---- from the form to the document --------------------------------------------------------------------------------- */

static void
put_text(const Mails *mails, const Form *form, const Section *section,
         const SectionSetting *setting, JsonWriter *out)
{
    const char *name = setting_name(mails, setting);
    Str other = form_value(form, mails_field_name(mails->arena, section, name, NULL)), text;
    bool opened = false;
    for (size_t i = 0; mails->tags[i]; i++) {
        text = form_value(form, mails_field_name(mails->arena, section, name, mails->tags[i]));
        if (!text.len)
            continue;
        if (!opened) {
            json_put_key_text(out, setting->name);
            json_put_object(out);
        }
        opened = true;
        json_put_key(out, mails->tags[i]);
        json_put_text(out, text);
    }
    if (!opened && other.len)
        json_put_key_text(out, setting->name);
    else if (opened && other.len)
        json_put_key(out, "other");
    if (other.len)
        json_put_text(out, other);
    if (opened)
        json_put_end(out);
}

/* The colour that counts if the mail says nothing: a browser's field of colours is never empty. */
static Str
inherited_colour(const Mails *mails, const Section *section, const SectionSetting *setting)
{
    const Json *all = is_all(mails)
                          ? NULL
                          : section_chosen(&mails->tried, STR("all"), section->name, setting->name);
    return all ? json_text(all) : setting->value;
}

static void
put_setting(const Mails *mails, const Form *form, const Section *section,
            const SectionSetting *setting, JsonWriter *out)
{
    if (is_text(setting)) {
        put_text(mails, form, section, setting, out);
        return;
    }
    const char *name = mails_field_name(mails->arena, section, setting_name(mails, setting), NULL);
    Str value = form_value(form, name);
    if (!value.len ||
        (setting->type == SECTION_COLOUR &&
         str_eq_nocase(value, arena_cstr(mails->arena, inherited_colour(mails, section, setting)))))
        return;
    json_put_key_text(out, setting->name);
    if (setting->type == SECTION_SWITCH)
        json_put_bool(out, str_is(value, "yes"));
    else
        json_put_text(out, value);
}

/* All settings as text: sections without any are left out. */
static void
put_settings(const Mails *mails, const Form *form, JsonWriter *out)
{
    bool opened = false;
    for (size_t i = 0; i < mails->section_count; i++) {
        const Section *section = mails->sections[i];
        Buf buf = {.arena = mails->arena};
        JsonWriter one = {.buf = &buf};
        json_put_object(&one);
        for (size_t j = 0; j < section->setting_count; j++)
            put_setting(mails, form, section, &section->settings[j], &one);
        json_put_end(&one);
        json_put_done(&one);
        if (str_is(buf_str(&buf), "{}"))
            continue;
        if (!opened) {
            json_put_key(out, "settings");
            json_put_object(out);
        }
        opened = true;
        json_put_key_text(out, section->name);
        json_put_value(out, json_parse(mails->arena, buf.at, buf.len, NULL));
    }
    if (opened)
        json_put_end(out);
}

static void
put_off(const Mails *mails, const Form *form, JsonWriter *out)
{
    SectionChoices others = without_own(mails);
    bool own = false, any = false;
    for (size_t i = 0; i < mails->section_count; i++) {
        const Section *section = mails->sections[i];
        if (section->always)
            continue;
        bool on = form_checked(form, mails_field_name(mails->arena, section, "on", NULL));
        any |= !on;
        own |= on == section_is_off(&others, mails->mail, section->name);
    }
    if (is_all(mails) ? !any : !own)
        return;
    json_put_key(out, "off");
    json_put_array(out);
    for (size_t i = 0; i < mails->section_count; i++) {
        const Section *section = mails->sections[i];
        if (!section->always &&
            !form_checked(form, mails_field_name(mails->arena, section, "on", NULL)))
            json_put_text(out, section->name);
    }
    json_put_end(out);
}

/* The names that may move, of a list of names or of sections. */
static size_t
movable(const Mails *mails, Str names, Str *ret)
{
    size_t count = 0;
    Str name;
    while (count < MAILS_SECTIONS_MOST && str_split(&names, ',', &name)) {
        const Section *section = section_find(&mails->book, name);
        if (section && !section->fixed)
            ret[count++] = section->name;
    }
    return count;
}

static bool
names_same(const Str *left, size_t left_count, const Str *right, size_t right_count, bool sorted)
{
    bool same = left_count == right_count;
    for (size_t i = 0; same && i < left_count; i++) {
        bool found = sorted && str_eq(left[i], right[i]);
        for (size_t j = 0; !sorted && j < right_count; j++)
            found |= str_eq(left[i], right[j]);
        same = found;
    }
    return same;
}

static Str
names_of(const Mails *mails, const Section *const *sections, size_t count)
{
    Buf names = {.arena = mails->arena};
    for (size_t i = 0; i < count; i++) {
        if (i)
            buf_add_char(&names, ',');
        buf_add_str(&names, sections[i]->name);
    }
    return buf_str(&names);
}

static void
put_order(const Mails *mails, const Form *form, JsonWriter *out)
{
    Str wanted[MAILS_SECTIONS_MOST], usual[MAILS_SECTIONS_MOST];
    size_t count;
    if (is_all(mails)) {
        const Json *order = json_get(json_get(mails->tried.document, "all"), "order");
        if (json_len(order)) {
            json_put_key(out, "order");
            json_put_value(out, order);
        }
        return;
    }
    SectionChoices others = without_own(mails);
    const Section **list = section_list_chosen(mails->arena, &others, mails->mail, &count);
    size_t usual_count = movable(mails, names_of(mails, list, count), usual);
    size_t wanted_count = movable(mails, form_value(form, "order"), wanted);
    /* A form that names others than there are is nobody's: the order stays. */
    if (!names_same(wanted, wanted_count, usual, usual_count, false))
        wanted_count =
            movable(mails, names_of(mails, mails->sections, mails->section_count), wanted);
    if (names_same(wanted, wanted_count, usual, usual_count, true))
        return;
    json_put_key(out, "order");
    json_put_array(out);
    for (size_t i = 0; i < wanted_count; i++)
        json_put_text(out, wanted[i]);
    json_put_end(out);
}

Str
mails_form_object(const Mails *mails, const Form *form)
{
    Buf buf = {.arena = mails->arena};
    JsonWriter out = {.buf = &buf};
    json_put_object(&out);
    put_off(mails, form, &out);
    put_order(mails, form, &out);
    put_settings(mails, form, &out);
    json_put_end(&out);
    json_put_done(&out);
    return str_is(buf_str(&buf), "{}") ? STR("") : buf_str(&buf);
}
