/* The end of a pipeline: each worker POSTs one endless stream of results. */
#ifndef COLLECTOR_H
#define COLLECTOR_H

#include <unistd.h>

#include "octets.h"
#include "server.h"
#include "threads.h"

struct results {
    pthread_mutex_t turn;
    take_fn *take_result;
};

static void take_result(void *results, unsigned char *data, size_t size)
{
    ((struct results *)results)->take_result(data, size);
}

/* A worker that sends nonsense ends its own connection alone. */
static bool take_piece(void *argument, struct buffer *body)
{
    struct results *results = argument;
    must(pthread_mutex_lock(&results->turn), "pthread_mutex_lock");
    size_t too_long = take_frames(body, take_result, results);
    must(pthread_mutex_unlock(&results->turn), "pthread_mutex_unlock");
    if (too_long)
        note_too_long(too_long);
    return !too_long;
}

static enum MHD_Result end_of_results(void *argument, struct MHD_Connection *connection,
                                      struct buffer *body)
{
    (void)argument; /* what is left was cut off */
    return respond_empty(connection, body->size ? MHD_HTTP_BAD_REQUEST : MHD_HTTP_NO_CONTENT);
}

/* Take the results of all workers, until the role has to stop. */
static inline void take_results(const char *address, take_fn *take_result)
{
    struct results results = {PTHREAD_MUTEX_INITIALIZER, take_result};
    struct route route = {"POST", "/", end_of_results, &results, take_piece};
    struct MHD_Daemon *server = start_server(address, &route);
    while (!stopping())
        pause();
    MHD_stop_daemon(server);
}

#endif
