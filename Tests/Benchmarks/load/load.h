// What holdload and viewers share: failures, the clock, connections to this machine, and the times of answers.

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { EVENTS = 1024, DRAIN_SECONDS = 20 };

static int poller;

static void fail(const char *what) {
    fprintf(stderr, "%s: %s: %s\n", program_invocation_short_name, what, strerror(errno));
    exit(2);
}

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void await(int operation, int fd, uint32_t what, void *client) {
    struct epoll_event event = {.events = what, .data.ptr = client};
    if (epoll_ctl(poller, operation, fd, &event) < 0) fail("epoll_ctl");
}

/// Connects a client to a port of this machine. Where that takes a while, EPOLLOUT tells of its end.
static int openConnection(int port, void *client, bool *connecting) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) fail("socket");
    *connecting = connect(fd, (struct sockaddr *)&address, sizeof address) < 0;
    if (*connecting && errno != EINPROGRESS) fail("connect");
    int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    await(EPOLL_CTL_ADD, fd, *connecting ? EPOLLOUT : EPOLLIN, client);
    return fd;
}

typedef struct {
    uint32_t *microseconds;
    size_t count, room;
} Times;

static void add(Times *times, double seconds) {
    if (times->count == times->room) {
        times->room = times->room ? times->room * 2 : 1 << 16;
        times->microseconds = realloc(times->microseconds, times->room * sizeof *times->microseconds);
        if (!times->microseconds) fail("realloc");
    }
    times->microseconds[times->count++] = (uint32_t)(seconds * 1e6);
}

static int byValue(const void *a, const void *b) {
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static void sort(Times *times) {
    if (times->count) qsort(times->microseconds, times->count, sizeof *times->microseconds, byValue);
}

/// Of times that are sorted.
static uint32_t percentile(const Times *times, double share) {
    if (!times->count) return 0;
    size_t index = (size_t)((double)times->count * share);
    return times->microseconds[index < times->count ? index : times->count - 1];
}
