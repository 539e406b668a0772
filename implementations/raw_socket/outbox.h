/* A bounded buffer between a thread that has messages and those that send them. */
#ifndef OUTBOX_H
#define OUTBOX_H

#include <pthread.h>
#include <time.h>

#include "framing.h"

/* Frames of several messages. */
struct batch {
    struct message frames;
    size_t capacity;
};

/* Frames gather while the senders are busy; they leave in one piece. */
struct outbox {
    pthread_mutex_t lock;
    pthread_cond_t filled, emptied;
    struct batch batch;
    size_t limit;
    bool closed;
};

static inline struct outbox make_outbox(size_t limit)
{
    return (struct outbox){
        .lock = PTHREAD_MUTEX_INITIALIZER,
        .filled = PTHREAD_COND_INITIALIZER,
        .emptied = PTHREAD_COND_INITIALIZER,
        .limit = limit,
    };
}

static inline void append(struct batch *batch, const void *data, size_t size)
{
    struct message *frames = &batch->frames;
    if (frames->size + size > batch->capacity) {
        batch->capacity = 2 * (frames->size + size);
        frames->data = realloc(frames->data, batch->capacity);
        if (!frames->data)
            fail("realloc", strerror(errno));
    }
    if (size > 0)
        memcpy(frames->data + frames->size, data, size);
    frames->size += size;
}

/* Wait for a sender, but not for long: no signal ends this. */
static inline void wait_for_room(struct outbox *outbox)
{
    struct timespec until;
    CHECK(clock_gettime(CLOCK_REALTIME, &until));
    until.tv_sec += 1;
    const int error = pthread_cond_timedwait(&outbox->emptied, &outbox->lock, &until);
    if (error != ETIMEDOUT)
        succeed(error, "pthread_cond_timedwait");
}

/* Add a message with its length in front; wait while the outbox is full. Returns false when
 * it has been closed, or the role has to stop. */
static inline bool put(struct outbox *outbox, struct message message)
{
    const uint32_t header = header_of(message);
    CHECK_THREAD(pthread_mutex_lock(&outbox->lock));
    while (outbox->batch.frames.size >= outbox->limit && !outbox->closed && !stopping())
        wait_for_room(outbox);
    const bool open = !outbox->closed && !stopping();
    if (open) {
        if (outbox->batch.frames.size == 0)
            CHECK_THREAD(pthread_cond_signal(&outbox->filled));
        append(&outbox->batch, &header, HEADER_BYTES);
        append(&outbox->batch, message.data, message.size);
    }
    CHECK_THREAD(pthread_mutex_unlock(&outbox->lock));
    return open;
}

/* Wait for frames, and take all there are in exchange for a batch that has been sent.
 * Returns false when there are none and the outbox is closed. */
static inline bool take(struct outbox *outbox, struct batch *batch)
{
    CHECK_THREAD(pthread_mutex_lock(&outbox->lock));
    while (outbox->batch.frames.size == 0 && !outbox->closed)
        CHECK_THREAD(pthread_cond_wait(&outbox->filled, &outbox->lock));
    const struct batch taken = outbox->batch;
    outbox->batch = *batch;
    outbox->batch.frames.size = 0;
    *batch = taken;
    CHECK_THREAD(pthread_cond_signal(&outbox->emptied));
    CHECK_THREAD(pthread_mutex_unlock(&outbox->lock));
    return batch->frames.size > 0;
}

/* What is in there may still be taken; nothing is put there any more. */
static inline void close_outbox(struct outbox *outbox)
{
    CHECK_THREAD(pthread_mutex_lock(&outbox->lock));
    outbox->closed = true;
    CHECK_THREAD(pthread_cond_broadcast(&outbox->filled));
    CHECK_THREAD(pthread_cond_broadcast(&outbox->emptied));
    CHECK_THREAD(pthread_mutex_unlock(&outbox->lock));
}

/* Put back those frames of a batch that were not sent as a whole: the last bytes of it were
 * not. */
static inline void put_back(struct outbox *outbox, struct message frames, size_t unsent)
{
    size_t place = 0;
    for (uint32_t header; place < frames.size;) {
        memcpy(&header, frames.data + place, HEADER_BYTES);
        const size_t end = place + HEADER_BYTES + ntohl(header);
        if (end > frames.size - unsent)
            break;
        place = end;
    }
    CHECK_THREAD(pthread_mutex_lock(&outbox->lock));
    append(&outbox->batch, frames.data + place, frames.size - place);
    CHECK_THREAD(pthread_cond_signal(&outbox->filled));
    CHECK_THREAD(pthread_mutex_unlock(&outbox->lock));
}

/* Send frames that have been taken, as send_parts() does. */
static inline bool send_frames(int fd, struct message frames)
{
    struct iovec part = {frames.data, frames.size};
    return send_parts(fd, &part, 1);
}

#endif
