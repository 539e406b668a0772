/* A subscriber: a request for a stream of messages. */
#ifndef SUBSCRIPTION_H
#define SUBSCRIPTION_H

#include "client.h"

struct subscription {
    take_fn *take_message;
    struct buffer rest; /* of a message that is not whole yet */
};

/* Take each message of a stream, whose pieces `take_piece` reads, until the stream ends or
 * the role has to stop. */
static inline void take_messages(const char *address, curl_write_callback take_piece,
                                 take_fn *take_message)
{
    check(curl_global_init(CURL_GLOBAL_NOTHING), "curl_global_init");
    struct session session;
    open_session(&session, address, "/");
    struct subscription subscription = {take_message, {0}};
    set(&session, CURLOPT_WRITEFUNCTION, take_piece);
    set(&session, CURLOPT_WRITEDATA, &subscription);
    request(&session);
    close_session(&session);
    free(subscription.rest.data);
    curl_global_cleanup();
}

#endif
