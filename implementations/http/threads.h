/* Handlers of requests run in threads, whose functions return an error's number. */
#ifndef THREADS_H
#define THREADS_H

#include <errno.h>
#include <pthread.h>
#include <string.h>

#include "host.h"

static inline void must(int error, const char *call)
{
    if (error)
        fail(call, strerror(error));
}

#endif
