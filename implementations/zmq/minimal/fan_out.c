/* Fan-out over ZMTP: PUB drops messages for a subscriber whose queue is full. */
#include <unistd.h>
#include <zmq.h>

#include "checked.h"
#include "host.h"

void publish(const char *address, next_fn *next_message)
{
    void *context = new_context();
    void *socket = new_socket(context, ZMQ_PUB);
    check(zmq_bind(socket, address), "zmq_bind");
    struct message message;
    while (next_message(&message) && send_bytes(socket, message.data, message.size))
        continue;
    while (!stopping())
        pause(); /* closing drops what a slow reader has queued */
    close_socket(socket);
    end_context(context);
}

void subscribe(const char *address, take_fn *take_message)
{
    void *context = new_context();
    void *socket = new_socket(context, ZMQ_SUB);
    /* an empty prefix matches every message */
    check(zmq_setsockopt(socket, ZMQ_SUBSCRIBE, "", 0), "zmq_setsockopt");
    check(zmq_connect(socket, address), "zmq_connect");
    zmq_msg_t message;
    check(zmq_msg_init(&message), "zmq_msg_init");
    while (receive(socket, &message))
        take_message(zmq_msg_data(&message), zmq_msg_size(&message));
    check(zmq_msg_close(&message), "zmq_msg_close");
    close_socket(socket);
    end_context(context);
}
