// Viewers of a seat map: each has a kept-alive connection, asks for the same path again and again, and takes gzip.
//
//   viewers --port 8080 --path '/tickets_availability?event_id=E0' --clients 10000 --hertz 1 --warmup 2 --seconds 10
//
// With --hertz, viewers begin at moments spread over the first period; a time is from the moment at which the request
// was due, so that a slow answer delays no measurement. Without, each asks again as soon as it is answered.
//
// One JSON object on standard output.

#include "load.h"
#include <sys/resource.h>

enum { MOST_CLIENTS = 30000, HEAD_BYTES = 2048, READ_BYTES = 262144 };

typedef struct {
    int fd;
    bool connecting, waiting;
    double due;
    size_t head;      // bytes of the head so far
    size_t missing;   // bytes of the body still to come, once the head is whole
    bool hasHead;
    char text[HEAD_BYTES + 1];
} Client;

static struct {
    int port, clients;
    const char *path;
    double hertz, warmup, seconds;
} options = {.port = 8080, .clients = 64, .path = "/", .seconds = 5};

static Client *clients;
static double measureFrom, measureUntil;
static char request[1024], buffer[READ_BYTES];
static size_t requestBytes;
static Times times;
static uint64_t failed, closed, unanswered, bytes, unsent;

static void sendRequest(Client *client) {
    client->head = 0;
    client->hasHead = false;
    if (send(client->fd, request, requestBytes, MSG_NOSIGNAL) != (ssize_t)requestBytes) shutdown(client->fd, SHUT_RDWR);
}

static void ask(Client *client, double due) {
    client->due = due;
    client->waiting = true;
    if (client->fd < 0) client->fd = openConnection(options.port, client, &client->connecting);
    if (!client->connecting) sendRequest(client);
}

static void answered(Client *client) {
    client->waiting = false;
    if (client->due >= measureFrom && client->due < measureUntil) add(&times, now() - client->due);
    if (strncmp(client->text, "HTTP/1.1 200", 12)) failed++;
    if (!options.hertz && now() < measureUntil) ask(client, now());
}

/// Takes bytes of an answer; true when it is whole.
static bool take(Client *client, const char *data, size_t size) {
    if (!client->hasHead) {
        size_t before = client->head, part = size < HEAD_BYTES - before ? size : HEAD_BYTES - before;
        memcpy(client->text + before, data, part);
        client->text[before + part] = 0;
        client->head = before + part;
        const char *blank = strstr(client->text, "\r\n\r\n");
        if (!blank) {
            if (client->head == HEAD_BYTES) fail("a head too long");
            return false;
        }
        const char *field = strcasestr(client->text, "\r\nContent-Length:");
        size_t used = (size_t)(blank + 4 - client->text) - before;
        client->missing = field && field < blank ? strtoul(field + 17, NULL, 10) : 0;
        client->hasHead = true;
        data += used;
        size -= used;
    }
    bytes += size;
    client->missing -= size < client->missing ? size : client->missing;
    return client->missing == 0;
}

static void receive(Client *client) {
    ssize_t got = recv(client->fd, buffer, sizeof buffer, 0);
    if (got < 0 && errno == EAGAIN) return;
    if (got <= 0) {
        close(client->fd);
        client->fd = -1;
        if (client->waiting) {
            closed++;
            client->waiting = false;
        }
        return;
    }
    if (take(client, buffer, (size_t)got) && client->waiting) answered(client);
}

static void run(void) {
    double start = now(), period = options.hertz ? 1 / options.hertz : 0;
    measureFrom = start + options.warmup;
    measureUntil = measureFrom + options.seconds;
    for (int i = 0; i < options.clients; i++) {
        clients[i].fd = -1;
        if (!options.hertz) ask(&clients[i], now());
    }
    // Client i is due at start + period × (i / clients), and each period after that.
    uint64_t turn = 0;
    struct epoll_event events[EVENTS];
    while (true) {
        for (double time = now(); options.hertz; turn++) {
            double due = start + period * (double)turn / options.clients;
            if (due > time || due >= measureUntil) break;
            Client *client = &clients[turn % (uint64_t)options.clients];
            if (!client->waiting) ask(client, due);
            else if (due >= measureFrom) unsent++;
        }
        int ready = epoll_wait(poller, events, EVENTS, options.hertz ? 1 : 100);
        if (ready < 0 && errno != EINTR) fail("epoll_wait");
        for (int i = 0; i < ready; i++) {
            Client *client = events[i].data.ptr;
            if (client->connecting) {
                client->connecting = false;
                await(EPOLL_CTL_MOD, client->fd, EPOLLIN, client);
                if (client->waiting) sendRequest(client);
            } else {
                receive(client);
            }
        }
        double time = now();
        if (time < measureUntil) continue;
        unanswered = 0;
        for (int i = 0; i < options.clients; i++) unanswered += clients[i].waiting;
        if (!unanswered || time > measureUntil + DRAIN_SECONDS) return;
    }
}

int main(int argc, char **argv) {
    const struct option known[] = {
        {"port", 1, 0, 'p'}, {"path", 1, 0, 'a'}, {"clients", 1, 0, 'c'}, {"hertz", 1, 0, 'h'},
        {"warmup", 1, 0, 'w'}, {"seconds", 1, 0, 's'}, {0}};
    for (int option; (option = getopt_long(argc, argv, "", known, NULL)) != -1;) switch (option) {
        case 'p': options.port = atoi(optarg); break;
        case 'a': options.path = optarg; break;
        case 'c': options.clients = atoi(optarg); break;
        case 'h': options.hertz = atof(optarg); break;
        case 'w': options.warmup = atof(optarg); break;
        case 's': options.seconds = atof(optarg); break;
        default: return 2;
    }
    errno = EINVAL;
    if (options.clients < 1 || options.clients > MOST_CLIENTS) fail("--clients");
    struct rlimit limit;
    if (!getrlimit(RLIMIT_NOFILE, &limit)) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
    requestBytes = (size_t)snprintf(request, sizeof request,
        "GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept-Encoding: gzip, br\r\n\r\n", options.path);
    poller = epoll_create1(EPOLL_CLOEXEC);
    clients = calloc((size_t)options.clients, sizeof *clients);
    if (poller < 0 || !clients || requestBytes >= sizeof request) fail("start");
    run();
    sort(&times);
    printf("{\"answers\":%zu,\"rate\":%.1f,\"p50_us\":%u,\"p99_us\":%u,\"max_us\":%u,\"bytes\":%lu,\"errors\":{",
           times.count, (double)times.count / options.seconds, percentile(&times, 0.5), percentile(&times, 0.99),
           percentile(&times, 1), bytes);
    const char *comma = "";
    const struct { const char *name; uint64_t count; } errors[] = {
        {"other than 200", failed}, {"closed", closed}, {"unanswered", unanswered}, {"unsent", unsent}};
    for (int i = 0; i < 4; i++)
        if (errors[i].count) printf("%s\"%s\":%lu", comma, errors[i].name, errors[i].count), comma = ",";
    puts("}}");
    return 0;
}
