/* A closed loop of load on a TCP server at 127.0.0.1 that sends back all it is sent, or on a
 * relay; or the server of clients.
 *
 *   loadgen KIND PORT CONNECTIONS BYTES SECONDS PID [LISTENER]
 *
 * KIND: echo       messages to and fro on open connections
 *       tls        the same over TLS (built with -DTLS)
 *       stream     over TLS, without a wait for what comes back: both ways are always full
 *       churn      connect, one message to and fro, close; CONNECTIONS at a time
 *       handshake  the same over TLS, each with a full handshake
 *       bulk       one way: all that goes into a relay, and comes out of it
 *       serve      the other side of churn: sends back one message to each client of LISTENER,
 *                  who then closes. PORT and CONNECTIONS are not used. Starts with the first
 * PID: whose CPU to look at
 * LISTENER: descriptor of a listening socket, for what is the upstream of a relay, too: with
 * bulk it takes all that comes, else it sends it back; with churn, until the relay closes.
 *
 * Prints {"rate": messages a second, "cpu": microseconds of PID for each, "busy": of one CPU,
 * "errors": connections lost}, as of after a warm-up of a quarter of SECONDS; "total":
 * messages since the start, with bulk when all has come out.
 *
 * To stay ahead of what it measures: one thread, edge-triggered epoll that is told of each
 * connection once, one recv and one send a message. Each connection's first message is
 * compared; the kernel throws the others away unread (MSG_TRUNC).
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#ifdef TLS
#include <openssl/ssl.h>
#endif

#ifndef IP_BIND_ADDRESS_NO_PORT
#define IP_BIND_ADDRESS_NO_PORT 24
#endif

#define EDGES (EPOLLIN | EPOLLOUT | EPOLLET)

struct conn {
    int fd, checked, closing;
    void (*serve)(struct conn *);
    size_t sent, got; /* bytes of the present message */
#ifdef TLS
    SSL *ssl;
#endif
};

static int port, epfd, churn, bulk, serving, streaming;
static size_t size;
static char *out, *in;
static unsigned long done, errors;
/* bulk: messages that were sent; at the end, connections that have not sent their last. */
static unsigned long pushed;
static int ending, pushing;

static void die(const char *what) {
    perror(what);
    exit(1);
}

static double now(clockid_t clock) {
    struct timespec t;
    if (clock_gettime(clock, &t)) die("it has ended");
    return t.tv_sec + t.tv_nsec * 1e-9;
}

#ifdef TLS
static SSL_CTX *context;

static void secure(struct conn *c) {
    c->ssl = SSL_new(context);
    SSL_set_fd(c->ssl, c->fd);
    SSL_set_connect_state(c->ssl); /* the first SSL_write shakes hands */
}

/* As recv(2) and send(2) have it: 0 at EOF, -1 with EAGAIN for later. */
static ssize_t result(struct conn *c, int n) {
    if (n > 0) return n;
    int e = SSL_get_error(c->ssl, n);
    errno = e == SSL_ERROR_WANT_READ || e == SSL_ERROR_WANT_WRITE ? EAGAIN : EIO;
    return e == SSL_ERROR_ZERO_RETURN ? 0 : -1;
}
#endif

static ssize_t get(struct conn *c) {
#ifdef TLS
    if (c->ssl) return result(c, SSL_read(c->ssl, in, size - c->got));
#endif
    return recv(c->fd, in, size - c->got, c->checked ? MSG_TRUNC : 0);
}

static ssize_t put(struct conn *c) {
#ifdef TLS
    if (c->ssl) return result(c, SSL_write(c->ssl, out + c->sent, size - c->sent));
#endif
    return send(c->fd, out + c->sent, size - c->sent, MSG_NOSIGNAL);
}

static void hangUp(struct conn *c) {
#ifdef TLS
    SSL_free(c->ssl);
    c->ssl = NULL;
#endif
    close(c->fd);
}

static void lost(struct conn *c) {
    errors++;
    hangUp(c);
}

static void watch(struct conn *c, uint32_t events) {
    int one = 1;
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    fcntl(c->fd, F_SETFL, O_NONBLOCK);
    struct epoll_event e = {.events = events, .data.ptr = c};
    epoll_ctl(epfd, EPOLL_CTL_ADD, c->fd, &e);
}

/* Read all there is. Returns whether the message is whole, or -1. */
static int receive(struct conn *c) {
    ssize_t n;
    while (c->got < size) {
        if ((n = get(c)) < 0 && errno == EAGAIN) return 0;
        if (n <= 0 || (!c->checked && memcmp(in, out + c->got, n))) {
            lost(c);
            return -1;
        }
        c->got += n;
    }
    c->checked = 1;
    return 1;
}

/* Write all that fits. Returns whether the message has gone. */
static int transmit(struct conn *c) {
    ssize_t n;
    while (c->sent < size) {
        if ((n = put(c)) < 0) {
            if (errno != EAGAIN) lost(c);
            return 0;
        }
        c->sent += n;
    }
    return 1;
}

static void dial(struct conn *);

/* TLS: both sides say that they are done; then the server has no work left. */
static void part(struct conn *c) {
    ssize_t n = 0;
#ifdef TLS
    if (c->ssl) {
        if (!c->closing) SSL_shutdown(c->ssl);
        c->closing = 1;
        n = SSL_read(c->ssl, in, size);
        if (n <= 0) n = result(c, n);
    }
#endif
    if (n < 0 && errno == EAGAIN) return;
    if (n) return lost(c);
    hangUp(c);
    dial(c);
}

/* What comes after all was read and all was written that fits is a new edge. */
static void ask(struct conn *c) {
    if (c->closing) return part(c);
    int whole = c->sent ? receive(c) : 0;
    if (whole < 0) return;
    if (whole) {
        done++;
        if (churn) return part(c);
        c->sent = c->got = 0;
    }
    transmit(c);
}

/* A message each way an event: a wait would be one for what the server's TCP holds back until
 * all before it is acknowledged (Nagle). */
static void pour(struct conn *c) {
    int whole = receive(c);
    if (whole < 0) return;
    if (whole) {
        done++;
        c->got = 0;
    }
    if (transmit(c)) c->sent = 0;
}

static void answer(struct conn *c) {
    char byte;
    /* After its one message a client closes, and a relay with it. */
    if ((serving || churn) && c->checked && !c->sent && !c->got) {
        ssize_t n = recv(c->fd, &byte, 1, 0);
        if (n < 0 && errno == EAGAIN) return;
        if (n) errors++;
        else done += serving;
        close(c->fd);
        free(c);
        return;
    }
    if (receive(c) == 1 && transmit(c)) c->sent = c->got = 0;
}

/* One message an event, so that both have their turn and buffers stay as they are. */
static void push(struct conn *c) {
    if (!transmit(c)) return;
    c->sent = 0;
    pushed++;
    if (ending) {
        pushing--;
        epoll_ctl(epfd, EPOLL_CTL_DEL, c->fd, NULL);
    }
}

static void drain(struct conn *c) {
    if (receive(c) != 1) return;
    c->got = 0;
    done++;
}

static void admit(struct conn *listener) {
    int fd = accept(listener->fd, NULL, NULL);
    if (fd < 0) return;
    struct conn *c = malloc(sizeof *c);
    *c = (struct conn){.fd = fd, .serve = bulk ? drain : answer};
    watch(c, bulk ? EPOLLIN : EDGES);
}

static void dial(struct conn *c) {
    static unsigned count;
    int one = 1;
    struct sockaddr_in from = {.sin_family = AF_INET}, to = from;
    /* An address of loopback's many, so that connections in TIME_WAIT leave ports free. */
    from.sin_addr.s_addr = htonl(INADDR_LOOPBACK + 256 + count++ % 250);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    to.sin_port = htons(port);
    *c = (struct conn){.fd = socket(AF_INET, SOCK_STREAM, 0),
                       .serve = bulk ? push : streaming ? pour : ask};
    setsockopt(c->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof one);
    if (c->fd < 0 || bind(c->fd, (void *)&from, sizeof from)) die("bind");
    if (connect(c->fd, (void *)&to, sizeof to)) die("connect");
#ifdef TLS
    if (context) secure(c);
#endif
    /* The first event says that there is room to write, and starts it. */
    watch(c, bulk ? EPOLLOUT : streaming ? EPOLLIN | EPOLLOUT : EDGES);
}

static void run(double seconds) {
    struct epoll_event events[512];
    double end = now(CLOCK_MONOTONIC) + seconds;
    while (now(CLOCK_MONOTONIC) < end) {
        int n = epoll_wait(epfd, events, 512, 100);
        for (int i = 0; i < n; i++) {
            struct conn *c = events[i].data.ptr;
            c->serve(c);
        }
    }
}

int main(int argc, char **argv) {
    const char *kind = argc > 1 ? argv[1] : "";
    streaming = !strcmp(kind, "stream");
    int secret = streaming || !strcmp(kind, "tls") || !strcmp(kind, "handshake");
    bulk = !strcmp(kind, "bulk");
    serving = !strcmp(kind, "serve");
    churn = !strcmp(kind, "churn") || !strcmp(kind, "handshake");
    if (argc != 8 && (bulk || serving || argc != 7)) {
        fprintf(stderr, "usage: loadgen echo|tls|stream|churn|handshake|bulk|serve"
                        " PORT CONNECTIONS BYTES SECONDS PID [LISTENER]\n");
        return 2;
    }
    int count = serving ? 0 : atoi(argv[3]);
    double seconds = atof(argv[5]);
    clockid_t other;
    port = atoi(argv[2]);
    size = atol(argv[4]);
    if ((errno = clock_getcpuclockid(atoi(argv[6]), &other))) die("PID");
    out = malloc(size);
    in = malloc(size);
    for (size_t i = 0; i < size; i++) out[i] = i * 31 + i / 251;
    epfd = epoll_create1(0);
    if (secret) {
#ifdef TLS
        context = SSL_CTX_new(TLS_client_method());
        /* The same work for every server. */
        SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION);
        SSL_CTX_set_ciphersuites(context, "TLS_AES_128_GCM_SHA256");
        SSL_CTX_set1_groups_list(context, "X25519");
        SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
        SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE);
#else
        fprintf(stderr, "loadgen was built without TLS\n");
        return 2;
#endif
    }
    struct conn listener = {.serve = admit};
    if (argc == 8) {
        listener.fd = atoi(argv[7]);
        watch(&listener, EPOLLIN);
    }
    struct conn *conns = calloc(count, sizeof *conns);
    for (int i = 0; i < count; i++) dial(conns + i);
    double last = now(CLOCK_MONOTONIC) + 10;
    while (serving && !done && now(CLOCK_MONOTONIC) < last) run(0.01);
    run(seconds / 4);
    unsigned long before = done;
    double start = now(CLOCK_MONOTONIC), cpu = now(CLOCK_PROCESS_CPUTIME_ID);
    double others = now(other);
    run(seconds);
    double took = now(CLOCK_MONOTONIC) - start;
    cpu = now(CLOCK_PROCESS_CPUTIME_ID) - cpu;
    others = now(other) - others;
    unsigned long each = done - before;
    if (bulk) {
        ending = 1;
        pushing = count;
        last = now(CLOCK_MONOTONIC) + 5;
        while ((pushing || done < pushed) && now(CLOCK_MONOTONIC) < last) run(0.01);
        if (pushing || done < pushed) errors++;
    }
    printf("{\"rate\": %.1f, \"cpu\": %.3f, \"busy\": %.2f, \"errors\": %lu, \"total\": %lu}\n",
           each / took, each ? others / each * 1e6 : 0, cpu / took, errors, done);
    return 0;
}
