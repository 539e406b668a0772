/* Fan-out over ZMTP: publishing waits for the slowest subscriber, nothing is lost. */
#include <zmq.h>

#include "checked.h"
#include "host.h"

void publish(const char *address, next_fn *next_message)
{
    void *context = made(zmq_ctx_new(), "zmq_ctx_new");
    CHECK(zmq_ctx_set(context, ZMQ_IPV6, true));
    void *socket = made(zmq_socket(context, ZMQ_PUB), "zmq_socket");
    /* a full queue blocks zmq_send() instead of dropping */
    CHECK(zmq_setsockopt(socket, ZMQ_XPUB_NODROP, &(int){true}, sizeof(int)));
    CHECK(zmq_bind(socket, address));
    struct message message;
    while (next_message(&message))
        WAIT(zmq_send(socket, message.data, message.size, 0));
    CHECK(zmq_close(socket));
    /* LINGER is for ever by default: this waits until all has been sent */
    WAIT(zmq_ctx_term(context));
}

void subscribe(const char *address, take_fn *take_message)
{
    void *context = made(zmq_ctx_new(), "zmq_ctx_new");
    CHECK(zmq_ctx_set(context, ZMQ_BLOCKY, false)); /* who has to stop waits for no peer */
    CHECK(zmq_ctx_set(context, ZMQ_IPV6, true));
    void *socket = made(zmq_socket(context, ZMQ_SUB), "zmq_socket");
    /* an empty prefix matches every message */
    CHECK(zmq_setsockopt(socket, ZMQ_SUBSCRIBE, "", 0));
    CHECK(zmq_connect(socket, address));
    zmq_msg_t message;
    CHECK(zmq_msg_init(&message));
    while (true) {
        WAIT(zmq_msg_recv(&message, socket, 0));
        if (stopping())
            break;
        take_message(zmq_msg_data(&message), zmq_msg_size(&message));
    }
    CHECK(zmq_msg_close(&message));
    CHECK(zmq_close(socket));
    CHECK(zmq_ctx_term(context));
}
