/* An HTTP/1.1 server with one route, on libmicrohttpd. */
#ifndef SERVER_H
#define SERVER_H

#include <microhttpd.h>
#include <netdb.h>
#include <stdio.h>

#include "buffer.h"
#include "limits.h"

#define MEMORY_BYTES (256 * 1024) /* of a connection: it limits what is read at once */

/* Answer a request, given its body, which is freed afterwards. */
typedef enum MHD_Result answer_fn(void *argument, struct MHD_Connection *connection,
                                  struct buffer *body);

struct route {
    const char *method, *path;
    answer_fn *answer;
    void *argument;
    /* What has come of a body; it may be taken before the end, and refused: that ends the
     * connection. NULL: all at the end. */
    bool (*take_piece)(void *argument, struct buffer *body);
};

/* Send a response, which is used up. */
static inline enum MHD_Result respond(struct MHD_Connection *connection,
                                      unsigned int status, struct MHD_Response *response)
{
    if (!response)
        fail("MHD_create_response", "out of memory");
    enum MHD_Result result = MHD_queue_response(connection, status, response);
    MHD_destroy_response(response);
    return result;
}

/* Send bytes, which are the response's to free or stay where they are, as `mode` says. */
static inline enum MHD_Result respond_with(struct MHD_Connection *connection, void *data,
                                           size_t size, enum MHD_ResponseMemoryMode mode)
{
    struct MHD_Response *response = MHD_create_response_from_buffer(size, data, mode);
    if (response && MHD_add_response_header(response, "Content-Type",
                                            "application/octet-stream") == MHD_NO)
        fail("MHD_add_response_header", "out of memory");
    return respond(connection, MHD_HTTP_OK, response);
}

static inline enum MHD_Result respond_empty(struct MHD_Connection *connection,
                                            unsigned int status)
{
    return respond(connection, status,
                   MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT));
}

/* Say how long a message may be to a client that announces a longer one. */
static inline enum MHD_Result respond_too_long(struct MHD_Connection *connection,
                                               size_t length)
{
    char reason[sizeof REFUSAL + 40];
    int size = snprintf(reason, sizeof reason, REFUSAL, length, MAX_LENGTH);
    return respond(connection, MHD_HTTP_CONTENT_TOO_LARGE,
                   MHD_create_response_from_buffer(size, reason, MHD_RESPMEM_MUST_COPY));
}

static inline bool is_asked_for(const struct route *route, const char *method,
                                const char *path)
{
    return strcmp(method, route->method) == 0 && strcmp(path, route->path) == 0;
}

/* Return a request's Content-Length; 0 where it has none. */
static inline size_t announced_length(struct MHD_Connection *connection)
{
    const char *text = MHD_lookup_connection_value(connection, MHD_HEADER_KIND,
                                                   MHD_HTTP_HEADER_CONTENT_LENGTH);
    return text ? strtoull(text, NULL, 10) : 0;
}

/* Take what has come of a body; false where that ends the connection. */
static inline bool take_body_piece(struct route *route, struct buffer *body,
                                   const char *piece, size_t size)
{
    if (!route->take_piece && body->size + size > MAX_LENGTH) {
        note_too_long(body->size + size);
        return false;
    }
    append(body, piece, size);
    return !route->take_piece || route->take_piece(route->argument, body);
}

/* Called when a request's head is there, for each piece of its body, and at its end. */
static enum MHD_Result take_request(void *argument, struct MHD_Connection *connection,
                                    const char *path, const char *method,
                                    const char *version, const char *piece, size_t *size,
                                    void **request)
{
    (void)version;
    struct route *route = argument;
    struct buffer *body = *request;
    if (!body) {
        *request = body = calloc(1, sizeof *body);
        if (!body)
            fail("calloc", strerror(errno));
        reserve(body, 0);
        size_t announced = announced_length(connection);
        if (announced > MAX_LENGTH && !route->take_piece)
            return respond_too_long(connection, announced);
        return MHD_YES;
    }
    if (*size) {
        bool is_wanted = is_asked_for(route, method, path);
        if (is_wanted && !take_body_piece(route, body, piece, *size))
            return MHD_NO;
        *size = 0;
        return MHD_YES;
    }
    if (strcmp(path, route->path) != 0)
        return respond_empty(connection, MHD_HTTP_NOT_FOUND);
    if (strcmp(method, route->method) != 0)
        return respond_empty(connection, MHD_HTTP_METHOD_NOT_ALLOWED);
    return route->answer(route->argument, connection, body);
}

static void end_request(void *argument, struct MHD_Connection *connection, void **request,
                        enum MHD_RequestTerminationCode how)
{
    (void)argument, (void)connection, (void)how;
    struct buffer *body = *request;
    if (body)
        free(body->data);
    free(body);
}

/* Serve a route at tcp://HOST:PORT or tcp://[IPv6]:PORT until MHD_stop_daemon().
 *
 * Each connection has a thread: handlers wait for tasks and for room, and a slow client
 * holds up nobody else. There are as many connections as peers, which are few; for
 * thousands one would suspend connections and have epoll wait for them. */
static inline struct MHD_Daemon *start_server(const char *address, struct route *route)
{
    char host[256], port[6];
    if (sscanf(address, "tcp://[%255[^]]]:%5[0-9]", host, port) != 2
        && sscanf(address, "tcp://%255[^][:]:%5[0-9]", host, port) != 2)
        fail(address, "an address is tcp://host:port or tcp://[IPv6]:port");
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found;
    int wrong = getaddrinfo(host, port, &hints, &found);
    if (wrong)
        fail("getaddrinfo", gai_strerror(wrong));
    struct MHD_Daemon *server = MHD_start_daemon(
        MHD_USE_THREAD_PER_CONNECTION | MHD_USE_AUTO_INTERNAL_THREAD | MHD_USE_ERROR_LOG
            | (found->ai_family == AF_INET6 ? MHD_USE_IPv6 : 0),
        0, NULL, NULL, take_request, route, MHD_OPTION_SOCK_ADDR, found->ai_addr,
        MHD_OPTION_NOTIFY_COMPLETED, end_request, NULL, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        (size_t)MEMORY_BYTES, MHD_OPTION_END);
    if (!server)
        fail("MHD_start_daemon", strerror(errno));
    freeaddrinfo(found);
    return server;
}

#endif
