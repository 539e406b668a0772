/* What a client that sends bodies needs beside `client.h`. */
#ifndef POST_H
#define POST_H

#include "client.h"

/* Have the session's requests be POSTs. */
static inline void make_post(struct session *session)
{
    set(session, CURLOPT_POST, 1L);
    /* Bytes are no form; and to ask first whether a large body is welcome takes a round
     * trip more, and a second where the server does not answer that. */
    session->headers = curl_slist_append(NULL, "Content-Type: application/octet-stream");
    if (!session->headers || !curl_slist_append(session->headers, "Expect:"))
        fail("curl_slist_append", "out of memory");
    set(session, CURLOPT_HTTPHEADER, session->headers);
}

/* Make a request with a message for a body, which stays the caller's. */
static inline bool post(struct session *session, const void *data, size_t size)
{
    allow(size);
    set(session, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)size);
    set(session, CURLOPT_POSTFIELDS, size ? data : "");
    return request(session);
}

#endif
