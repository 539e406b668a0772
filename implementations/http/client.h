/* An HTTP/1.1 client with one connection, which is kept, on libcurl. */
#ifndef CLIENT_H
#define CLIENT_H

#include <curl/curl.h>

#include "buffer.h"
#include "limits.h"

#define AT_ONCE_BYTES (128 * 1024L)

struct session {
    CURL *curl;
    struct curl_slist *headers;
    struct buffer body; /* of the last response */
};

static inline void check(CURLcode code, const char *call)
{
    if (code != CURLE_OK)
        fail(call, curl_easy_strerror(code));
}

#define set(session, option, value)                                              \
    check(curl_easy_setopt((session)->curl, option, value),                      \
          "curl_easy_setopt(" #option ")")

static size_t take_body(char *data, size_t one, size_t size, void *argument)
{
    struct session *session = argument;
    curl_off_t announced; /* -1: it is not */
    check(curl_easy_getinfo(session->curl, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &announced),
          "curl_easy_getinfo");
    allow(announced > 0 ? (size_t)announced : session->body.size + one * size);
    append(&session->body, data, one * size);
    return one * size;
}

/* libcurl calls this after each wait, which a signal ends. */
static int asked_to_stop(void *argument, curl_off_t to_take, curl_off_t taken,
                         curl_off_t to_give, curl_off_t given)
{
    (void)argument, (void)to_take, (void)taken, (void)to_give, (void)given;
    return stopping();
}

/* Prepare GET requests to a path at tcp://HOST:PORT or tcp://[IPv6]:PORT. `session` must stay where it is. */
static inline void open_session(struct session *session, const char *address,
                                const char *path)
{
    *session = (struct session){.curl = curl_easy_init()};
    if (!session->curl)
        fail("curl_easy_init", "out of memory");
    set(session, CURLOPT_URL, address + strlen("tcp://")); /* it takes http for granted */
    set(session, CURLOPT_REQUEST_TARGET, path);
    set(session, CURLOPT_FAILONERROR, 1L);
    set(session, CURLOPT_NOSIGNAL, 1L); /* it asks for nothing that needs an alarm */
    set(session, CURLOPT_PROXY, "");    /* no proxy from the environment */
    set(session, CURLOPT_BUFFERSIZE, AT_ONCE_BYTES);
    set(session, CURLOPT_WRITEFUNCTION, take_body);
    set(session, CURLOPT_WRITEDATA, session);
    set(session, CURLOPT_XFERINFOFUNCTION, asked_to_stop);
    set(session, CURLOPT_NOPROGRESS, 0L);
}

/* Make a request and wait for the whole response; false when the role has to stop. */
static inline bool request(struct session *session)
{
    session->body.size = 0;
    reserve(&session->body, 0);
    CURLcode code = curl_easy_perform(session->curl);
    if (stopping())
        return false;
    check(code, "curl_easy_perform");
    return true;
}

static inline void close_session(struct session *session)
{
    curl_easy_cleanup(session->curl);
    curl_slist_free_all(session->headers);
    free(session->body.data);
}

#endif
