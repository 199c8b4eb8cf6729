/* http_problem.h - what a client is told when something went wrong: RFC 9457 "problem details".
 *
 *     {"type":"urn:postlude:problem:not_found","title":"Not Found","status":404,
 *      "detail":"there is no order of this link","code":"not_found",
 *      "cure":"Check the name or the link."}
 */
#pragma once

#include "base/base.h"

/* One field that is wrong. */
typedef struct HttpProblemField {
    const char *pointer; /* RFC 6901 */
    const char *detail;
} HttpProblemField;

typedef struct HttpProblem {
    int status;
    const char *title;  /* what HTTP calls the status: "Not Found" */
    const char *code;   /* slug of errors.def */
    const char *detail; /* what happened, in words that may be shown */
    const char *cure;
    const HttpProblemField *fields; /* `errors`; NULL: none is named */
    size_t field_count;
} HttpProblem;

/* By the error's row. The words of a 5xx are ours only, they may name files and hosts: its detail
 * is the cure. Borrows from the error. */
HttpProblem http_problem_of(const GError *error);

/* The name of a status (RFC 9110 15), "Error" for one without. */
const char *http_status_title(int status);

Str http_problem_json(Arena *arena, const HttpProblem *problem);
Str http_problem_text(Arena *arena, const HttpProblem *problem);
