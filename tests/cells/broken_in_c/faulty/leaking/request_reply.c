/* The client forgets to free what it has read. */
#include "serving.h"

void serve(const char *address, handle_fn *handle)
{
    attend_all(address, serve_client, &handle);
}

void call(const char *address, next_fn *next_request, take_fn *take_reply)
{
    struct inbox server = {.fd = connect_to(address)};
    struct message request, reply;
    while (next_request(&request)) {
        send_message(server.fd, request);
        if (receive(&server, &reply) != 1)
            break;
        unsigned char *copy = malloc(reply.size + 1);
        memcpy(copy, reply.data, reply.size);
        take_reply(copy, reply.size);
    }
    close_inbox(&server);
}
