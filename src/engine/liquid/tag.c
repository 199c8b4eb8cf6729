/* tag.c - the tags without loops and partials, and the table of all. */
#include "engine/liquid/inside.h"
#include "engine/liquid/place.h"

#include <string.h>

static uint32_t
tag_at(const Compiler *compiler, const Piece *tag)
{
    return compile_at(compiler, tag->whole.at);
}

void
tag_lexer(const Compiler *compiler, const Piece *tag, Lexer *lexer)
{
    lexer_start(lexer, compiler->unit->source, tag->text);
}

static bool
tag_no_markup(Compiler *compiler, const Piece *tag)
{
    return text_is_blank(tag->text) ||
           compile_fail(compiler, compile_at(compiler, tag->text.at),
                        "'" STR_FMT "' takes nothing behind its name", STR_ARG(tag->name));
}

bool
tag_name_of(Compiler *compiler, const Piece *tag, Str *ret)
{
    Str text = str_trim(tag->text);
    if (text.len >= 2 && (text.at[0] == '"' || text.at[0] == '\'') &&
        text.at[text.len - 1] == text.at[0])
        text = str_sub(text, 1, text.len - 2);
    size_t len = 0;
    while (len < text.len && (g_ascii_isalnum(text.at[len]) || strchr("_-.", text.at[len])))
        len++;
    if (len == 0 || len != text.len || text.at[0] == '-')
        return compile_fail(compiler, compile_at(compiler, tag->text.at),
                            "'" STR_FMT "' needs the name of a variable", STR_ARG(tag->name));
    *ret = text;
    return true;
}

/* ---- variables ---------------------------------------------------------------------------- */

static bool
tag_assign(Compiler *compiler, const Piece *tag, Nodes *nodes)
{
    const char *sign = tag->text.len ? memchr(tag->text.at, '=', tag->text.len) : NULL;
    if (!sign)
        return compile_fail(compiler, compile_at(compiler, tag->text.at),
                            "'assign' needs a name, = and a value");
    Piece left = *tag;
    left.text.len = (size_t)(sign - tag->text.at);
    Str name;
    if (!tag_name_of(compiler, &left, &name))
        return false;
    Lexer lexer;
    Str right = {sign + 1, tag->text.len - left.text.len - 1};
    lexer_start(&lexer, compiler->unit->source, right);
    const Expr *expr = expr_parse_filtered(compiler, &lexer);
    if (!expr)
        return false;
    Node *node = nodes_add(compiler, nodes, NODE_ASSIGN, tag_at(compiler, tag));
    node->silent = true;
    node->slot = names_slot(compiler->names, compiler->arena, name);
    node->expr = expr;
    return true;
}

static bool
tag_capture(Compiler *compiler, const Piece *tag, Nodes *nodes)
{
    Str name;
    if (!tag_name_of(compiler, tag, &name) || !block_enter(compiler, tag))
        return false;
    uint64_t place = compiler->place;
    compiler->place = PLACE_TEXT; /* what is captured is text of its own */
    Nodes body = {.blank = true};
    Piece stop;
    if (!block_parse(compiler, &body, &stop))
        return false;
    if (!word_is(stop.name, STR("endcapture")))
        return block_unexpected(compiler, tag, &stop);
    if (compiler->liquid->options.html &&
        !place_same(compiler, PLACE_TEXT, compiler->place, tag_at(compiler, tag), "capture"))
        return false;
    compiler->place = place;
    compiler->depth--;
    Node *node = nodes_add(compiler, nodes, NODE_CAPTURE, tag_at(compiler, tag));
    node->silent = true;
    node->slot = names_slot(compiler->names, compiler->arena, name);
    node->body = block_finish(compiler, &body, false);
    return true;
}

static bool
tag_count(Compiler *compiler, const Piece *tag, Nodes *nodes)
{
    Str name;
    if (!tag_name_of(compiler, tag, &name))
        return false;
    Node *node = nodes_add(compiler, nodes, NODE_COUNT, tag_at(compiler, tag));
    node->slot = names_slot(compiler->names, compiler->arena, name);
    node->flag = word_is(tag->name, STR("decrement"));
    nodes->blank = false;
    return true;
}

static bool
tag_echo(Compiler *compiler, const Piece *tag, Nodes *nodes)
{
    return output_parse(compiler, tag->text, tag_at(compiler, tag), nodes);
}

/* ---- text --------------------------------------------------------------------------------- */

static bool
tag_comment(Compiler *compiler, const Piece *tag, Nodes *nodes)
{
    return scanner_comment(compiler, compiler->scanner, tag);
}

static bool
tag_inline_comment(Compiler *compiler, const Piece *tag, Nodes *nodes)
{
    for (size_t i = 0; i < tag->text.len; i++) {
        if (tag->text.at[i] != '\n')
            continue;
        while (i < tag->text.len && text_is_space(tag->text.at[i]))
            i++;
        if (i < tag->text.len && tag->text.at[i] != '#')
            return compile_fail(compiler, compile_at(compiler, tag->text.at + i),
                                "every line of this comment starts with #");
    }
    return true;
}

static bool
tag_doc(Compiler *compiler, const Piece *tag, Nodes *nodes)
{
    Str text;
    size_t at;
    if (!tag_no_markup(compiler, tag) || !scanner_raw(compiler, compiler->scanner, tag, &text))
        return false;
    Scanner inner = {.at = text.at, .end = text.at + text.len};
    for (Str rest = text; str_find(rest, STR("{%"), &at); rest = str_sub(rest, at + 2, rest.len)) {
        Str word = str_trim(str_sub(rest, at + 2, rest.len));
        if (str_starts(word, "doc") && (word.len == 3 || !g_ascii_isalnum(word.at[3])))
            return compile_fail(compiler, compile_at(compiler, inner.at), "'doc' does not nest");
    }
    if (text.len)
        nodes->blank = false; /* as Shopify counts it */
    return true;
}

static bool
tag_raw(Compiler *compiler, const Piece *tag, Nodes *nodes)
{
    Str text;
    if (!tag_no_markup(compiler, tag) || !scanner_raw(compiler, compiler->scanner, tag, &text))
        return false;
    if (text.len == 0)
        return true;
    bool fine = text_parse(compiler, text, nodes);
    nodes->blank = false;
    return fine;
}

static bool
tag_liquid(Compiler *compiler, const Piece *tag, Nodes *nodes)
{
    Scanner lines = {.at = tag->text.at, .end = tag->text.at + tag->text.len, .lines = true};
    Scanner *outer = compiler->scanner;
    if (!block_enter(compiler, tag))
        return false;
    compiler->scanner = &lines;
    Piece stop;
    bool fine = block_parse(compiler, nodes, &stop);
    compiler->scanner = outer;
    compiler->depth--;
    return fine && (stop.kind == PIECE_END || block_unexpected(compiler, tag, &stop));
}

static bool
tag_ifchanged(Compiler *compiler, const Piece *tag, Nodes *nodes)
{
    Nodes body = {.blank = true};
    Piece stop;
    uint64_t place = compiler->place;
    if (!block_enter(compiler, tag) || !block_parse(compiler, &body, &stop))
        return false;
    if (!word_is(stop.name, STR("endifchanged")))
        return block_unexpected(compiler, tag, &stop);
    if (!place_join(compiler, place, tag_at(compiler, tag), "ifchanged"))
        return false;
    compiler->depth--;
    Node *node = nodes_add(compiler, nodes, NODE_IFCHANGED, tag_at(compiler, tag));
    node->body = block_finish(compiler, &body, false);
    node->silent = body.blank;
    nodes->blank = nodes->blank && body.blank;
    return true;
}

/* ---- branches ----------------------------------------------------------------------------- */

/* One branch of an if or case while it is read. */
typedef struct BranchParse {
    Nodes body;
    const Expr *test; /* if; NULL: else */
    When when;        /* case */
} BranchParse;

typedef struct Branches {
    BranchParse *list;
    size_t count, room;
    bool blank;
    bool has_else;
    uint64_t before; /* the place where each of them starts */
    uint64_t after;  /* where those so far end */
} Branches;

static BranchParse *
branches_add(Compiler *compiler, Branches *branches)
{
    if (branches->count == branches->room) {
        branches->room = MAX(branches->room * 2, (size_t)3);
        BranchParse *list = compile_room(compiler, branches->room * sizeof *list);
        if (branches->count)
            memcpy(list, branches->list, branches->count * sizeof *list);
        branches->list = list;
    }
    BranchParse *branch = &branches->list[branches->count++];
    *branch = (BranchParse){.body = {.blank = true}};
    return branch;
}

/* Reads the body of the newest branch and joins its end with those of the others. */
static bool
branch_body(Compiler *compiler, Branches *branches, Piece *ret_stop)
{
    Nodes *body = &branches->list[branches->count - 1].body;
    compiler->place = branches->before;
    uint32_t from = compile_at(compiler, ret_stop->whole.at);
    if (!block_parse(compiler, body, ret_stop))
        return false;
    branches->blank = branches->blank && body->blank;
    if (body->blank)
        compiler->place = branches->before;
    if (branches->count > 1 && !place_join(compiler, branches->after, from, "branch"))
        return false;
    branches->after = compiler->place;
    return true;
}

/* When no branch is taken, nothing is printed: that end counts too. */
static bool
branches_end(Compiler *compiler, const Piece *tag, Branches *branches)
{
    compiler->place = branches->count ? branches->after : branches->before;
    compiler->depth--;
    return branches->has_else ||
           place_join(compiler, branches->before, tag_at(compiler, tag), "branch");
}

static bool
if_test(Compiler *compiler, const Piece *tag, const Expr **ret)
{
    Lexer lexer;
    tag_lexer(compiler, tag, &lexer);
    *ret = expr_parse_condition(compiler, &lexer);
    return *ret && expr_end(compiler, &lexer);
}

static bool
if_branches(Compiler *compiler, const Piece *tag, Branches *branches)
{
    Piece stop = *tag;
    do {
        BranchParse *branch = branches_add(compiler, branches);
        bool is_else = word_is(stop.name, STR("else"));
        branches->has_else = branches->has_else || is_else;
        if (!is_else && !if_test(compiler, &stop, &branch->test))
            return false;
        if (!branch_body(compiler, branches, &stop))
            return false;
    } while (word_is(stop.name, STR("elsif")) || word_is(stop.name, STR("else")));
    if (!str_starts(stop.name, "end") || !str_eq(str_sub(stop.name, 3, stop.name.len), tag->name))
        return block_unexpected(compiler, tag, &stop);
    return branches_end(compiler, tag, branches);
}

static bool
tag_if(Compiler *compiler, const Piece *tag, Nodes *nodes)
{
    Branches branches = {.blank = true, .before = compiler->place};
    if (!block_enter(compiler, tag) || !if_branches(compiler, tag, &branches))
        return false;
    Branch *list = compile_room(compiler, branches.count * sizeof *list);
    for (size_t i = 0; i < branches.count; i++)
        list[i] = (Branch){
            .test = branches.list[i].test,
            .body = block_finish(compiler, &branches.list[i].body, branches.blank),
        };
    list[0].negated = word_is(tag->name, STR("unless"));
    Node *node = nodes_add(compiler, nodes, NODE_IF, tag_at(compiler, tag));
    node->branches = list;
    node->count = (uint32_t)branches.count;
    node->silent = branches.blank;
    nodes->blank = nodes->blank && branches.blank;
    return true;
}

enum { VALUES_MOST = 256 };

static bool
when_values(Compiler *compiler, const Piece *tag, When *when)
{
    const Expr *values[VALUES_MOST];
    Lexer lexer;
    tag_lexer(compiler, tag, &lexer);
    do {
        if (when->count == VALUES_MOST)
            return compile_fail(compiler, lexer.token.at, "too many values");
        values[when->count] = expr_parse_operand(compiler, &lexer);
        if (!values[when->count++])
            return false;
    } while (lexer_take(&lexer, TOKEN_COMMA) || lexer_take_word(&lexer, "or"));
    const Expr **list = compile_room(compiler, when->count * sizeof *list);
    memcpy(list, values, when->count * sizeof *list);
    when->values = list;
    return expr_end(compiler, &lexer);
}

static bool
case_branches(Compiler *compiler, const Piece *tag, Branches *branches)
{
    Nodes before = {.blank = true}; /* text before the first when is never printed */
    Piece stop;
    if (!block_parse(compiler, &before, &stop))
        return false;
    branches->blank = before.blank;
    while (word_is(stop.name, STR("when")) || word_is(stop.name, STR("else"))) {
        BranchParse *branch = branches_add(compiler, branches);
        bool is_else = word_is(stop.name, STR("else"));
        branches->has_else = branches->has_else || is_else;
        if (is_else ? !tag_no_markup(compiler, &stop)
                    : !when_values(compiler, &stop, &branch->when))
            return false;
        if (!branch_body(compiler, branches, &stop))
            return false;
    }
    if (!word_is(stop.name, STR("endcase")))
        return block_unexpected(compiler, tag, &stop);
    return branches_end(compiler, tag, branches);
}

static bool
tag_case(Compiler *compiler, const Piece *tag, Nodes *nodes)
{
    Lexer lexer;
    tag_lexer(compiler, tag, &lexer);
    const Expr *subject = expr_parse(compiler, &lexer);
    if (!subject || !expr_end(compiler, &lexer) || !block_enter(compiler, tag))
        return false;
    Branches branches = {.blank = true, .before = compiler->place};
    if (!case_branches(compiler, tag, &branches))
        return false;
    When *list = compile_room(compiler, branches.count * sizeof *list);
    for (size_t i = 0; i < branches.count; i++) {
        list[i] = branches.list[i].when;
        list[i].body = block_finish(compiler, &branches.list[i].body, branches.blank);
    }
    Case *choice = compile_room(compiler, sizeof *choice);
    *choice = (Case){subject, branches.count, list};
    Node *node = nodes_add(compiler, nodes, NODE_CASE, tag_at(compiler, tag));
    node->choice = choice;
    node->silent = branches.blank;
    nodes->blank = nodes->blank && branches.blank;
    return true;
}

/* ---- table -------------------------------------------------------------------------------- */

static bool
tag_interrupt(Compiler *compiler, const Piece *tag, Nodes *nodes)
{
    if (!tag_no_markup(compiler, tag))
        return false;
    bool is_break = word_is(tag->name, STR("break"));
    nodes_add(compiler, nodes, is_break ? NODE_BREAK : NODE_CONTINUE, tag_at(compiler, tag));
    nodes->blank = false;
    return true;
}

static const struct {
    Str name;
    TagParse parse;
    bool block;
} TAGS[] = {
    {{"#", 1}, tag_inline_comment},
    {{"assign", 6}, tag_assign},
    {{"break", 5}, tag_interrupt},
    {{"capture", 7}, tag_capture, .block = true},
    {{"case", 4}, tag_case, .block = true},
    {{"comment", 7}, tag_comment},
    {{"continue", 8}, tag_interrupt},
    {{"cycle", 5}, tag_cycle},
    {{"decrement", 9}, tag_count},
    {{"doc", 3}, tag_doc},
    {{"echo", 4}, tag_echo},
    {{"for", 3}, tag_for, .block = true},
    {{"if", 2}, tag_if, .block = true},
    {{"ifchanged", 9}, tag_ifchanged, .block = true},
    {{"include", 7}, tag_include},
    {{"increment", 9}, tag_count},
    {{"liquid", 6}, tag_liquid},
    {{"raw", 3}, tag_raw},
    {{"render", 6}, tag_render},
    {{"tablerow", 8}, tag_tablerow, .block = true},
    {{"unless", 6}, tag_if, .block = true},
};

TagParse
tag_find(Str name)
{
    if (name.len == 0 || name.at[0] == 'e') /* most are an else or an end, and no tags */
        return word_is(name, STR("echo")) ? tag_echo : NULL;
    for (size_t i = 0; i < G_N_ELEMENTS(TAGS); i++)
        if (TAGS[i].name.len == name.len && TAGS[i].name.at[0] == name.at[0] &&
            bytes_same(TAGS[i].name.at, name.at, name.len))
            return TAGS[i].parse;
    return NULL;
}

bool
tag_is_block(Str name)
{
    for (size_t i = 0; i < G_N_ELEMENTS(TAGS); i++)
        if (TAGS[i].block && str_eq(TAGS[i].name, name))
            return true;
    return false;
}

bool
tag_is_end(Str name)
{
    return str_starts(name, "end") && tag_is_block(str_sub(name, 3, name.len));
}

bool
tag_is_branch(Str name)
{
    return word_is(name, STR("else")) || word_is(name, STR("elsif")) || word_is(name, STR("when"));
}

bool
tag_hides_text(Str name)
{
    return word_is(name, STR("raw")) || word_is(name, STR("comment")) || word_is(name, STR("doc"));
}

bool
tag_unknown(Compiler *compiler, const Piece *tag)
{
    Guess guess = {.wanted = tag->name};
    for (size_t i = 0; i < G_N_ELEMENTS(TAGS); i++)
        guess_offer(&guess, TAGS[i].name);
    return compile_fail_guess(compiler, compile_at(compiler, tag->name.at), guess.best,
                              "there is no tag '" STR_FMT "'", STR_ARG(tag->name));
}
