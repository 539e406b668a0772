/* Fan-out over HTTP/1.1: what has gathered is written in one go.
 *
 * Octets as in the pipeline, which need no base64. Lossless: publishing waits for room in a ring that every
 * subscriber's thread reads for itself. */
#include <time.h>
#include <unistd.h>

#include "host.h"
#include "octets.h"
#include "server.h"
#include "stream.h"
#include "subscription.h"
#include "threads.h"

#define RING_BYTES (64 * 1024) /* how far a subscriber may be behind */

struct feed {
    pthread_mutex_t lock;
    pthread_cond_t written, taken;
    struct subscriber *subscribers;
    uint64_t end;        /* how many bytes have been written since it began */
    uint64_t next_frame; /* where the frame begins that is written next */
    unsigned char ring[RING_BYTES];
};

struct subscriber {
    struct feed *feed;
    struct subscriber *next;
    uint64_t place; /* of what it reads next, counted as `end` */
};

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

static size_t room(const struct feed *feed)
{
    uint64_t behind = 0;
    for (struct subscriber *each = feed->subscribers; each; each = each->next)
        if (each->place < feed->end && feed->end - each->place > behind)
            behind = feed->end - each->place;
    return RING_BYTES - behind;
}

/* Wait for a subscriber to take something, but not for long: no signal ends this. */
static void wait_for_room(struct feed *feed)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += 1;
    int error = pthread_cond_timedwait(&feed->taken, &feed->lock, &until);
    if (error != ETIMEDOUT)
        must(error, "pthread_cond_timedwait");
}

static void write_frame(struct feed *feed, const unsigned char *octets, size_t size)
{
    must(pthread_mutex_lock(&feed->lock), "pthread_mutex_lock");
    feed->next_frame = feed->end + size;
    while (size && !stopping()) {
        size_t start = feed->end % RING_BYTES;
        size_t part = least(least(size, room(feed)), RING_BYTES - start);
        if (!part) {
            wait_for_room(feed);
            continue;
        }
        memcpy(feed->ring + start, octets, part);
        feed->end += part;
        octets += part;
        size -= part;
        must(pthread_cond_broadcast(&feed->written), "pthread_cond_broadcast");
    }
    must(pthread_mutex_unlock(&feed->lock), "pthread_mutex_unlock");
}

/* Called in a subscriber's thread whenever the last piece has been sent. */
static ssize_t read_frames(void *argument, uint64_t position, char *piece, size_t most)
{
    (void)position;
    struct subscriber *subscriber = argument;
    struct feed *feed = subscriber->feed;
    must(pthread_mutex_lock(&feed->lock), "pthread_mutex_lock");
    while (subscriber->place >= feed->end && !stopping())
        must(pthread_cond_wait(&feed->written, &feed->lock), "pthread_cond_wait");
    ssize_t part = MHD_CONTENT_READER_END_OF_STREAM;
    if (!stopping()) {
        size_t start = subscriber->place % RING_BYTES;
        part = least(least(most, feed->end - subscriber->place), RING_BYTES - start);
        memcpy(piece, feed->ring + start, part);
        subscriber->place += part;
        must(pthread_cond_signal(&feed->taken), "pthread_cond_signal");
    }
    must(pthread_mutex_unlock(&feed->lock), "pthread_mutex_unlock");
    return part;
}

static void leave(void *argument)
{
    struct subscriber *subscriber = argument;
    struct feed *feed = subscriber->feed;
    must(pthread_mutex_lock(&feed->lock), "pthread_mutex_lock");
    struct subscriber **link = &feed->subscribers;
    while (*link != subscriber)
        link = &(*link)->next;
    *link = subscriber->next;
    must(pthread_cond_signal(&feed->taken), "pthread_cond_signal");
    must(pthread_mutex_unlock(&feed->lock), "pthread_mutex_unlock");
    free(subscriber);
}

static enum MHD_Result join(void *argument, struct MHD_Connection *connection,
                            struct buffer *body)
{
    (void)body;
    struct feed *feed = argument;
    struct subscriber *subscriber = malloc(sizeof *subscriber);
    if (!subscriber)
        fail("malloc", strerror(errno));
    must(pthread_mutex_lock(&feed->lock), "pthread_mutex_lock");
    *subscriber = (struct subscriber){feed, feed->subscribers, feed->next_frame};
    feed->subscribers = subscriber;
    must(pthread_mutex_unlock(&feed->lock), "pthread_mutex_unlock");
    return respond_endlessly(connection, "application/octet-stream", read_frames, leave,
                             subscriber);
}

void publish(const char *address, next_fn *next_message)
{
    static struct feed feed = {.lock = PTHREAD_MUTEX_INITIALIZER,
                               .written = PTHREAD_COND_INITIALIZER,
                               .taken = PTHREAD_COND_INITIALIZER};
    struct route route = {"GET", "/", join, &feed, NULL};
    struct MHD_Daemon *server = start_server(address, &route);
    struct buffer frame = {0};
    struct message message;
    while (next_message(&message) && !stopping()) {
        frame.size = 0;
        append_frame(&frame, message.data, message.size);
        write_frame(&feed, frame.data, frame.size);
    }
    while (!stopping())
        pause();
    must(pthread_mutex_lock(&feed.lock), "pthread_mutex_lock");
    must(pthread_cond_broadcast(&feed.written), "pthread_cond_broadcast");
    must(pthread_mutex_unlock(&feed.lock), "pthread_mutex_unlock");
    MHD_stop_daemon(server);
    free(frame.data);
}

static void take_frame(void *subscription, unsigned char *data, size_t size)
{
    ((struct subscription *)subscription)->take_message(data, size);
}

static size_t take_octets(char *piece, size_t one, size_t size, void *argument)
{
    struct subscription *subscription = argument;
    append(&subscription->rest, piece, one * size);
    allow(take_frames(&subscription->rest, take_frame, subscription));
    return one * size;
}

void subscribe(const char *address, take_fn *take_message)
{
    take_messages(address, take_octets, take_message);
}
