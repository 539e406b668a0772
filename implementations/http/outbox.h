/* A bounded buffer between a thread that has messages and those that send them. */
#ifndef OUTBOX_H
#define OUTBOX_H

#include <time.h>

#include "octets.h"
#include "threads.h"

/* Frames gather while the senders are busy; they leave in one piece. */
struct outbox {
    pthread_mutex_t lock;
    pthread_cond_t filled, emptied;
    struct buffer frames;
    size_t limit;
    bool closed;
};

/* Wait for a sender, but not for long: no signal ends this. */
static inline void wait_for_sender(struct outbox *outbox)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += 1;
    int error = pthread_cond_timedwait(&outbox->emptied, &outbox->lock, &until);
    if (error != ETIMEDOUT)
        must(error, "pthread_cond_timedwait");
}

/* Add a message with its length in front; wait while the outbox is full. */
static inline void put(struct outbox *outbox, struct message message)
{
    must(pthread_mutex_lock(&outbox->lock), "pthread_mutex_lock");
    while (outbox->frames.size >= outbox->limit && !stopping())
        wait_for_sender(outbox);
    append_frame(&outbox->frames, message.data, message.size);
    must(pthread_cond_signal(&outbox->filled), "pthread_cond_signal");
    must(pthread_mutex_unlock(&outbox->lock), "pthread_mutex_unlock");
}

/* Wait for frames, and take all there are in exchange for some that have been sent. Returns
 * false once the outbox is closed. */
static inline bool take(struct outbox *outbox, struct buffer *frames)
{
    must(pthread_mutex_lock(&outbox->lock), "pthread_mutex_lock");
    while (!outbox->frames.size && !outbox->closed)
        must(pthread_cond_wait(&outbox->filled, &outbox->lock), "pthread_cond_wait");
    bool open = !outbox->closed;
    if (open) {
        const struct buffer taken = outbox->frames;
        outbox->frames = *frames;
        outbox->frames.size = 0;
        *frames = taken;
        must(pthread_cond_signal(&outbox->emptied), "pthread_cond_signal");
    }
    must(pthread_mutex_unlock(&outbox->lock), "pthread_mutex_unlock");
    return open;
}

static inline void close_outbox(struct outbox *outbox)
{
    must(pthread_mutex_lock(&outbox->lock), "pthread_mutex_lock");
    outbox->closed = true;
    must(pthread_cond_broadcast(&outbox->filled), "pthread_cond_broadcast");
    must(pthread_mutex_unlock(&outbox->lock), "pthread_mutex_unlock");
}

#endif
