/* Request/reply on BSD sockets: one connection and one server thread per client.
 *
 * On the wire: length-prefixed frames, each request answered by one reply.
 */
#include "connections.h"
#include "framing.h"
#include "host.h"

static void serve_client(struct inbox *client, void *context)
{
    handle_fn **handle = context;
    struct message request;
    int received;
    while ((received = receive(client, &request)) == 1) {
        (*handle)(request.data, request.size);
        if (!send_message(client->fd, request)) {
            note("sendmsg"); /* this client is gone; the others stay */
            return;
        }
    }
    if (received == -1)
        note("recv");
}

void serve(const char *address, handle_fn *handle)
{
    attend_all(address, serve_client, &handle);
}

void call(const char *address, next_fn *next_request, take_fn *take_reply)
{
    struct inbox server = {.fd = connect_to(address)};
    struct message request, reply;
    while (next_request(&request)) {
        if (!send_message(server.fd, request)) {
            expect_stopping("sendmsg");
            break;
        }
        const int received = receive(&server, &reply);
        if (received != 1) {
            if (received == 0)
                errno = ECONNRESET; /* the server closed the connection */
            expect_stopping("recv");
            break;
        }
        take_reply(reply.data, reply.size);
    }
    close_inbox(&server);
}
