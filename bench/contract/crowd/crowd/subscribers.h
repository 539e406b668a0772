/* Subscribers of a crowd. */
#ifndef SUBSCRIBERS_H
#define SUBSCRIBERS_H

#include "crowd.h"

static const struct wire *events;
static const char *publisher;

static void open_subscriber(size_t place)
{
    open_connection(events, place, publisher);
}

static void take_event(size_t place, struct message message)
{
    take_message_of(place, message.data, message.size);
}

static inline void run_subscribers(const struct wire *wire, const char *url)
{
    events = wire;
    publisher = url;
    make_connections(spec.connections);
    run_streams(wire, open_subscriber, take_event);
    close_connections(spec.connections);
}

#endif
