// A closed-loop load generator: every client sends one request, waits for its answer, sends the next.
//
// It exists because the benchmark checks the answers against the table, to the row. A general tool drops the
// answers in flight when its time is up, and does not know which client must release which hold; this one stops
// sending, waits for what is under way and counts granted, refused and released apart.
//
//   holdload --port 8080 --scenario fresh --clients 64 --warmup 0.5 --seconds 5
//            --first 10000000 --tickets 1000000 --event 50000 --cart 2
//
// fresh  every cart is one that was not asked for before      all are granted
// rush   random neighbours among the first 50 tickets         nearly all are refused
// mixed  every client holds a fresh cart, then releases it    all are granted
// confirm  every cart is sold once, under an order of its own and its own hold_id    all are granted
// best   the best tickets of an event, by /tickets_lock_best; one event after the other is sold to the last seat
//                                                             all are granted
// best-rush  the same, but every client asks for one event until it is refused, and then for the next. A refusal that
//            tells of enough free seats is `early`
//
// --keys 8      carts take turns at so many events, E1 to E8, by their number; 1 for all in E1
// --shed        429, 502 and 503 are counted apart, with their own times; the client rests for the answer's
//               Retry-After, and up to as long again at random, before it asks for another cart
// --impatient   with --shed: rests for 50 ms and up to as long again, whatever the answer says
// --rate 4000   open loop: requests a second, each sent by a client that has none under way. A time is then from the
//               moment at which the request was due; one that was due while no client was free is `unsent`.
//
// One JSON object on standard output.

#include "load.h"

enum { RUSH_TICKETS = 50, MOST_CLIENTS = 16384, MOST_CART = 100, STATUSES = 600 };
enum { BODY_BYTES = 4096, ANSWER_BYTES = 16384, IMPATIENT_MS = 50, WHEEL_MS = 8192 };

// Events are sold one after the other. Within one, carts that follow each other in time do not lie next to each other
// in place: the n-th cart is n × this prime, modulo their number.
static const uint64_t STRIDE = 611953;

typedef enum { FRESH, RUSH, MIXED, CONFIRM, BEST, BEST_RUSH } Scenario;

typedef struct Client {
    int fd;
    bool connecting;
    bool waiting;    // a request is under way
    bool holding;    // mixed: the cart was granted and is to be released next
    bool releasing;  // the request under way is a release
    uint64_t cart;   // best, best-rush: the event
    double due;
    struct Client *next;  // of those that are free, or of those that rest until the same millisecond
    size_t received;
    char answer[ANSWER_BYTES + 1];
} Client;

static struct {
    int port, clients, cart;
    Scenario scenario;
    bool owned;  // with a hold_id of each cart's own, and details
    bool shed, impatient;
    double warmup, seconds, rate;
    uint64_t first, tickets, event, keys;
} options = {.port = 8080, .clients = 1, .cart = 2, .seconds = 5, .keys = 1,
             .first = 10000000, .tickets = 1000000, .event = 50000};

static struct {
    uint64_t early;  // of those refused: while enough seats were free
    uint64_t granted, refused, released;  // over the whole run, warm-up included: what the table must agree with
    uint64_t closed, malformed, unanswered, unexpected[STATUSES];
    // Turned away, and how many of these without a Retry-After, and of which nobody knows the outcome.
    uint64_t shed[STATUSES], silent, unknown;
    uint64_t unsent;
    bool exhausted;
    Times served, turnedAway;  // of the answers inside the measured time
} totals;

static Client *clients;
static uint64_t nextCart;
static double measureFrom, measureUntil;
static Client *freeClients, *wheel[WHEEL_MS];
static uint64_t wheelTurned;  // milliseconds up to which those that rest were woken

static uint64_t randomNumber(void) {  // xorshift64; a fixed seed, so that runs are alike
    static uint64_t x = 88172645463325252u;
    x ^= x << 13, x ^= x >> 7, x ^= x << 17;
    return x;
}

// MARK: Requests

static bool chooseCart(Client *client) {
    if (options.scenario == RUSH) {
        client->cart = randomNumber() % (uint64_t)(RUSH_TICKETS - options.cart + 1);
        return true;
    }
    uint64_t size = (uint64_t)options.cart, carts = options.tickets / size, eventCarts = options.event / size;
    if (options.scenario == BEST_RUSH) {
        if (client->cart == options.tickets / options.event) return !(totals.exhausted = true);
        return true;
    }
    if (options.scenario == BEST) {
        if (nextCart == carts) return !(totals.exhausted = true);
        client->cart = nextCart++ / eventCarts;
        return true;
    }
    if ((options.scenario == FRESH || options.scenario == CONFIRM) && nextCart == carts) return !(totals.exhausted = true);
    uint64_t number = nextCart++ % carts, place = number % eventCarts * STRIDE % eventCarts;
    client->cart = (number / eventCarts * eventCarts + place) * size;
    return true;
}

static bool isBest(void) { return options.scenario == BEST || options.scenario == BEST_RUSH; }

static int writeCart(const Client *client, bool locks, char *body) {
    if (isBest())
        return sprintf(body, "{\"data\":{\"event_id\":\"E%lu\",\"quantity\":%d,\"reserved_time\":600", client->cart,
                       options.cart);
    int length = sprintf(body, "{\"data\":{\"%s\":[", locks ? "ticketd_reserved" : "tickets");
    uint64_t key = 1 + client->cart / (uint64_t)options.cart % options.keys;
    for (int i = 0; i < options.cart; i++)
        length += sprintf(body + length, "%s\"E%lu-%lu\"", i ? "," : "", key, options.first + client->cart + (uint64_t)i);
    return length + sprintf(body + length, locks ? "],\"reserved_time\":600" : "]");
}

static void connectClient(Client *client) { client->fd = openConnection(options.port, client, &client->connecting); }

static void sendRequest(Client *client) {
    char body[BODY_BYTES], request[BODY_BYTES + 256];
    bool confirms = options.scenario == CONFIRM, locks = !confirms && !client->releasing;
    int length = writeCart(client, locks, body);
    if (confirms) length += sprintf(body + length, ",\"order_id\":\"order-%016lu\"", client->cart);
    if (options.owned || confirms) length += sprintf(body + length, ",\"hold_id\":\"cart-%016lu\"", client->cart);
    if (options.owned && locks) length += sprintf(body + length, ",\"details\":true");
    length += sprintf(body + length, "}}");
    const char *path = confirms ? "tickets_confirm" : isBest() ? "tickets_lock_best" : locks ? "tickets_lock"
                                                                                             : "tickets_unlock_param";
    int size = sprintf(request, "POST /%s HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
                       "Content-Length: %d\r\n\r\n%s", path, length, body);
    client->received = 0;
    if (send(client->fd, request, (size_t)size, MSG_NOSIGNAL) != size) {
        // The server closed the kept-alive connection as we wrote: the read that follows reports it.
        shutdown(client->fd, SHUT_RDWR);
    }
}

/// Chooses the client's next request, and sends it at once or when it is connected.
static void sendNext(Client *client, double due) {
    client->waiting = false;
    if (due >= measureUntil) return;
    if (!client->holding && !chooseCart(client)) return;
    client->releasing = client->holding;
    client->due = due;
    client->waiting = true;
    if (client->fd < 0) connectClient(client);
    if (!client->connecting) sendRequest(client);
}

/// In the closed loop the next request is due now; in the open one the client is free for whichever comes.
static void goOn(Client *client) {
    client->waiting = false;
    if (!options.rate) return sendNext(client, now());
    client->next = freeClients;
    freeClients = client;
}

static void rest(Client *client, uint64_t milliseconds) {
    client->waiting = false;
    uint64_t until = (uint64_t)(now() * 1e3) + milliseconds + randomNumber() % milliseconds;
    Client **slot = &wheel[until % WHEEL_MS];
    client->next = *slot;
    *slot = client;
}

static void wakeRested(void) {
    for (uint64_t until = (uint64_t)(now() * 1e3); wheelTurned < until; wheelTurned++) {
        Client *client = wheel[wheelTurned % WHEEL_MS];
        wheel[wheelTurned % WHEEL_MS] = NULL;
        for (Client *next; client; client = next) {
            next = client->next;
            goOn(client);
        }
    }
}

static void sendDue(double *nextDue) {
    for (double until = now(); *nextDue <= until && *nextDue < measureUntil; *nextDue += 1 / options.rate) {
        Client *client = freeClients;
        if (!client) {
            totals.unsent++;
            continue;
        }
        freeClients = client->next;
        sendNext(client, *nextDue);
    }
}

// MARK: Answers

/// The bytes of the whole answer, or 0 while some are missing. No body here can hold a raw line break, so the last
/// chunk of a chunked one is recognised by its end.
static size_t wholeAnswer(const Client *client) {
    const char *blank = strstr(client->answer, "\r\n\r\n");
    if (!blank) return 0;
    size_t head = (size_t)(blank + 4 - client->answer);
    const char *field = strcasestr(client->answer, "\r\nContent-Length:");
    if (field && field < blank) {
        size_t all = head + strtoul(field + 17, NULL, 10);
        return client->received >= all ? all : 0;
    }
    bool last = client->received >= head + 5 && !memcmp(client->answer + client->received - 5, "0\r\n\r\n", 5);
    return last ? client->received : 0;
}

static void record(Times *times, double due, double answered) {
    if (answered >= measureFrom && answered < measureUntil) add(times, answered - due);
}

/// Whether the answer turns the client away for now; it then rests.
static bool isShed(Client *client, int status) {
    if (!options.shed || (status != 429 && status != 502 && status != 503)) return false;
    const char *field = strcasestr(client->answer, "\r\nRetry-After:");
    uint64_t seconds = field ? strtoul(field + 14, NULL, 10) : 0;
    totals.shed[status]++;
    if (!seconds) totals.silent++;
    if (strstr(client->answer, "outcome unknown")) totals.unknown++;
    rest(client, options.impatient || !seconds ? IMPATIENT_MS : (seconds > 3 ? 3 : seconds) * 1000);
    return true;
}

static void count(Client *client, int status) {
    bool valid = strstr(client->answer, "\"valido\":true");
    bool refused = strstr(client->answer, isBest() ? "\"nodisponible\":[]" : "\"nodisponible\":[\"");
    if (status == 200 && valid && client->releasing) {
        totals.released++;
        client->holding = false;
    } else if (status == 200 && valid) {
        totals.granted++;
        client->holding = options.scenario == MIXED;
    } else if (status == 400 && refused && !client->releasing) {
        totals.refused++;
        const char *isFree = strstr(client->answer, "\"free\":");
        if (isFree && atoi(isFree + 7) >= options.cart) totals.early++;
        if (options.scenario == BEST_RUSH) client->cart++;
    } else if (status == 200 || status < 100 || status >= STATUSES) {
        totals.malformed++;
    } else {
        totals.unexpected[status]++;
    }
}

static void reopen(Client *client) {
    close(client->fd);
    connectClient(client);
}

static void connected(Client *client) {
    client->connecting = false;
    await(EPOLL_CTL_MOD, client->fd, EPOLLIN, client);
    if (client->waiting) sendRequest(client);
}

static void receive(Client *client) {
    ssize_t got = recv(client->fd, client->answer + client->received, ANSWER_BYTES - client->received, 0);
    if (got < 0 && errno == EAGAIN) return;
    if (got <= 0) {
        // An idle connection may be closed at will; one with a request under way may not.
        bool waited = client->waiting;
        reopen(client);
        if (!waited) return;
        totals.closed++;
        return options.shed ? rest(client, IMPATIENT_MS) : goOn(client);
    }
    client->received += (size_t)got;
    client->answer[client->received] = 0;
    if (!wholeAnswer(client)) return;
    int status = atoi(client->answer + sizeof "HTTP/1.1");
    bool closes = strcasestr(client->answer, "\r\nConnection: close\r\n");
    bool shed = isShed(client, status);
    record(shed ? &totals.turnedAway : &totals.served, client->due, now());
    if (!shed) count(client, status);
    if (closes) reopen(client);
    if (!shed) goOn(client);
}

static bool anyWaiting(void) {
    for (int i = 0; i < options.clients; i++)
        if (clients[i].waiting) return true;
    return false;
}

static void run(void) {
    // A crowd arrives within two seconds: the kernel's queues do not hold all of it at once.
    bool lazy = options.shed || options.rate;
    for (int i = 0; i < options.clients; i++) {
        clients[i].fd = -1;
        if (!lazy) connectClient(&clients[i]);
    }
    double nextDue = now();
    measureFrom = nextDue + options.warmup;
    measureUntil = measureFrom + options.seconds;
    wheelTurned = (uint64_t)(nextDue * 1e3);
    for (int i = 0; i < options.clients; i++) {
        if (options.shed && !options.rate) rest(&clients[i], 1000);
        else goOn(&clients[i]);
    }
    struct epoll_event events[EVENTS];
    while (now() < measureUntil + DRAIN_SECONDS) {
        int ready = epoll_wait(poller, events, EVENTS, options.rate || options.shed ? 1 : 100);
        if (ready < 0 && errno != EINTR) fail("epoll_wait");
        for (int i = 0; i < ready; i++) {
            Client *client = events[i].data.ptr;
            if (client->connecting) connected(client);
            else receive(client);
        }
        wakeRested();
        if (options.rate) sendDue(&nextDue);
        if ((now() >= measureUntil || totals.exhausted) && !anyWaiting()) break;
    }
    for (int i = 0; i < options.clients; i++) totals.unanswered += clients[i].waiting;
}

// MARK: Report

static void reportTimes(const char *name, Times *times) {
    sort(times);
    printf("\"%s\":%zu,\"%s_rate\":%.1f,", name, times->count, name, (double)times->count / options.seconds);
    printf("\"%s_p50_us\":%u,\"%s_p99_us\":%u,\"%s_max_us\":%u,", name, percentile(times, 0.5), name,
           percentile(times, 0.99), name, percentile(times, 1));
}

static void reportStatuses(const char *prefix, const uint64_t *statuses, const char **comma) {
    for (int status = 0; status < STATUSES; status++) {
        if (!statuses[status]) continue;
        printf("%s\"%s%d\":%lu", *comma, prefix, status, statuses[status]);
        *comma = ",";
    }
}

static void report(void) {
    Times *served = &totals.served;
    sort(served);
    printf("{\"answers\":%zu,\"rate\":%.1f,\"p50_us\":%u,\"p99_us\":%u,\"max_us\":%u,", served->count,
           (double)served->count / options.seconds, percentile(served, 0.5), percentile(served, 0.99),
           percentile(served, 1));
    printf("\"granted\":%lu,\"refused\":%lu,\"early\":%lu,\"released\":%lu,\"exhausted\":%s,", totals.granted,
           totals.refused, totals.early, totals.released, totals.exhausted ? "true" : "false");
    const char *comma = "";
    if (options.shed) {
        reportTimes("shed", &totals.turnedAway);
        printf("\"shed_silent\":%lu,\"shed_unknown\":%lu,\"shed_by_status\":{", totals.silent, totals.unknown);
        reportStatuses("", totals.shed, &comma);
        printf("},");
        comma = "";
    }
    if (options.rate) printf("\"unsent\":%lu,", totals.unsent);
    printf("\"errors\":{");
    reportStatuses("status ", totals.unexpected, &comma);
    if (totals.closed) printf("%s\"closed\":%lu", comma, totals.closed), comma = ",";
    if (totals.malformed) printf("%s\"malformed\":%lu", comma, totals.malformed), comma = ",";
    if (totals.unanswered) printf("%s\"unanswered\":%lu", comma, totals.unanswered);
    printf("}}\n");
}

static Scenario scenarioNamed(const char *name) {
    if (!strcmp(name, "fresh")) return FRESH;
    if (!strcmp(name, "rush")) return RUSH;
    if (!strcmp(name, "mixed")) return MIXED;
    if (!strcmp(name, "confirm")) return CONFIRM;
    if (!strcmp(name, "best")) return BEST;
    if (!strcmp(name, "best-rush")) return BEST_RUSH;
    errno = EINVAL;
    fail(name);
    return FRESH;
}

int main(int argc, char **argv) {
    static const struct option known[] = {
        {"port", 1, 0, 'p'},    {"scenario", 1, 0, 'o'}, {"clients", 1, 0, 'c'}, {"warmup", 1, 0, 'w'},
        {"seconds", 1, 0, 's'}, {"first", 1, 0, 'f'},    {"tickets", 1, 0, 't'}, {"event", 1, 0, 'e'},
        {"cart", 1, 0, 'k'},    {"owned", 0, 0, 'i'},    {"shed", 0, 0, 'd'},  {"impatient", 0, 0, 'x'},
        {"rate", 1, 0, 'r'},    {"keys", 1, 0, 'y'},     {0}};
    for (int option; (option = getopt_long(argc, argv, "", known, NULL)) != -1;) switch (option) {
        case 'p': options.port = atoi(optarg); break;
        case 'o': options.scenario = scenarioNamed(optarg); break;
        case 'c': options.clients = atoi(optarg); break;
        case 'w': options.warmup = atof(optarg); break;
        case 's': options.seconds = atof(optarg); break;
        case 'f': options.first = strtoull(optarg, NULL, 10); break;
        case 't': options.tickets = strtoull(optarg, NULL, 10); break;
        case 'e': options.event = strtoull(optarg, NULL, 10); break;
        case 'i': options.owned = true; break;
        case 'd': options.shed = true; break;
        case 'x': options.impatient = true; break;
        case 'r': options.rate = atof(optarg); break;
        case 'y': options.keys = strtoull(optarg, NULL, 10); break;
        case 'k': options.cart = atoi(optarg); break;
        default: return 2;
    }
    errno = EINVAL;
    if (options.clients < 1 || options.clients > MOST_CLIENTS) fail("--clients");
    if (!options.keys) fail("--keys");
    if (options.cart < 1 || options.cart > MOST_CART) fail("--cart");
    if (options.event % (uint64_t)options.cart || options.event / (uint64_t)options.cart % STRIDE == 0) fail("--event");
    if (!options.tickets || !options.event || options.tickets % options.event) fail("--tickets");
    if (options.scenario == RUSH && options.cart > RUSH_TICKETS) fail("--cart");
    poller = epoll_create1(EPOLL_CLOEXEC);
    clients = calloc((size_t)options.clients, sizeof *clients);
    if (poller < 0 || !clients) fail("start");
    run();
    report();
    return 0;
}
