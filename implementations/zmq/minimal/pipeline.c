/* Pipeline over ZMTP: PUSH deals tasks out to workers in turn, PULL collects. */
#include <zmq.h>

#include "checked.h"
#include "host.h"

void distribute(const char *address, next_fn *next_task)
{
    void *context = made(zmq_ctx_new(), "zmq_ctx_new");
    CHECK(zmq_ctx_set(context, ZMQ_IPV6, true));
    void *socket = made(zmq_socket(context, ZMQ_PUSH), "zmq_socket");
    CHECK(zmq_bind(socket, address));
    struct message task;
    /* sending waits while there is no worker, or all queues are full */
    while (next_task(&task))
        WAIT(zmq_send(socket, task.data, task.size, 0));
    CHECK(zmq_close(socket));
    /* LINGER is for ever by default: this waits until all has been sent */
    WAIT(zmq_ctx_term(context));
}

void collect(const char *address, take_fn *take_result)
{
    void *context = made(zmq_ctx_new(), "zmq_ctx_new");
    CHECK(zmq_ctx_set(context, ZMQ_BLOCKY, false)); /* who has to stop waits for no peer */
    CHECK(zmq_ctx_set(context, ZMQ_IPV6, true));
    void *socket = made(zmq_socket(context, ZMQ_PULL), "zmq_socket");
    CHECK(zmq_bind(socket, address));
    zmq_msg_t result;
    CHECK(zmq_msg_init(&result));
    while (true) {
        WAIT(zmq_msg_recv(&result, socket, 0));
        if (stopping())
            break;
        take_result(zmq_msg_data(&result), zmq_msg_size(&result));
    }
    CHECK(zmq_msg_close(&result));
    CHECK(zmq_close(socket));
    CHECK(zmq_ctx_term(context));
}

void work(const char *source, const char *sink, handle_fn *handle)
{
    void *context = made(zmq_ctx_new(), "zmq_ctx_new");
    CHECK(zmq_ctx_set(context, ZMQ_BLOCKY, false)); /* who has to stop waits for no peer */
    CHECK(zmq_ctx_set(context, ZMQ_IPV6, true));
    void *results = made(zmq_socket(context, ZMQ_PUSH), "zmq_socket");
    CHECK(zmq_connect(results, sink));
    void *tasks = made(zmq_socket(context, ZMQ_PULL), "zmq_socket");
    CHECK(zmq_connect(tasks, source));
    zmq_msg_t message;
    CHECK(zmq_msg_init(&message));
    while (true) {
        WAIT(zmq_msg_recv(&message, tasks, 0));
        if (stopping())
            break;
        handle(zmq_msg_data(&message), zmq_msg_size(&message));
        WAIT(zmq_msg_send(&message, results, 0));
    }
    CHECK(zmq_msg_close(&message));
    CHECK(zmq_close(tasks));
    CHECK(zmq_close(results));
    CHECK(zmq_ctx_term(context));
}
