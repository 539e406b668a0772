/* Fan-out on BSD sockets with a sender thread: one system call for many messages.
 *
 * On the wire: length-prefixed frames. Lossless: a slow subscriber holds up the others.
 */
#include "framing.h"
#include "host.h"
#include "outbox.h"
#include "subscribers.h"

enum { LIMIT_BYTES = 256 * 1024 };

struct publisher {
    struct subscribers subscribers;
    struct outbox outbox;
};

static void *send_batches(void *argument)
{
    struct publisher *publisher = argument;
    struct batch batch = {0};
    while (take(&publisher->outbox, &batch))
        send_to_all(&publisher->subscribers, send_frames, batch.frames);
    free(batch.frames.data);
    return NULL;
}

void publish(const char *address, next_fn *next_message)
{
    struct publisher publisher = {.outbox = make_outbox(LIMIT_BYTES)};
    struct message message;
    pthread_t sender;
    begin_welcome(&publisher.subscribers, address);
    CHECK_THREAD(pthread_create(&sender, NULL, send_batches, &publisher));
    while (next_message(&message) && put(&publisher.outbox, message))
        continue;
    while (!stopping())
        pause();
    close_outbox(&publisher.outbox);
    end_welcome(&publisher.subscribers);
    CHECK_THREAD(pthread_join(sender, NULL));
    close_subscribers(&publisher.subscribers);
    free(publisher.outbox.batch.frames.data);
}

void subscribe(const char *address, take_fn *take_message)
{
    struct inbox publisher = {.fd = connect_to(address)};
    struct message message;
    int received;
    while ((received = receive(&publisher, &message)) == 1)
        take_message(message.data, message.size);
    if (received == -1)
        expect_stopping("recv");
    close_inbox(&publisher);
}
