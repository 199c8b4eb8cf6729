/* http_problem.c - what a client is told when something went wrong. */
#include "engine/http_problem.h"

#include "base/json_write.h"

static const struct {
    int status;
    const char *title;
} http_titles[] = {
    {400, "Bad Request"},         {401, "Unauthorized"},           {403, "Forbidden"},
    {404, "Not Found"},           {405, "Method Not Allowed"},     {409, "Conflict"},
    {413, "Content Too Large"},   {415, "Unsupported Media Type"}, {422, "Unprocessable Content"},
    {429, "Too Many Requests"},   {500, "Internal Server Error"},  {502, "Bad Gateway"},
    {503, "Service Unavailable"}, {507, "Insufficient Storage"},
};

const char *
http_status_title(int status)
{
    for (size_t i = 0; i < G_N_ELEMENTS(http_titles); i++) {
        if (http_titles[i].status == status)
            return http_titles[i].title;
    }
    return "Error";
}

HttpProblem
http_problem_of(const GError *error)
{
    const ErrorRow *row = error_row(error);
    bool ours = row->http >= 500;
    return (HttpProblem){
        .status = row->http,
        .title = http_status_title(row->http),
        .code = row->slug,
        .detail = ours || !error ? row->cure : error->message,
        .cure = row->cure,
    };
}

/* As RFC 9457 section 3 has it in its example: errors, each with detail and pointer. */
static void
problem_put_fields(JsonWriter *out, const HttpProblem *problem)
{
    json_put_key(out, "errors");
    json_put_array(out);
    for (size_t i = 0; i < problem->field_count; i++) {
        json_put_object(out);
        json_put_key(out, "pointer");
        json_put_str(out, problem->fields[i].pointer);
        json_put_key(out, "detail");
        json_put_str(out, problem->fields[i].detail);
        json_put_end(out);
    }
    json_put_end(out);
}

Str
http_problem_json(Arena *arena, const HttpProblem *problem)
{
    Buf buf = {.arena = arena};
    JsonWriter out = {.buf = &buf};
    json_put_object(&out);
    json_put_key(&out, "type");
    json_put_str(&out, arena_format(arena, "urn:postlude:problem:%s", problem->code));
    json_put_key(&out, "title");
    json_put_str(&out, problem->title);
    json_put_key(&out, "status");
    json_put_int(&out, problem->status);
    json_put_key(&out, "detail");
    json_put_str(&out, problem->detail);
    json_put_key(&out, "code");
    json_put_str(&out, problem->code);
    json_put_key(&out, "cure");
    json_put_str(&out, problem->cure);
    if (problem->fields)
        problem_put_fields(&out, problem);
    json_put_end(&out);
    json_put_done(&out);
    buf_add_char(&buf, '\n');
    return buf_str(&buf);
}

Str
http_problem_text(Arena *arena, const HttpProblem *problem)
{
    Buf buf = {.arena = arena};
    buf_format(&buf, "%s\n\n%s\n", problem->title, problem->detail);
    if (!g_str_equal(problem->detail, problem->cure))
        buf_format(&buf, "%s\n", problem->cure);
    return buf_str(&buf);
}
