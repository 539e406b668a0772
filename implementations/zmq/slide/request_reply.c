/* Request/reply over ZMTP as on a slide: no return code is checked. */
#include <zmq.h>

#include "host.h"

void serve(const char *address, handle_fn *handle)
{
    void *context = zmq_ctx_new();
    zmq_ctx_set(context, ZMQ_IPV6, true);
    void *socket = zmq_socket(context, ZMQ_REP);
    zmq_bind(socket, address);
    zmq_msg_t message;
    zmq_msg_init(&message);
    while (!stopping()) {
        zmq_msg_recv(&message, socket, 0);
        handle(zmq_msg_data(&message), zmq_msg_size(&message));
        zmq_msg_send(&message, socket, 0);
    }
    zmq_msg_close(&message);
    zmq_close(socket);
    zmq_ctx_term(context);
}

void call(const char *address, next_fn *next_request, take_fn *take_reply)
{
    void *context = zmq_ctx_new();
    zmq_ctx_set(context, ZMQ_IPV6, true);
    void *socket = zmq_socket(context, ZMQ_REQ);
    zmq_connect(socket, address);
    zmq_msg_t reply;
    zmq_msg_init(&reply);
    struct message request;
    while (next_request(&request)) {
        zmq_send(socket, request.data, request.size, 0);
        zmq_msg_recv(&reply, socket, 0);
        take_reply(zmq_msg_data(&reply), zmq_msg_size(&reply));
    }
    zmq_msg_close(&reply);
    zmq_close(socket);
    zmq_ctx_term(context);
}
