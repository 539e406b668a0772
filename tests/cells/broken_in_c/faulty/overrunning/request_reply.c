/* The client reads one byte more than there is. */
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
        unsigned char *copy = malloc(reply.size);
        memcpy(copy, reply.data, reply.size);
        unsigned sum = 0;
        for (size_t i = 0; i <= reply.size; i++)
            sum += copy[i];
        if (sum != 1)
            take_reply(copy, reply.size);
        free(copy);
    }
    close_inbox(&server);
}
