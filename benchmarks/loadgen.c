/* A closed loop of load on a TCP server at 127.0.0.1 that sends back all it is sent.
 *
 *   loadgen echo  PORT CONNECTIONS BYTES SECONDS   messages to and fro on open connections
 *   loadgen tls   PORT CONNECTIONS BYTES SECONDS   the same over TLS (built with -DTLS)
 *   loadgen churn PORT CONNECTIONS BYTES SECONDS   connect, one message to and fro, close;
 *                                                  CONNECTIONS at a time
 *
 * Prints {"rate": per second, "busy": of one CPU, "errors": connections lost}, as of after
 * a warm-up of a quarter of SECONDS.
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

struct conn {
    int fd, checked;
    size_t sent, got; /* bytes of the present message */
#ifdef TLS
    SSL *ssl;
#endif
};

static int port, epfd, churn;
static size_t size;
static char *out, *in;
static unsigned long done, errors;

static void die(const char *what) {
    perror(what);
    exit(1);
}

static double now(clockid_t clock) {
    struct timespec t;
    clock_gettime(clock, &t);
    return t.tv_sec + t.tv_nsec * 1e-9;
}

#ifdef TLS
static SSL_CTX *context;

static void secure(struct conn *c) {
    c->ssl = SSL_new(context);
    SSL_set_fd(c->ssl, c->fd);
    if (SSL_connect(c->ssl) != 1) die("SSL_connect");
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

static void lost(struct conn *c) {
    errors++;
    close(c->fd);
}

static void dial(struct conn *c) {
    static unsigned count;
    int one = 1;
    struct sockaddr_in from = {.sin_family = AF_INET}, to = from;
    /* An address of loopback's many, so that connections in TIME_WAIT leave ports free. */
    from.sin_addr.s_addr = htonl(INADDR_LOOPBACK + 256 + count++ % 250);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    to.sin_port = htons(port);
    memset(c, 0, sizeof *c);
    c->fd = socket(AF_INET, SOCK_STREAM, 0);
    setsockopt(c->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof one);
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (c->fd < 0 || bind(c->fd, (void *)&from, sizeof from)) die("bind");
    if (connect(c->fd, (void *)&to, sizeof to)) die("connect");
#ifdef TLS
    if (context) secure(c);
#endif
    fcntl(c->fd, F_SETFL, O_NONBLOCK);
    /* The first event says that there is room to write, and starts it. */
    struct epoll_event e = {.events = EPOLLIN | EPOLLOUT | EPOLLET, .data.ptr = c};
    epoll_ctl(epfd, EPOLL_CTL_ADD, c->fd, &e);
}

/* Read all there is, then write all that fits: what comes after that is a new edge. */
static void serve(struct conn *c) {
    ssize_t n;
    if (c->sent) {
        while (c->got < size) {
            if ((n = get(c)) <= 0) {
                if (n == 0 || errno != EAGAIN) return lost(c);
                break;
            }
            if (!c->checked && memcmp(in, out + c->got, n)) return lost(c);
            c->got += n;
        }
        if (c->got == size) {
            done++;
            if (churn) {
                close(c->fd);
                return dial(c);
            }
            c->checked = 1;
            c->sent = c->got = 0;
        }
    }
    while (c->sent < size) {
        if ((n = put(c)) < 0) {
            if (errno != EAGAIN) lost(c);
            return;
        }
        c->sent += n;
    }
}

static void run(double seconds) {
    struct epoll_event events[512];
    double end = now(CLOCK_MONOTONIC) + seconds;
    while (now(CLOCK_MONOTONIC) < end) {
        int n = epoll_wait(epfd, events, 512, 100);
        for (int i = 0; i < n; i++) serve(events[i].data.ptr);
    }
}

int main(int argc, char **argv) {
    if (argc != 6) {
        fprintf(stderr, "usage: loadgen echo|tls|churn PORT CONNECTIONS BYTES SECONDS\n");
        return 2;
    }
    int count = atoi(argv[3]);
    double seconds = atof(argv[5]);
    port = atoi(argv[2]);
    size = atol(argv[4]);
    churn = !strcmp(argv[1], "churn");
    out = malloc(size);
    in = malloc(size);
    for (size_t i = 0; i < size; i++) out[i] = i * 31 + i / 251;
    epfd = epoll_create1(0);
    if (!strcmp(argv[1], "tls")) {
#ifdef TLS
        context = SSL_CTX_new(TLS_client_method());
        /* The same work for every server. */
        SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION);
        SSL_CTX_set_ciphersuites(context, "TLS_AES_128_GCM_SHA256");
        SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE);
#else
        fprintf(stderr, "loadgen was built without TLS\n");
        return 2;
#endif
    }
    struct conn *conns = calloc(count, sizeof *conns);
    for (int i = 0; i < count; i++) dial(conns + i);
    run(seconds / 4);
    done = 0;
    double start = now(CLOCK_MONOTONIC), cpu = now(CLOCK_PROCESS_CPUTIME_ID);
    run(seconds);
    double took = now(CLOCK_MONOTONIC) - start;
    cpu = now(CLOCK_PROCESS_CPUTIME_ID) - cpu;
    printf("{\"rate\": %.1f, \"busy\": %.2f, \"errors\": %lu}\n", done / took, cpu / took,
           errors);
    return 0;
}
