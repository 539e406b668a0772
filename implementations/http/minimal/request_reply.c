/* Request/reply over HTTP/1.1: one POST per request, one connection per client. */
#include <unistd.h>

#include "host.h"
#include "post.h"
#include "server.h"

static enum MHD_Result reply(void *handle, struct MHD_Connection *connection,
                             struct buffer *body)
{
    (*(handle_fn **)handle)(body->data, body->size);
    void *data = body->data;
    body->data = NULL; /* it is the response's now */
    return respond_with(connection, data, body->size, MHD_RESPMEM_MUST_FREE);
}

void serve(const char *address, handle_fn *handle)
{
    struct route route = {"POST", "/", reply, &handle, NULL};
    struct MHD_Daemon *server = start_server(address, &route);
    while (!stopping())
        pause();
    MHD_stop_daemon(server);
}

void call(const char *address, next_fn *next_request, take_fn *take_reply)
{
    check(curl_global_init(CURL_GLOBAL_NOTHING), "curl_global_init");
    struct session session;
    open_session(&session, address, "/");
    make_post(&session);
    struct message message;
    while (next_request(&message) && post(&session, message.data, message.size))
        take_reply(session.body.data, session.body.size);
    close_session(&session);
    curl_global_cleanup();
}
