/* smtp_hello.c - the opening words of a connection: greeting, EHLO, STARTTLS, AUTH.
 *
 * Rules that are not in one RFC's sentence: what was offered before TLS is forgotten after it
 * (RFC 3207 4.2); a password goes only through TLS, to loopback, or where the owner said so; an
 * offer of STARTTLS is always taken, and once taken it must verify, so that nobody on the way can
 * turn "auto" into "never" for a server that was set to "require".
 */
#include "base/encode.h"
#include "engine/smtp_session.h"

#include <string.h>

enum { INITIAL_RESPONSE_BYTES = 500 }; /* with AUTH in front below the 512 of a command line */

/* ---- offers --------------------------------------------------------------------------------- */

static void
hello_read_mechanisms(SmtpOffer *offer, Str list)
{
    Str word;
    while (str_split(&list, ' ', &word)) {
        offer->plain |= str_eq_nocase(word, "PLAIN");
        offer->login |= str_eq_nocase(word, "LOGIN");
        offer->xoauth2 |= str_eq_nocase(word, "XOAUTH2");
    }
}

static uint64_t
hello_read_size(Str text)
{
    uint64_t size = 0;
    text = str_trim(text);
    for (size_t i = 0; i < text.len; i++) {
        if (!g_ascii_isdigit(text.at[i]) || size > UINT64_MAX / 10 - 9)
            return 0;
        size = size * 10 + (uint64_t)(text.at[i] - '0');
    }
    return size;
}

void
smtp_hello_offer(SmtpSession *session, Str line)
{
    SmtpOffer *offer = &session->offer;
    if (session->offer_lines++ == 0)
        return; /* the server's name and a greeting */
    Str rest = str_trim(line), word;
    if (str_starts(rest, "AUTH=")) /* what some servers say for clients of the last century */
        word = STR("AUTH"), rest = str_sub(rest, 5, rest.len);
    else if (!str_split(&rest, ' ', &word))
        return;
    offer->pipelining |= str_eq_nocase(word, "PIPELINING");
    offer->eight_bit |= str_eq_nocase(word, "8BITMIME");
    offer->utf8 |= str_eq_nocase(word, "SMTPUTF8");
    offer->dsn |= str_eq_nocase(word, "DSN");
    offer->starttls |= str_eq_nocase(word, "STARTTLS");
    if (str_eq_nocase(word, "SIZE"))
        offer->size_max = hello_read_size(rest);
    if (str_eq_nocase(word, "AUTH"))
        hello_read_mechanisms(offer, rest);
}

/* ---- AUTH ----------------------------------------------------------------------------------- */

static const char *
mechanism_name(SmtpAuth mechanism)
{
    return mechanism == SMTP_AUTH_PLAIN   ? "PLAIN"
           : mechanism == SMTP_AUTH_LOGIN ? "LOGIN"
                                          : "XOAUTH2";
}

/* Picks what to log in with; false (and the session over) when the server has none of it. */
static bool
hello_choose(SmtpSession *session)
{
    const SmtpOffer *offer = &session->offer;
    SmtpAuth wanted = session->server->auth;
    bool offered = wanted == SMTP_AUTH_ANY     ? offer->plain || offer->login
                   : wanted == SMTP_AUTH_PLAIN ? offer->plain
                   : wanted == SMTP_AUTH_LOGIN ? offer->login
                                               : offer->xoauth2;
    if (!offered) {
        const char *name = wanted == SMTP_AUTH_ANY ? "PLAIN or LOGIN" : mechanism_name(wanted);
        g_autofree char *why =
            g_strdup_printf("does not offer to log in with %s%s", name,
                            session->secured || !offer->starttls ? "" : " before STARTTLS");
        smtp_session_break(session, SMTP_AT_AUTH, why);
        return false;
    }
    if (wanted == SMTP_AUTH_ANY)
        wanted = offer->plain ? SMTP_AUTH_PLAIN : SMTP_AUTH_LOGIN;
    session->mechanism = wanted;
    return true;
}

/* Says `prefix` and the base64 of bytes; both are wiped once they were written. */
static void
hello_say_secret(SmtpSession *session, const char *prefix, Str bytes)
{
    size_t len = encode_len(ENCODE_BASE64, bytes.len);
    g_autofree char *letters = g_malloc0(len + 1);
    encode_to(ENCODE_BASE64, bytes, letters);
    session->text_secret = true;
    smtp_session_say(session, SMTP_ASK_AUTH, "%s%s", prefix, letters);
    explicit_bzero(letters, len);
}

/* PLAIN: RFC 4616. XOAUTH2: Google's and Microsoft's, user=U^Aauth=Bearer T^A^A. */
static GString *
hello_proof(const SmtpSession *session)
{
    const SmtpServer *server = session->server;
    GString *proof = g_string_sized_new(strlen(server->user) + strlen(server->secret) + 64);
    if (session->mechanism == SMTP_AUTH_PLAIN) {
        g_string_append_c(proof, '\0');
        g_string_append(proof, server->user);
        g_string_append_c(proof, '\0');
        g_string_append(proof, server->secret);
    } else {
        g_string_append_printf(proof, "user=%s\001auth=Bearer %s\001\001", server->user,
                               server->secret);
    }
    return proof;
}

static void
hello_say_proof(SmtpSession *session, const char *prefix)
{
    GString *proof = hello_proof(session);
    hello_say_secret(session, prefix, (Str){proof->str, proof->len});
    explicit_bzero(proof->str, proof->len);
    g_string_free(proof, TRUE);
}

static void
hello_begin_auth(SmtpSession *session)
{
    const SmtpServer *server = session->server;
    if (!session->secured && !session->may_auth) {
        smtp_session_break(session, SMTP_AT_AUTH,
                           "offers no encryption, and the password is not sent without it");
        return;
    }
    if (!hello_choose(session))
        return;
    session->phase = SMTP_PHASE_AUTH;
    session->auth_step = 0;
    size_t proof_bytes =
        encode_len(ENCODE_BASE64, strlen(server->user) + strlen(server->secret) + 24);
    g_autofree char *command = g_strdup_printf("AUTH %s ", mechanism_name(session->mechanism));
    if (session->mechanism != SMTP_AUTH_LOGIN && proof_bytes <= INITIAL_RESPONSE_BYTES) {
        session->auth_step = 1;
        hello_say_proof(session, command);
    } else {
        smtp_session_say(session, SMTP_ASK_AUTH, "AUTH %s", mechanism_name(session->mechanism));
    }
}

/* 334: the server wants the next piece. */
static void
hello_continue(SmtpSession *session)
{
    const SmtpServer *server = session->server;
    int step = session->auth_step++;
    if (session->mechanism == SMTP_AUTH_LOGIN && step < 2)
        hello_say_secret(session, "", str_of(step == 0 ? server->user : server->secret));
    else if (step == 0)
        hello_say_proof(session, "");
    else if (session->mechanism == SMTP_AUTH_XOAUTH2 && step == 1)
        /* The reason stands in the 334, the verdict follows an empty line. */
        smtp_session_say(session, SMTP_ASK_AUTH, "%s", "");
    else
        smtp_session_break(session, SMTP_AT_AUTH, "asks for more than the user and the password");
}

void
smtp_hello_auth(SmtpSession *session, const SmtpReply *reply)
{
    if (reply->code == 235)
        session->phase = SMTP_PHASE_READY;
    else if (reply->code == 334)
        hello_continue(session);
    else if (reply->code >= 400)
        smtp_session_refused(session, SMTP_AT_AUTH, reply);
    else
        smtp_session_break(session, SMTP_AT_AUTH,
                           "answers AUTH with a code that is none of AUTH's");
}

/* ---- greeting, EHLO, STARTTLS --------------------------------------------------------------- */

static void
hello_say_ehlo(SmtpSession *session)
{
    session->phase = SMTP_PHASE_EHLO;
    session->offer = (SmtpOffer){0};
    session->offer_lines = 0;
    const char *name = session->server->helo ? session->server->helo : session->helo;
    smtp_session_say(session, SMTP_ASK_EHLO, "EHLO %s", name);
}

void
smtp_hello_greeting(SmtpSession *session, const SmtpReply *reply)
{
    if (reply->code == 220)
        hello_say_ehlo(session);
    else if (reply->code >= 400)
        smtp_session_refused(session, SMTP_AT_GREETING, reply);
    else
        smtp_session_break(session, SMTP_AT_GREETING, "does not greet as an SMTP server does");
}

/* What was offered is known: on to TLS, to the login, or to work. */
static void
hello_offered(SmtpSession *session)
{
    const SmtpServer *server = session->server;
    bool wants_tls =
        !session->secured && (server->tls == SMTP_TLS_REQUIRE ||
                              (server->tls == SMTP_TLS_AUTO && session->offer.starttls));
    if (wants_tls && !session->offer.starttls) {
        smtp_session_break(session, SMTP_AT_STARTTLS,
                           "does not offer STARTTLS, and the settings require it");
    } else if (wants_tls) {
        session->phase = SMTP_PHASE_STARTTLS;
        smtp_session_say(session, SMTP_ASK_STARTTLS, "STARTTLS");
    } else if (server->user) {
        hello_begin_auth(session);
    } else {
        session->phase = SMTP_PHASE_READY;
    }
}

void
smtp_hello_ehlo(SmtpSession *session, const SmtpReply *reply)
{
    bool unknown = reply->code == 500 || reply->code == 502 || reply->code == 504;
    const char *name = session->server->helo ? session->server->helo : session->helo;
    if (unknown && !session->secured)
        smtp_session_say(session, SMTP_ASK_HELO, "HELO %s", name);
    else if (reply->code >= 300)
        smtp_session_refused(session, SMTP_AT_EHLO, reply);
    else
        hello_offered(session);
}

void
smtp_hello_helo(SmtpSession *session, const SmtpReply *reply)
{
    session->offer = (SmtpOffer){0};
    if (reply->code >= 300)
        smtp_session_refused(session, SMTP_AT_EHLO, reply);
    else
        hello_offered(session);
}

void
smtp_hello_starttls(SmtpSession *session, const SmtpReply *reply)
{
    if (reply->code == 220)
        session->phase = SMTP_PHASE_HANDSHAKE;
    else
        smtp_session_refused(session, SMTP_AT_STARTTLS, reply);
}

void
smtp_session_secured(SmtpSession *session)
{
    must(session->phase == SMTP_PHASE_HANDSHAKE);
    session->secured = true;
    hello_say_ehlo(session);
}
