/* Find out if a role handles several messages at a time: handles wait for each other. */
#include "internal.h"

#include <errno.h>
#include <pthread.h>
#include <time.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t came = PTHREAD_COND_INITIALIZER;
static int inside, most;

void wait_for_another(void)
{
    struct timespec end;
    clock_gettime(CLOCK_REALTIME, &end); /* the clock of a condition */
    const int64_t end_ns = end.tv_nsec + (int64_t)(spec.together_s * 1e9);
    end.tv_sec += end_ns / 1000000000;
    end.tv_nsec = end_ns % 1000000000;
    pthread_mutex_lock(&lock);
    inside++;
    if (inside > most)
        most = inside;
    pthread_cond_broadcast(&came);
    while (most < 2 && pthread_cond_timedwait(&came, &lock, &end) != ETIMEDOUT)
        continue;
    inside--;
    pthread_mutex_unlock(&lock);
}

int most_at_once(void)
{
    return most;
}
