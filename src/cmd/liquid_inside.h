/* liquid_inside.h - what the files of `postlude liquid` share. */
#pragma once

#include "engine/liquid_shop/liquid_shop.h"

int cmd_liquid(int argc, char **argv);

/* What the command line said. */
typedef struct LiquidVerb {
    const char *file;
    char *data;     /* --data */
    char *partials; /* --partials; NULL: the file's folder */
    char *schema;   /* --schema */
    char *now;      /* --now */
    char *zone;     /* --zone */
    char *locale;   /* --locale */
    gboolean html;
    gboolean strict;
    gboolean write; /* fmt: into the file */
    int seconds;    /* bench */
    int threads;    /* bench */
} LiquidVerb;

/* A file's text; the options and data that the flags say. All in the arena. */
bool liquid_verb_file(const char *path, Arena *arena, Str *ret, GError **error);
bool liquid_verb_options(const LiquidVerb *verb, Arena *arena, LiquidOptions *ret, GError **error);
bool liquid_verb_data(const LiquidVerb *verb, Arena *arena, LiquidData *ret, GError **error);

/* Exit codes: 0 fine, 1 failed. */
int liquid_verb_serve(void);
int liquid_verb_check(const LiquidVerb *verb);
int liquid_verb_vars(const LiquidVerb *verb);
int liquid_verb_fmt(const LiquidVerb *verb);
int liquid_verb_bench(const LiquidVerb *verb);
int liquid_verb_fail(const GError *error);
