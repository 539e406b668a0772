/* The largest message that the programs of this stack take. */
#ifndef LIMITS_H
#define LIMITS_H

#include <stdio.h>

#include "host.h"

enum { MAX_LENGTH = 16 * 1024 * 1024 };

#define REFUSAL "a message of %zu bytes: at most %d are allowed"

/* Say that a client's message is too long, which is the end of that client alone. */
static inline void note_too_long(size_t length)
{
    fprintf(stderr, REFUSAL "\n", length, MAX_LENGTH);
}

/* Fail where a message is too long; before it is sent, and before it is read. */
static inline void allow(size_t length)
{
    char reason[sizeof REFUSAL + 40];
    if (length <= MAX_LENGTH)
        return;
    snprintf(reason, sizeof reason, REFUSAL, length, MAX_LENGTH);
    fail("allow", reason);
}

#endif
