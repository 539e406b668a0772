/* The client takes each reply twice, and so the last one for the next request's. */
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
        take_reply(reply.data, reply.size);
        if (!next_request(&request))
            break;
        take_reply(reply.data, reply.size);
    }
    close_inbox(&server);
}
