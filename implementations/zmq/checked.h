/* Every return code of libzmq is checked, and what a signal interrupted is done again. */
#ifndef CHECKED_H
#define CHECKED_H

#include <errno.h>
#include <zmq.h>

#include "host.h"

/* Say whether a call was interrupted; where it failed otherwise, the role has. */
static inline bool interrupted(int returned, const char *call)
{
    if (returned != -1)
        return false;
    if (zmq_errno() != EINTR)
        fail(call, zmq_strerror(zmq_errno()));
    return true;
}

#define CHECK(call)                                                                        \
    while (interrupted(call, #call))                                                       \
        continue

/* The same for a call that may wait for ever: until the role has to stop. */
#define WAIT(call)                                                                         \
    while (interrupted(call, #call) && !stopping())                                        \
        continue

/* Return what was made, if it was. */
static inline void *made(void *thing, const char *call)
{
    if (!thing)
        fail(call, zmq_strerror(zmq_errno()));
    return thing;
}

#endif
