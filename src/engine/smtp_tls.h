/* smtp_tls.h - TLS for the SMTP room: who is trusted, and one encrypted stream over a socket.
 *
 * TLS 1.2 or newer; the certificate must be valid, signed by somebody we trust, and name the host
 * that the settings name (RFC 6125; wildcards only as a whole first label). There is no way to
 * switch that off: a server of one's own gets its authority into ca_file.
 */
#pragma once

#include "base/base.h"

typedef struct SmtpTrust SmtpTrust;
typedef struct SmtpStream SmtpStream;

/* Who is trusted: the PEM file's authorities, or the system's when it is NULL (a few MB, so it is
 * made once). Fails with ERR_CONFIG when the file has none. */
SmtpTrust *smtp_trust_new(const char *ca_file, GError **error);
void smtp_trust_free(SmtpTrust *trust);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SmtpTrust, smtp_trust_free)

/* A client's stream over a connected, non-blocking socket, which stays the caller's. */
SmtpStream *smtp_stream_new(const SmtpTrust *trust, int fd, const char *host);
void smtp_stream_free(SmtpStream *stream);

typedef enum SmtpFlow {
    SMTP_FLOW_OK,
    SMTP_FLOW_AGAIN,  /* when the socket is readable or writable */
    SMTP_FLOW_CLOSED, /* the other side ended it */
    SMTP_FLOW_FAILED,
} SmtpFlow;

/* Fails with ERR_TLS and a reason for the owner: which host, which certificate, what is wrong. */
SmtpFlow smtp_stream_handshake(SmtpStream *stream, GError **error);

/* At least one byte with SMTP_FLOW_OK. For a write it means that the kernel has all of the record
 * that these bytes are in: a record that is only half in the kernel cannot be decrypted, so its
 * bytes count as not written. After AGAIN, write the same bytes (and more behind them, if any). */
SmtpFlow smtp_stream_read(SmtpStream *stream, char *ret, size_t room, size_t *ret_len);
SmtpFlow smtp_stream_write(SmtpStream *stream, const char *bytes, size_t len, size_t *ret_len);
