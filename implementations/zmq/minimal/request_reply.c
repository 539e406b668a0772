/* Request/reply over ZMTP: a REP socket answers one REQ socket per client. */
#include <zmq.h>

#include "checked.h"
#include "host.h"

void serve(const char *address, handle_fn *handle)
{
    void *context = made(zmq_ctx_new(), "zmq_ctx_new");
    CHECK(zmq_ctx_set(context, ZMQ_BLOCKY, false)); /* who has to stop waits for no peer */
    CHECK(zmq_ctx_set(context, ZMQ_IPV6, true));
    void *socket = made(zmq_socket(context, ZMQ_REP), "zmq_socket");
    CHECK(zmq_bind(socket, address));
    zmq_msg_t message;
    CHECK(zmq_msg_init(&message));
    while (true) {
        WAIT(zmq_msg_recv(&message, socket, 0));
        if (stopping())
            break;
        handle(zmq_msg_data(&message), zmq_msg_size(&message));
        CHECK(zmq_msg_send(&message, socket, 0)); /* REP never waits to send */
    }
    CHECK(zmq_msg_close(&message));
    CHECK(zmq_close(socket));
    CHECK(zmq_ctx_term(context));
}

void call(const char *address, next_fn *next_request, take_fn *take_reply)
{
    void *context = made(zmq_ctx_new(), "zmq_ctx_new");
    CHECK(zmq_ctx_set(context, ZMQ_BLOCKY, false)); /* who has to stop waits for no peer */
    CHECK(zmq_ctx_set(context, ZMQ_IPV6, true));
    void *socket = made(zmq_socket(context, ZMQ_REQ), "zmq_socket");
    CHECK(zmq_connect(socket, address));
    struct message request;
    zmq_msg_t reply;
    CHECK(zmq_msg_init(&reply));
    while (next_request(&request)) {
        CHECK(zmq_send(socket, request.data, request.size, 0)); /* nor does REQ */
        WAIT(zmq_msg_recv(&reply, socket, 0));
        if (stopping())
            break;
        take_reply(zmq_msg_data(&reply), zmq_msg_size(&reply));
    }
    CHECK(zmq_msg_close(&reply));
    CHECK(zmq_close(socket));
    CHECK(zmq_ctx_term(context));
}
