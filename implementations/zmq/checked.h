/* libzmq, every return code checked; what waits returns when the role has to stop. */
#ifndef CHECKED_H
#define CHECKED_H

#include <errno.h>
#include <zmq.h>

#include "host.h"

static inline void check(int returned, const char *call)
{
    if (returned == -1)
        fail(call, zmq_strerror(zmq_errno()));
}

static inline void *new_context(void)
{
    void *context = zmq_ctx_new();
    if (!context)
        fail("zmq_ctx_new", zmq_strerror(zmq_errno()));
    /* whoever is told to stop does not wait until its peers have read everything */
    check(zmq_ctx_set(context, ZMQ_BLOCKY, false), "zmq_ctx_set");
    return context;
}

static inline void *new_socket(void *context, int type)
{
    void *socket = zmq_socket(context, type);
    if (!socket)
        fail("zmq_socket", zmq_strerror(zmq_errno()));
    return socket;
}

/* Say whether to try again what a signal may have interrupted. */
static inline bool interrupted(const char *call)
{
    if (zmq_errno() != EINTR)
        fail(call, zmq_strerror(zmq_errno()));
    return !stopping();
}

/* Send bytes, which are copied; false when the role has to stop. */
static inline bool send_bytes(void *socket, const void *data, size_t size)
{
    while (zmq_send(socket, data, size, 0) == -1)
        if (!interrupted("zmq_send"))
            return false;
    return true;
}

/* Send a message, which is empty afterwards; false when the role has to stop. */
static inline bool send_message(void *socket, zmq_msg_t *message)
{
    while (zmq_msg_send(message, socket, 0) == -1)
        if (!interrupted("zmq_msg_send"))
            return false;
    return true;
}

/* Receive a message in place of the last one; false when the role has to stop. */
static inline bool receive(void *socket, zmq_msg_t *message)
{
    while (zmq_msg_recv(message, socket, 0) == -1)
        if (!interrupted("zmq_msg_recv"))
            return false;
    return true;
}

static inline void close_socket(void *socket)
{
    check(zmq_close(socket), "zmq_close");
}

static inline void end_context(void *context)
{
    while (zmq_ctx_term(context) == -1)
        if (zmq_errno() != EINTR)
            fail("zmq_ctx_term", zmq_strerror(zmq_errno()));
}

#endif
