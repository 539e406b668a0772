/* Pipeline on BSD sockets: a thread per worker writes tasks until its buffers are full.
 *
 * On the wire: length-prefixed frames; workers connect to both ends.
 */
#include "connections.h"
#include "framing.h"
#include "host.h"

struct tasks {
    pthread_mutex_t turn;
    pthread_cond_t returned;
    next_fn *next;
    struct message task; /* that a worker has left without */
    bool left, over;
};

static bool take_turn(struct tasks *tasks, struct message *task)
{
    CHECK_THREAD(pthread_mutex_lock(&tasks->turn));
    bool there = !tasks->left && !tasks->over && tasks->next(task);
    if (!there && !tasks->left)
        tasks->over = true; /* but a worker may still leave without its task */
    while (!there && !tasks->left && !stopping())
        CHECK_THREAD(pthread_cond_wait(&tasks->returned, &tasks->turn));
    if (!there && tasks->left) {
        *task = tasks->task;
        there = true;
        tasks->left = false;
        CHECK_THREAD(pthread_cond_broadcast(&tasks->returned));
    }
    CHECK_THREAD(pthread_mutex_unlock(&tasks->turn));
    return there;
}

static void give_back(struct tasks *tasks, struct message task)
{
    CHECK_THREAD(pthread_mutex_lock(&tasks->turn));
    while (tasks->left && !stopping())
        CHECK_THREAD(pthread_cond_wait(&tasks->returned, &tasks->turn));
    tasks->task = task;
    tasks->left = true;
    CHECK_THREAD(pthread_cond_broadcast(&tasks->returned));
    CHECK_THREAD(pthread_mutex_unlock(&tasks->turn));
}

static void feed(struct inbox *worker, void *tasks)
{
    struct message task;
    while (take_turn(tasks, &task))
        if (!send_message(worker->fd, task)) {
            note("sendmsg"); /* this worker is gone: its task goes to another */
            give_back(tasks, task);
            return;
        }
}

void distribute(const char *address, next_fn *next_task)
{
    struct tasks tasks = {
        .turn = PTHREAD_MUTEX_INITIALIZER,
        .returned = PTHREAD_COND_INITIALIZER,
        .next = next_task,
    };
    struct connections workers = attended_by(feed, &tasks);
    accept_all(&workers, address);
    CHECK_THREAD(pthread_mutex_lock(&tasks.turn));
    CHECK_THREAD(pthread_cond_broadcast(&tasks.returned));
    CHECK_THREAD(pthread_mutex_unlock(&tasks.turn));
    end_connections(&workers);
}

void work(const char *source, const char *sink, handle_fn *handle)
{
    struct inbox tasks = {.fd = connect_to(source)};
    const int results = connect_to(sink);
    struct message task;
    int received;
    while ((received = receive(&tasks, &task)) == 1) {
        handle(task.data, task.size);
        if (!send_message(results, task)) {
            expect_stopping("sendmsg");
            break;
        }
    }
    if (received == -1)
        expect_stopping("recv");
    close_inbox(&tasks);
    CHECK(close(results));
}

struct results {
    pthread_mutex_t turn;
    take_fn *take;
};

static void take_results(struct inbox *worker, void *argument)
{
    struct results *results = argument;
    struct message result;
    int received;
    while ((received = receive(worker, &result)) == 1) {
        CHECK_THREAD(pthread_mutex_lock(&results->turn));
        results->take(result.data, result.size);
        CHECK_THREAD(pthread_mutex_unlock(&results->turn));
    }
    if (received == -1)
        note("recv"); /* this worker is gone; the others go on */
}

void collect(const char *address, take_fn *take_result)
{
    struct results results = {PTHREAD_MUTEX_INITIALIZER, take_result};
    attend_all(address, take_results, &results);
}
