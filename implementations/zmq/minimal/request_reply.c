/* Request/reply over ZMTP: a REP socket answers one REQ socket per client. */
#include <zmq.h>

#include "checked.h"
#include "host.h"

void serve(const char *address, handle_fn *handle)
{
    void *context = new_context();
    void *socket = new_socket(context, ZMQ_REP);
    check(zmq_bind(socket, address), "zmq_bind");
    zmq_msg_t message;
    check(zmq_msg_init(&message), "zmq_msg_init");
    while (receive(socket, &message)) {
        handle(zmq_msg_data(&message), zmq_msg_size(&message));
        if (!send_message(socket, &message))
            break;
    }
    check(zmq_msg_close(&message), "zmq_msg_close");
    close_socket(socket);
    end_context(context);
}

void call(const char *address, next_fn *next_request, take_fn *take_reply)
{
    void *context = new_context();
    void *socket = new_socket(context, ZMQ_REQ);
    check(zmq_connect(socket, address), "zmq_connect");
    zmq_msg_t reply;
    check(zmq_msg_init(&reply), "zmq_msg_init");
    struct message request;
    while (next_request(&request)) {
        if (!send_bytes(socket, request.data, request.size) || !receive(socket, &reply))
            break;
        take_reply(zmq_msg_data(&reply), zmq_msg_size(&reply));
    }
    check(zmq_msg_close(&reply), "zmq_msg_close");
    close_socket(socket);
    end_context(context);
}
