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

/* Take a request, of several parts the last. Returns false when the context has ended. */
static bool take(zmq_msg_t *request, void *socket)
{
    int received;
    do
        received = zmq_msg_recv(request, socket, 0);
    while (received == -1 ? zmq_errno() == EINTR : zmq_msg_more(request));
    if (received == -1 && zmq_errno() != ETERM)
        fail("zmq_msg_recv", zmq_strerror(zmq_errno()));
    return received != -1;
}

static void *echo(void *socket)
{
    const int linger_ms = LINGER_MS; /* for a reply on its way */
    zmq_msg_t message;
    CHECK(zmq_msg_init(&message));
    CHECK(zmq_setsockopt(socket, ZMQ_LINGER, &linger_ms, sizeof linger_ms));
    while (take(&message, socket))
        CHECK(zmq_msg_send(&message, socket, 0)); /* REP never waits to send */
    CHECK(zmq_msg_close(&message));
    CHECK(zmq_close(socket));
    return NULL;
}

struct server *start(const char *address, char bound[ADDRESS_BYTES])
{
    struct server *server = made(malloc(sizeof *server), "malloc");
    server->context = made(zmq_ctx_new(), "zmq_ctx_new");
    server->socket = made(zmq_socket(server->context, ZMQ_REP), "zmq_socket");
    CHECK(zmq_bind(server->socket, address));
    size_t size = ADDRESS_BYTES;
    CHECK(zmq_getsockopt(server->socket, ZMQ_LAST_ENDPOINT, bound, &size));
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
