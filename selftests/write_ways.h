/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Methods to write bytes to a file: system calls, descriptors, missing memory, and unprivileged
 * writers.
 */
#ifndef KILLSWITCH_WRITE_WAYS_H
#define KILLSWITCH_WRITE_WAYS_H

#include <linux/aio_abi.h>
#include <linux/capability.h>
#include <linux/io_uring.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include "common.h"

/* The maximum length of a text, and the memory on each side of an edge. */
#define KS_MAX_TEXT	6000
#define KS_SIDE		16384
#define KS_PAGE		4096
#define KS_MAX_PIECES	6

/* The expected outcome of a method. */
enum ks_fate {
	/* That of the text. */
	KS_AS_TEXT,
	/* The same, or EFAULT without effects. */
	KS_MAY_FAULT,
	/* This errno, with a number of records. */
	KS_FAILS,
};

/* How the page after the edge is supplied. */
enum ks_supply { KS_SUPPLY_TEXT, KS_SUPPLY_ZEROES, KS_SUPPLY_NOTHING, KS_SUPPLIES };

struct ks_ring {
	int fd;
	unsigned int *sq_tail, *sq_mask, *sq_array, *cq_head, *cq_tail, *cq_mask;
	struct io_uring_sqe *sqes;
	struct io_uring_cqe *cqes;
};

/* An unprivileged process that writes the content of @text. */
struct ks_stranger {
	pid_t pid;
	int sock;
	char *text;
};

struct ks_writer {
	unsigned long long random;
	/* The descriptor to write to, and others of the same file; -1 if there is none. */
	int fd, append, readonly, powerless;
	bool no_offset;
	/* Other results of the last write. */
	enum ks_fate fate;
	int error, records;
	/* Records in addition to those of the text. */
	int more_records;
	/* The number of trailing bytes of the text that were zero. */
	size_t zeroed;
	/* The descriptor with the answer. */
	int answers;
	/* Two memory areas with an edge in the middle, after which nothing is mapped. */
	char *torn, *supplied;
	/* The page to supply. */
	char *page;
	/* The same, with a mapping after the edge that appears and disappears. */
	char *flickering;
	pthread_t flicker, supplier;
	sem_t go, done;
	bool stop;
	int faults;
	enum ks_supply supply;
	/* Held while a page is prepared and supplied, which is due once per write. */
	pthread_mutex_t supplying;
	bool is_due;
	/*
	 * How often a page was supplied, why not, and how often others could not write in the
	 * meantime.
	 */
	unsigned int supplies, unsupplied, wrong_meanwhile;
	int pipe[2], memory;
	struct ks_ring ring;
	aio_context_t aio;
	struct ks_stranger *strangers;
	size_t stranger_count;
};

/* Random numbers from the seed (xorshift64*). */
static inline unsigned long long ks_random(struct ks_writer *writer)
{
	writer->random ^= writer->random >> 12;
	writer->random ^= writer->random << 25;
	writer->random ^= writer->random >> 27;
	return writer->random * 0x2545f4914f6cdd1dULL;
}

/* A number below @limit. */
static inline size_t ks_below(struct ks_writer *writer, size_t limit)
{
	return (ks_random(writer) >> 16) % limit;
}

static inline bool ks_one_in(struct ks_writer *writer, size_t many)
{
	return !ks_below(writer, many);
}

static inline ssize_t ks_result(ssize_t ret)
{
	return ret < 0 ? -errno : ret;
}

static inline void ks_must_fail(struct ks_writer *writer, int error, int records)
{
	writer->fate = KS_FAILS;
	writer->error = error;
	writer->records = records;
}

static inline ssize_t ks_by_write(struct ks_writer *writer, const char *text, size_t len)
{
	return ks_result(syscall(__NR_write, writer->fd, text, len));
}

/* A seq_file does not support offsets. */
static inline ssize_t ks_by_pwrite(struct ks_writer *writer, const char *text, size_t len)
{
	if (writer->no_offset)
		ks_must_fail(writer, ESPIPE, 0);
	return ks_result(pwrite(writer->fd, text, len, ks_random(writer) >> 2));
}

static inline ssize_t ks_by_pwrite_below(struct ks_writer *writer, const char *text, size_t len)
{
	ks_must_fail(writer, EINVAL, 0);
	return ks_result(pwrite(writer->fd, text, len, -1 - (off_t)ks_below(writer, 1 << 20)));
}

/* The pieces are one write. */
static inline ssize_t ks_by_pieces(struct ks_writer *writer, const char *text, size_t len)
{
	size_t count = 1 + ks_below(writer, KS_MAX_PIECES), from = 0;
	struct iovec iov[KS_MAX_PIECES];

	for (size_t i = 0; i < count; i++) {
		size_t end = i + 1 == count ? len : from + ks_below(writer, len - from + 1);

		iov[i] = (struct iovec){ (char *)text + from, end - from };
		from = end;
	}
	/* The kernel does not call the file if all pieces are empty. */
	if (!len)
		return ks_by_write(writer, text, len);
	if (writer->no_offset || ks_one_in(writer, 2))
		return ks_result(writev(writer->fd, iov, count));
	return ks_result(pwritev(writer->fd, iov, count, ks_below(writer, 1 << 20)));
}

static inline ssize_t ks_by_pwritev2(struct ks_writer *writer, const char *text, size_t len)
{
	static const int flags[] = { RWF_APPEND, RWF_DSYNC, RWF_NOWAIT, RWF_SYNC };
	int flag = flags[ks_below(writer, ARRAY_SIZE(flags))];
	struct iovec iov = { (char *)text, len };

	if (!len)
		return ks_by_write(writer, text, len);
	if (writer->no_offset)
		ks_must_fail(writer, ESPIPE, 0);
	else if (flag == RWF_NOWAIT)
		ks_must_fail(writer, EOPNOTSUPP, 0);
	return ks_result(pwritev2(writer->fd, &iov, 1, 0, flag));
}

static inline ssize_t ks_by_copy(struct ks_writer *writer, const char *text, size_t len)
{
	int fd = dup(writer->fd);
	ssize_t ret = ks_result(write(fd, text, len));

	close(fd);
	return ret;
}

static inline ssize_t ks_by_child(struct ks_writer *writer, const char *text, size_t len)
{
	int sock[2];
	ssize_t ret;
	pid_t child;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, sock))
		return -EPROTO;
	child = fork();
	if (!child) {
		ks_send_result(sock[1], ks_result(write(writer->fd, text, len)), -1);
		_exit(0);
	}
	close(sock[1]);
	ret = ks_take_result(sock[0]);
	close(sock[0]);
	waitpid(child, NULL, 0);
	return ret;
}

static inline ssize_t ks_by_append(struct ks_writer *writer, const char *text, size_t len)
{
	if (writer->append < 0)
		return ks_by_write(writer, text, len);
	writer->answers = writer->append;
	return ks_result(write(writer->append, text, len));
}

static inline ssize_t ks_by_readonly(struct ks_writer *writer, const char *text, size_t len)
{
	if (writer->readonly < 0)
		return ks_by_write(writer, text, len);
	ks_must_fail(writer, EBADF, 0);
	return ks_result(write(writer->readonly, text, len));
}

/* Unrelated operations on the file, followed by a write. */
static inline ssize_t ks_by_detour(struct ks_writer *writer, const char *text, size_t len)
{
	char byte;

	switch (ks_below(writer, 8)) {
	case 0:
		lseek(writer->fd, ks_random(writer) >> 1, SEEK_SET);
		break;
	case 1:
		lseek(writer->fd, ks_below(writer, 100),
		      ks_one_in(writer, 2) ? SEEK_END : SEEK_CUR);
		break;
	case 2:
		ftruncate(writer->fd, ks_below(writer, 1 << 20));
		break;
	case 3:
		if (mmap(NULL, KS_PAGE, PROT_READ, MAP_SHARED, writer->fd, 0) != MAP_FAILED)
			return -EPROTO;
		break;
	case 4:
		ioctl(writer->fd, ks_random(writer), text);
		break;
	case 5:
		fsync(writer->fd);
		fallocate(writer->fd, 0, 0, 100);
		break;
	case 6:
		if (fcntl(writer->fd, F_SETFL, O_DIRECT) == 0)
			return -EPROTO;
		break;
	case 7:
		read(writer->fd, &byte, 1);
		break;
	}
	return ks_by_write(writer, text, len);
}

/* A count larger than the memory, and larger than the maximum of a write. */
static inline ssize_t ks_by_huge_count(struct ks_writer *writer, const char *text, size_t len)
{
	static const size_t counts[] = {
		KS_MAX_COMMAND + 1, 1 << 16, INT_MAX & ~(KS_PAGE - 1), INT_MAX, 1UL << 31,
		1UL << 32, 1UL << 40,
	};

	ks_must_fail(writer, EINVAL, 1);
	return ks_result(syscall(__NR_write, writer->fd, text,
				 counts[ks_below(writer, ARRAY_SIZE(counts))]));
}

static inline ssize_t ks_by_endless_count(struct ks_writer *writer, const char *text, size_t len)
{
	ks_must_fail(writer, EFAULT, 0);
	return ks_result(syscall(__NR_write, writer->fd, text, SIZE_MAX - ks_below(writer, 100)));
}

/* How much of a text to place after an edge. */
static inline size_t ks_cut(struct ks_writer *writer, size_t len)
{
	return 1 + ks_below(writer, len < KS_PAGE ? len : KS_PAGE);
}

/* Copies a text so that its last @cut bytes would be after the edge. */
static inline char *ks_place(char *stretch, const char *text, size_t len, size_t cut)
{
	return memcpy(stretch + KS_SIDE - (len - cut), text, len - cut);
}

static inline ssize_t ks_by_torn(struct ks_writer *writer, const char *text, size_t len)
{
	char *from;

	if (!len)
		return ks_by_write(writer, text, len);
	from = ks_place(writer->torn, text, len, ks_cut(writer, len));
	/* A text that is too long is not read. */
	ks_must_fail(writer, len > KS_MAX_COMMAND ? EINVAL : EFAULT, len > KS_MAX_COMMAND);
	return ks_by_write(writer, from, len);
}

static inline void *ks_flicker(void *data)
{
	struct ks_writer *writer = data;
	char *behind = writer->flickering + KS_SIDE;

	while (!sem_wait(&writer->go) && !writer->stop) {
		for (int i = 0; i < 4; i++) {
			mprotect(behind, KS_SIDE, PROT_NONE);
			sched_yield();
			mprotect(behind, KS_SIDE, PROT_READ | PROT_WRITE);
			madvise(behind, KS_SIDE, MADV_DONTNEED);
			sched_yield();
		}
		sem_post(&writer->done);
	}
	return NULL;
}

static inline ssize_t ks_by_flickering(struct ks_writer *writer, const char *text, size_t len)
{
	char *from = writer->flickering + KS_SIDE - len / 2;
	ssize_t ret;

	memcpy(from, text, len);
	writer->fate = KS_MAY_FAULT;
	sem_post(&writer->go);
	ret = ks_by_write(writer, from, len);
	sem_wait(&writer->done);
	return ret;
}

/* Supplies pages with a delay: in the meantime others can write to the same open file. */
static inline void *ks_supplier(void *data)
{
	struct ks_writer *writer = data;
	struct uffd_msg message;

	while (true) {
		struct pollfd poll_fd = { .fd = writer->faults, .events = POLLIN };
		struct uffdio_range range;
		int ret;

		if (poll(&poll_fd, 1, 100) < 0 || writer->stop)
			return NULL;
		if (read(writer->faults, &message, sizeof(message)) != sizeof(message) ||
		    message.event != UFFD_EVENT_PAGEFAULT)
			continue;
		pthread_mutex_lock(&writer->supplying);
		/*
		 * A task with a spurious wakeup faults again: then there are two messages, and the
		 * second may be read long after it has continued.
		 */
		if (!writer->is_due) {
			pthread_mutex_unlock(&writer->supplying);
			continue;
		}
		writer->is_due = false;
		writer->supplies++;
		if (!writer->no_offset) {
			if (pwrite(writer->fd, "x", 1, 0) >= 0 || errno != EINVAL)
				writer->wrong_meanwhile++;
			writer->more_records++;
		}
		range.start = message.arg.pagefault.address & ~(KS_PAGE - 1UL);
		range.len = KS_PAGE;
		if (writer->supply == KS_SUPPLY_TEXT) {
			struct uffdio_copy copy = {
				.dst = range.start,
				.src = (unsigned long)writer->page,
				.len = KS_PAGE,
			};

			ret = ioctl(writer->faults, UFFDIO_COPY, &copy);
		} else if (writer->supply == KS_SUPPLY_ZEROES) {
			struct uffdio_zeropage zeroes = { .range = range };

			ret = ioctl(writer->faults, UFFDIO_ZEROPAGE, &zeroes);
		} else {
			struct uffdio_poison poison = { .range = range };

			ret = ioctl(writer->faults, UFFDIO_POISON, &poison);
		}
		if (ret)
			writer->unsupplied = errno;
		pthread_mutex_unlock(&writer->supplying);
	}
}

static inline ssize_t ks_by_supplied(struct ks_writer *writer, const char *text, size_t len)
{
	char *from;
	size_t cut;
	ssize_t ret;

	if (!len || len > KS_MAX_COMMAND || writer->faults < 0)
		return ks_by_write(writer, text, len);
	cut = ks_cut(writer, len);
	from = ks_place(writer->supplied, text, len, cut);
	pthread_mutex_lock(&writer->supplying);
	memcpy(writer->page, text + len - cut, cut);
	writer->supply = ks_below(writer, KS_SUPPLIES);
	writer->is_due = true;
	pthread_mutex_unlock(&writer->supplying);
	if (writer->supply == KS_SUPPLY_ZEROES)
		writer->zeroed = cut;
	else if (writer->supply == KS_SUPPLY_NOTHING)
		ks_must_fail(writer, EFAULT, 0);
	ret = ks_by_write(writer, from, len);
	madvise(writer->supplied + KS_SIDE, KS_SIDE, MADV_DONTNEED);
	return ret;
}

/* Submits one request to io_uring and waits for its result. */
static inline ssize_t ks_submit(struct ks_writer *writer, const struct io_uring_sqe *sqe)
{
	struct ks_ring *ring = &writer->ring;
	unsigned int tail = *ring->sq_tail, at = tail & *ring->sq_mask, head;
	ssize_t ret;

	ring->sqes[at] = *sqe;
	ring->sq_array[at] = at;
	__atomic_store_n(ring->sq_tail, tail + 1, __ATOMIC_RELEASE);
	if (syscall(__NR_io_uring_enter, ring->fd, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0) != 1)
		return -EPROTO;
	head = *ring->cq_head;
	/* The wait may be interrupted. */
	while (__atomic_load_n(ring->cq_tail, __ATOMIC_ACQUIRE) == head)
		if (syscall(__NR_io_uring_enter, ring->fd, 0, 1, IORING_ENTER_GETEVENTS, NULL,
			    0) < 0 && errno != EINTR)
			return -EPROTO;
	ret = ring->cqes[head & *ring->cq_mask].res;
	__atomic_store_n(ring->cq_head, head + 1, __ATOMIC_RELEASE);
	return ret;
}

static inline ssize_t ks_by_io_uring(struct ks_writer *writer, const char *text, size_t len)
{
	struct io_uring_sqe sqe = {
		.opcode = IORING_OP_WRITE,
		.fd = writer->fd,
		.addr = (unsigned long)text,
		.len = len,
		.off = ks_one_in(writer, 2) ? -1ULL : ks_below(writer, 1 << 20),
		.flags = ks_one_in(writer, 2) ? IOSQE_ASYNC : 0,
	};

	/* As for writev(). */
	if (!len || writer->ring.fd < 0)
		return ks_by_write(writer, text, len);
	return ks_submit(writer, &sqe);
}

static inline ssize_t ks_by_aio(struct ks_writer *writer, const char *text, size_t len)
{
	struct iocb block = {
		.aio_lio_opcode = IOCB_CMD_PWRITE,
		.aio_fildes = writer->fd,
		.aio_buf = (unsigned long)text,
		.aio_nbytes = len,
	}, *blocks[] = { &block };
	struct io_event event = {};
	long ret;

	if (!writer->aio)
		return ks_by_write(writer, text, len);
	ret = ks_result(syscall(__NR_io_submit, writer->aio, 1, blocks));
	if (ret != 1)
		return ret < 0 ? ret : -EPROTO;
	do {
		ret = ks_result(syscall(__NR_io_getevents, writer->aio, 1, 1, &event, NULL));
	} while (ret == -EINTR);
	return ret == 1 ? event.res : -EPROTO;
}

/* The file does not support splice from pipes and other files. */
static inline ssize_t ks_by_splice(struct ks_writer *writer, const char *text, size_t len)
{
	struct iovec iov = { (char *)text, len };
	char rest[KS_MAX_TEXT];
	ssize_t ret;

	if (!len)
		return ks_by_write(writer, text, len);
	ks_must_fail(writer, EINVAL, 0);
	if (ks_one_in(writer, 2))
		ret = vmsplice(writer->pipe[1], &iov, 1, 0);
	else
		ret = write(writer->pipe[1], text, len);
	if (ret != (ssize_t)len)
		return -EPROTO;
	ret = ks_result(splice(writer->pipe[0], NULL, writer->fd, NULL, len, 0));
	if (read(writer->pipe[0], rest, sizeof(rest)) != (ssize_t)len)
		return -EPROTO;
	return ret;
}

static inline ssize_t ks_by_sendfile(struct ks_writer *writer, const char *text, size_t len)
{
	off_t start = 0;

	if (!len)
		return ks_by_write(writer, text, len);
	ks_must_fail(writer, EINVAL, 0);
	if (pwrite(writer->memory, text, len, 0) != (ssize_t)len)
		return -EPROTO;
	return ks_result(sendfile(writer->fd, writer->memory, &start, len));
}

/* Sets or clears CAP_SYS_ADMIN of this thread. */
static inline int ks_set_power(bool power)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];

	if (syscall(__NR_capget, &header, data))
		return -errno;
	data[0].effective &= ~(1U << CAP_SYS_ADMIN);
	data[0].effective |= (unsigned int)power << CAP_SYS_ADMIN;
	return syscall(__NR_capset, &header, data) ? -errno : 0;
}

static inline ssize_t ks_without_power(struct ks_writer *writer, const char *text, size_t len)
{
	ssize_t ret;

	ks_must_fail(writer, EPERM, 1);
	if (ks_set_power(false))
		return -EPROTO;
	ret = ks_by_write(writer, text, len);
	return ks_set_power(true) ? -EPROTO : ret;
}

static inline ssize_t ks_opened_without_power(struct ks_writer *writer, const char *text,
					      size_t len)
{
	if (writer->powerless < 0)
		return ks_without_power(writer, text, len);
	ks_must_fail(writer, EPERM, 1);
	writer->answers = writer->powerless;
	return ks_result(write(writer->powerless, text, len));
}

/* Passes the open file to an unprivileged process. */
static inline ssize_t ks_by_stranger(struct ks_writer *writer, const char *text, size_t len)
{
	struct ks_stranger *stranger;

	if (!writer->stranger_count)
		return ks_without_power(writer, text, len);
	stranger = &writer->strangers[ks_below(writer, writer->stranger_count)];
	ks_must_fail(writer, EPERM, 1);
	memcpy(stranger->text, &len, sizeof(len));
	memcpy(stranger->text + sizeof(len), text, len);
	ks_send_result(stranger->sock, 0, writer->fd);
	return ks_take_result(stranger->sock);
}

/* Starts one: a user, or root in a user namespace. */
static inline int ks_start_stranger(struct ks_stranger *stranger, bool is_user)
{
	int sock[2], fd;

	stranger->text = mmap(NULL, 2 * KS_MAX_TEXT, PROT_READ | PROT_WRITE,
			      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (stranger->text == MAP_FAILED ||
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sock))
		return -errno;
	stranger->sock = sock[0];
	stranger->pid = fork();
	if (stranger->pid)
		return close(sock[1]);
	close(sock[0]);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (is_user ? setresgid(1001, 1001, 1001) || setresuid(1001, 1001, 1001) :
		      unshare(CLONE_NEWUSER))
		_exit(1);
	while (true) {
		size_t len;

		fd = ks_take_result(sock[1]);
		if (fd < 0)
			_exit(0);
		memcpy(&len, stranger->text, sizeof(len));
		ks_send_result(sock[1], ks_result(write(fd, stranger->text + sizeof(len), len)),
			       -1);
		close(fd);
	}
}

static inline void ks_open_ring(struct ks_ring *ring)
{
	struct io_uring_params params = {};
	char *sq, *cq;

	ring->fd = syscall(__NR_io_uring_setup, 4, &params);
	if (ring->fd < 0)
		return;
	sq = mmap(NULL, params.sq_off.array + params.sq_entries * sizeof(int),
		  PROT_READ | PROT_WRITE, MAP_SHARED, ring->fd, IORING_OFF_SQ_RING);
	cq = mmap(NULL, params.cq_off.cqes + params.cq_entries * sizeof(struct io_uring_cqe),
		  PROT_READ | PROT_WRITE, MAP_SHARED, ring->fd, IORING_OFF_CQ_RING);
	ring->sqes = mmap(NULL, params.sq_entries * sizeof(struct io_uring_sqe),
			  PROT_READ | PROT_WRITE, MAP_SHARED, ring->fd, IORING_OFF_SQES);
	if (sq == MAP_FAILED || cq == MAP_FAILED || ring->sqes == MAP_FAILED) {
		close(ring->fd);
		ring->fd = -1;
		return;
	}
	ring->sq_tail = (unsigned int *)(sq + params.sq_off.tail);
	ring->sq_mask = (unsigned int *)(sq + params.sq_off.ring_mask);
	ring->sq_array = (unsigned int *)(sq + params.sq_off.array);
	ring->cq_head = (unsigned int *)(cq + params.cq_off.head);
	ring->cq_tail = (unsigned int *)(cq + params.cq_off.tail);
	ring->cq_mask = (unsigned int *)(cq + params.cq_off.ring_mask);
	ring->cqes = (struct io_uring_cqe *)(cq + params.cq_off.cqes);
}

/* Opens a userfaultfd for the memory after the edge, if possible. */
static inline int ks_open_faults(char *stretch)
{
	struct uffdio_api api = { .api = UFFD_API, .features = UFFD_FEATURE_POISON };
	struct uffdio_register what = {
		.range = { (unsigned long)stretch + KS_SIDE, KS_SIDE },
		.mode = UFFDIO_REGISTER_MODE_MISSING,
	};
	int fd = syscall(__NR_userfaultfd, O_CLOEXEC | O_NONBLOCK);

	if (fd < 0)
		return fd;
	if (ioctl(fd, UFFDIO_API, &api) || ioctl(fd, UFFDIO_REGISTER, &what)) {
		close(fd);
		return -1;
	}
	return fd;
}

/* Creates a writer without descriptors of a file. */
static inline int ks_open_writer(struct ks_writer *writer, unsigned long long seed)
{
	const int readwrite = PROT_READ | PROT_WRITE;

	/* Mix the seed, since similar seeds would give similar numbers, and 0 is invalid. */
	writer->random = seed * 0x9e3779b97f4a7c15ULL ?: 1;
	for (int i = 0; i < 8; i++)
		ks_random(writer);
	writer->fd = -1;
	writer->append = -1;
	writer->readonly = -1;
	writer->powerless = -1;
	writer->torn = mmap(NULL, 2 * KS_SIDE, readwrite, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	writer->supplied = mmap(NULL, 2 * KS_SIDE, readwrite, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	/* Shared memory keeps its content. */
	writer->flickering = mmap(NULL, 2 * KS_SIDE, readwrite, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	writer->page = mmap(NULL, KS_PAGE, readwrite, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	writer->memory = memfd_create("text", MFD_CLOEXEC);
	if (writer->torn == MAP_FAILED || writer->supplied == MAP_FAILED ||
	    writer->flickering == MAP_FAILED || writer->page == MAP_FAILED ||
	    writer->memory < 0 || pipe2(writer->pipe, O_CLOEXEC) ||
	    mprotect(writer->torn + KS_SIDE, KS_SIDE, PROT_NONE))
		return -errno;
	ks_open_ring(&writer->ring);
	syscall(__NR_io_setup, 4, &writer->aio);
	writer->faults = ks_open_faults(writer->supplied);
	pthread_mutex_init(&writer->supplying, NULL);
	sem_init(&writer->go, 0, 0);
	sem_init(&writer->done, 0, 0);
	return -pthread_create(&writer->flicker, NULL, ks_flicker, writer) ?:
	       -pthread_create(&writer->supplier, NULL, ks_supplier, writer);
}

static inline void ks_close_writer(struct ks_writer *writer)
{
	writer->stop = true;
	sem_post(&writer->go);
	pthread_join(writer->flicker, NULL);
	pthread_join(writer->supplier, NULL);
	if (writer->aio)
		syscall(__NR_io_destroy, writer->aio);
}

/* Opens all descriptors of a file for the methods: 0 or a negative errno. */
static inline int ks_open_file(struct ks_writer *writer, const char *path)
{
	writer->fd = open(path, O_RDWR | O_CLOEXEC);
	writer->append = open(path, O_RDWR | O_APPEND | O_CLOEXEC);
	writer->readonly = open(path, O_RDONLY | O_CLOEXEC);
	if (writer->fd < 0 || writer->append < 0 || writer->readonly < 0 || ks_set_power(false))
		return -errno;
	writer->powerless = open(path, O_RDWR | O_CLOEXEC);
	return writer->powerless < 0 ? -errno : ks_set_power(true);
}

static inline void ks_close_file(struct ks_writer *writer)
{
	int *all[] = { &writer->fd, &writer->append, &writer->readonly, &writer->powerless };

	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		close(*all[i]);
		*all[i] = -1;
	}
}

/* The methods, with their frequencies. */
static const struct ks_way {
	const char *name;
	ssize_t (*write)(struct ks_writer *writer, const char *text, size_t len);
	unsigned int weight;
} ks_ways[] = {
	{ "write", ks_by_write, 200 },
	{ "pwrite", ks_by_pwrite, 40 },
	{ "pwrite at a negative offset", ks_by_pwrite_below, 10 },
	{ "writev", ks_by_pieces, 60 },
	{ "pwritev2 with a flag", ks_by_pwritev2, 10 },
	{ "a copy of the descriptor", ks_by_copy, 20 },
	{ "a child", ks_by_child, 3 },
	{ "O_APPEND", ks_by_append, 20 },
	{ "O_RDONLY", ks_by_readonly, 10 },
	{ "a detour", ks_by_detour, 60 },
	{ "a huge count", ks_by_huge_count, 10 },
	{ "an endless count", ks_by_endless_count, 10 },
	{ "memory that ends early", ks_by_torn, 40 },
	{ "memory that is unmapped concurrently", ks_by_flickering, 20 },
	{ "memory with delayed page faults", ks_by_supplied, 30 },
	{ "io_uring", ks_by_io_uring, 40 },
	{ "aio", ks_by_aio, 10 },
	{ "splice", ks_by_splice, 20 },
	{ "sendfile", ks_by_sendfile, 20 },
	{ "without capabilities", ks_without_power, 20 },
	{ "opened without capabilities", ks_opened_without_power, 20 },
	{ "a stranger", ks_by_stranger, 20 },
};

static inline const struct ks_way *ks_choose_way(struct ks_writer *writer)
{
	const struct ks_way *way = ks_ways;
	size_t sum = 0, at;

	for (size_t i = 0; i < ARRAY_SIZE(ks_ways); i++)
		sum += ks_ways[i].weight;
	at = ks_below(writer, sum);
	while (at >= way->weight)
		at -= way++->weight;
	return way;
}

/* Writes with the method @way: the count or a negative errno. */
static inline ssize_t ks_write_by(struct ks_writer *writer, const struct ks_way *way,
				  const char *text, size_t len)
{
	writer->fate = KS_AS_TEXT;
	writer->zeroed = 0;
	writer->answers = writer->fd;
	return way->write(writer, text, len);
}

#endif /* KILLSWITCH_WRITE_WAYS_H */
