/* A mail server that throws everything away, faster than what is measured against it.
 *
 *     sink PORT [DELAY_MILLISECONDS]
 *
 * One thread, epoll, ESMTP with PIPELINING, 8BITMIME and ENHANCEDSTATUSCODES. Replies to whatever came in one read go out
 * in one write, DELAY_MILLISECONDS later: what the way to and fro costs on a real network. On SIGTERM it prints how many
 * messages and octets it took, and the processor seconds that this cost.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { LINE = 2048, ROOM = 65536, EVENTS = 256, CHUNK = 262144 };

struct peer {
    int file;
    int in_data;               /* inside a message */
    int matched;               /* octets of "\r\n.\r\n" seen at the end of the last read; 2 right after DATA */
    int length;                /* of the unfinished command line */
    int is_closing;
    int waiting, written;      /* replies not yet sent */
    char line[LINE];
    char replies[ROOM];
};

struct later {                 /* replies that may go out at a moment; first in, first out, since the delay is constant */
    struct later *next;
    struct peer *peer;
    double at;
    int octets;
};

static int poller;
static double delay;
static long long messages, octets;
static volatile sig_atomic_t is_over;
static struct later *first, *last;
static char chunk[CHUNK];

static double now(void) {
    struct timespec moment;
    clock_gettime(CLOCK_MONOTONIC, &moment);
    return moment.tv_sec + moment.tv_nsec / 1e9;
}

static void end(int number) { (void)number; is_over = 1; }

static void leave(struct peer *peer) {
    close(peer->file);
    peer->file = -1;           /* freed at the end of the process: replies may still be waiting for it */
}

static void say(struct peer *peer, const char *text) {
    int size = (int)strlen(text);
    if (peer->waiting + size > ROOM) { peer->is_closing = 1; return; }
    memcpy(peer->replies + peer->waiting, text, size);
    peer->waiting += size;
}

static void flush(struct peer *peer, int size) {
    while (size > 0 && peer->file >= 0) {
        ssize_t done = send(peer->file, peer->replies, size, MSG_NOSIGNAL);
        if (done <= 0) { leave(peer); return; }
        memmove(peer->replies, peer->replies + done, peer->waiting - done);
        peer->waiting -= (int)done;
        size -= (int)done;
    }
    if (peer->file >= 0 && peer->is_closing && !peer->waiting) leave(peer);
}

static void answer(struct peer *peer, int before) {
    int size = peer->waiting - before;
    if (size <= 0) return;
    if (delay <= 0) { flush(peer, peer->waiting); return; }
    struct later *entry = calloc(1, sizeof *entry);
    if (!entry) exit(1);
    *entry = (struct later){NULL, peer, now() + delay, size};
    if (last) last->next = entry; else first = entry;
    last = entry;
}

static void command(struct peer *peer) {
    const char *line = peer->line;
    if (!strncasecmp(line, "EHLO", 4)) say(peer, "250-sink.example\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 ENHANCEDSTATUSCODES\r\n");
    else if (!strncasecmp(line, "MAIL", 4)) say(peer, "250 2.1.0 Ok\r\n");
    else if (!strncasecmp(line, "RCPT", 4)) say(peer, "250 2.1.5 Ok\r\n");
    else if (!strncasecmp(line, "DATA", 4)) { say(peer, "354 End data with <CR><LF>.<CR><LF>\r\n"); peer->in_data = 1; peer->matched = 2; }
    else if (!strncasecmp(line, "QUIT", 4)) { say(peer, "221 2.0.0 Bye\r\n"); peer->is_closing = 1; }
    else if (!strncasecmp(line, "RSET", 4) || !strncasecmp(line, "HELO", 4) || !strncasecmp(line, "NOOP", 4)) say(peer, "250 2.0.0 Ok\r\n");
    else say(peer, "502 5.5.2 Error: command not recognized\r\n");
}

/* Where the message ends within `data`, or NULL; `matched` goes on where the last read stopped. */
static const char *end_of_message(struct peer *peer, const char *data, const char *stop) {
    static const char mark[] = "\r\n.\r\n";
    while (peer->matched && data < stop) {      /* a mark that began in the read before */
        if (*data == mark[peer->matched]) {
            data++;
            if (++peer->matched == 5) return data;
        } else peer->matched = *data == '\r' ? (data++, 1) : 0;
    }
    if (data >= stop) return NULL;
    const char *found = memmem(data, stop - data, mark, 5);
    if (found) return found + 5;
    for (int size = stop - data < 4 ? (int)(stop - data) : 4; size > 0; size--)
        if (!memcmp(stop - size, mark, size)) { peer->matched = size; break; }
    return NULL;
}

static void take(struct peer *peer, const char *data, const char *stop) {
    while (data < stop) {
        if (peer->in_data) {
            const char *rest = end_of_message(peer, data, stop);
            octets += (rest ? rest : stop) - data;
            if (!rest) return;
            peer->in_data = 0;
            messages++;
            say(peer, "250 2.0.0 Ok\r\n");
            data = rest;
            continue;
        }
        const char *newline = memchr(data, '\n', stop - data);
        int size = (int)((newline ? newline + 1 : stop) - data);
        if (peer->length + size >= LINE) { peer->is_closing = 1; return; }
        memcpy(peer->line + peer->length, data, size);
        peer->length += size;
        data += size;
        if (!newline) return;
        peer->line[peer->length] = 0;
        command(peer);
        peer->length = 0;
    }
}

static void readable(struct peer *peer) {
    ssize_t size = recv(peer->file, chunk, CHUNK, 0);
    if (size <= 0) {
        if (size < 0 && (errno == EAGAIN || errno == EINTR)) return;
        leave(peer);
        return;
    }
    int before = peer->waiting;
    take(peer, chunk, chunk + size);
    answer(peer, before);
}

static void welcome(int listener) {
    int file = accept4(listener, NULL, NULL, SOCK_CLOEXEC), on = 1;
    if (file < 0) return;
    setsockopt(file, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    struct peer *peer = calloc(1, sizeof *peer);
    if (!peer) exit(1);
    peer->file = file;
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = peer};
    epoll_ctl(poller, EPOLL_CTL_ADD, file, &event);
    say(peer, "220 sink.example ESMTP\r\n");
    answer(peer, 0);
}

static int run_due(void) {                       /* milliseconds until the next reply may go out; -1: none waits */
    while (first && first->at <= now()) {
        struct later *entry = first;
        first = entry->next;
        if (!first) last = NULL;
        if (entry->peer->file >= 0) flush(entry->peer, entry->octets);
        free(entry);
    }
    if (!first) return -1;
    return (int)((first->at - now()) * 1000) + 1;
}

int main(int count, char **words) {
    if (count < 2) return 2;
    delay = count > 2 ? atof(words[2]) / 1000 : 0;
    signal(SIGPIPE, SIG_IGN);
    struct sigaction action = {.sa_handler = end};
    sigaction(SIGTERM, &action, NULL);
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    struct sockaddr_in place = {.sin_family = AF_INET, .sin_port = htons(atoi(words[1])), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (bind(listener, (struct sockaddr *)&place, sizeof place) || listen(listener, 512)) { perror("sink"); return 1; }
    poller = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL}, events[EVENTS];
    epoll_ctl(poller, EPOLL_CTL_ADD, listener, &event);
    while (!is_over) {
        int ready = epoll_wait(poller, events, EVENTS, run_due());
        for (int i = 0; i < ready; i++) {
            struct peer *peer = events[i].data.ptr;
            if (!peer) welcome(listener);
            else if (peer->file >= 0) readable(peer);
        }
    }
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    printf("%lld %lld %.3f\n", messages, octets,
           used.ru_utime.tv_sec + used.ru_stime.tv_sec + (used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6);
    return 0;
}
