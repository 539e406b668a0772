/* Fan-out over HTTP/1.1: Server-Sent Events, one endless response per subscriber.
 *
 * Each event is written by itself. Lossless: publishing waits while a subscriber is behind. */
#include <time.h>
#include <unistd.h>

#include "events.h"
#include "host.h"
#include "server.h"
#include "stream.h"
#include "subscription.h"
#include "threads.h"

#define WAITING_BYTES (64 * 1024) /* how far a subscriber may be behind */

/* An event, and how many have still to send it. */
struct event {
    struct event *next;
    struct buffer text;
    size_t senders;
};

struct feed {
    pthread_mutex_t lock;
    pthread_cond_t written, taken;
    struct subscriber *subscribers;
    struct event *last; /* of those that wait */
    size_t waiting;     /* their bytes */
};

struct subscriber {
    struct feed *feed;
    struct subscriber *next;
    struct event *event; /* what it sends, and how much of that it has sent */
    size_t sent;
};

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

static void drop(struct feed *feed, struct event *event)
{
    if (feed->last == event)
        feed->last = NULL;
    feed->waiting -= event->text.size;
    free(event->text.data);
    free(event);
}

static void write_event(struct feed *feed, struct message message)
{
    struct event *event = calloc(1, sizeof *event);
    if (!event)
        fail("calloc", strerror(errno));
    append_event(&event->text, message);
    must(pthread_mutex_lock(&feed->lock), "pthread_mutex_lock");
    while (feed->waiting >= WAITING_BYTES && !stopping())
        wait_for_room(feed);
    for (struct subscriber *each = feed->subscribers; each; each = each->next) {
        event->senders++;
        if (!each->event)
            each->event = event;
    }
    if (feed->last)
        feed->last->next = event;
    feed->last = event;
    feed->waiting += event->text.size;
    if (!event->senders)
        drop(feed, event);
    must(pthread_cond_broadcast(&feed->written), "pthread_cond_broadcast");
    must(pthread_mutex_unlock(&feed->lock), "pthread_mutex_unlock");
}

static void go_to_next(struct subscriber *subscriber)
{
    struct event *event = subscriber->event;
    subscriber->event = event->next;
    subscriber->sent = 0;
    if (--event->senders == 0) {
        drop(subscriber->feed, event);
        must(pthread_cond_signal(&subscriber->feed->taken), "pthread_cond_signal");
    }
}

/* Called in a subscriber's thread whenever the last piece has been sent. */
static ssize_t read_event(void *argument, uint64_t position, char *piece, size_t most)
{
    (void)position;
    struct subscriber *subscriber = argument;
    struct feed *feed = subscriber->feed;
    must(pthread_mutex_lock(&feed->lock), "pthread_mutex_lock");
    while (!subscriber->event && !stopping())
        must(pthread_cond_wait(&feed->written, &feed->lock), "pthread_cond_wait");
    ssize_t part = MHD_CONTENT_READER_END_OF_STREAM;
    if (!stopping()) {
        struct buffer *text = &subscriber->event->text;
        size_t left = text->size - subscriber->sent;
        part = left < most ? left : most;
        memcpy(piece, text->data + subscriber->sent, part);
        subscriber->sent += part;
        if (subscriber->sent == text->size)
            go_to_next(subscriber);
    }
    must(pthread_mutex_unlock(&feed->lock), "pthread_mutex_unlock");
    return part;
}

static void leave(void *argument)
{
    struct subscriber *subscriber = argument;
    struct feed *feed = subscriber->feed;
    must(pthread_mutex_lock(&feed->lock), "pthread_mutex_lock");
    while (subscriber->event)
        go_to_next(subscriber);
    struct subscriber **link = &feed->subscribers;
    while (*link != subscriber)
        link = &(*link)->next;
    *link = subscriber->next;
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
    *subscriber = (struct subscriber){feed, feed->subscribers, NULL, 0};
    feed->subscribers = subscriber;
    must(pthread_mutex_unlock(&feed->lock), "pthread_mutex_unlock");
    return respond_endlessly(connection, "text/event-stream", read_event, leave, subscriber);
}

void publish(const char *address, next_fn *next_message)
{
    struct feed feed = {.lock = PTHREAD_MUTEX_INITIALIZER,
                        .written = PTHREAD_COND_INITIALIZER,
                        .taken = PTHREAD_COND_INITIALIZER};
    struct route route = {"GET", "/", join, &feed, NULL};
    struct MHD_Daemon *server = start_server(address, &route);
    struct message message;
    while (next_message(&message) && !stopping())
        write_event(&feed, message);
    while (!stopping())
        pause();
    must(pthread_mutex_lock(&feed.lock), "pthread_mutex_lock");
    must(pthread_cond_broadcast(&feed.written), "pthread_cond_broadcast");
    must(pthread_mutex_unlock(&feed.lock), "pthread_mutex_unlock");
    MHD_stop_daemon(server);
}

static size_t take_text(char *piece, size_t one, size_t size, void *argument)
{
    struct subscription *subscription = argument;
    take_events(&subscription->rest, piece, one * size, subscription->take_message);
    return one * size;
}

void subscribe(const char *address, take_fn *take_message)
{
    take_messages(address, take_text, take_message);
}
