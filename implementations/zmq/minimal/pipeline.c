/* Pipeline over ZMTP: PUSH deals tasks out to workers in turn, PULL collects. */
#include <unistd.h>
#include <zmq.h>

#include "checked.h"
#include "host.h"

void distribute(const char *address, next_fn *next_task)
{
    void *context = new_context();
    void *socket = new_socket(context, ZMQ_PUSH);
    check(zmq_bind(socket, address), "zmq_bind");
    struct message task;
    /* sending waits while there is no worker, or all queues are full */
    while (next_task(&task) && send_bytes(socket, task.data, task.size))
        continue;
    while (!stopping())
        pause(); /* closing drops what a slow worker has queued */
    close_socket(socket);
    end_context(context);
}

void collect(const char *address, take_fn *take_result)
{
    void *context = new_context();
    void *socket = new_socket(context, ZMQ_PULL);
    check(zmq_bind(socket, address), "zmq_bind");
    zmq_msg_t result;
    check(zmq_msg_init(&result), "zmq_msg_init");
    while (receive(socket, &result))
        take_result(zmq_msg_data(&result), zmq_msg_size(&result));
    check(zmq_msg_close(&result), "zmq_msg_close");
    close_socket(socket);
    end_context(context);
}

void work(const char *source, const char *sink, handle_fn *handle)
{
    void *context = new_context();
    void *results = new_socket(context, ZMQ_PUSH);
    check(zmq_connect(results, sink), "zmq_connect");
    void *tasks = new_socket(context, ZMQ_PULL);
    check(zmq_connect(tasks, source), "zmq_connect");
    zmq_msg_t message;
    check(zmq_msg_init(&message), "zmq_msg_init");
    while (receive(tasks, &message)) {
        handle(zmq_msg_data(&message), zmq_msg_size(&message));
        if (!send_message(results, &message))
            break;
    }
    check(zmq_msg_close(&message), "zmq_msg_close");
    close_socket(tasks);
    close_socket(results);
    end_context(context);
}
