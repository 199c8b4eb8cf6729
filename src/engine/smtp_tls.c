/* smtp_tls.c - TLS for the SMTP room, on OpenSSL; the one file of the room that includes it. */
#include "engine/smtp_tls.h"

#include <arpa/inet.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <string.h>
#include <sys/socket.h>

struct SmtpTrust {
    SSL_CTX *ctx;
    BIO_METHOD *socket;
};

struct SmtpStream {
    SSL *ssl;
    char *host;
    char *verdict; /* what was wrong with the certificate, in words */
};

/* ---- the socket -----------------------------------------------------------------------------
 * OpenSSL's own socket BIO writes with write(2), which raises SIGPIPE on a closed connection; a
 * room of the engine does not get to decide about the process's signals. */

static int
socket_send(BIO *bio, const char *bytes, size_t len, size_t *ret_len)
{
    int fd = (int)(intptr_t)BIO_get_data(bio);
    ssize_t sent = send(fd, bytes, len, MSG_NOSIGNAL);
    BIO_clear_retry_flags(bio);
    if (sent < 0 && (errno == EAGAIN || errno == EINTR))
        BIO_set_retry_write(bio);
    *ret_len = sent > 0 ? (size_t)sent : 0;
    return sent > 0;
}

static int
socket_receive(BIO *bio, char *ret, size_t room, size_t *ret_len)
{
    int fd = (int)(intptr_t)BIO_get_data(bio);
    ssize_t got = recv(fd, ret, room, 0);
    BIO_clear_retry_flags(bio);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        BIO_set_retry_read(bio);
    if (got == 0)
        BIO_set_flags(bio, BIO_FLAGS_IN_EOF);
    *ret_len = got > 0 ? (size_t)got : 0;
    return got > 0;
}

static long
socket_control(BIO *bio, int command, long number, void *pointer)
{
    if (command == BIO_CTRL_EOF)
        return BIO_test_flags(bio, BIO_FLAGS_IN_EOF) != 0;
    return command == BIO_CTRL_FLUSH; /* nothing is buffered here */
}

static BIO_METHOD *
socket_method(void)
{
    BIO_METHOD *method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "quiet socket");
    must(method);
    must(BIO_meth_set_write_ex(method, socket_send));
    must(BIO_meth_set_read_ex(method, socket_receive));
    must(BIO_meth_set_ctrl(method, socket_control));
    return method;
}

/* ---- certificates --------------------------------------------------------------------------- */

/* The names a certificate is for, "a.example, 192.0.2.1"; its subject when it has none. */
static char *
certificate_names(X509 *certificate)
{
    GString *names = g_string_new(NULL);
    GENERAL_NAMES *list = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
    for (int i = 0; i < sk_GENERAL_NAME_num(list) && names->len < 200; i++) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(list, i);
        const char *gap = names->len ? ", " : "";
        char address[INET6_ADDRSTRLEN];
        if (name->type == GEN_DNS) {
            g_string_append_printf(names, "%s%.*s", gap, ASN1_STRING_length(name->d.dNSName),
                                   (const char *)ASN1_STRING_get0_data(name->d.dNSName));
        } else if (name->type == GEN_IPADD) {
            int family = ASN1_STRING_length(name->d.iPAddress) == 4 ? AF_INET : AF_INET6;
            bool whole = family == AF_INET || ASN1_STRING_length(name->d.iPAddress) == 16;
            if (whole && inet_ntop(family, ASN1_STRING_get0_data(name->d.iPAddress), address,
                                   sizeof address))
                g_string_append_printf(names, "%s%s", gap, address);
        }
    }
    GENERAL_NAMES_free(list);
    if (!names->len) {
        char line[200] = "";
        X509_NAME_oneline(X509_get_subject_name(certificate), line, sizeof line);
        g_string_append(names, line);
    }
    return g_string_free(names, FALSE);
}

static char *
certificate_date(const ASN1_TIME *time)
{
    struct tm parts;
    if (!ASN1_TIME_to_tm(time, &parts))
        return g_strdup("an unreadable date");
    return g_strdup_printf("%04d-%02d-%02d", parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday);
}

/* What is wrong, for somebody who has to repair it. */
static char *
certificate_verdict(X509_STORE_CTX *chain, const char *host)
{
    X509 *certificate = X509_STORE_CTX_get_current_cert(chain);
    int reason = X509_STORE_CTX_get_error(chain);
    const char *plain = X509_verify_cert_error_string(reason);
    if (!certificate)
        return g_strdup_printf("the certificate of %s is not valid: %s", host, plain);
    g_autofree char *names = certificate_names(certificate);
    g_autofree char *from = certificate_date(X509_get0_notBefore(certificate));
    g_autofree char *until = certificate_date(X509_get0_notAfter(certificate));
    char issuer[200] = "";
    X509_NAME_oneline(X509_get_issuer_name(certificate), issuer, sizeof issuer);
    switch (reason) {
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
        return g_strdup_printf("the certificate is for %s, not for %s", names, host);
    case X509_V_ERR_CERT_HAS_EXPIRED:
        return g_strdup_printf("the certificate for %s expired on %s", names, until);
    case X509_V_ERR_CERT_NOT_YET_VALID:
        return g_strdup_printf("the certificate for %s is valid only from %s on", names, from);
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
        return g_strdup_printf("the certificate for %s is signed by itself", names);
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
        return g_strdup_printf("the certificate for %s is signed by %s, which is not trusted here",
                               names, issuer);
    default:
        return g_strdup_printf("the certificate for %s is not valid: %s", names, plain);
    }
}

/* Called for each certificate of the chain. Here, because the handshake that fails over it throws
 * the certificate away. */
static int
certificate_checked(int fine, X509_STORE_CTX *chain)
{
    if (fine)
        return 1;
    SSL *ssl = X509_STORE_CTX_get_ex_data(chain, SSL_get_ex_data_X509_STORE_CTX_idx());
    SmtpStream *stream = SSL_get_app_data(ssl);
    if (!stream->verdict)
        stream->verdict = certificate_verdict(chain, stream->host);
    return 0;
}

/* ---- trust ---------------------------------------------------------------------------------- */

void
smtp_trust_free(SmtpTrust *trust)
{
    if (!trust)
        return;
    SSL_CTX_free(trust->ctx);
    BIO_meth_free(trust->socket);
    g_free(trust);
}

SmtpTrust *
smtp_trust_new(const char *ca_file, GError **error)
{
    g_autoptr(SmtpTrust) trust = g_new0(SmtpTrust, 1);
    trust->ctx = SSL_CTX_new(TLS_client_method());
    trust->socket = socket_method();
    must(trust->ctx);
    must(SSL_CTX_set_min_proto_version(trust->ctx, TLS1_2_VERSION));
    SSL_CTX_set_verify(trust->ctx, SSL_VERIFY_PEER, certificate_checked);
    SSL_CTX_set_mode(trust->ctx, SSL_MODE_ENABLE_PARTIAL_WRITE |
                                     SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                     SSL_MODE_RELEASE_BUFFERS);
    bool found = ca_file ? SSL_CTX_load_verify_file(trust->ctx, ca_file)
                         : SSL_CTX_set_default_verify_paths(trust->ctx);
    /* So that ca_file may hold the server's own certificate, whoever signed it. */
    if (ca_file)
        X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(trust->ctx), X509_V_FLAG_PARTIAL_CHAIN);
    ERR_clear_error();
    if (!found) {
        fail(error, ERR_CONFIG, "%s has no certificates that can be read (PEM is expected)",
             ca_file ? ca_file : "the system's certificate store");
        return NULL;
    }
    return g_steal_pointer(&trust);
}

/* ---- streams -------------------------------------------------------------------------------- */

static bool
host_is_address(const char *host)
{
    unsigned char bytes[16];
    return inet_pton(AF_INET, host, bytes) == 1 || inet_pton(AF_INET6, host, bytes) == 1;
}

SmtpStream *
smtp_stream_new(const SmtpTrust *trust, int fd, const char *host)
{
    SmtpStream *stream = g_new0(SmtpStream, 1);
    stream->host = g_strdup(host);
    stream->ssl = SSL_new(trust->ctx);
    BIO *bio = BIO_new(trust->socket);
    must(stream->ssl && bio);
    BIO_set_data(bio, (void *)(intptr_t)fd);
    BIO_set_init(bio, 1);
    SSL_set_bio(stream->ssl, bio, bio);
    SSL_set_app_data(stream->ssl, stream);
    if (host_is_address(host)) {
        must(X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(stream->ssl), host));
    } else {
        must(SSL_set_tlsext_host_name(stream->ssl, host));
        SSL_set_hostflags(stream->ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
        must(SSL_set1_host(stream->ssl, host));
    }
    SSL_set_connect_state(stream->ssl);
    return stream;
}

void
smtp_stream_free(SmtpStream *stream)
{
    if (!stream)
        return;
    SSL_free(stream->ssl);
    g_free(stream->host);
    g_free(stream->verdict);
    g_free(stream);
}

/* What a call that did not succeed means. */
static SmtpFlow
stream_flow(const SmtpStream *stream, int returned)
{
    switch (SSL_get_error(stream->ssl, returned)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
        return SMTP_FLOW_AGAIN;
    case SSL_ERROR_ZERO_RETURN:
        return SMTP_FLOW_CLOSED;
    default:
        return BIO_eof(SSL_get_rbio(stream->ssl)) ? SMTP_FLOW_CLOSED : SMTP_FLOW_FAILED;
    }
}

SmtpFlow
smtp_stream_handshake(SmtpStream *stream, GError **error)
{
    ERR_clear_error();
    int returned = SSL_do_handshake(stream->ssl);
    if (returned == 1)
        return SMTP_FLOW_OK;
    SmtpFlow flow = stream_flow(stream, returned);
    if (flow == SMTP_FLOW_AGAIN)
        return flow;
    unsigned long code = ERR_peek_error();
    const char *reason = code ? ERR_reason_error_string(code) : NULL;
    if (stream->verdict)
        fail(error, ERR_TLS, "%s", stream->verdict);
    else if (reason && ERR_GET_REASON(code) != SSL_R_UNEXPECTED_EOF_WHILE_READING)
        fail(error, ERR_TLS, "TLS with %s failed: %s", stream->host, reason);
    else
        fail(error, ERR_TLS, "%s closed the connection during the TLS handshake", stream->host);
    ERR_clear_error();
    return SMTP_FLOW_FAILED;
}

SmtpFlow
smtp_stream_read(SmtpStream *stream, char *ret, size_t room, size_t *ret_len)
{
    ERR_clear_error();
    int returned = SSL_read_ex(stream->ssl, ret, room, ret_len);
    return returned == 1 ? SMTP_FLOW_OK : stream_flow(stream, returned);
}

SmtpFlow
smtp_stream_write(SmtpStream *stream, const char *bytes, size_t len, size_t *ret_len)
{
    ERR_clear_error();
    int returned = SSL_write_ex(stream->ssl, bytes, len, ret_len);
    return returned == 1 ? SMTP_FLOW_OK : stream_flow(stream, returned);
}
