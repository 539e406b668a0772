/* An echo server inside a program that does something else, over ZMTP.
 *
 * A REP socket in a thread of its own; it ends with the context.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

#include "checked.h"
#include "embedded.h"

enum { LINGER_MS = 1000 };

struct server {
    void *context, *socket;
    pthread_t thread;
};

typedef int move_fn(zmq_msg_t *part, void *socket, int flags);

/* Receive or send a part. Returns false when the context has ended. */
static bool moved(move_fn *move, zmq_msg_t *part, void *socket, int flags)
{
    int size;
    do
        size = move(part, socket, flags);
    while (size == -1 && zmq_errno() == EINTR);
    if (size == -1 && zmq_errno() != ETERM)
        fail("zmq_msg_recv, zmq_msg_send", zmq_strerror(zmq_errno()));
    return size != -1;
}

struct part {
    zmq_msg_t message;
    struct part *next;
};

/* Echo a request with all of its parts; a reply may not begin before the last is there.
 * Returns false when the context has ended. */
static bool echo_one(void *socket)
{
    struct part *first = NULL, **end = &first, *part;
    bool open = true;
    while (open && (!first || zmq_msg_more(&part->message))) {
        part = *end = made(calloc(1, sizeof *part), "calloc");
        end = &part->next;
        CHECK(zmq_msg_init(&part->message));
        open = moved(zmq_msg_recv, &part->message, socket, 0);
    }
    while ((part = first)) {
        first = part->next;
        open = open
               && moved(zmq_msg_send, &part->message, socket, first ? ZMQ_SNDMORE : 0);
        CHECK(zmq_msg_close(&part->message));
        free(part);
    }
    return open;
}

static void *echo(void *socket)
{
    while (echo_one(socket))
        continue;
    CHECK(zmq_close(socket));
    return NULL;
}

struct server *start(const struct server_address *address, struct bound *bound)
{
    const int linger_ms = LINGER_MS, on = 1; /* it lingers for a reply on its way */
    size_t size = sizeof bound->url;
    struct server *server = made(malloc(sizeof *server), "malloc");
    server->context = made(zmq_ctx_new(), "zmq_ctx_new");
    server->socket = made(zmq_socket(server->context, ZMQ_REP), "zmq_socket");
    CHECK(zmq_setsockopt(server->socket, ZMQ_LINGER, &linger_ms, sizeof linger_ms));
    CHECK(zmq_setsockopt(server->socket, ZMQ_IPV6, &on, sizeof on));
    CHECK(zmq_bind(server->socket, address->url));
    CHECK(zmq_getsockopt(server->socket, ZMQ_LAST_ENDPOINT, bound->url, &size));
    const int error = pthread_create(&server->thread, NULL, echo, server->socket);
    if (error)
        fail("pthread_create", strerror(error));
    return server;
}

void stop(struct server *server)
{
    CHECK(zmq_ctx_term(server->context)); /* waits until the socket is closed */
    const int error = pthread_join(server->thread, NULL);
    if (error)
        fail("pthread_join", strerror(error));
    free(server);
}
